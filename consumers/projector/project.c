/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project.c: one turn. Records are read and sorted out (submissions before events, a command
 * alone), then go over as one transaction: the fence first, rows in one fixed order, what is owed
 * to Kafka, COMMIT. Only then is anything published. What Postgres refuses for its values is
 * halved until the one record is found, and that becomes a dead letter in the same way.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "projector.h"
#include "event/texts.h"
#include "sql.h"

enum { TIMER_MS = 500, PIPELINES_MS = 5000, ARENA_LIMIT = 1 << 30 };

static struct metric project_metrics[] = {
	{ "batchline_projector_commits_total", NULL, "Turns committed.", METRIC_COUNTER, 0 },
	{ "batchline_projector_letters_total", NULL, "Dead letters written.", METRIC_COUNTER, 0 },
	{ "batchline_projector_refused_total", NULL,
	    "Rows of the outbox that the broker never takes: parked, and to be looked at.",
	    METRIC_COUNTER, 0 },
};
enum { COUNT_COMMITS, COUNT_LETTERS, COUNT_REFUSED, N_COUNTS };

/* ---- steps and columns ---- */

struct db_arg *
step_add(struct projector *p, const char *sql, size_t n_args)
{
	struct steps *s = &p->steps;
	struct db_arg *args = s->args[s->n];

	assert(s->n < DB_STEPS_MAX && n_args <= PROJECTOR_COLUMNS);
	s->step[s->n++] = (struct db_step){ sql, args, n_args };
	return args;
}

void
step_add_columns(struct projector *p, const char *sql, struct columns *columns)
{
	struct db_arg *args;

	if (columns->n == 0 || columns->column[0].n == 0)
		return;
	args = step_add(p, sql, (size_t)columns->n);
	for (int i = 0; i < columns->n; i++)
		args[i] = db_array(&columns->column[i]);
}

void
columns_row(struct columns *columns, const struct db_arg *values, int n)
{
	assert(n <= PROJECTOR_COLUMNS);
	columns->n = n;
	for (int i = 0; i < n; i++) {
		columns->column[i].type = values[i].type;
		db_array_add(&columns->column[i], values[i]);
	}
}

static struct columns *
all_columns(struct projector *p, size_t i)
{
	struct columns *const all[] = { &p->fence, &p->known, &p->batches, &p->jobs, &p->facts,
		&p->outputs, &p->archives, &p->deliveries, &p->early, &p->unpark, &p->letters,
		&p->acked, &p->refused };

	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

static void
turn_reset(struct projector *p)
{
	for (size_t i = 0; all_columns(p, i); i++)
		for (int c = 0; c < all_columns(p, i)->n; c++)
			db_array_reset(&all_columns(p, i)->column[c]);
	p->steps.n = 0;
	p->known_batches = NULL;
	p->n_known = p->known_room = 0;
	for (size_t i = 0; i < p->n_owned; i++)
		p->owned[i].to = p->owned[i].from;
}

/* ---- what the projection knows of the turn's batches ---- */

static int
known_order(const void *a, const void *b)
{
	return uuid_order(((const struct known_batch *)a)->id, ((const struct known_batch *)b)->id);
}

const struct known_batch *
known_find(const struct projector *p, struct uuid id)
{
	const struct known_batch key = { .id = id };

	return p->n_known ? bsearch(&key, p->known_batches, p->n_known, sizeof(key), known_order)
	    : NULL;
}

bool
known_add(struct projector *p, const struct known_batch *batch, struct err *err)
{
	size_t at = p->n_known;

	if (p->n_known == p->known_room) {
		size_t room = p->known_room ? p->known_room * 2 : 256;
		struct known_batch *more = arena_take(p->arena, room * sizeof(*more));

		if (!more)
			return err_set(err, ERR_FATAL, "the turn's memory is used up");
		if (p->n_known)
			memcpy(more, p->known_batches, p->n_known * sizeof(*more));
		p->known_batches = more;
		p->known_room = room;
	}
	while (at > 0 && uuid_order(p->known_batches[at - 1].id, batch->id) > 0)
		at--;
	memmove(p->known_batches + at + 1, p->known_batches + at,
	    (p->n_known - at) * sizeof(*batch));
	p->known_batches[at] = *batch;
	p->n_known++;
	return true;
}

static bool
known_read(struct projector *p, const struct item *items, size_t n, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	size_t size;

	for (size_t i = 0; i < n; i++)
		if (items[i].defect.verdict == ERR_NONE)
			columns_row(&p->known, (struct db_arg[]){
			    db_uuid(items[i].event.head.batch_id) }, 1);
	if (p->known.n == 0 || p->known.column[0].n == 0)
		return true;
	if (!db_run(p->db, &rows, err, sql_projector_known, db_array(&p->known.column[0])))
		return err_at(err, "known batches");
	for (int r = 0; r < db_count(rows); r++) {
		struct known_batch batch = {
			.id = db_uuid_at(rows, r, 0),
			.partition = (int32_t)db_int_at(rows, r, 2),
			.deleted = db_int_at(rows, r, 3),
		};
		const void *sha256 = db_bytes_at(rows, r, 1, &size);

		assert(size == sizeof(batch.sha256));
		memcpy(batch.sha256, sha256, size);
		if (!known_add(p, &batch, err))
			return false;
	}
	return true;
}

static bool
pipelines_read(struct projector *p, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t now = clock_monotonic_ms();

	if (p->n_pipelines && now - p->pipelines_read_ms < PIPELINES_MS)
		return true;
	if (!db_run_args(p->db, &rows, err, sql_projector_pipelines, NULL, 0))
		return err_at(err, "pipelines");
	p->n_pipelines = 0;
	for (int r = 0; r < db_count(rows) && r < PROJECTOR_PIPELINES_MAX; r++)
		p->pipelines[p->n_pipelines++] = (struct pipeline){
			.id = (int32_t)db_int_at(rows, r, 0),
			.views = (int32_t)db_int_at(rows, r, 2),
			.enabled = db_int_at(rows, r, 3),
		};
	p->pipelines_read_ms = now;
	return true;
}

/* ---- records into items ---- */

static bool
key_is(const struct bus_record *record, struct uuid id)
{
	char text[UUID_TEXT_SIZE];

	return record->key && record->key_size == UUID_TEXT_SIZE - 1
	    && !memcmp(record->key, uuid_print(text, id), UUID_TEXT_SIZE - 1);
}

/* Who may write where: upstreams write submissions alone, so a fact there is a forgery. */
static bool
belongs_to(enum topic topic, enum event_type type)
{
	bool submitted = type == EVENT_BATCH_SUBMITTED;

	return topic == TOPIC_SUBMISSIONS ? submitted
	    : !submitted && type != EVENT_JOB_DISPATCHED && type != EVENT_BATCH_CHANGED;
}

bool
item_read(struct projector *p, struct item *item, struct err *err)
{
	item->stage = "decode";
	if (!item->bytes)
		return err_code(err, ERR_REJECT, "empty", "a record without a value");
	if (!codec_read(p->codec, item->bytes, item->size, p->arena, &item->event, err))
		return false;
	item->stage = "validate";
	if (!belongs_to(item->topic, item->event.type))
		return err_code(err, ERR_REJECT, "wrong_topic", "%s does not belong on %s",
		    event_type_name(item->event.type), topics[item->topic].name);
	if (item->topic != TOPIC_SUBMISSIONS)
		return texts_check(item->event.type, &item->event.head, err)
		    || err_at(err, "%s", event_type_name(item->event.type));
	return key_is(item->record, item->event.submitted.batch_id)
	    || err_code(err, ERR_REJECT, "wrong_key", "the key is not batch_id, "
	    "a lower-case hyphenated UUID");
}

/* True when the record is to be applied; the one before our place is only compared. */
static bool
record_is_next(struct projector *p, const struct bus_record *r, bool *next, struct err *err)
{
	struct owned *o = claim_find(p, r->topic, r->partition);

	*next = o && r->offset >= o->to;
	if (!o || *next || r->offset != o->to - 1 || o->stamp == EVENT_NULL_LONG
	    || o->stamp == r->timestamp_ms)
		return true;
	return err_code(err, ERR_FATAL, "topic_made_anew", "%s/%d: the record at offset %lld is not "
	    "the one that was applied: the topic was made anew", topics[r->topic].name,
	    (int)r->partition, (long long)r->offset);
}

/* Submissions first, then events, each in the order of their partitions. */
static bool
items_of(struct projector *p, const struct bus_record *records, size_t n, struct item *items,
    size_t *n_items, struct err *err)
{
	*n_items = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			const struct bus_record *r = &records[i];
			struct item *item = &items[*n_items];
			bool next;

			if ((r->topic == TOPIC_SUBMISSIONS) != (pass == 0))
				continue;
			if (!record_is_next(p, r, &next, err))
				return false;
			if (!next)
				continue;
			*item = (struct item){ .record = r, .topic = r->topic,
				.partition = r->partition, .offset = r->offset,
				.bytes = r->value, .size = r->value_size };
			if (!item_read(p, item, &item->defect)
			    && item->defect.verdict != ERR_REJECT) {
				*err = item->defect;
				return false;
			}
			++*n_items;
		}
	return true;
}

/* ---- the transaction ---- */

static void
fence_step(struct projector *p, const struct item *items, size_t n)
{
	struct db_arg *args;

	for (size_t i = 0; i < n; i++) {
		const struct bus_record *r = items[i].record;
		struct owned *o = r ? claim_find(p, r->topic, r->partition) : NULL;

		if (!o)
			continue;	/* a parked fact: its offset was passed long ago */
		o->to = r->offset + 1;
		o->stamp = r->timestamp_ms;
	}
	for (size_t i = 0; i < p->n_owned; i++) {
		const struct owned *o = &p->owned[i];

		columns_row(&p->fence, (struct db_arg[]){ db_text(topics[o->topic].name),
		    db_int4(o->partition), db_int(o->epoch), db_int(o->from), db_int(o->to),
		    o->stamp == EVENT_NULL_LONG ? db_null(DB_INT8) : db_int(o->stamp) }, 6);
	}
	args = step_add(p, sql_projector_fence, 7);
	args[0] = db_text("batchline-projector");
	for (int i = 0; i < 6; i++)
		args[1 + i] = db_array(&p->fence.column[i]);
}

static void
acks_step(struct projector *p)
{
	p->n_acks_in_turn = p->n_acks;
	for (size_t i = 0; i < p->n_acks; i++) {
		const struct bus_ack *ack = &p->acks[i];

		if (ack->refused)
			columns_row(&p->refused, (struct db_arg[]){ db_int(ack->id),
			    db_text(ack->refused) }, 2);
		else
			columns_row(&p->acked, (struct db_arg[]){ db_int(ack->id) }, 1);
	}
	step_add_columns(p, sql_projector_outbox_delete, &p->acked);
	step_add_columns(p, sql_projector_outbox_park, &p->refused);
}

static void
timer_steps(struct projector *p)
{
	int64_t now = clock_monotonic_ms();
	struct db_arg *args;

	if (now - p->timers_run_ms < TIMER_MS)
		return;
	p->timers_run_ms = now;
	step_add(p, sql_projector_retries_due, 1)[0] = db_array(&p->partitions);
	args = step_add(p, sql_projector_leases_expire, 2);
	args[0] = db_array(&p->partitions);
	args[1] = db_int4((int32_t)option_int(p->options, "BATCHLINE_ATTEMPTS_MAX"));
	step_add(p, sql_projector_outbox_stale, 1)[0] = db_array(&p->partitions);
}

static void
refused_told(const struct bus_ack *ack)
{
	if (!ack->refused)
		return;
	metric_count(&project_metrics[COUNT_REFUSED], 1);
	log_write(LOG_ERROR, "parked what the broker never takes", "outbox_id=%lld why=%s",
	    (long long)ack->id, ack->refused);
}

static void
committed(struct projector *p)
{
	for (size_t i = 0; i < p->n_owned; i++)
		p->owned[i].from = p->owned[i].to;
	for (size_t i = 0; i < p->n_acks_in_turn; i++)
		refused_told(&p->acks[i]);
	p->n_acks -= p->n_acks_in_turn;
	memmove(p->acks, p->acks + p->n_acks_in_turn, p->n_acks * sizeof(*p->acks));
	metric_count(&project_metrics[COUNT_COMMITS], 1);
}

/* Items [0, n) in one transaction; nothing of them remains when it fails. */
static bool
transact(struct projector *p, struct item *items, size_t n, struct err *err)
{
	struct db_rows *rows[DB_STEPS_MAX] = { NULL };
	bool unknown, well;

	turn_reset(p);
	if (!known_read(p, items, n, err) || !pipelines_read(p, err))
		return false;
	fence_step(p, items, n);
	if (!submit_items(p, items, n, err) || !facts_items(p, items, n, err))
		return false;
	acks_step(p);
	timer_steps(p);
	publish_steps(p);
	well = db_transaction(p->db, p->steps.step, p->steps.n, rows, &unknown, err);
	if (well) {
		committed(p);
		well = publish_rows(p, rows, err);
	}
	for (size_t i = 0; i < p->steps.n; i++)
		db_rows_free(rows[i]);
	return well;
}

static void
stamps_restore(struct projector *p, const struct owned *was)
{
	for (size_t i = 0; i < p->n_owned; i++)
		p->owned[i].stamp = was[i].stamp;
}

/* What cannot be applied for its values is halved until it stands alone, and given up on. */
static bool
apply(struct projector *p, struct item *items, size_t n, int tries, struct err *err)
{
	struct owned was[PROJECTOR_PARTITIONS_MAX];

	memcpy(was, p->owned, p->n_owned * sizeof(*was));
	if (transact(p, items, n, err))
		return true;
	if (err->verdict != ERR_REJECT || n == 0)
		return false;
	stamps_restore(p, was);
	if (tries > 0)		/* another projector may have been first with this batch */
		return apply(p, items, n, tries - 1, err);
	if (n == 1) {
		if (items[0].defect.verdict != ERR_NONE)
			return err_set(err, ERR_FATAL, "a dead letter cannot be written");
		items[0].defect = *err;
		items[0].stage = "apply";
		return apply(p, items, 1, 0, err);
	}
	return apply(p, items, n / 2, 0, err) && apply(p, items + n / 2, n - n / 2, 0, err);
}

/* Commands change many rows at once: each stands alone, between what came before and after. */
static size_t
segment(const struct item *items, size_t n)
{
	size_t end = 0;

	if (n && facts_is_command(&items[0]))
		return 1;
	while (end < n && !facts_is_command(&items[end]))
		end++;
	return end;
}

static bool
apply_all(struct projector *p, struct item *items, size_t n, struct err *err)
{
	for (size_t end; n > 0; items += end, n -= end) {
		end = segment(items, n);
		p->turn_goes_on = end < n;
		if (!apply(p, items, end, 1, err))
			return false;
	}
	return true;
}

/* ---- a turn ---- */

/* Submissions, then what waited for them, then events. */
static bool
apply_in_order(struct projector *p, struct item *items, size_t n, struct err *err)
{
	struct item *parked = NULL, *all;
	size_t n_parked = 0, submissions = 0;

	if (!parked_read(p, items, n, &parked, &n_parked, err))
		return false;
	if (n_parked == 0)
		return n ? apply_all(p, items, n, err) : apply(p, items, 0, 0, err);
	while (submissions < n && items[submissions].topic == TOPIC_SUBMISSIONS)
		submissions++;
	all = arena_take(p->arena, (n + n_parked) * sizeof(*all));
	if (!all)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	memcpy(all, items, submissions * sizeof(*all));
	memcpy(all + submissions, parked, n_parked * sizeof(*all));
	memcpy(all + submissions + n_parked, items + submissions,
	    (n - submissions) * sizeof(*all));
	return apply_all(p, all, n + n_parked, err);
}

/* Nothing came, nothing was acknowledged, and the timers have time. */
static bool
is_idle(const struct projector *p, size_t n)
{
	return n == 0 && p->n_acks == 0 && clock_monotonic_ms() - p->timers_run_ms < TIMER_MS;
}

bool
project_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct projector *p = state;
	struct item *items;
	size_t n_items;

	if (p->n_owned == 0)
		return true;
	if (!publish_collect(p, 0, err))
		return false;
	if (is_idle(p, n))
		return true;
	arena_clear(p->arena);
	turn_reset(p);
	p->turn_goes_on = false;
	items = arena_take(p->arena, (n + 1) * sizeof(*items));
	if (!items)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	return items_of(p, records, n, items, &n_items, err)
	    && apply_in_order(p, items, n_items, err)
	    && publish_collect(p, 0, err);
}

/* ---- life ---- */

bool
project_open(void **state, const struct service_context *context, struct err *err)
{
	struct projector *p = calloc(1, sizeof(*p));

	*state = p;
	if (!p)
		return err_set(err, ERR_FATAL, "out of memory");
	p->options = context->options;
	p->bus = context->bus;
	p->partitions.type = DB_INT4;
	p->limits = (struct accept_limits){ (size_t)option_int(p->options, "BATCHLINE_FILES_MAX"),
		ACCEPT_INLINE_MAX, ACCEPT_RECORD_MAX };
	p->arena = arena_new(ARENA_LIMIT);
	if (!p->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	metrics_add(project_metrics, N_COUNTS);
	return codec_open(&p->codec, err)
	    && blob_open(&p->blobs, option_text(p->options, "BLOB_URI"), err);
}

void
project_close(void *state)
{
	struct projector *p = state;

	if (!p)
		return;
	for (size_t i = 0; all_columns(p, i); i++)
		for (int c = 0; c < PROJECTOR_COLUMNS; c++)
			db_array_clear(&all_columns(p, i)->column[c]);
	db_array_clear(&p->partitions);
	db_free(p->db);
	codec_free(p->codec);
	blob_free(p->blobs);
	arena_free(p->arena);
	free(p);
}
