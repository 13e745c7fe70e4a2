/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>
#include "base/gzip.h"

Test(gzip, is_taken_by_who_says_so)
{
	static const struct {
		const char *said;
		bool takes;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "identity", false },
		{ "gzip", true },
		{ "GZIP", true },
		{ "x-gzip", true },
		{ "br, gzip, deflate", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.0, br", false },
		{ "gzip;q=0.001", true },
		{ "*", true },
		{ "*;q=0", false },
		{ "gzip;q=0, *", false },
		{ "*, gzip;q=0", false },
		{ "gzipped", false },
		{ ",,gzip", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(gzip_is_accepted(rows[i].said), rows[i].takes, "%s", rows[i].said);
}

Test(gzip, what_does_not_become_smaller_stays_as_it_is)
{
	struct buf out = { 0 };

	cr_assert_not(gzip_add(&out, "x", 1, GZIP_BEST));
	cr_assert_not(gzip_add(&out, "", 0, GZIP_BEST));
	cr_assert_eq(out.size, 0);
}

Test(gzip, the_same_bytes_make_the_same_file)
{
	static char text[10000];
	struct buf one = { 0 }, two = { 0 };

	memset(text, 'a', sizeof(text));
	cr_assert(gzip_add(&one, text, sizeof(text), GZIP_QUICK));
	cr_assert(gzip_add(&two, text, sizeof(text), GZIP_QUICK));
	cr_assert_lt(one.size, 200);
	cr_assert(one.size == two.size && !memcmp(one.data, two.data, one.size));
	cr_assert_eq(memcmp(one.data, "\x1f\x8b\x08", 3), 0);
	buf_clear(&one);
	buf_clear(&two);
}
