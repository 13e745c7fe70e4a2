/* SPDX-License-Identifier: Apache-2.0 */
/* letter_test.c: a dead letter fits its topic, and tells what it left out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "port/letter.h"

static char large[18 * 1024 * 1024];
static struct arena *arena;

static struct letter
letter_of(const struct bus_record *record, const struct bus_header *headers, size_t n)
{
	struct err why = {0}, err = {0};
	struct letter letter;

	arena = arena_new(1 << 20);
	err_code(&why, ERR_REJECT, "bad", "it is bad");
	cr_assert(letter_fill(&letter, record, headers, n, "group", "decode", &why, arena, &err), "%s",
	    err.text);
	return letter;
}

static const char *
header(const struct letter *letter, const char *name)
{
	static char value[100];

	for (size_t i = 0; i < letter->n_headers; i++)
		if (!strcmp(letter->headers[i].name, name)) {
			snprintf(value, sizeof(value), "%.*s", (int)letter->headers[i].size,
			    (const char *)letter->headers[i].value);
			return value;
		}
	return "none";
}

Test(letter, that_fits_is_whole_and_says_nothing_of_it)
{
	const struct bus_header headers[] = { { "traceparent", "00", 2 }, { "dlq_replays", "3", 1 } };
	const struct bus_record record = { .topic = TOPIC_SUBMISSIONS, .key = "k", .key_size = 1,
		.value = large, .value_size = 16 << 20 };
	const struct letter letter = letter_of(&record, headers, 2);

	cr_expect_eq(letter.value_size, record.value_size);
	cr_expect_eq(letter.key_size, 1);
	cr_expect_str_eq(header(&letter, "dlq_cut"), "none");
	cr_expect_str_eq(header(&letter, "dlq_value_sha256"), "none");
	cr_expect_str_eq(header(&letter, "dlq_replays"), "3");
	cr_expect_str_eq(header(&letter, "traceparent"), "00");
	arena_free(arena);
}

Test(letter, keeps_the_first_part_of_a_value_that_does_not_fit_and_tells_the_whole)
{
	const struct bus_record record = { .topic = TOPIC_SUBMISSIONS, .key = "k", .key_size = 1,
		.value = large, .value_size = (size_t)topics[TOPIC_SUBMISSIONS].letter_bytes };
	const struct letter letter = letter_of(&record, NULL, 0);

	cr_expect_eq(letter.value_size, LETTER_VALUE_PART);
	cr_expect_eq(letter.value, large);
	cr_expect_str_eq(header(&letter, "dlq_cut"), "value");
	cr_expect_str_eq(header(&letter, "dlq_value_size"), "17825792");
	cr_expect_str_eq(header(&letter, "dlq_value_sha256"),
	    "22427fd5e24f1989afefbda75c8daf74aa02a1d4b2ba47dae755b275d35da5cf");
	cr_expect_str_eq(header(&letter, "dlq_code"), "bad");
	arena_free(arena);
}

Test(letter, a_giant_key_or_header_does_not_keep_it_from_its_topic)
{
	const struct bus_header headers[] = { { "giant", large, 5000 }, { "small", "1", 1 } };
	const struct bus_record record = { .topic = TOPIC_JOBS, .key = large, .key_size = 1 << 20,
		.value = "v", .value_size = 1 };
	const struct letter letter = letter_of(&record, headers, 2);

	cr_expect_eq(letter.key_size, LETTER_KEY_MAX);
	cr_expect_str_eq(header(&letter, "dlq_cut"), "key headers");
	cr_expect_str_eq(header(&letter, "giant"), "none");
	cr_expect_str_eq(header(&letter, "small"), "1");
	cr_expect_eq(letter.value_size, 1);
	arena_free(arena);
}
