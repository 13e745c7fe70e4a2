/* SPDX-License-Identifier: Apache-2.0 */
/* picture_words_test.c: what stands beside the pixels, in outputs and in errors. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

TestSuite(words, .init = pictures_open);

Test(words, a_stripped_output_has_no_words_of_people)
{
	struct made web = made_from("meta.jpg", WEB), three = made_from("meta.jpg", THREE);

	cr_assert(web.well && three.well, "%s %s", web.err.text, three.err.text);
	for (size_t view = 0; view <= web.n; view++)
		cr_expect(!holds(web.fds[view], "SECRET"));
	for (size_t view = 0; view <= three.n; view++)
		cr_expect(!holds(three.fds[view], "SECRET"));
}

/* The profile may stay where "strip" is not asked for; words never do. */
Test(words, no_output_has_words_of_people_whatever_its_format)
{
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff", "avif" };
	static const char *const names[] = { "meta.jpg", "meta.png", "meta.webp", "meta.tif",
		"rights.jpg" };

	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++) {
			char json[200];
			struct made made;

			snprintf(json, sizeof(json), "{\"views\":[" VIEW("out", "", "%s", "") "]}",
			    formats[i]);
			made = made_from(names[k], json);
			cr_expect(!holds(made.fds[0], "SECRET") && !holds(made.fds[1], "SECRET"),
			    "%s of %s", formats[i], names[k]);
			cr_expect(!holds(made.fds[0], "Studio") && !holds(made.fds[0], "Ana"));
		}
}

Test(words, who_made_a_picture_and_owns_it_stays_where_the_pipeline_says_so)
{
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff" };
	static const char *const names[] = { "rights.jpg", "rights.png", "rights.webp" };

	for (size_t i = 0; i < 24; i++) {
		char json[300];
		struct made made, again;

		snprintf(json, sizeof(json), "{\"metadata\":\"copyright\",\"views\":[" VIEW("out", "",
		    "%s", "\"strip\":%s") "]}", formats[i / 6], i % 2 ? "true" : "false");
		made = made_from(names[i / 2 % 3], json);
		cr_assert(made.well, "%s", made.err.text);
		cr_expect(holds(made.fds[0], "(c) 2026 Studio (Rome)"), "%s of %s", formats[i / 6],
		    names[i / 2 % 3]);
		cr_expect(i / 6 == 1 || holds(made.fds[0], ">Ana Jos&#233;<"), "a PNG has it compressed");
		cr_expect(!holds(made.fds[0], "SECRET") && !holds(made.fds[0], "its words"));
		cr_expect(!holds(made.fds[1], "Ana"), "a preview is shown, not given away");
		if (i / 6 == 3)		/* libvips writes and reads no EXIF there */
			continue;
		again = made_of(made.fds[0], "{\"metadata\":\"copyright\",\"views\":["
		    VIEW("out", "", "jpeg", "") "]}");
		cr_expect(again.well && holds(again.fds[0], "(c) 2026 Studio (Rome)"), "%s",
		    again.err.text);
	}
}

Test(words, a_view_may_say_it_otherwise_than_its_pipeline)
{
	struct made made = made_from("rights.jpg", "{\"metadata\":\"copyright\",\"views\":["
	    VIEW("a", "", "jpeg", "\"metadata\":\"none\"") "," VIEW("b", "", "jpeg", "") "]}");

	cr_assert(made.well, "%s", made.err.text);
	cr_expect(!holds(made.fds[0], "Studio") && holds(made.fds[1], "Studio"));
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
	made.well = picture_inspect(&(struct picture_task){ -1, made.fds[1], made.fds, d,
	    PICTURES_PIXELS_MAX, NULL },
	    made.extents, &made.err);
	definition_free(d);
	return made;
}

Test(words, an_output_of_a_command_has_no_words_of_people)
{
	static const char *const formats[] = { "jpeg", "png", "webp", "tiff" };
	static const char *const names[] = { "meta.jpg", "meta.png", "meta.webp", "meta.tif" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		size_t size;
		const uint8_t *bytes = bytes_of(fixture(names[i]), &size);
		int written = file_of(bytes, size);
		struct made made;

		cr_assert(holds(written, "SECRET"), "%s", formats[i]);
		made = inspected(written, formats[i]);
		cr_assert(made.well, "%s", made.err.text);
		cr_expect(made.extents[0].width == 240 && made.extents[0].height == 180);
		cr_expect(!holds(made.fds[0], "SECRET") && !holds(made.fds[1], "SECRET"));
		expect_quarters(made.fds[0]);
		expect_quarters(made.fds[1]);
	}
}

Test(words, a_jpeg_of_a_command_keeps_its_pixels_and_its_profile)
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

Test(words, the_picture_of_a_command_is_judged_as_any_other)
{
	cr_expect_str_eq(checked(fixture("cut.jpg")).code, "image_truncated");
	cr_expect_str_eq(checked(plain_tiff(2000, 2000, 9)).code, "image_too_large");
	cr_expect_str_eq(checked(fixture("no-eoi.jpg")).code, "");
	cr_expect_str_eq(checked(fixture("rgba16.png")).code, "");
	cr_expect_str_eq(checked(fixture("float01.tif")).code, "", "the command may know them");
	cr_expect_str_eq(checked(file_of("no picture at all", 17)).code, "", "likewise");
}

Test(words, the_words_of_one_picture_are_not_told_of_the_next)
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
