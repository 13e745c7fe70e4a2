/* SPDX-License-Identifier: Apache-2.0 */
/* The list's parameters and cursors, without a server. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "producers/gateway/letters.h"
#include "producers/gateway/query.h"

static bool
reads(struct list_query *query, const char *name, const char *value)
{
	char detail[300];

	return list_query_read(query, name, value, detail, sizeof(detail));
}

static bool
is_whole(struct list_query *query, const char **name)
{
	char detail[300];

	return list_query_finish(query, name, detail, sizeof(detail));
}

static struct list_query
a_query(void)
{
	struct list_query query;

	list_query_init(&query);
	return query;
}

Test(query, nothing_said_is_fifty_of_the_newest)
{
	struct list_query query = a_query();
	const char *name;

	cr_assert(is_whole(&query, &name));
	cr_assert_eq(query.limit, 50);
	cr_assert_eq(query.offset, 0);
	cr_assert_eq(query.sort, SORT_CREATED_AT);
	cr_assert_not(query.ascending);
	cr_assert_eq(query.statuses, 0);
}

Test(query, every_sort_has_its_name)
{
	for (int i = 0; i < SORTS; i++) {
		struct list_query query = a_query();

		cr_assert(reads(&query, "sort_by", sort_names[i]));
		cr_assert_eq((int)query.sort, i);
	}
}

Test(query, states_add_up)
{
	struct list_query query = a_query();

	cr_assert(reads(&query, "status", "queued") && reads(&query, "status", "failed"));
	cr_assert_eq(query.statuses, 1u | 1u << 5);
}

Test(query, other_parameters_come_once)
{
	struct list_query query = a_query();

	cr_assert(reads(&query, "limit", "5"));
	cr_assert_not(reads(&query, "limit", "5"));
}

Test(query, parameters_that_it_does_not_know_are_passed_over)
{
	struct list_query query = a_query();

	cr_assert(reads(&query, "colour", "\xff"));
}

Test(query, words_become_a_pattern_in_which_they_stand_for_themselves)
{
	struct list_query query = a_query();
	char most[WORDS_MAX + 2];

	cr_assert(reads(&query, "q", "a%b_c\\dog"));
	cr_assert_str_eq(query.pattern, "%a\\%b\\_c\\\\dog%");
	memset(most, '%', sizeof(most));
	memcpy(most, "abc", 3);
	most[WORDS_MAX] = '\0';
	query = a_query();
	cr_assert(reads(&query, "q", most));
	cr_assert_eq(strlen(query.pattern), 2 * WORDS_MAX + 2 - 3);
	most[WORDS_MAX] = '%';
	most[WORDS_MAX + 1] = '\0';
	query = a_query();
	cr_assert_not(reads(&query, "q", most));
}

Test(query, days_are_in_order)
{
	struct list_query query = a_query();
	const char *name;

	cr_assert(
	    reads(&query, "date_from", "2024-02-29") && reads(&query, "date_to", "2024-02-29"));
	cr_assert(is_whole(&query, &name));
	query.date_to--;
	cr_assert_not(is_whole(&query, &name));
	cr_assert_str_eq(name, "date_to");
	cr_assert_not(reads(&query, "date_from", "2023-02-29"));
}

Test(query, numbers_have_limits)
{
	static const struct {
		const char *text;
		bool well;
	} rows[] = {
		{ "1", true },
		{ "500", true },
		{ "007", true },
		{ "0", false },
		{ "501", false },
		{ "-1", false },
		{ "", false },
		{ "-", false },
		{ "+5", false },
		{ " 5", false },
		{ "5 ", false },
		{ "5x", false },
		{ "0x5", false },
		{ "1e2", false },
		{ "5.0", false },
		{ "9223372036854775808", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct list_query query = a_query();

		cr_expect_eq(
		    reads(&query, "limit", rows[i].text), rows[i].well, "%s", rows[i].text);
	}
}

/* ---- cursors ---- */

static const char *
written(const struct cursor *cursor)
{
	static char text[CURSOR_TEXT_MAX + 1];
	struct buf buf = { 0 };

	cr_assert(cursor_write(&buf, cursor));
	cr_assert_leq(buf.size, CURSOR_TEXT_MAX);
	snprintf(text, sizeof(text), "%s", buf_text(&buf));
	buf_clear(&buf);
	return text;
}

Test(cursor, is_read_as_it_was_written)
{
	static const struct cursor rows[] = {
		{ .sort = SORT_CREATED_AT, .number = 1762337700250123 },
		{ .sort = SORT_COMPLETED_AT, .ascending = true, .number = INT64_MIN },
		{ .sort = SORT_TOTAL_SIZE, .number = 0, .id = { .bytes = { 1, 2, 0, 255 } } },
		{ .sort = SORT_STATUS, .text = "completed", .number = 5 },
		{ .sort = SORT_BASE_DIRECTORY_NAME, .text = "PL_DXB", .number = (20397LL + 1048576) << 31 | 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cursor c;

		cr_assert(cursor_read(&c, written(&rows[i])));
		cr_expect(c.is_set);
		cr_expect_eq(c.sort, rows[i].sort);
		cr_expect_eq(c.ascending, rows[i].ascending);
		cr_expect_eq(c.number, rows[i].number);
		cr_expect_arr_eq(c.id.bytes, rows[i].id.bytes, 16);
		cr_expect_str_eq(c.text, rows[i].text);
	}
}

Test(cursor, of_a_sort_by_name_keeps_date_and_counter_in_their_order)
{
	static const struct { int32_t date; int64_t counter; } rows[] = {
		{ -719162, 1 }, { -1, INT32_MAX }, { 0, 1 }, { 20397, 2 }, { 20397, 10 }, { 20398, 1 },
		{ 2932896, INT32_MAX },		/* 9999-12-31 */
	};
	int64_t before = -1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t key = name_key(rows[i].date, rows[i].counter);
		struct cursor c = { .sort = SORT_BASE_DIRECTORY_NAME, .text = "PL", .number = key };

		cr_expect_eq(name_key_date(key), rows[i].date);
		cr_expect_eq(name_key_counter(key), rows[i].counter);
		cr_expect_gt(key, before);
		cr_expect(cursor_read(&c, written(&c)) && c.number == key);
		before = key;
	}
}

Test(cursor, with_any_byte_changed_is_refused_or_harmless)
{
	struct cursor whole = { .sort = SORT_STATUS, .text = "failed", .number = 5 }, c;
	char text[CURSOR_TEXT_MAX + 1];
	size_t size = strlen(written(&whole));

	for (size_t at = 0; at < size; at++)
		for (int byte = 1; byte < 256; byte++) {
			snprintf(text, sizeof(text), "%s", written(&whole));
			text[at] = (char)byte;
			if (!cursor_read(&c, text))
				continue;
			cr_assert_lt(c.sort, SORTS);
			cr_assert(c.number == INT64_MIN || c.number >= 0);
		}
}

Test(cursor, cut_short_or_made_up_is_refused)
{
	struct cursor whole = { .sort = SORT_STATUS, .number = 5 }, c;
	char text[CURSOR_TEXT_MAX * 2];

	for (size_t size = strlen(written(&whole)); size-- > 0;) {
		snprintf(text, sizeof(text), "%.*s", (int)size, written(&whole));
		cr_assert_not(cursor_read(&c, text));
	}
	memset(text, 'A', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_not(cursor_read(&c, text));
}

Test(cursor, brings_its_order_and_takes_no_other)
{
	struct cursor c = { .sort = SORT_TOTAL_SIZE, .ascending = true };
	struct list_query query = a_query();
	const char *name;

	cr_assert(reads(&query, "cursor", written(&c)) && is_whole(&query, &name));
	cr_assert_eq(query.sort, SORT_TOTAL_SIZE);
	cr_assert(query.ascending);
	cr_assert(reads(&query, "sort_order", "desc"));
	cr_assert_not(is_whole(&query, &name));
	cr_assert_str_eq(name, "cursor");
	query = a_query();
	cr_assert(reads(&query, "cursor", written(&c)) && reads(&query, "offset", "1"));
	cr_assert_not(is_whole(&query, &name));
	cr_assert_str_eq(name, "offset");
}

Test(query, words_have_three_letters_in_a_row)
{
	static const struct { const char *words; bool well; } rows[] = {
		{ "abc", true }, { "x-042.y", true }, { "s\xc3\xbc" "d", true }, { "\xd0\x96\xd0\xb0\xd0\xb1", true },
		{ "ab", false }, { "a-b-c", false }, { "%%%", false }, { "\xc3\xbc" "d", false },
		{ "u\xcc\x88" "d", false }, { "u\xcc\x88" "ds", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct list_query query = a_query();

		cr_expect_eq(reads(&query, "q", rows[i].words), rows[i].well, "%s", rows[i].words);
	}
}

Test(query, a_name_is_a_customer_a_day_and_a_counter)
{
	struct list_query query = a_query();
	const char *name;

	cr_assert(reads(&query, "name", "PL_DXB_2025-11-05_batch-12"));
	cr_assert(is_whole(&query, &name));
	cr_assert_str_eq(query.customer_prefix, "PL_DXB");
	cr_assert_eq(query.counter, 12);
	cr_assert_eq(query.date_from, query.date_to);
	query = a_query();
	cr_assert(reads(&query, "customer_prefix", "NW"));
	cr_assert(reads(&query, "name", "PL_DXB_2025-11-05_batch-12"));
	cr_assert(is_whole(&query, &name));
	cr_assert_eq(query.counter, 0, "of another customer there is no such batch");
}

Test(query, what_is_no_name_is_refused)
{
	static const char *const rows[] = { "PL_DXB", "_batch-1", "2025-11-05_batch-1",
		"_2025-11-05_batch-1", "PL_2025-11-35_batch-1", "PL_2025-11-05_batch-0",
		"PL_2025-11-05_batch-01", "PL_2025-11-05_batch-", "pl_2025-11-05_batch-1",
		"PL_2025-11-05_batch-99999999999", "PL_2025-11-05_batch-1_batch-2" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct list_query query = a_query();

		cr_expect_not(reads(&query, "name", rows[i]), "%s", rows[i]);
	}
}

Test(letters, an_id_is_the_one_way_of_writing_a_place)
{
	static const char *const wrong[] = { "", "jobs", "jobs-1", "jobs-1-", "jobs-01-2", "jobs-1-02",
		"jobs-+1-2", "jobs- 1-2", "jobs-1-2x", "jobs-1--2", "pigeons-1-2", "jobs-9999999999-1",
		"jobs-1-9999999999999999999", "jobs.dlq-1-2" };
	struct letter_place place;
	char text[LETTER_ID_SIZE];

	cr_assert(letter_id_read(&place, "jobs-1-22"));
	cr_expect(place.topic == TOPIC_JOBS && place.partition == 1 && place.offset == 22);
	cr_expect_str_eq(letter_id_print(text, place), "jobs-1-22");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_not(letter_id_read(&place, wrong[i]), "%s", wrong[i]);
}
