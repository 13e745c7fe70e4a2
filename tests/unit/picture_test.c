/* SPDX-License-Identifier: Apache-2.0 */
/* picture_test.c: pictures of odd shapes, every operation, and what a job is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

TestSuite(picture, .init = pictures_open);

Test(picture, a_thin_jpeg_is_never_shrunk_to_nothing)
{
	struct made web = made_from("5000x1.jpg", WEB), three = made_from("5000x1.jpg", THREE);

	cr_assert(web.well && three.well, "%s %s", web.err.text, three.err.text);
	cr_expect_eq(web.extents[0].width, 2048);
	cr_expect_eq(web.extents[0].height, 1);
	expect_colour(web.fds[0], 0.5, 0, 200, 100, 50);
	expect_colour(web.fds[1], 0.5, 0, 200, 100, 50);
	cr_expect_eq(three.extents[1].height, 1080);
	cr_expect_eq(three.extents[2].width, 320);
	cr_expect_eq(three.extents[2].height, 1);
}

Test(picture, the_decoder_shrinks_only_what_has_pixels_left_afterwards)
{
	cr_expect_eq(picture_shrink(5000, 1, 256, 256, false), 1);
	cr_expect_eq(picture_shrink(1, 60000, 256, 256, false), 1);
	cr_expect_eq(picture_shrink(60000, 40, 256, 256, false), 2);
	cr_expect_eq(picture_shrink(6000, 4000, 256, 256, false), 8);
	cr_expect_eq(picture_shrink(6000, 4000, 2000, 2000, false), 2);
	cr_expect_eq(picture_shrink(6000, 4000, 2048, 2048, false), 1, "a decoder's half would be seen");
	cr_expect_eq(picture_shrink(6000, 4000, 501, 501, false), 4);
}

Test(picture, what_must_be_enlarged_is_cut_first)
{
	int width = 0, height = 0;

	cr_expect(picture_precut(1500, 10, 1080, 1080, &width, &height));
	cr_expect(width == 10 && height == 10, "%d x %d", width, height);
	cr_expect(picture_precut(1, 20000, 1080, 1080, &width, &height));
	cr_expect(width == 1 && height == 1, "%d x %d", width, height);
	cr_expect(picture_precut(3000, 2, 1080, 500, &width, &height));
	cr_expect(width == 5 && height == 2, "%d x %d", width, height);
	cr_expect(!picture_precut(4000, 3000, 1080, 1080, &width, &height), "it is shrunk");
	cr_expect(!picture_precut(500, 500, 1080, 1080, &width, &height), "nothing is cut away");
}

/* Enlarged whole, 1500 x 10 are 175 million pixels, and 1 x 20000 more than may be. */
Test(picture, a_square_of_a_long_picture_is_cut_out_before_it_is_enlarged)
{
	static const uint32_t shapes[][2] = { { 1000, 50 }, { 2000, 4 }, { 1, 20000 }, { 60000, 7 } };
	struct made strip = made_from("strip-1500x10.png", THREE);

	cr_assert(strip.well, "%s", strip.err.text);
	cr_expect_eq(strip.extents[0].width, 1500);
	cr_expect_eq(strip.extents[0].height, 10);
	cr_expect_eq(strip.extents[1].width, 1080);
	cr_expect_eq(strip.extents[1].height, 1080);
	expect_colour(strip.fds[1], 0.25, 0.75, 200, 100, 50);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct made made = made_of(plain_tiff(shapes[i][0], shapes[i][1], 90), THREE);

		cr_assert(made.well, "%u x %u: %s", shapes[i][0], shapes[i][1], made.err.text);
		cr_expect(made.extents[1].width == 1080 && made.extents[1].height == 1080);
		expect_colour(made.fds[1], 0.75, 0.25, 90, 90, 90);
	}
}

Test(picture, an_area_can_be_cut_out)
{
	static const char *const cuts[] = {
		ONE("{\"operation\":\"crop\",\"left\":130,\"top\":0,\"width\":100,\"height\":80}", ""),
		ONE("{\"operation\":\"extract_area\",\"left\":130,\"top\":0,\"width\":100,\"height\":80}",
		    ""),
		ONE("{\"operation\":\"smartcrop\",\"width\":100,\"height\":80,\"interesting\":\"high\"}",
		    ""),
	};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct made made = made_from("no-eoi.jpg", cuts[i]);

		cr_assert(made.well, "%s", made.err.text);
		cr_expect(made.extents[0].width == 100 && made.extents[0].height == 80);
		if (i < 2)
			expect_colour(made.fds[0], 0.5, 0.5, 30, 180, 40);
		else
			expect_colour(made.fds[0], 0.5, 0.5, 230, 210, 40);
	}
}

Test(picture, every_view_that_cannot_be_made_is_named)
{
#define AREA(left) "{\"operation\":\"crop\",\"left\":" left ",\"top\":0,\"width\":9,\"height\":9}"
	struct made made = made_from("no-eoi.jpg", "{\"views\":[" VIEW("first", AREA("9000"), "png", "")
	    "," VIEW("good", AREA("9"), "png", "") "," VIEW("last", AREA("5000"), "png", "") "]}");

	expect_refused(&made, "operation_failed");
	cr_expect(strstr(made.err.text, "view first: ") && strstr(made.err.text, "; view last: "), "%s",
	    made.err.text);
	cr_expect(!strstr(made.err.text, "good"), "%s", made.err.text);
	cr_expect_eq(made.extents[1].width, 9);
}

Test(picture, a_cut_picture_is_told_once_and_not_for_each_view)
{
	struct made made = made_from("cut.jpg", THREE);

	expect_refused(&made, "image_truncated");
	cr_expect(!strstr(made.err.text, "; view "), "%s", made.err.text);
}

Test(picture, every_operation_that_may_be_asked_for_works)
{
	static const char *const operations[] = {
		"\"autorot\"", "\"canny\"", "\"colourspace\",\"space\":\"lab\"",
		"\"colourspace\",\"space\":\"cmyk\"",
		"\"crop\",\"left\":1,\"top\":2,\"width\":30,\"height\":20",
		"\"embed\",\"x\":-5,\"y\":9,\"width\":300,\"height\":200,\"background\":[9,9,9],"
		    "\"extend\":\"background\"",
		"\"extract_area\",\"left\":1,\"top\":2,\"width\":30,\"height\":20",
		"\"flatten\",\"background\":255", "\"flip\",\"direction\":\"vertical\"",
		"\"gamma\",\"exponent\":2", "\"gaussblur\",\"sigma\":2",
		"\"gravity\",\"direction\":\"north\",\"width\":300,\"height\":300", "\"hist_equal\"",
		"\"icc_transform\",\"output_profile\":\"p3\"", "\"invert\"",
		"\"linear\",\"a\":[1.1],\"b\":[3],\"uchar\":true", "\"median\"", "\"median\",\"size\":5",
		"\"resize\",\"scale\":0.5", "\"rot\",\"angle\":\"d90\"", "\"sharpen\",\"sigma\":1",
		"\"sharpen_mild\"", "\"trim\"", "\"trim\",\"threshold\":3,\"border\":[9,9,9]",
		"\"pad\",\"width\":30,\"height\":200", "\"pad\",\"width\":300,\"height\":90,\"blur\":true",
		"\"smartcrop\",\"width\":30,\"height\":20,\"interesting\":\"entropy\"",
		"\"thumbnail_image\",\"width\":30,\"crop\":\"centre\"",
	};
	static const char *const pictures[] = { "no-eoi.jpg", "grey-with-rgb-icc.jpg", "p3.jpg",
		"rgba16.png" };

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		for (size_t k = 0; k < 4; k++) {
			char json[400];
			struct made made;

			snprintf(json, sizeof(json), ONE("{\"operation\":%s}", ""), operations[i]);
			made = made_from(pictures[k], json);
			cr_expect(made.well, "%s of %s: %s", operations[i], pictures[k], made.err.text);
			for (size_t view = 0; view <= made.n; view++)
				close(made.fds[view]);
		}
}

Test(picture, pixels_stay_in_memory_however_many_they_are)
{
	struct made webp, web;

	setenv("TMPDIR", "/nonexistent", 1);	/* as in a child, which can open no file */
	webp = made_of(plain_tiff(6400, 6400, 90), "{\"views\":[" VIEW("out", "", "webp",
	    "\"effort\":0,\"Q\":1") "]}");
	cr_assert(webp.well, "%s", webp.err.text);
	web = made_of(webp.fds[0], WEB);
	cr_assert(web.well, "%s", web.err.text);
	cr_expect_eq(web.extents[0].width, 2048);
}
