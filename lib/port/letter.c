/* SPDX-License-Identifier: Apache-2.0 */
/* letter.c: the headers of a dead letter, what is cut of it, and its way to <topic>.dlq. */
#include "port/letter.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/hash.h"

enum {
	LETTER_ARENA = 1 << 20,
	FRAMING = 4096,		/* of Kafka: a batch's head, a record's lengths, our own headers */
};

static bool
header_add(struct letter *letter, const char *name, const char *value, struct err *err)
{
	if (!value)
		return err_set(err, ERR_FATAL, "dead letter: out of memory");
	letter->headers[letter->n_headers++] = (struct bus_header){ name, value, strlen(value) };
	return true;
}

/* The record's own headers but those of an earlier death, of which stays why it was put back; *size: bytes of what was kept. */
static bool
originals_add(struct letter *letter, const struct bus_header *originals, size_t n, size_t *size)
{
	bool whole = true;

	for (size_t i = 0; i < n; i++) {
		size_t name = strlen(originals[i].name), bytes = name + originals[i].size;

		if (!strncmp(originals[i].name, "dlq_", 4) && strcmp(originals[i].name, "dlq_replay_reason"))
			continue;
		if (bytes > LETTER_HEADER_MAX || *size + bytes > LETTER_HEADERS_MAX) {
			whole = false;
			continue;
		}
		letter->headers[letter->n_headers++] = originals[i];
		*size += bytes;
	}
	return whole;
}

static const char *
replays_of(const struct bus_header *originals, size_t n, struct arena *arena)
{
	const char *replays = "0";

	for (size_t i = 0; i < n; i++)
		if (!strcmp(originals[i].name, "dlq_replays") && originals[i].value
		    && originals[i].size <= LETTER_HEADER_MAX)
			replays = arena_text(arena, originals[i].value, originals[i].size);
	return replays;
}

static bool
whole_value_told(struct letter *letter, const struct bus_record *record, struct arena *arena,
    struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	char text[SHA256_TEXT_SIZE];

	hash_sha256(sha256, record->value, record->value_size);
	hash_print(text, sha256);
	return header_add(letter, "dlq_value_size", arena_print(arena, "%zu", record->value_size), err)
	    && header_add(letter, "dlq_value_sha256", arena_text(arena, text, strlen(text)), err);
}

static const char *
cut_words(bool value_whole, bool key_whole, bool headers_whole, struct arena *arena)
{
	const char *const words[] = { value_whole ? "" : " value", key_whole ? "" : " key",
		headers_whole ? "" : " headers" };
	const char *all = arena_print(arena, "%s%s%s", words[0], words[1], words[2]);

	return all ? all + 1 : NULL;
}

/* Key and value as far as they fit beside the headers, which are there. */
static bool
cut(struct letter *letter, const struct bus_record *record, size_t headers, bool headers_whole,
    struct arena *arena, struct err *err)
{
	bool key_whole = record->key_size <= LETTER_KEY_MAX, value_whole;
	size_t used = FRAMING + headers;

	letter->key = record->key;
	letter->key_size = key_whole ? record->key_size : LETTER_KEY_MAX;
	used += letter->key_size;
	value_whole = used + record->value_size <= (size_t)topics[record->topic].letter_bytes;
	letter->value = record->value;
	letter->value_size = value_whole ? record->value_size : LETTER_VALUE_PART;
	if (key_whole && value_whole && headers_whole)
		return true;
	return header_add(letter, "dlq_cut",
	        cut_words(value_whole, key_whole, headers_whole, arena), err)
	    && (value_whole || whole_value_told(letter, record, arena, err));
}

bool
letter_fill(struct letter *ret, const struct bus_record *record,
    const struct bus_header *originals, size_t n_originals, const char *group, const char *stage,
    const struct err *why, struct arena *arena, struct err *err)
{
	char now[TIME_TEXT_SIZE];
	size_t size = 0;
	bool whole;

	*ret = (struct letter){0};
	time_print(now, clock_now_us());
	whole = originals_add(ret, originals, n_originals, &size);
	return header_add(ret, "dlq_topic", topics[record->topic].name, err)
	    && header_add(ret, "dlq_partition", arena_print(arena, "%" PRId32, record->partition), err)
	    && header_add(ret, "dlq_offset", arena_print(arena, "%" PRId64, record->offset), err)
	    && header_add(ret, "dlq_timestamp", arena_print(arena, "%" PRId64, record->timestamp_ms),
	        err)
	    && header_add(ret, "dlq_group", group, err)
	    && header_add(ret, "dlq_stage", stage, err)
	    && header_add(ret, "dlq_code", arena_text(arena, why->code, strlen(why->code)), err)
	    && header_add(ret, "dlq_message", arena_text(arena, why->text, strlen(why->text)), err)
	    && header_add(ret, "dlq_failed_at", arena_text(arena, now, strlen(now)), err)
	    && header_add(ret, "dlq_replays", replays_of(originals, n_originals, arena), err)
	    && cut(ret, record, size, whole, arena, err);
}

bool
letter_publish(struct bus *bus, const struct bus_record *record, const char *group,
    const char *stage, const struct err *why, struct err *err)
{
	own(arena_freep) struct arena *arena = arena_new(LETTER_ARENA);
	struct bus_header originals[BUS_HEADERS_MAX];
	struct letter letter;

	if (!arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!letter_fill(&letter, record, originals, bus_headers(record, originals, BUS_HEADERS_MAX),
	    group, stage, why, arena, err))
		return false;
	const struct bus_outgoing outgoing = {
		.topic = record->topic, .dead_letter = true, .partition = BUS_PARTITION_ANY,
		.key = letter.key, .key_size = letter.key_size,
		.value = letter.value, .value_size = letter.value_size,
		.headers = letter.headers, .n_headers = letter.n_headers,
	};
	return bus_publish(bus, &outgoing, err);
}
