/* SPDX-License-Identifier: Apache-2.0 */
/* picture_frames_test.c: animations, and outputs in the format of their input. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/pictures.h"

TestSuite(frames, .init = pictures_open);

#define MOVING(operations, format) "{\"views\":[{\"name\":\"one\",\"operations\":[" operations \
    "],\"format\":\"" format "\",\"animated\":true}]}"
#define STILL(operations, format) "{\"views\":[" VIEW("one", operations, format, "") "]}"

/* clip.gif and clip.webp: 60 x 40, red, green, blue, for 80, 120, 200 ms, three times. */
static void
expect_frames(int output, const char *kind)
{
	struct clip clip = clip_of(output);

	cr_assert_eq(clip.n, 3, "%s has %d frames", kind, clip.n);
	cr_expect_eq(clip.delays_ms[0], 80, "%s: %d", kind, clip.delays_ms[0]);
	cr_expect_eq(clip.delays_ms[1], 120, "%s: %d", kind, clip.delays_ms[1]);
	cr_expect_eq(clip.delays_ms[2], 200, "%s: %d", kind, clip.delays_ms[2]);
	cr_expect_eq(clip.loop, 3, "%s: %d", kind, clip.loop);
}

static void
expect_colours(int output)
{
	static const int colours[3][3] = { { 220, 30, 30 }, { 30, 180, 40 }, { 40, 60, 210 } };

	for (int i = 0; i < 3; i++) {
		int frame = clip_frame(output, i);

		expect_colour(frame, 0.5, 0.5, colours[i][0], colours[i][1], colours[i][2]);
	}
}

Test(frames, of_an_animation_the_first_frame_is_rendered)
{
	static const char *const pictures[] = { "clip.gif", "clip.webp" };
	static const char *const formats[] = { "gif", "webp", "same", "png", "jpeg" };

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 5; k++) {
			char json[200];
			struct made made;

			snprintf(json, sizeof(json), STILL(FIT("30"), "%s"), formats[k]);
			made = made_from(pictures[i], json);
			cr_assert(made.well, "%s", made.err.text);
			cr_expect_eq(made.extents[0].width, 30);
			cr_expect_eq(made.extents[0].height, 20);
			cr_expect_eq(clip_of(made.fds[0]).n, 1);
			expect_colour(made.fds[0], 0.5, 0.5, 220, 30, 30);
		}
}

Test(frames, an_animated_view_has_every_frame_with_its_time_and_how_often_it_runs)
{
	static const char *const pictures[] = { "clip.gif", "clip.webp" };
	static const char *const formats[] = { "gif", "webp", "same" };

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 3; k++) {
			char json[200];
			struct made made;

			snprintf(json, sizeof(json), MOVING(FIT("30"), "%s"), formats[k]);
			made = made_from(pictures[i], json);
			cr_assert(made.well, "%s", made.err.text);
			cr_expect_eq(made.extents[0].width, 30);
			cr_expect_eq(made.extents[0].height, 20);
			expect_frames(made.fds[0], formats[k]);
			expect_colours(made.fds[0]);
			expect_colour(made.fds[1], 0.5, 0.5, 220, 30, 30);
		}
}

Test(frames, an_operation_means_of_a_frame_what_it_means_of_a_picture)
{
	struct made made = made_from("clip.gif", MOVING("{\"operation\":\"pad\",\"width\":100,"
	    "\"height\":100,\"background\":[10,20,30]},{\"operation\":\"rot\",\"angle\":\"d90\"},"
	    "{\"operation\":\"crop\",\"left\":0,\"top\":10,\"width\":100,\"height\":80}", "webp"));

	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].width, 100);
	cr_expect_eq(made.extents[0].height, 80);
	expect_frames(made.fds[0], "webp");
	for (int i = 0; i < 3; i++)
		expect_colour(clip_frame(made.fds[0], i), 0.05, 0.5, 10, 20, 30);
	expect_colours(made.fds[0]);
}

Test(frames, a_picture_that_does_not_move_is_a_picture_in_an_animated_view)
{
	struct made made = made_from("no-eoi.jpg", "{\"views\":[{\"name\":\"one\",\"operations\":["
	    FIT("120") "],\"format\":\"webp\",\"animated\":true}]}");

	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(clip_of(made.fds[0]).n, 1);
	expect_quarters(made.fds[0]);
}

/* 60 x 40 x 3 are 7,200 pixels: in the file, and in what is made of it. */
Test(frames, all_frames_have_one_budget_of_pixels)
{
	struct made read = made_within(fixture("clip.gif"), MOVING("", "gif"), 7199), made;

	expect_refused(&read, "image_too_large");
	cr_expect(strstr(read.err.text, "3 pages"), "%s", read.err.text);
	read = made_within(fixture("clip.gif"), MOVING("", "gif"), 7200);
	cr_expect(read.well, "%s", read.err.text);
	made = made_within(fixture("clip.webp"), MOVING("{\"operation\":\"resize\",\"scale\":2}", "gif"),
	    28799);
	expect_refused(&made, "image_too_large");
	cr_expect(strstr(made.err.text, "frame 1 of 3"), "%s", made.err.text);
}

/* Frames of one pixel, which cost a few bytes each. */
static int
gif_of(size_t frames)
{
	static const uint8_t head[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff";
	static const uint8_t frame[] = "!\xf9\4\4\2\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x44\1";
	size_t size = sizeof(head) - 1 + frames * sizeof(frame) + 1, at = sizeof(head) - 1;
	uint8_t *bytes = malloc(size);
	int fd;

	memcpy(bytes, head, at);
	for (size_t i = 0; i < frames; i++, at += sizeof(frame))
		memcpy(bytes + at, frame, sizeof(frame));	/* its last byte is the NUL that ends it */
	bytes[at] = ';';
	fd = file_of(bytes, size);
	free(bytes);
	return fd;
}

Test(frames, an_animation_of_too_many_frames_is_refused_however_small_they_are)
{
	static const size_t many[] = { 2001, 9999, 10000 };	/* more take the sanitizers minutes */

	for (size_t i = 0; i < 3; i++) {
		struct made made = made_of(gif_of(many[i]), MOVING("", "webp"));

		expect_refused(&made, "image_too_complex");
		cr_expect(strstr(made.err.text, "at most 2000"), "%s", made.err.text);
	}
	cr_expect(made_of(gif_of(10000), STILL("", "webp")).well);
	cr_expect(made_of(gif_of(100), MOVING("", "gif")).well);
}

Test(frames, an_animation_that_is_cut_is_truncated)
{
	static const char *const pictures[] = { "clip.gif", "clip.webp" };

	for (size_t i = 0; i < 2; i++) {
		size_t size;
		const uint8_t *bytes = bytes_of(fixture(pictures[i]), &size);
		struct made made = made_of(file_of(bytes, size - 60), MOVING("", "same"));

		cr_expect(!made.well, "%s", pictures[i]);
		cr_expect_str_eq(made.err.code, "image_truncated", "%s: %s", pictures[i], made.err.text);
	}
}

Test(frames, same_is_what_the_input_is)
{
	static const struct { const char *picture, *kind; } table[] = {
		{ "no-eoi.jpg", "jpeg" },	{ "meta.png", "png" },		{ "meta.webp", "webp" },
		{ "meta.tif", "tiff" },		{ "clip.gif", "gif" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct made made = made_from(table[i].picture, "{\"views\":[" VIEW("one", FIT("40"),
		    "same", "\"Q\":90,\"strip\":true") "]}");
		size_t size;
		const uint8_t *bytes;

		cr_assert(made.well, "%s: %s", table[i].picture, made.err.text);
		bytes = bytes_of(made.fds[0], &size);
		cr_expect_str_eq(picture_kind(bytes, size), table[i].kind);
	}
}
