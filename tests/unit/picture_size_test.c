/* SPDX-License-Identifier: Apache-2.0 */
/* picture_size_test.c: how large a thumbnail is, however its picture is held and stored. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/pictures.h"

TestSuite(size, .init = pictures_open);

#define THUMBNAIL(more) "{\"operation\":\"thumbnail_image\"," more "}"

/* Which quarters are seen above left and right, below left and right. */
static const char *const seen[9] = { "", "rgby", "gryb", "ybgr", "byrg", "rbgy", "bryg", "ygbr",
	"gyrb" };

static void
expect_seen(int output, int orientation)
{
	for (int i = 0; i < 4; i++) {
		char c = seen[orientation][i];

		expect_colour(output, i % 2 ? 0.75 : 0.25, i / 2 ? 0.75 : 0.25,
		    c == 'r' ? 220 : c == 'g' ? 30 : c == 'b' ? 40 : 230,
		    c == 'r' ? 30 : c == 'g' ? 180 : c == 'b' ? 60 : 210,
		    c == 'r' ? 30 : c == 'g' ? 40 : c == 'b' ? 210 : 40);
	}
}

Test(size, a_thumbnail_is_measured_on_the_whole_picture_however_it_was_held)
{
	for (int orientation = 1; orientation <= 8; orientation++) {
		bool turned = orientation >= 5;
		struct made made = made_of(held(orientation),
		    ONE(THUMBNAIL("\"width\":720,\"height\":5000"), "\"strip\":true"));

		cr_assert(made.well, "%s", made.err.text);
		cr_expect_eq(made.extents[0].width, 720);
		cr_expect_eq(made.extents[0].height, turned ? 648 : 801, "%d: %d", orientation,
		    made.extents[0].height);
		expect_seen(made.fds[0], orientation);
	}
}

Test(size, a_crop_is_exact_however_the_picture_was_held)
{
	static const char *const crops[] = { "centre", "attention" };

	for (int orientation = 1; orientation <= 8; orientation++) {
		int picture = held(orientation);

		for (size_t i = 0; i < 2; i++) {
			char json[300];
			struct made made;

			snprintf(json, sizeof(json), ONE(THUMBNAIL("\"width\":301,\"height\":203,"
			    "\"crop\":\"%s\""), "\"strip\":true"), crops[i]);
			made = made_of(picture, json);
			cr_assert(made.well, "%s", made.err.text);
			cr_expect(made.extents[0].width == 301 && made.extents[0].height == 203,
			    "%d %s: %d x %d", orientation, crops[i], made.extents[0].width,
			    made.extents[0].height);
			if (i == 0)
				expect_seen(made.fds[0], orientation);
		}
	}
}

Test(size, what_is_not_to_be_turned_is_measured_as_it_lies)
{
	struct made made = made_of(held(6), ONE(THUMBNAIL("\"width\":720,\"height\":5000,"
	    "\"no_rotate\":true"), ""));

	cr_assert(made.well, "%s", made.err.text);
	cr_expect(made.extents[0].width == 720 && made.extents[0].height == 801, "%d x %d",
	    made.extents[0].width, made.extents[0].height);
}

/* A TIFF is never read smaller than it is. */
Test(size, a_jpeg_and_a_tiff_have_thumbnails_of_one_size)
{
	static const char *const asked[] = { "", ",\"height\":9000", ",\"crop\":\"all\"",
		",\"size\":\"down\"", ",\"size\":\"up\"", ",\"height\":77,\"size\":\"force\"" };
	int tiff = plain_tiff(1607, 1779, 90);
	struct made jpeg = made_of(tiff, ONE("", "\"strip\":true"));

	for (int wide = 50; wide < 900; wide += 197)
		for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
			char json[400];
			struct made one, other;

			snprintf(json, sizeof(json), ONE(THUMBNAIL("\"width\":%d%s"), ""), wide, asked[i]);
			one = made_of(jpeg.fds[0], json);
			other = made_of(tiff, json);
			cr_assert(one.well && other.well, "%s %s", one.err.text, other.err.text);
			cr_expect(one.extents[0].width == other.extents[0].width
			    && one.extents[0].height == other.extents[0].height, "%d%s: %d x %d, %d x %d",
			    wide, asked[i], one.extents[0].width, one.extents[0].height, other.extents[0].width,
			    other.extents[0].height);
		}
}

Test(size, views_that_share_a_reading_are_each_of_their_size)
{
	struct made made = made_of(held(1), "{\"views\":["
	    VIEW("a", THUMBNAIL("\"width\":720,\"height\":5000"), "jpeg", "") ","
	    VIEW("b", THUMBNAIL("\"width\":361,\"height\":5000"), "webp", "") ","
	    VIEW("c", THUMBNAIL("\"width\":200,\"height\":100,\"crop\":\"centre\""), "png", "") "]}");

	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].height, 801);
	cr_expect_eq(made.extents[1].height, 401);
	cr_expect_eq(made.extents[2].height, 100);
}

Test(size, a_pipeline_that_does_not_enlarge_leaves_small_pictures_as_large_as_they_are)
{
	struct made made = made_from("no-eoi.jpg", "{\"upscale\":false,\"views\":["
	    VIEW("fits", THUMBNAIL("\"width\":500"), "png", "") ","
	    VIEW("says", THUMBNAIL("\"width\":480,\"size\":\"both\""), "png", "") ","
	    VIEW("cut", THUMBNAIL("\"width\":100,\"height\":300,\"crop\":\"centre\""), "png", "") ","
	    VIEW("small", THUMBNAIL("\"width\":120"), "png", "") "]}");

	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].width, 240);
	cr_expect_eq(made.extents[1].width, 480);
	cr_expect(made.extents[2].width == 100 && made.extents[2].height == 180);
	cr_expect_eq(made.extents[3].width, 120);
}

/* Of a WebP the decoder gives a half, when nothing of it is clear. */
Test(size, a_webp_is_measured_on_the_whole_picture)
{
	struct made webp = made_of(held(1), "{\"views\":[{\"name\":\"v\",\"operations\":[],"
	    "\"format\":\"webp\",\"options\":{\"Q\":95,\"strip\":true}}]}");
	struct made made;

	cr_assert(webp.well, "%s", webp.err.text);
	made = made_of(webp.fds[0], ONE(THUMBNAIL("\"width\":720,\"height\":5000"), "\"strip\":true"));
	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].width, 720);
	cr_expect_eq(made.extents[0].height, 801, "%d", made.extents[0].height);
	expect_seen(made.fds[0], 1);
}
