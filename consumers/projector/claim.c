/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.c: taking partitions. A claim raises the epoch of each row of consumer_offsets under its
 * lock and answers how far the projection is: so it also resolves a COMMIT whose outcome was not
 * known, since the row cannot be locked before the old transaction has ended one way or the other.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "projector.h"
#include "sql.h"

#define GROUP "batchline-projector"

struct owned *
claim_find(struct projector *p, enum topic topic, int32_t partition)
{
	for (size_t i = 0; i < p->n_owned; i++)
		if (p->owned[i].topic == topic && p->owned[i].partition == partition)
			return &p->owned[i];
	return NULL;
}

void
claim_drop(struct projector *p)
{
	/* Nothing of what was ours may be said later: the next owner says it. */
	bus_purge(p->bus);
	p->n_owned = 0;
	p->n_acks = 0;
	p->sent_jobs = p->sent_batches = p->sent_letters = 0;
	db_array_reset(&p->partitions);
}

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
connect(struct projector *p, struct err *err)
{
	if (p->db && !db_is_broken(p->db))
		return true;
	db_free(p->db);
	p->db = NULL;
	return db_open(&p->db, option_text(p->options, "DATABASE_URL"), GROUP, err);
}

static bool
claim_rows(struct projector *p, const struct bus_position *positions, size_t n,
    struct db_rows **rows, struct err *err)
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
	well = db_run(p->db, rows, err, sql_projector_claim, db_text(GROUP), db_array(&names),
	    db_array(&numbers), db_text(owner));
	if (!well && !strcmp(err->code, "55P03"))	/* an old owner hangs with the rows locked */
		db_run(p->db, NULL, &evicted, sql_projector_evict, db_text(GROUP),
		    db_array(&names), db_array(&numbers));
	db_array_clear(&names);
	db_array_clear(&numbers);
	return well;
}

/* The offset must still be in the topic: one that was made anew or cut off is an alarm. */
static bool
position_of(struct projector *p, struct owned *o, int64_t *offset, struct err *err)
{
	int64_t low, high;

	if (!bus_bounds(p->bus, o->topic, o->partition, &low, &high, err))
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

static bool
rows_take(struct projector *p, const struct db_rows *rows, struct bus_position *positions, size_t n,
    struct err *err)
{
	for (int r = 0; r < db_count(rows); r++) {
		struct owned *o = &p->owned[p->n_owned];

		*o = (struct owned){
			.topic = topic_of(db_text_at(rows, r, 0)),
			.partition = (int32_t)db_int_at(rows, r, 1),
			.epoch = db_int_at(rows, r, 2),
			.from = db_int_at(rows, r, 3),
			.stamp = db_is_null(rows, r, 4) ? EVENT_NULL_LONG : db_int_at(rows, r, 4),
		};
		o->to = o->from;
		for (size_t i = 0; i < n; i++)
			if (positions[i].topic == o->topic && positions[i].partition == o->partition
			    && !position_of(p, o, &positions[i].offset, err))
				return false;
		p->n_owned++;
		if (o->topic == TOPIC_EVENTS)
			db_array_add(&p->partitions, db_int4(o->partition));
	}
	return true;
}

bool
claim_take(struct projector *p, struct bus_position *positions, size_t n, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	assert(n <= PROJECTOR_PARTITIONS_MAX);
	claim_drop(p);
	if (n == 0)
		return true;
	if (!connect(p, err) || !claim_rows(p, positions, n, &rows, err)
	    || !rows_take(p, rows, positions, n, err)
	    || !db_run(p->db, NULL, err, sql_projector_reannounce, db_array(&p->partitions))) {
		p->n_owned = 0;
		return err_at(err, "claim");
	}
	log_write(LOG_INFO, "claimed", "partitions=%zu epoch=%lld", n,
	    (long long)p->owned[0].epoch);
	return true;
}
