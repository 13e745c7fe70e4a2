/* SPDX-License-Identifier: Apache-2.0 */
/* picture_test.c: pictures that went wrong somewhere, through the renderer's own rooms. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "consumers/renderer/definition.h"
#include "consumers/renderer/picture.h"

#define FOLDER "tests/unit/pictures/"
#define VIEW(name, operations, format, options) "{\"name\":\"" name "\",\"operations\":[" \
    operations "],\"format\":\"" format "\",\"options\":{" options "}}"
#define ONE(operations, options) "{\"views\":[" VIEW("one", operations, "jpeg", options) "]}"
#define FIT(side) "{\"operation\":\"thumbnail_image\",\"width\":" side ",\"height\":" side \
    ",\"size\":\"down\"}"
#define SQUARE "{\"operation\":\"thumbnail_image\",\"width\":1080,\"height\":1080," \
    "\"crop\":\"attention\"}"
#define HALF "{\"operation\":\"resize\",\"scale\":0.5}"
#define WEB ONE(FIT("2048") ",{\"operation\":\"sharpen\"}", "\"Q\":85,\"strip\":true")
#define THREE "{\"views\":[" VIEW("hero", FIT("2048"), "jpeg", "\"Q\":85,\"strip\":true") "," \
    VIEW("square", SQUARE, "jpeg", "\"Q\":85,\"strip\":true") "," \
    VIEW("thumbnail", FIT("320"), "webp", "\"Q\":80,\"strip\":true") "]}"

enum { PIXELS_MAX = 250000000, NEAR = 12 };

static void
vips_up(void)
{
	struct err err = {0};

	cr_assert(picture_open(&err), "%s", err.text);
}

TestSuite(picture, .init = vips_up);

/* ---- what the tests say ---- */

struct made {
	bool well;
	struct err err;
	struct extent extents[VIEWS_MAX];
	int fds[VIEWS_MAX + 1];			/* the outputs, and behind them the preview */
	size_t n;
};

static struct made
made_of(int input, const char *json)
{
	struct definition *d = NULL;
	struct made made = {0};

	cr_assert(definition_read(&d, json, &made.err), "%s", made.err.text);
	made.n = d->n_views;
	for (size_t i = 0; i <= made.n; i++)
		made.fds[i] = memfd_create("output", MFD_CLOEXEC);
	made.well = picture_render(&(struct picture_task){ input, made.fds[made.n], made.fds, d,
	    PIXELS_MAX }, made.extents, &made.err);
	definition_free(d);
	return made;
}

static int
fixture(const char *name)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0, "%s", path);
	return fd;
}

static struct made
made_from(const char *name, const char *json)
{
	return made_of(fixture(name), json);
}

static int
file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static const uint8_t *
bytes_of(int fd, size_t *size)
{
	*size = (size_t)lseek(fd, 0, SEEK_END);
	return mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
}

static bool
holds(int fd, const char *word)
{
	size_t size;
	const uint8_t *bytes = bytes_of(fd, &size);

	return memmem(bytes, size, word, strlen(word));
}

static uint32_t
tiff_value(const uint8_t *tiff, unsigned tag)
{
	uint32_t at;

	memcpy(&at, tiff + 4, 4);
	for (const uint8_t *entry = tiff + at + 2; entry < tiff + at + 2 + 12 * tiff[at]; entry += 12)
		if ((entry[0] | entry[1] << 8) == (int)tag)
			return entry[2] == 3 ? (uint32_t)(entry[8] | entry[9] << 8)
			    : entry[8] | (uint32_t)entry[9] << 8 | (uint32_t)entry[10] << 16;
	return 0;
}

/* The pixel at these parts of width and height, as sRGB, cut out into a TIFF of its own. */
static void
expect_colour(int output, double across, double down, int red, int green, int blue)
{
	struct made whole = made_of(output, "{\"views\":[" VIEW("raw", "", "tiff",
	    "\"compression\":\"none\"") "]}"), dot;
	int x = (int)(whole.extents[0].width * across), y = (int)(whole.extents[0].height * down);
	const int wanted[] = { red, green, blue };
	const uint8_t *tiff;
	char json[400];
	size_t size;

	snprintf(json, sizeof(json), "{\"views\":[" VIEW("dot", "{\"operation\":\"colourspace\","
	    "\"space\":\"srgb\"},{\"operation\":\"crop\",\"left\":%d,\"top\":%d,\"width\":1,"
	    "\"height\":1}", "tiff", "\"compression\":\"none\"") "]}", x, y);
	dot = made_of(output, json);
	tiff = bytes_of(dot.fds[0], &size);
	cr_assert(whole.well && dot.well && size > 8 && tiff[0] == 'I', "%s", dot.err.text);
	for (int i = 0; i < 3; i++) {
		int is = tiff[tiff_value(tiff, 273) + (uint32_t)i];

		cr_expect(abs(is - wanted[i]) <= NEAR, "band %d at %d, %d is %d, not %d", i, x, y, is,
		    wanted[i]);
	}
}

static void
expect_quarters(int output)
{
	expect_colour(output, 0.25, 0.25, 220, 30, 30);
	expect_colour(output, 0.75, 0.25, 30, 180, 40);
	expect_colour(output, 0.25, 0.75, 40, 60, 210);
	expect_colour(output, 0.75, 0.75, 230, 210, 40);
}

static void
expect_refused(const struct made *made, const char *code)
{
	cr_expect(!made->well);
	cr_expect_str_eq(made->err.code, code, "%s: %s", made->err.code, made->err.text);
	cr_expect_eq(made->err.verdict, ERR_REJECT);
}

/* A PNM-like plain TIFF: one strip of bytes, all alike. */
static int
plain_tiff(uint32_t width, uint32_t height, uint8_t value)
{
	uint32_t size = width * height, at = 8 + size;
	uint16_t head[] = { 0x4949, 42 }, n = 9;
	const uint32_t tags[][3] = { { 256, 4, width }, { 257, 4, height }, { 258, 3, 8 },
		{ 259, 3, 1 }, { 262, 3, 1 }, { 273, 4, 8 }, { 277, 3, 1 }, { 278, 4, height },
		{ 279, 4, size } };
	uint8_t *bytes = calloc(1, at + 6 + 12 * 9), *p = bytes + at;
	int fd;

	memcpy(bytes, head, 4);
	memcpy(bytes + 4, &at, 4);
	memset(bytes + 8, value, size);
	memcpy(p, &n, 2);
	p += 2;
	for (int i = 0; i < n; i++, p += 12) {
		uint16_t tag = (uint16_t)tags[i][0], type = (uint16_t)tags[i][1];
		uint32_t one = 1;

		memcpy(p, &tag, 2);
		memcpy(p + 2, &type, 2);
		memcpy(p + 4, &one, 4);
		memcpy(p + 8, &tags[i][2], 4);
	}
	fd = file_of(bytes, at + 6 + 12 * 9);
	free(bytes);
	return fd;
}

/* ---- shapes ---- */

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
	cr_expect_eq(picture_shrink(6000, 4000, 2048, 2048, false), 2);
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

/* ---- colours ---- */

Test(picture, a_profile_that_does_not_fit_the_pixels_is_passed_over)
{
	static const char *const pipelines[] = { WEB, THREE, ONE(HALF, ""), ONE("", "\"strip\":true") };

	for (size_t i = 0; i < sizeof(pipelines) / sizeof(*pipelines); i++) {
		struct made colours = made_from("rgb-with-grey-icc.jpg", pipelines[i]);
		struct made greys = made_from("grey-with-rgb-icc.jpg", pipelines[i]);

		cr_assert(colours.well && greys.well, "%s %s", colours.err.text, greys.err.text);
		for (size_t view = 0; view <= colours.n; view++) {
			expect_quarters(colours.fds[view]);
			expect_colour(greys.fds[view], 0.25, 0.25, 90, 90, 90);
			expect_colour(greys.fds[view], 0.75, 0.75, 200, 200, 200);
		}
	}
}

Test(picture, a_profile_goes_when_the_colours_do_without_it)
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

Test(picture, what_is_clear_becomes_white_at_any_depth)
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

Test(picture, numbers_that_nobody_knows_the_white_of_are_refused)
{
	struct made made = made_from("float01.tif", WEB);

	expect_refused(&made, "unsupported_format");
}

/* ---- words ---- */

Test(picture, a_stripped_output_has_no_words_of_people)
{
	struct made web = made_from("meta.jpg", WEB), three = made_from("meta.jpg", THREE);

	cr_assert(web.well && three.well, "%s %s", web.err.text, three.err.text);
	for (size_t view = 0; view <= web.n; view++)
		cr_expect(!holds(web.fds[view], "SECRET"));
	for (size_t view = 0; view <= three.n; view++)
		cr_expect(!holds(three.fds[view], "SECRET"));
}

/* As if a command had written it. */
static struct made
inspected(int output, const char *format)
{
	struct definition *d = NULL;
	struct made made = { .n = 1, .fds = { output, memfd_create("preview", MFD_CLOEXEC) } };
	char json[200];

	snprintf(json, sizeof(json), "{\"command\":\"c\",\"views\":[{\"name\":\"out\","
	    "\"format\":\"%s\"}]}", format);
	cr_assert(definition_read(&d, json, &made.err), "%s", made.err.text);
	made.well = picture_inspect(&(struct picture_task){ -1, made.fds[1], made.fds, d, PIXELS_MAX },
	    made.extents, &made.err);
	definition_free(d);
	return made;
}

Test(picture, an_output_of_a_command_has_no_words_of_people)
{
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		char json[200];
		struct made written, made;

		snprintf(json, sizeof(json), "{\"views\":[" VIEW("out", "", "%s", "") "]}", formats[i]);
		written = made_from("meta.jpg", json);
		cr_assert(written.well && holds(written.fds[0], "SECRET"), "%s", formats[i]);
		made = inspected(written.fds[0], formats[i]);
		cr_assert(made.well, "%s", made.err.text);
		cr_expect(made.extents[0].width == 240 && made.extents[0].height == 180);
		cr_expect(!holds(made.fds[0], "SECRET") && !holds(made.fds[1], "SECRET"));
		expect_quarters(made.fds[0]);
		expect_quarters(made.fds[1]);
	}
}

Test(picture, a_jpeg_of_a_command_keeps_its_pixels_and_its_profile)
{
	size_t size, after;
	const uint8_t *bytes = bytes_of(fixture("p3.jpg"), &size), *scan, *same;
	struct made made;
	uint8_t *with = malloc(size + 12);
	const uint8_t *is;

	memcpy(with, bytes, 2);
	memcpy(with + 2, "\xff\xfe\x00\x0aSECRETS!", 12);
	memcpy(with + 14, bytes + 2, size - 2);
	made = inspected(file_of(with, size + 12), "jpeg");
	free(with);
	cr_assert(made.well, "%s", made.err.text);
	cr_expect(!holds(made.fds[0], "SECRET") && holds(made.fds[0], "ICC_PROFILE"));
	is = bytes_of(made.fds[0], &after);
	scan = memmem(bytes, size, "\xff\xda", 2);
	same = memmem(is, after, "\xff\xda", 2);
	cr_assert(scan && same && bytes + size - scan == is + after - same);
	cr_expect_arr_eq(scan, same, (size_t)(bytes + size - scan));
}

static struct err
checked(int input)
{
	struct err err = {0};
	bool well = picture_check(&(struct picture_task){ .input = input, .pixels_max = 1000000 },
	    &err);

	cr_expect_eq(well, err.verdict == ERR_NONE);
	return err;
}

Test(picture, the_picture_of_a_command_is_judged_as_any_other)
{
	cr_expect_str_eq(checked(fixture("cut.jpg")).code, "image_truncated");
	cr_expect_str_eq(checked(plain_tiff(2000, 2000, 9)).code, "image_too_large");
	cr_expect_str_eq(checked(fixture("no-eoi.jpg")).code, "");
	cr_expect_str_eq(checked(fixture("rgba16.png")).code, "");
	cr_expect_str_eq(checked(fixture("float01.tif")).code, "", "the command may know them");
	cr_expect_str_eq(checked(file_of("no picture at all", 17)).code, "", "likewise");
}

Test(picture, the_words_of_one_picture_are_not_told_of_the_next)
{
	struct made bad = made_from("bad-sos.jpg", WEB), cut = made_from("cut.jpg", WEB);
	struct made wide = made_of(plain_tiff(3000, 3000, 90), ONE("{\"operation\":\"crop\","
	    "\"left\":3000,\"top\":0,\"width\":10,\"height\":10}", ""));

	cr_expect(bad.well, "%s", bad.err.text);
	expect_refused(&cut, "image_truncated");
	cr_expect(!strstr(cut.err.text, "SOS"), "%s", cut.err.text);
	expect_refused(&wide, "operation_failed");
	cr_expect(!strstr(wide.err.text, "JPEG"), "%s", wide.err.text);
}

/* ---- JPEGs that end early ---- */

Test(picture, a_jpeg_without_its_last_two_bytes_has_all_its_pixels)
{
	struct made web = made_from("no-eoi.jpg", WEB), three = made_from("no-eoi.jpg", THREE);

	cr_assert(web.well && three.well, "%s %s", web.err.text, three.err.text);
	expect_quarters(web.fds[0]);
	expect_quarters(three.fds[1]);
}

Test(picture, a_jpeg_whose_data_end_before_its_pixels_is_truncated_whatever_comes_last)
{
	static const char *const pipelines[] = { WEB, THREE, ONE(HALF, "") };
	size_t size;
	const uint8_t *whole = bytes_of(fixture("no-eoi.jpg"), &size);
	uint8_t *cut = malloc(size + 2);

	memcpy(cut, whole, size);
	for (size_t i = 0; i < 3; i++) {
		size_t kept = size - 40 - 200 * i;
		struct made made;

		memcpy(cut + kept, "\xff\xd9", 2);
		made = made_of(file_of(cut, kept + 2), pipelines[i]);
		expect_refused(&made, "image_truncated");
		made = made_of(file_of(cut, kept), pipelines[i]);
		expect_refused(&made, "image_truncated");
		memcpy(cut, whole, size);
	}
	free(cut);
}

Test(picture, a_header_that_promises_more_than_the_data_hold_is_truncated)
{
	size_t size;
	const uint8_t *whole = bytes_of(fixture("no-eoi.jpg"), &size);
	uint8_t *file = malloc(size + 2), *sof;
	struct made made;

	memcpy(file, whole, size);
	memcpy(file + size, "\xff\xd9", 2);
	sof = memmem(file, size, "\xff\xc0", 2);
	cr_assert(sof);
	memcpy(sof + 5, "\x3a\x98\x3a\x98", 4);		/* 15000 x 15000 */
	made = made_of(file_of(file, size + 2), WEB);
	expect_refused(&made, "image_truncated");
	free(file);
}

Test(picture, a_file_that_ends_before_it_says_so_is_truncated)
{
	static const char *const formats[] = { "webp", "png", "tiff" };
	static const char *const codes[] = { "image_truncated", "image_damaged", "image_damaged" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		char json[200];
		struct made whole, made;
		const uint8_t *bytes;
		size_t size;

		snprintf(json, sizeof(json), "{\"views\":[" VIEW("out", "", "%s", "") "]}", formats[i]);
		whole = made_from("no-eoi.jpg", json);
		cr_assert(whole.well, "%s", whole.err.text);
		bytes = bytes_of(whole.fds[0], &size);
		made = made_of(file_of(bytes, size / 2), WEB);
		expect_refused(&made, codes[i]);
	}
}

/* ---- size ---- */

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

/* ---- malice ---- */

Test(picture, a_jpeg_of_markers_is_refused_before_it_costs_time)
{
	size_t size, n = 120000;
	const uint8_t *whole = bytes_of(fixture("no-eoi.jpg"), &size);
	uint8_t *file = malloc(size + 7 * n);
	struct made made;

	memcpy(file, whole, 2);
	for (size_t i = 0; i < n; i++)
		memcpy(file + 2 + 7 * i, "\xff\xe5\x00\x05" "abc", 7);
	memcpy(file + 2 + 7 * n, whole + 2, size - 2);
	made = made_of(file_of(file, size + 7 * n), WEB);
	expect_refused(&made, "image_too_complex");
	free(file);
}
