/* SPDX-License-Identifier: Apache-2.0 */
/* picture_compound_test.c: the operations that are our own, by their pixels. */
#include <criterion/criterion.h>
#include <stdio.h>
#include "tests/unit/pictures.h"

TestSuite(compound, .init = pictures_open);

#define PNG(operations) "{\"views\":[" VIEW("out", operations, "png", "") "]}"
#define MILD "{\"operation\":\"sharpen_mild\"}"
#define BESIDE_200 "{\"operation\":\"embed\",\"x\":0,\"y\":0,\"width\":128,\"height\":64," \
    "\"extend\":\"background\",\"background\":200}"

Test(compound, a_mild_sharpening_parts_what_lies_side_by_side_and_leaves_what_is_plain)
{
	struct made made = made_of(plain_tiff(64, 64, 90), PNG(BESIDE_200 "," MILD));

	cr_assert(made.well, "%s", made.err.text);
	expect_colour(made.fds[0], 0.25, 0.5, 90, 90, 90);
	expect_colour(made.fds[0], 63.2 / 128, 0.5, 76, 76, 76);
	expect_colour(made.fds[0], 64.2 / 128, 0.5, 214, 214, 214);
	expect_colour(made.fds[0], 0.75, 0.5, 200, 200, 200);
}

Test(compound, what_is_clear_stays_clear_when_it_is_sharpened)
{
	struct made made = made_from("rgba16.png", PNG(MILD)), white;

	cr_assert(made.well, "%s", made.err.text);
	white = made_of(made.fds[0], ONE("", "\"Q\":95"));
	expect_colour(white.fds[0], 0.75, 0.25, 255, 255, 255);
	expect_colour(white.fds[0], 0.25, 0.25, 220, 30, 30);
	expect_colour(white.fds[0], 0.25, 0.75, 40, 60, 210);
}

#define CYAN_AROUND "{\"operation\":\"embed\",\"x\":20,\"y\":30,\"width\":300,\"height\":230," \
    "\"extend\":\"background\",\"background\":[0,200,200]}"
#define TRIM "{\"operation\":\"trim\"}"

static void
expect_extent(const struct made *made, int width, int height)
{
	cr_assert(made->well, "%s", made->err.text);
	cr_expect(made->extents[0].width == width && made->extents[0].height == height, "%d x %d",
	    made->extents[0].width, made->extents[0].height);
}

Test(compound, a_plain_border_is_trimmed_whatever_its_colour_and_depth)
{
	static const char *const pipelines[] = {
		PNG(CYAN_AROUND "," TRIM),
		PNG(CYAN_AROUND ",{\"operation\":\"trim\",\"border\":[0,200,200],\"threshold\":30}"),
		PNG("{\"operation\":\"colourspace\",\"space\":\"rgb16\"}," CYAN_AROUND "," TRIM),
		PNG(CYAN_AROUND "," TRIM "," TRIM),
	};

	for (size_t i = 0; i < sizeof(pipelines) / sizeof(*pipelines); i++) {
		struct made made = made_from("no-eoi.jpg", pipelines[i]);

		expect_extent(&made, 240, 180);
		expect_quarters(made.fds[0]);
	}
}

Test(compound, a_border_of_another_colour_than_is_named_stays)
{
	struct made made = made_from("no-eoi.jpg", PNG(CYAN_AROUND
	    ",{\"operation\":\"trim\",\"border\":255}"));

	expect_extent(&made, 300, 230);
}

Test(compound, a_clear_border_is_trimmed_and_a_picture_of_one_colour_stays)
{
	struct made clear = made_from("rgba16.png", PNG("{\"operation\":\"flip\","
	    "\"direction\":\"horizontal\"}," TRIM));
	struct made plain = made_of(plain_tiff(64, 48, 90), PNG(TRIM));

	expect_extent(&clear, 32, 64);
	expect_colour(clear.fds[0], 0.5, 0.25, 220, 30, 30);
	expect_colour(clear.fds[0], 0.5, 0.75, 40, 60, 210);
	expect_extent(&plain, 64, 48);
}

/* 0.25 of each is red, and 0.75 is clear: white in a JPEG. */
Test(compound, what_changes_colours_leaves_what_is_clear_as_it_is)
{
	static const char *const names[] = { "rgba16.png", "palette-clear.png", "palette-clear.gif" };
	static const struct { const char *operation; int red, green, blue; } table[] = {
		{ "{\"operation\":\"invert\"}", 35, 225, 225 },
		{ "{\"operation\":\"linear\",\"a\":[0.5,1,2],\"b\":[0]}", 110, 30, 60 },
		{ "{\"operation\":\"linear\",\"a\":0.5,\"b\":0}", 110, 15, 15 },
		{ "{\"operation\":\"gamma\",\"exponent\":1}", 220, 30, 30 },
	};

	for (size_t i = 0; i < 12; i++) {
		char json[300];
		struct made made;

		snprintf(json, sizeof(json), ONE("%s", "\"Q\":95"), table[i / 3].operation);
		made = made_from(names[i % 3], json);
		cr_assert(made.well, "%s: %s", json, made.err.text);
		expect_colour(made.fds[0], 0.25, 0.25, table[i / 3].red, table[i / 3].green,
		    table[i / 3].blue);
		expect_colour(made.fds[0], 0.75, 0.25, 255, 255, 255);
	}
	cr_expect(made_from("rgba16.png", PNG("{\"operation\":\"linear\",\"a\":[1,1,1,0.5],"
	    "\"b\":[0,0,0,0]}")).well);
	cr_expect(made_from("rgba16.png", PNG("{\"operation\":\"hist_equal\"}")).well);
	cr_expect(made_from("rgba16.png", PNG("{\"operation\":\"canny\"}")).well);
}

#define PAD(width, height, more) "{\"operation\":\"pad\",\"width\":" width ",\"height\":" height more "}"

Test(compound, a_picture_is_padded_on_the_colour_and_the_side_that_are_named)
{
	struct made made = made_from("no-eoi.jpg", PNG(PAD("480", "200",
	    ",\"gravity\":\"south-west\",\"background\":[10,200,30]")));

	expect_extent(&made, 480, 200);
	expect_colour(made.fds[0], 0.75, 0.5, 10, 200, 30);
	expect_colour(made.fds[0], 0.125, 0.05, 10, 200, 30);
	expect_colour(made.fds[0], 0.125, 0.25, 220, 30, 30);
	expect_colour(made.fds[0], 0.375, 0.75, 230, 210, 40);
}

Test(compound, what_does_not_fit_is_made_smaller_and_stands_in_the_middle_on_white)
{
	struct made made = made_from("no-eoi.jpg", PNG(PAD("120", "120", "")));

	expect_extent(&made, 120, 120);
	expect_colour(made.fds[0], 0.5, 0.05, 255, 255, 255);
	expect_colour(made.fds[0], 0.5, 0.95, 255, 255, 255);
	expect_colour(made.fds[0], 0.25, 0.3, 220, 30, 30);
	expect_colour(made.fds[0], 0.75, 0.7, 230, 210, 40);
}

/* White is no ink at all in CMYK, and 65535 in sixteen bits. */
Test(compound, a_colour_around_a_picture_is_that_colour_in_every_kind_of_pixels)
{
	struct made cmyk = made_from("no-eoi.jpg", ONE("{\"operation\":\"icc_transform\","
	    "\"output_profile\":\"cmyk\"}", "\"Q\":95")), made;

	made = made_of(cmyk.fds[0], PNG(PAD("480", "180", ",\"gravity\":\"west\"")));
	expect_extent(&made, 480, 180);
	expect_colour(made.fds[0], 0.75, 0.5, 255, 255, 255);
	made = made_from("rgba16.png", PNG(PAD("128", "64", ",\"gravity\":\"west\",\"background\":[0,0,200]")));
	expect_colour(made.fds[0], 0.75, 0.5, 0, 0, 200);
	made = made_of(plain_tiff(64, 64, 90), PNG(PAD("128", "64", ",\"gravity\":\"east\",\"background\":200")));
	expect_colour(made.fds[0], 0.25, 0.5, 200, 200, 200);
	expect_colour(made.fds[0], 0.75, 0.5, 90, 90, 90);
}

Test(compound, a_picture_is_padded_on_a_blur_of_itself)
{
	struct made made = made_from("no-eoi.jpg", PNG(PAD("600", "180", ",\"blur\":true"))), clear;

	expect_extent(&made, 600, 180);
	expect_colour(made.fds[0], 0.1, 0.1, 220, 30, 30);
	expect_colour(made.fds[0], 0.9, 0.9, 230, 210, 40);
	expect_colour(made.fds[0], 0.4, 0.25, 220, 30, 30);
	expect_colour(made.fds[0], 0.6, 0.75, 230, 210, 40);
	clear = made_from("rgba16.png", PNG(PAD("128", "64", ",\"gravity\":\"east\",\"blur\":true")));
	expect_extent(&clear, 128, 64);
	expect_colour(clear.fds[0], 0.6, 0.1, 220, 30, 30);
	expect_colour(clear.fds[0], 0.1, 0.1, 220, 30, 30);
}
