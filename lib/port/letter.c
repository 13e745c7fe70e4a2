/* SPDX-License-Identifier: Apache-2.0 */
/* letter.c: the headers of a dead letter, and its way to <topic>.dlq. */
#include "port/letter.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

enum { LETTER_ARENA = 1 << 20 };

static bool
header_add(struct letter *letter, const char *name, const char *value, struct err *err)
{
	if (!value)
		return err_set(err, ERR_FATAL, "dead letter: out of memory");
	letter->headers[letter->n_headers++] = (struct bus_header){ name, value, strlen(value) };
	return true;
}

static bool
originals_add(struct letter *letter, const struct bus_record *record, struct arena *arena,
    const char **replays, struct err *err)
{
	struct bus_header originals[BUS_HEADERS_MAX];
	size_t n = bus_headers(record, originals, BUS_HEADERS_MAX);

	*replays = "0";
	for (size_t i = 0; i < n; i++) {
		if (strncmp(originals[i].name, "dlq_", 4)) {
			letter->headers[letter->n_headers++] = originals[i];
			continue;
		}
		if (strcmp(originals[i].name, "dlq_replays") || !originals[i].value)
			continue;
		*replays = arena_text(arena, originals[i].value, originals[i].size);
		if (!*replays)
			return err_set(err, ERR_FATAL, "dead letter: out of memory");
	}
	return true;
}

bool
letter_fill(struct letter *ret, const struct bus_record *record, const char *topic,
    const char *group, const char *stage, const struct err *why, struct arena *arena,
    struct err *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *replays;

	ret->n_headers = 0;
	clock_print(now, clock_now_us());
	return originals_add(ret, record, arena, &replays, err)
	    && header_add(ret, "dlq_topic", topic, err)
	    && header_add(ret, "dlq_partition", arena_print(arena, "%" PRId32, record->partition), err)
	    && header_add(ret, "dlq_offset", arena_print(arena, "%" PRId64, record->offset), err)
	    && header_add(ret, "dlq_timestamp", arena_print(arena, "%" PRId64, record->timestamp_ms),
	        err)
	    && header_add(ret, "dlq_group", group, err)
	    && header_add(ret, "dlq_stage", stage, err)
	    && header_add(ret, "dlq_code", arena_text(arena, why->code, strlen(why->code)), err)
	    && header_add(ret, "dlq_message", arena_text(arena, why->text, strlen(why->text)), err)
	    && header_add(ret, "dlq_failed_at", arena_text(arena, now, strlen(now)), err)
	    && header_add(ret, "dlq_replays", replays, err);
}

bool
letter_publish(struct bus *bus, const struct bus_record *record, const char *group,
    const char *stage, const struct err *why, struct err *err)
{
	own(arena_freep) struct arena *arena = arena_new(LETTER_ARENA);
	struct letter letter;

	if (!arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!letter_fill(&letter, record, topics[record->topic].name, group, stage, why, arena, err))
		return false;
	const struct bus_outgoing outgoing = {
		.topic = record->topic, .dead_letter = true, .partition = BUS_PARTITION_ANY,
		.key = record->key, .key_size = record->key_size,
		.value = record->value, .value_size = record->value_size,
		.headers = letter.headers, .n_headers = letter.n_headers,
	};
	return bus_publish(bus, &outgoing, err);
}
