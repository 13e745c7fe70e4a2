/* SPDX-License-Identifier: Apache-2.0 */
/* picture_colour_test.c: colours are those of the picture, whatever its profile and depth. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

TestSuite(colour, .init = pictures_open);

Test(colour, a_profile_that_does_not_fit_the_pixels_is_passed_over)
{
	static const char *const pipelines[] = { WEB, THREE, ONE(HALF, ""), ONE("", "\"strip\":true") };
	static const char *const colours[] = { "rgb-with-grey-icc.jpg", "rgb-with-grey-icc.png",
		"rgb-with-grey-icc.tif", "rgb-with-grey-icc.webp" };
	static const char *const greys[] = { "grey-with-rgb-icc.jpg", "grey-with-junk-icc.jpg",
		"grey-with-junk-icc.png", "grey-with-junk-icc.tif" };

	for (size_t i = 0; i < 16; i++) {
		struct made colour = made_from(colours[i % 4], pipelines[i / 4]);
		struct made grey = made_from(greys[i % 4], pipelines[i / 4]);

		cr_assert(colour.well && grey.well, "%s %s", colour.err.text, grey.err.text);
		for (size_t view = 0; view <= colour.n; view++) {
			expect_quarters(colour.fds[view]);
			expect_colour(grey.fds[view], 0.25, 0.25, 90, 90, 90);
			expect_colour(grey.fds[view], 0.75, 0.75, 200, 200, 200);
		}
	}
}

Test(colour, cmyk_is_converted_before_its_profile_goes)
{
	struct made cmyk = made_from("no-eoi.jpg", ONE("{\"operation\":\"icc_transform\","
	    "\"output_profile\":\"cmyk\"}", "\"Q\":95")), made;

	cr_assert(cmyk.well && holds(cmyk.fds[0], "CMYK"), "%s", cmyk.err.text);
	made = made_of(cmyk.fds[0], ONE(HALF, "\"strip\":true"));
	cr_assert(made.well && !holds(made.fds[0], "ICC_PROFILE"), "%s", made.err.text);
	expect_colour(made.fds[0], 0.75, 0.75, 231, 209, 37);	/* what ink can do of the yellow */
}

Test(colour, a_profile_goes_when_the_colours_do_without_it)
{
	struct made made = made_from("p3.jpg", ONE(HALF, "\"Q\":95,\"strip\":true"));

	cr_assert(made.well, "%s", made.err.text);
	cr_expect(!holds(made.fds[0], "ICC_PROFILE"));
	for (size_t view = 0; view <= made.n; view++) {
		expect_colour(made.fds[view], 0.25, 0.25, 240, 0, 1);
		expect_colour(made.fds[view], 0.75, 0.25, 0, 183, 0);
		expect_colour(made.fds[view], 0.25, 0.75, 35, 61, 218);
		expect_colour(made.fds[view], 0.75, 0.75, 234, 210, 0);
	}
}

Test(colour, what_is_clear_becomes_white_at_any_depth)
{
	static const char *const pipelines[] = { ONE(HALF, ""), ONE("", ""), WEB,
		ONE("{\"operation\":\"flatten\",\"background\":[255,255,255]}", "") };

	for (size_t i = 0; i < sizeof(pipelines) / sizeof(*pipelines); i++) {
		struct made made = made_from("rgba16.png", pipelines[i]);

		cr_assert(made.well, "%s", made.err.text);
		for (size_t view = 0; view <= made.n; view++) {
			expect_colour(made.fds[view], 0.75, 0.25, 255, 255, 255);
			expect_colour(made.fds[view], 0.75, 0.75, 255, 255, 255);
			expect_colour(made.fds[view], 0.25, 0.25, 220, 30, 30);
			expect_colour(made.fds[view], 0.25, 0.75, 40, 60, 210);
		}
	}
}

Test(colour, numbers_that_nobody_knows_the_white_of_are_refused)
{
	struct made made = made_from("float01.tif", WEB);

	expect_refused(&made, "unsupported_format");
}

static void
expect_cleared(int output, bool grey, int red, int green, int blue)
{
	expect_colour(output, 0.75, 0.25, red, green, blue);
	expect_colour(output, 0.75, 0.75, red, green, blue);
	if (grey)
		expect_colour(output, 0.25, 0.25, 90, 90, 90);
	else
		expect_colour(output, 0.25, 0.25, 220, 30, 30);
}

/* What is clear hides black in each of them. */
Test(colour, palettes_and_greys_with_what_is_clear_never_become_black)
{
	static const char *const names[] = { "palette-clear.png", "palette-clear.gif",
		"grey-clear.png", "rgba16.png" };
	static const char *const operations[] = { "", HALF, FIT("32"),
		"{\"operation\":\"colourspace\",\"space\":\"rgb16\"}", "{\"operation\":\"flatten\"}" };

	for (size_t i = 0; i < 20; i++) {
		char json[300];
		struct made made;

		snprintf(json, sizeof(json), ONE("%s", "\"Q\":95"), operations[i / 4]);
		made = made_from(names[i % 4], json);
		cr_assert(made.well, "%s", made.err.text);
		for (size_t view = 0; view <= made.n; view++)
			expect_cleared(made.fds[view], i % 4 == 2, 255, 255, 255);
	}
}

/* 0.299 x 200 + 0.587 x 100 + 0.114 x 50 is 124. */
Test(colour, what_is_clear_gets_the_colour_that_the_pipeline_names)
{
	static const char *const names[] = { "palette-clear.png", "grey-clear.png", "rgba16.png" };
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff" };

	for (size_t i = 0; i < 12; i++) {
		bool grey = i % 3 == 1;
		char json[300];
		struct made made;

		snprintf(json, sizeof(json), "{\"background\":[200,100,50],\"on_alpha\":\"%s\",\"views\":["
		    VIEW("out", "", "%s", "") "]}", i / 3 ? "flatten" : "keep", formats[i / 3]);
		made = made_from(names[i % 3], json);
		cr_assert(made.well, "%s", made.err.text);
		for (size_t view = 0; view <= made.n; view++)
			expect_cleared(made.fds[view], grey, grey ? 124 : 200, grey ? 124 : 100,
			    grey ? 124 : 50);
	}
}

Test(colour, what_is_clear_stays_clear_where_the_format_can)
{
	static const char *const formats[] = { "png", "webp", "tiff" };

	for (size_t i = 0; i < 3; i++) {
		char json[300];
		struct made made, over;

		snprintf(json, sizeof(json), "{\"background\":[200,100,50],\"views\":["
		    VIEW("out", "", "%s", "") "]}", formats[i]);
		made = made_from("palette-clear.png", json);
		cr_assert(made.well, "%s", made.err.text);
		over = made_of(made.fds[0], "{\"background\":[0,0,255],\"views\":["
		    VIEW("out", "", "jpeg", "\"Q\":95") "]}");
		expect_cleared(over.fds[0], false, 0, 0, 255);
		expect_cleared(made.fds[1], false, 200, 100, 50);
	}
}
