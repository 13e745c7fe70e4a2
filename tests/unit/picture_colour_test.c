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
