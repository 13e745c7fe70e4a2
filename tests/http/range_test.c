/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges and tags: a table of headers and what they mean for a file of ten bytes. */
#include <criterion/criterion.h>
#include "producers/gateway/range.h"

Test(range, of_ten_bytes)
{
	static const struct {
		const char *header;
		enum range_kind kind;
		int64_t first, size;
	} rows[] = {
		{ NULL, RANGE_WHOLE, 0, 0 },
		{ "", RANGE_WHOLE, 0, 0 },
		{ "bytes=0-0", RANGE_PART, 0, 1 },
		{ "bytes=0-9", RANGE_PART, 0, 10 },
		{ "BYTES=2-3", RANGE_PART, 2, 2 },
		{ "bytes=2-", RANGE_PART, 2, 8 },
		{ "bytes=9-100", RANGE_PART, 9, 1 },
		{ "bytes=-3", RANGE_PART, 7, 3 },
		{ "bytes=-10", RANGE_PART, 0, 10 },
		{ "bytes=-11", RANGE_PART, 0, 10 },
		{ "bytes=-99999999999999999999", RANGE_PART, 0, 10 },
		{ "bytes=0-99999999999999999999", RANGE_PART, 0, 10 },
		{ "bytes=10-", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=10-11", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=-0", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=99999999999999999999-", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=3-2", RANGE_WHOLE, 0, 0 },
		{ "bytes=-", RANGE_WHOLE, 0, 0 },
		{ "bytes=", RANGE_WHOLE, 0, 0 },
		{ "bytes", RANGE_WHOLE, 0, 0 },
		{ "bytes=1", RANGE_WHOLE, 0, 0 },
		{ "bytes=a-b", RANGE_WHOLE, 0, 0 },
		{ "bytes=1-2x", RANGE_WHOLE, 0, 0 },
		{ "bytes= 1-2", RANGE_WHOLE, 0, 0 },
		{ "bytes=0-1,3-4", RANGE_WHOLE, 0, 0 },
		{ "lines=1-2", RANGE_WHOLE, 0, 0 },
		{ "bytes=+1-2", RANGE_WHOLE, 0, 0 },
		{ "bytes=--1", RANGE_WHOLE, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t first = 0, size = 0;

		cr_expect_eq(range_read(rows[i].header, 10, &first, &size), rows[i].kind, "%s",
		    rows[i].header);
		cr_expect_eq(first, rows[i].first, "%s", rows[i].header);
		cr_expect_eq(size, rows[i].size, "%s", rows[i].header);
	}
}

Test(range, of_nothing_is_always_outside)
{
	int64_t first, size;

	cr_expect_eq(range_read("bytes=0-", 0, &first, &size), RANGE_OUTSIDE);
	cr_expect_eq(range_read("bytes=-1", 0, &first, &size), RANGE_OUTSIDE);
}

Test(range, tags_in_lists)
{
	static const struct {
		const char *list;
		bool strong, weak;
	} rows[] = {
		{ "\"a\"", true, true },
		{ "W/\"a\"", false, true },
		{ "\"b\", \"a\"", true, true },
		{ "\"b\",W/\"a\"", false, true },
		{ "*", true, true },
		{ "\"b\"", false, false },
		{ "", false, false },
		{ "a", false, false },
		{ "\"a", false, false },
		{ "\"ab\"", false, false },
		{ "\"b,\"a\"", false, false },
		{ "\"x,y\", \"a\"", true, true },
		{ ",,\t\"a\" ,", true, true },
		{ "\"", false, false },
		{ "W/", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(
		    etag_matches(rows[i].list, "\"a\"", false), rows[i].strong, "%s", rows[i].list);
		cr_expect_eq(
		    etag_matches(rows[i].list, "\"a\"", true), rows[i].weak, "%s", rows[i].list);
	}
}
