/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c: see claim.h. */
#include "claim.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "sql.h"

void
claim_open(struct claim *claim)
{
	claim->homes.type = DB_INT4;
}

void
claim_close(struct claim *claim)
{
	db_array_clear(&claim->homes);
}

void
claim_drop(struct claim *claim)
{
	claim->n = 0;
	db_array_reset(&claim->homes);
}

static struct owned *
find(struct claim *claim, enum topic topic, int32_t partition)
{
	for (size_t i = 0; i < claim->n; i++)
		if (claim->owned[i].topic == topic && claim->owned[i].partition == partition)
			return &claim->owned[i];
	return NULL;
}

/* ---- taking ---- */

static enum topic
topic_of(const char *name)
{
	int t = 0;

	while (t < TOPIC_COUNT && strcmp(topics[t].name, name))
		t++;
	assert(t < TOPIC_COUNT);
	return (enum topic)t;
}

static bool
offsets_take(struct db *db, const struct bus_position *positions, size_t n, struct db_rows **rows,
    struct err *err)
{
	struct db_array names = { .type = DB_TEXT }, numbers = { .type = DB_INT4 };
	char owner[300], host[256] = "?";
	struct err evicted = {0};
	bool well;

	gethostname(host, sizeof(host) - 1);
	snprintf(owner, sizeof(owner), "%s/%d", host, (int)getpid());
	for (size_t i = 0; i < n; i++) {
		db_array_add(&names, db_text(topics[positions[i].topic].name));
		db_array_add(&numbers, db_int4(positions[i].partition));
	}
	well = db_run(db, rows, err, sql_projector_claim, db_text(CLAIM_GROUP), db_array(&names),
	    db_array(&numbers), db_text(owner));
	if (!well && !strcmp(err->code, "55P03"))	/* an old owner hangs with the rows locked */
		db_run(db, NULL, &evicted, sql_projector_evict, db_text(CLAIM_GROUP),
		    db_array(&names), db_array(&numbers));
	db_array_clear(&names);
	db_array_clear(&numbers);
	return well;
}

/* The offset must still be in the topic: one that was made anew or cut off is an alarm. */
static bool
position_of(struct bus *bus, const struct owned *o, int64_t *offset, struct err *err)
{
	int64_t low, high;

	if (!bus_bounds(bus, o->topic, o->partition, 1, &low, &high, err))
		return false;
	*offset = o->from < 0 ? low : o->from;
	if (*offset < low || *offset > high)
		return err_code(err, ERR_FATAL, "offset_lost", "%s/%d: the projection is at offset "
		    "%lld, the topic holds %lld to %lld: it was cut off or made anew",
		    topics[o->topic].name, (int)o->partition, (long long)*offset, (long long)low,
		    (long long)high);
	/* Read the last applied record again, to compare its timestamp. */
	if (o->stamp != EVENT_NULL_LONG && *offset > low)
		--*offset;
	return true;
}

static struct owned
owned_of(const struct db_rows *rows, int r)
{
	struct owned o = {
		.topic = topic_of(db_text_at(rows, r, 0)),
		.partition = (int32_t)db_int_at(rows, r, 1),
		.epoch = db_int_at(rows, r, 2),
		.from = db_int_at(rows, r, 3),
		.stamp = db_is_null(rows, r, 4) ? EVENT_NULL_LONG : db_int_at(rows, r, 4),
	};

	o.to = o.told = o.from;
	o.stamp_to = o.stamp;
	return o;
}

static bool
owned_take(struct claim *claim, struct bus *bus, const struct db_rows *rows,
    struct bus_position *positions, size_t n, struct err *err)
{
	for (int r = 0; r < db_count(rows); r++) {
		struct owned *o = &claim->owned[claim->n];

		*o = owned_of(rows, r);
		for (size_t i = 0; i < n; i++)
			if (positions[i].topic == o->topic && positions[i].partition == o->partition
			    && !position_of(bus, o, &positions[i].offset, err))
				return false;
		claim->n++;
		claim->at_us = db_time_at(rows, r, 5);
		if (o->topic == TOPIC_EVENTS)
			db_array_add(&claim->homes, db_int4(o->partition));
	}
	return true;
}

bool
claim_take(struct claim *claim, struct db *db, struct bus *bus, struct bus_position *positions,
    size_t n, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	claim_drop(claim);
	if (n == 0)
		return true;
	if (n > CLAIM_PARTITIONS_MAX)
		return err_code(err, ERR_FATAL, "too_many_partitions",
		    "claim: %zu partitions; one projector takes %d at most: start more of them", n,
		    CLAIM_PARTITIONS_MAX);
	if (!offsets_take(db, positions, n, &rows, err)
	    || !owned_take(claim, bus, rows, positions, n, err)) {
		claim_drop(claim);
		return err_at(err, "claim");
	}
	log_write(LOG_INFO, "claimed", "partitions=%zu epoch=%lld", n,
	    (long long)claim->owned[0].epoch);
	return true;
}

/* ---- moving on ---- */

bool
claim_wants(void *state, const struct bus_record *r, bool *wanted, struct err *err)
{
	const struct owned *o = find(state, r->topic, r->partition);

	*wanted = o && r->offset >= o->from;
	if (!o || *wanted || r->offset != o->from - 1 || o->stamp == EVENT_NULL_LONG
	    || o->stamp == r->timestamp_ms)
		return true;
	return err_code(err, ERR_FATAL, "topic_made_anew", "%s/%d: the record at offset %lld is not "
	    "the one that was applied: the topic was made anew", topics[r->topic].name,
	    (int)r->partition, (long long)r->offset);
}

void
claim_rows(struct claim *claim, const struct item *items, size_t n, struct rows *rows)
{
	for (size_t i = 0; i < claim->n; i++) {
		claim->owned[i].to = claim->owned[i].from;
		claim->owned[i].stamp_to = claim->owned[i].stamp;
	}
	for (size_t i = 0; i < n; i++) {
		const struct bus_record *r = items[i].record;
		struct owned *o = r ? find(claim, r->topic, r->partition) : NULL;

		if (!o)
			continue;	/* a parked fact: its offset was passed long ago */
		o->to = r->offset + 1;
		o->stamp_to = r->timestamp_ms;
	}
	for (size_t i = 0; i < claim->n; i++) {
		const struct owned *o = &claim->owned[i];

		rows_add(rows, ROWS_FENCE, db_text(topics[o->topic].name), db_int4(o->partition),
		    db_int(o->epoch), db_int(o->from), db_int(o->to),
		    o->stamp_to == EVENT_NULL_LONG ? db_null(DB_INT8) : db_int(o->stamp_to));
	}
	rows_set(rows, ROWS_FENCE, db_text(CLAIM_GROUP));
}

void
claim_committed(struct claim *claim)
{
	for (size_t i = 0; i < claim->n; i++) {
		claim->owned[i].from = claim->owned[i].to;
		claim->owned[i].stamp = claim->owned[i].stamp_to;
	}
}

size_t
claim_positions(struct claim *claim, struct bus_position *positions, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < claim->n && n < max; i++) {
		struct owned *o = &claim->owned[i];

		if (o->from == o->told)
			continue;
		o->told = o->from;
		positions[n++] = (struct bus_position){ o->topic, o->partition, o->from, NULL };
	}
	return n;
}
