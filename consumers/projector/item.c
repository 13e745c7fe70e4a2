/* SPDX-License-Identifier: Apache-2.0 */
/* item.c: see item.h. */
#include "item.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "event/texts.h"
#include "plan.h"

#define SKEW_US (INT64_C(2) * 86400 * 1000000)
#define YEAR_9999_MS (INT64_C(253402300799) * 1000)

/* ---- one record ---- */

static bool
key_is(const struct item *item, struct uuid id)
{
	char text[UUID_TEXT_SIZE];

	return item->key && item->key_size == UUID_TEXT_SIZE - 1
	    && !memcmp(item->key, uuid_print(text, id), UUID_TEXT_SIZE - 1);
}

/* Who may write where: upstreams write submissions alone, so a fact there is a forgery. */
static bool
belongs_to(enum topic topic, enum event_type type)
{
	bool submitted = type == EVENT_BATCH_SUBMITTED;

	return topic == TOPIC_SUBMISSIONS ? submitted
	    : !submitted && type != EVENT_JOB_DISPATCHED && type != EVENT_BATCH_CHANGED;
}

/* The sender's time, unless it is days away from the broker's. */
static int64_t
trusted_time(int64_t said, int64_t received_ms)
{
	int64_t received = received_ms < 0 || received_ms > YEAR_9999_MS ? clock_now_us()
	    : received_ms * 1000;

	return said > received + SKEW_US || said < received - SKEW_US ? received : said;
}

static bool
decode(struct item *item, const struct codec *codec, struct arena *arena, struct err *err)
{
	item->stage = "decode";
	if (!item->bytes)
		return err_code(err, ERR_REJECT, "empty", "a record without a value");
	if (!codec_read(codec, item->bytes, item->size, arena, &item->event, err))
		return false;
	item->stage = "validate";
	if (!belongs_to(item->topic, item->event.type))
		return err_code(err, ERR_REJECT, "wrong_topic", "%s does not belong on %s",
		    event_type_name(item->event.type), topics[item->topic].name);
	item->event.head.occurred_at = trusted_time(item->event.head.occurred_at,
	    item->timestamp_ms);
	if (!key_is(item, item->event.head.batch_id))
		return err_code(err, ERR_REJECT, "wrong_key", "the key is not batch_id, "
		    "a lower-case hyphenated UUID");
	return item->topic == TOPIC_SUBMISSIONS		/* a submission's are judged at accept */
	    || texts_check(item->event.type, &item->event.head, err);
}

bool
item_give_up(struct item *item, const char *stage, const struct err *why, struct arena *arena,
    struct err *err)
{
	struct err *defect = arena_take(arena, sizeof(*defect));

	if (!defect)
		return err_code(err, ERR_FATAL, "memory_full", "the turn's memory is used up");
	*defect = *why;
	item->stage = stage;
	item->defect = defect;
	return true;
}

bool
item_read(struct item *item, const struct codec *codec, struct arena *arena, struct err *err)
{
	const struct arena_mark mark = arena_mark(arena);
	struct err why = {0};

	if (decode(item, codec, arena, &why))
		return true;
	arena_rewind(arena, mark);	/* it may have filled the arena */
	if (why.verdict == ERR_REJECT)
		return item_give_up(item, item->stage, &why, arena, err);
	*err = why;
	return false;
}

/* ---- many ---- */

static const struct bus_record *
next_record(struct intake *in)
{
	for (;;) {
		if (in->at < in->n) {
			const struct bus_record *r = &in->records[in->at];

			if ((r->topic != TOPIC_SUBMISSIONS) == in->events)
				return r;
			in->at++;
		} else if (!in->events) {
			in->events = true;
			in->at = 0;
		} else {
			return NULL;
		}
	}
}
bool
items_left(const struct intake *intake)
{
	struct intake in = *intake;

	return next_record(&in);
}

bool
items_take(struct intake *in, const struct codec *codec, struct arena *arena, item_asked *asked,
    void *state, struct item **ret, size_t *n, struct err *err)
{
	const struct bus_record *r;
	bool wanted;

	*n = 0;
	*ret = arena_take(arena, (in->n + 1) * sizeof(**ret));
	if (!*ret)
		return err_code(err, ERR_FATAL, "memory_full", "the turn's memory is used up");
	while ((*n == 0 || arena_used(arena) < PLAN_BUDGET) && (r = next_record(in))) {
		struct item *item = &(*ret)[*n];

		if (!asked(state, r, &wanted, err))
			return false;
		in->at++;
		if (!wanted)
			continue;
		*item = (struct item){ .record = r, .topic = r->topic, .partition = r->partition,
			.offset = r->offset, .timestamp_ms = r->timestamp_ms, .bytes = r->value,
			.size = r->value_size, .key = r->key, .key_size = r->key_size };
		if (!item_read(item, codec, arena, err))
			return false;
		++*n;
	}
	return true;
}

bool
item_is_submission(const struct item *item)
{
	return !item->defect && item->topic == TOPIC_SUBMISSIONS;
}

bool
item_is_command(const struct item *item)
{
	return !item->defect && item->topic == TOPIC_EVENTS
	    && item->event.type == EVENT_BATCH_COMMANDED;
}

size_t
items_segment(const struct item *items, size_t n)
{
	size_t end = 0;

	if (n && item_is_command(&items[0]))
		return 1;
	while (end < n && !item_is_command(&items[end]))
		end++;
	return end;
}
