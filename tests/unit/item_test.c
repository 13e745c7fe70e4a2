/* SPDX-License-Identifier: Apache-2.0 */
/* item_test.c: the records of a poll on their way into turns. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "consumers/projector/item.h"
#include "consumers/projector/known.h"
#include "consumers/projector/plan.h"

static struct codec *codec;

static void
codec_up(void)
{
	struct err err = {0};

	cr_assert(codec_open(&codec, &err), "%s", err.text);
}

static void
codec_down(void)
{
	codec_free(codec);
}

TestSuite(item, .init = codec_up, .fini = codec_down);

static bool
wants_even(void *state, const struct bus_record *record, bool *wanted, struct err *err)
{
	(void)state, (void)err;
	*wanted = record->offset % 2 == 0;
	return true;
}

static bool
wants_all(void *state, const struct bus_record *record, bool *wanted, struct err *err)
{
	(void)state, (void)record, (void)err;
	return *wanted = true;
}

/* The offsets of each turn's items, turns between bars. */
static const char *
turns_of(const struct bus_record *records, size_t n, item_asked *asked, size_t memory)
{
	static char words[200];
	struct arena *arena = arena_new(memory);
	struct intake in = { records, n, 0, false };
	struct err err = {0};

	*words = '\0';
	do {
		struct item *items;
		size_t n_items;

		arena_clear(arena);
		cr_assert(items_take(&in, codec, arena, asked, NULL, &items, &n_items, &err), "%s",
		    err.text);
		for (size_t i = 0; i < n_items; i++)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%lld%s ",
			    (long long)items[i].offset,
			    items[i].defect ? items[i].defect->code : "");
		strcat(words, "| ");
	} while (items_left(&in));
	arena_free(arena);
	return words;
}

Test(item, submissions_come_first_and_each_topic_keeps_its_order)
{
	const struct bus_record records[] = {
		{ .topic = TOPIC_EVENTS, .offset = 1 }, { .topic = TOPIC_SUBMISSIONS, .offset = 2 },
		{ .topic = TOPIC_EVENTS, .offset = 4 }, { .topic = TOPIC_SUBMISSIONS, .offset = 6 },
	};

	cr_expect_str_eq(turns_of(records, 4, wants_all, 1 << 20),
	    "2empty 6empty 1empty 4empty | ");
	cr_expect_str_eq(turns_of(records, 4, wants_even, 1 << 20), "2empty 6empty 4empty | ");
	cr_expect_str_eq(turns_of(records, 0, wants_all, 1 << 20), "| ");
}

/* A submission of so many files without a name. */
static struct buf
a_submission(size_t files)
{
	struct submitted_file *list = calloc(files, sizeof(*list));
	struct event event = { .type = EVENT_BATCH_SUBMITTED, .submitted = { .submitted_by = "t",
		.files = list, .n_files = files } };
	struct buf bytes = {0};
	struct err err = {0};

	for (size_t i = 0; i < files; i++)
		list[i].file_name = "";
	cr_assert(codec_write(codec, &event, &bytes, &err), "%s", err.text);
	free(list);
	return bytes;
}

Test(item, a_turn_ends_at_its_budget_of_decoded_bytes)
{
	struct buf bytes = a_submission(100000);
	static const char key[] = "00000000-0000-0000-0000-000000000000";
	struct bus_record records[8];

	for (int i = 0; i < 8; i++)
		records[i] = (struct bus_record){ .topic = TOPIC_SUBMISSIONS, .offset = i,
			.key = key, .key_size = UUID_TEXT_SIZE - 1,
			.value = bytes.data, .value_size = bytes.size };
	cr_expect_str_eq(turns_of(records, 8, wants_all, PLAN_MEMORY), "0 1 2 3 4 | 5 6 7 | ");
	for (int i = 0; i < 8; i++)	/* of what has a defect nothing is kept */
		records[i].key = NULL;
	cr_expect_str_eq(turns_of(records, 8, wants_all, PLAN_MEMORY),
	    "0wrong_key 1wrong_key 2wrong_key 3wrong_key 4wrong_key 5wrong_key 6wrong_key "
	    "7wrong_key | ");
	buf_clear(&bytes);
}

Test(item, a_record_that_no_turn_can_hold_has_a_defect_and_holds_up_nothing)
{
	struct buf bytes = a_submission(100000);
	const struct bus_record records[] = {
		{ .topic = TOPIC_SUBMISSIONS, .offset = 1, .value = bytes.data, .value_size = bytes.size },
		{ .topic = TOPIC_EVENTS, .offset = 2 },
	};

	cr_expect_str_eq(turns_of(records, 2, wants_all, 1 << 20), "1record_too_large 2empty | ");
	buf_clear(&bytes);
}

Test(known, batches_are_found_however_many_and_the_last_word_counts)
{
	enum { N = 20000 };
	struct arena *arena = arena_new(64 << 20);
	struct known_batch batch = {0};
	struct known known;
	struct err err = {0};

	known_open(&known, arena);
	cr_expect_null(known_find(&known, batch.id));
	for (uint32_t i = 0; i < N; i++) {
		memcpy(batch.id.bytes, &i, sizeof(i));
		batch.partition = (int32_t)i;
		cr_assert(known_add(&known, &batch, &err));
	}
	batch.partition = 7;
	cr_assert(known_add(&known, &batch, &err));
	cr_expect_eq(known.n, N);
	for (uint32_t i = 0; i < N + 1; i++) {
		const struct known_batch *found;

		memcpy(batch.id.bytes, &i, sizeof(i));
		found = known_find(&known, batch.id);
		cr_expect_eq(found ? found->partition : -1,
		    i < N - 1 ? (int32_t)i : i == N - 1 ? 7 : -1);
	}
	arena_free(arena);
}
