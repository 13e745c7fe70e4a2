/* SPDX-License-Identifier: Apache-2.0 */
/* picture_brought_test.c: kinds of pictures that people bring, by their pixels. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/pictures.h"

TestSuite(brought, .init = pictures_open);

/* Both are 64 x 48, of four quarters. */
static void
expect_quarters_of(const char *name, const char *operations, const char *format)
{
	char json[400];
	struct made made;

	snprintf(json, sizeof(json), "{\"views\":[" VIEW("one", "%s", "%s", "") "]}", operations, format);
	made = made_from(name, json);
	cr_assert(made.well, "%s: %s", name, made.err.text);
	for (size_t view = 0; view <= made.n; view++)
		expect_quarters(made.fds[view]);
}

Test(brought, sixteen_bits_are_the_colours_that_eight_are)
{
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff", "gif", "same" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		expect_quarters_of("rgb16.png", "", formats[i]);
		expect_quarters_of("rgb16.png", FIT("32"), formats[i]);
	}
}

Test(brought, of_a_file_of_pages_the_first_is_rendered)
{
	struct made made = made_from("pages.tif", "{\"views\":[" VIEW("one", FIT("32"), "png", "") ","
	    VIEW("two", "", "same", "") "]}");

	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].height, 24);
	cr_expect_eq(made.extents[1].height, 48);
	cr_expect_eq(clip_of(made.fds[1]).n, 1);
	for (size_t view = 0; view <= made.n; view++)
		expect_quarters(made.fds[view]);
}

/* The four colours as ink on paper, by the usual profile: paper knows no such green and blue. */
static void
expect_inks(int output)
{
	static const struct { double x, y; int red, green, blue; } quarters[] = {
		{ 0.25, 0.25, 216, 62, 58 }, { 0.75, 0.25, 0, 122, 75 }, { 0.25, 0.75, 71, 72, 129 },
		{ 0.75, 0.75, 228, 191, 61 },
	};

	for (size_t i = 0; i < 4; i++)
		expect_colour(output, quarters[i].x, quarters[i].y, quarters[i].red, quarters[i].green,
		    quarters[i].blue);
}

/* Ink is written as what is left of the paper, as Adobe began it; browsers read every file so, whether
 * Adobe's marker is in it or not. */
Test(brought, ink_is_never_its_negative_whether_adobe_s_marker_is_there_or_not)
{
	static const char *const names[] = { "cmyk-adobe.jpg", "cmyk-plain.jpg" };
	static const char *const pipelines[] = { ONE("", "\"strip\":true"), ONE(FIT("48"), ""), WEB };

	for (size_t i = 0; i < 6; i++) {
		struct made made = made_from(names[i % 2], pipelines[i / 2]);

		cr_assert(made.well, "%s: %s", names[i % 2], made.err.text);
		expect_inks(made.fds[0]);
		expect_inks(made.fds[1]);
	}
}

/* Such a profile has 961,644 bytes. */
Test(brought, ink_without_a_profile_has_none_in_an_output_either)
{
	static const char *const formats[] = { "jpeg", "tiff", "png", "webp", "gif", "same" };

	for (size_t i = 0; i < 6; i++) {
		char json[200];
		struct made made;
		size_t size;

		snprintf(json, sizeof(json), "{\"views\":[" VIEW("one", "", "%s", "") "]}", formats[i]);
		made = made_from("cmyk-plain.jpg", json);
		cr_assert(made.well, "%s: %s", formats[i], made.err.text);
		bytes_of(made.fds[0], &size);
		cr_expect(size < 100000, "%s: %zu bytes", formats[i], size);
		expect_inks(made.fds[0]);
		expect_inks(made.fds[1]);
	}
}

/* What a cutting operation counts from is the corner above left as people see it. */
Test(brought, an_area_is_cut_from_the_picture_as_it_was_held)
{
	static const char *const seen[9] = { "", "rgby", "gryb", "ybgr", "byrg", "rbgy", "bryg", "ygbr",
		"gyrb" };
	static const char letters[] = "rgby";
	static const int colours[4][3] = { { 220, 30, 30 }, { 30, 180, 40 }, { 40, 60, 210 },
		{ 230, 210, 40 } };
	static const char *const cuts[] = { "{\"operation\":\"crop\"", "{\"operation\":\"extract_area\"",
		FIT("1779") ",{\"operation\":\"crop\"" };

	for (int orientation = 1; orientation <= 8; orientation++)
		for (size_t i = 0; i < 12; i++) {
			int quarter = (int)i % 4;
			const int *colour = colours[strchr(letters, seen[orientation][quarter]) - letters];
			char json[400];
			struct made made;

			snprintf(json, sizeof(json), ONE("%s,\"left\":%d,\"top\":%d,\"width\":40,"
			    "\"height\":30}", ""), cuts[i / 4], quarter % 2 ? 1200 : 300,
			    quarter / 2 ? 1200 : 300);
			made = made_of(held(orientation), json);
			cr_assert(made.well, "%d: %s", orientation, made.err.text);
			cr_expect_eq(made.extents[0].width, 40);
			cr_expect_eq(made.extents[0].height, 30);
			expect_colour(made.fds[0], 0.5, 0.5, colour[0], colour[1], colour[2]);
		}
}
