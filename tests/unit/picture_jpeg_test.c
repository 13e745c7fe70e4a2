/* SPDX-License-Identifier: Apache-2.0 */
/* picture_jpeg_test.c: JPEGs that end early, and those that are made to cost time. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

TestSuite(jpeg, .init = pictures_open);

Test(jpeg, a_jpeg_without_its_last_two_bytes_has_all_its_pixels)
{
	struct made web = made_from("no-eoi.jpg", WEB), three = made_from("no-eoi.jpg", THREE);

	cr_assert(web.well && three.well, "%s %s", web.err.text, three.err.text);
	expect_quarters(web.fds[0]);
	expect_quarters(three.fds[1]);
}

Test(jpeg, a_jpeg_whose_data_end_before_its_pixels_is_truncated_whatever_comes_last)
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

/* A picture of restart intervals without what stands between two of the marks. */
Test(jpeg, a_jpeg_that_lost_a_restart_interval_is_truncated)
{
	struct made good = made_from("no-eoi.jpg", ONE("", "\"restart_interval\":4")), made;
	size_t size;
	uint8_t *bytes = (uint8_t *)(uintptr_t)bytes_of(good.fds[0], &size), *from, *to;

	cr_assert(good.well, "%s", good.err.text);
	made = made_of(file_of(bytes, size), WEB);
	cr_assert(made.well, "%s", made.err.text);
	from = memmem(bytes, size, "\xff\xd2", 2);
	to = memmem(bytes, size, "\xff\xd3", 2);
	cr_assert(from && to && from < to);
	memmove(from, to, (size_t)(bytes + size - to));
	made = made_of(file_of(bytes, size - (size_t)(to - from)), WEB);
	expect_refused(&made, "image_truncated");
}

Test(jpeg, a_header_that_promises_more_than_the_data_hold_is_truncated)
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

Test(jpeg, a_file_that_ends_before_it_says_so_is_truncated)
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

Test(jpeg, a_jpeg_of_markers_is_refused_before_it_costs_time)
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

Test(jpeg, a_jpeg_of_scans_is_refused_before_it_costs_time)
{
	size_t size, n = 600;
	const uint8_t *whole = bytes_of(fixture("no-eoi.jpg"), &size), *scan;
	uint8_t *file = malloc(size + n * 14);
	struct made made;

	scan = memmem(whole, size, "\xff\xda", 2);
	memcpy(file, whole, size);
	for (size_t i = 0; i < n; i++)
		memcpy(file + size + 14 * i, scan, 14);
	made = made_of(file_of(file, size + n * 14), WEB);
	expect_refused(&made, "image_too_complex");
	free(file);
}
