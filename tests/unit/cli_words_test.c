/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <locale.h>
#include "base/date.h"
#include "base/words.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

Test(cli_words, a_size_has_three_figures)
{
	static const struct { int64_t bytes; const char *words; } rows[] = {
		{ 0, "0 B" }, { 1, "1 B" }, { 999, "999 B" }, { 1000, "1.00 kB" }, { 9994, "9.99 kB" },
		{ 9996, "10.0 kB" }, { 99949, "99.9 kB" }, { 99951, "100 kB" }, { 417123, "417 kB" },
		{ 999499, "999 kB" }, { 999500, "1.00 MB" }, { 12345678, "12.3 MB" },
		{ INT64_C(4560000000), "4.56 GB" }, { INT64_MAX, "9.22 EB" },
	};
	char words[WORDS_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_str_eq(words_of_size(words, rows[i].bytes), rows[i].words);
}

Test(cli_words, a_duration_has_two_units_at_most)
{
	static const struct { int64_t ms; const char *words; } rows[] = {
		{ 0, "0.0 s" }, { 349, "0.3 s" }, { 9949, "9.9 s" }, { 9950, "10 s" }, { 59499, "59 s" },
		{ 60000, "1 min 0 s" }, { 200000, "3 min 20 s" }, { 7500000, "2 h 5 min" },
		{ 273600000, "3 d 4 h" },
	};
	char words[WORDS_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_str_eq(words_of_duration(words, rows[i].ms), rows[i].words);
}

Test(cli_words, the_past_is_told_roughly_and_the_distant_past_by_its_day)
{
	static const struct { int64_t seconds; const char *words; } rows[] = {
		{ -30, "just now" }, { 4, "just now" }, { 5, "5 s ago" }, { 59, "59 s ago" },
		{ 60, "1 min ago" }, { 3599, "59 min ago" }, { 3600, "1 h ago" }, { 86399, "23 h ago" },
		{ 86400, "1 d ago" }, { 30 * 86400 - 1, "29 d ago" }, { 30 * 86400, "2025-10-06" },
	};
	int64_t now_us;
	char words[WORDS_SIZE];

	cr_assert(time_read(&now_us, "2025-11-05T10:15:00.250Z"));
	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_str_eq(words_of_ago(words, now_us - rows[i].seconds * 1000000, now_us),
		    rows[i].words);
}

Test(cli_words, a_count_is_grouped_by_thousands)
{
	static const struct { int64_t count; const char *words; } rows[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 12345, "12,345" }, { 123456, "123,456" },
		{ 1234567, "1,234,567" }, { -5, "-5" }, { -1234, "-1,234" }, { -123456, "-123,456" },
	};
	char words[WORDS_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_str_eq(words_of_count(words, rows[i].count), rows[i].words);
}

Test(cli_words, a_time_is_read_to_the_millisecond)
{
	int64_t us;

	cr_assert(time_read(&us, "1970-01-02T00:00:01.250Z"));
	cr_assert_eq(us, INT64_C(86401250000));
	cr_assert(time_read(&us, "2025-11-05T10:15:00Z"));
}

Test(cli_words, what_is_no_time_is_not_read)
{
	static const char *const texts[] = { "", "2025-11-05", "2025-13-05T10:15:00Z",
		"2025-11-05T25:15:00.250Z", "2025-11-05T10:15:00.250+01:00", "2025-11-05T10:15:00.250Zz",
		"2025-11-05 10:15:00.250Z", "2025-11-05T10:15:nanZ" };
	int64_t us;

	cr_assert(!time_read(&us, NULL));
	for (size_t i = 0; i < COUNT(texts); i++)
		cr_assert(!time_read(&us, texts[i]), "%s", texts[i]);
}

Test(cli_words, nothing_that_steers_a_terminal_is_shown)
{
	static const struct { const char *text, *shown; } rows[] = {
		{ "plain", "plain" }, { "\033[31mred\007", "?[31mred?" }, { "a\nb\tc\r", "a?b?c?" },
		{ "\x7f", "?" }, { "\xc2\x9b" "31m", "?31m" },			/* CSI as one character */
		{ "abc\xe2\x80\xae" "gpj.exe", "abc?gpj.exe" },			/* right-to-left override */
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "?x?" }, { "\xe2\x80\xa8", "?" },
		{ "caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5" },
		{ "bad \xff\xc3", "bad ??" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf shown = {0};

		cr_assert(words_add_printable(&shown, rows[i].text));
		cr_assert_str_eq(buf_text(&shown), rows[i].shown);
		buf_clear(&shown);
	}
}

Test(cli_words, columns_are_those_of_a_terminal)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	cr_assert_eq(words_columns("abc"), 3);
	cr_assert_eq(words_columns("caf\xc3\xa9"), 4);
	cr_assert_eq(words_columns("\xe6\x97\xa5\xe6\x9c\xac"), 4);	/* two wide ones */
	cr_assert_eq(words_columns("e\xcc\x81"), 1);			/* a combining accent */
}

Test(cli_words, what_fits_ends_between_characters)
{
	static const struct { const char *text; size_t columns, bytes, taken; } rows[] = {
		{ "caf\xc3\xa9s", 4, 5, 4 }, { "\xe6\x97\xa5\xe6\x9c\xac", 3, 3, 2 },
		{ "abc", 9, 3, 3 }, { "abc", 0, 0, 0 },
	};

	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t columns = rows[i].columns;

		cr_assert_eq(words_fitting(rows[i].text, &columns), rows[i].bytes);
		cr_assert_eq(columns, rows[i].taken);
	}
}
