/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c: see facts.h. */
#include "facts.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "command.h"
#include "letters.h"

struct fact {
	struct uuid job_id;
	int32_t attempt;
	int rank;			/* 1 started, 2 failed or completed */
	size_t order;			/* in the turn: the first final fact wins */
	int64_t started_at;		/* INT64_MIN: not said in this turn */
	const struct event *event;
};

static bool
is_job_fact(enum event_type type)
{
	return type == EVENT_JOB_STARTED || type == EVENT_JOB_COMPLETED || type == EVENT_JOB_FAILED;
}

/* Of one job, and said of the same batch: only one of two batches can be the job's own. */
static int
job_order(const struct fact *f, const struct fact *g)
{
	int order = uuid_order(f->job_id, g->job_id);

	return order ? order : uuid_order(f->event->head.batch_id, g->event->head.batch_id);
}

static int
fact_order(const void *a, const void *b)
{
	const struct fact *f = a, *g = b;
	int order = job_order(f, g);

	if (order)
		return order;
	if (f->attempt != g->attempt)
		return f->attempt < g->attempt ? -1 : 1;
	if (f->rank != g->rank)
		return f->rank < g->rank ? -1 : 1;
	return f->order > g->order ? -1 : f->order < g->order;
}

static struct fact
fact_of(const struct item *item, size_t order)
{
	const struct job_started *head = &item->event.started;	/* all facts begin alike */
	bool started = item->event.type == EVENT_JOB_STARTED;

	return (struct fact){ .job_id = head->job_id, .attempt = head->attempt,
		.rank = started ? 1 : 2, .order = order,
		.started_at = started ? head->occurred_at : INT64_MIN, .event = &item->event };
}

static void
outputs_rows(struct plan *plan, const struct job_completed *c)
{
	for (size_t i = 0; i < c->n_outputs; i++) {
		const struct rendered_output *o = &c->outputs[i];

		rows_add(&plan->rows, ROWS_OUTPUTS, db_uuid(c->job_id),
		    db_int4(c->attempt), db_text(o->view), db_text(o->name), db_text(o->uri),
		    db_text(o->media_type), db_int4(o->width), db_int4(o->height), db_int(o->size),
		    db_text(o->sha256), db_int(o->crc32), db_uuid(c->batch_id));
	}
}

static void
fact_row(struct plan *plan, const struct fact *f)
{
	const struct event *e = f->event;
	bool failed = e->type == EVENT_JOB_FAILED, completed = e->type == EVENT_JOB_COMPLETED;
	int32_t duration_ms = failed ? e->failed.duration_ms
	    : completed ? e->completed.duration_ms : EVENT_NULL_INT;

	rows_add(&plan->rows, ROWS_FACTS, db_uuid(f->job_id), db_int4(f->attempt),
	    db_text(failed ? "failed" : completed ? "completed" : "processing"),
	    db_time(f->started_at), db_time(e->head.occurred_at),
	    db_text(failed ? e->failed.error_code : NULL),
	    db_text(failed ? e->failed.error_message : NULL),
	    db_bool(failed && e->failed.retryable),
	    db_text(completed ? e->completed.preview_uri : NULL),
	    duration_ms == EVENT_NULL_INT ? db_null(DB_INT4) : db_int4(duration_ms),
	    db_uuid(e->head.batch_id),
	    completed && e->completed.input_size != EVENT_NULL_LONG
	        ? db_int(e->completed.input_size) : db_null(DB_INT8),
	    db_text(e->started.worker));
	if (completed) {
		outputs_rows(plan, &e->completed);
		plan->completed++;
	}
}

static void
attempt_row(struct plan *plan, const struct job_failed *f)
{
	rows_add(&plan->rows, ROWS_ATTEMPTS, db_uuid(f->batch_id), db_uuid(f->job_id), db_int4(f->attempt),
	    db_int4(f->run_no), db_text(f->worker), db_time(f->occurred_at), db_text(f->error_code),
	    db_text(f->error_message), db_bool(f->retryable),
	    f->duration_ms == EVENT_NULL_INT ? db_null(DB_INT4) : db_int4(f->duration_ms));
}

/* Sorted by job, the best fact of each is the last; the start of its attempt is kept. So is how each
 * attempt before it ended. */
static void
facts_fold(struct plan *plan, struct fact *facts, size_t n)
{
	qsort(facts, n, sizeof(*facts), fact_order);
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n || job_order(&facts[i], &facts[i + 1]);
		bool decides = last || facts[i].attempt != facts[i + 1].attempt;

		if (decides && facts[i].event->type == EVENT_JOB_FAILED)
			attempt_row(plan, &facts[i].event->failed);
		if (last)
			fact_row(plan, &facts[i]);
		else if (!decides && facts[i + 1].started_at == INT64_MIN)
			facts[i + 1].started_at = facts[i].started_at;
	}
}

/* ---- the rest of what may be said ---- */

static void
archive_row(struct plan *plan, const struct archive_built *a)
{
	rows_add(&plan->rows, ROWS_ARCHIVES, db_uuid(a->batch_id), db_int4(a->run_no),
	    db_text(a->uri), db_int(a->size), db_text(a->sha256), db_int4(a->entries),
	    db_time(a->occurred_at));
}

static void
delivery_row(struct plan *plan, const struct event *e)
{
	const struct delivery_succeeded *head = &e->delivered;	/* both begin alike */
	bool failed = e->type == EVENT_DELIVERY_FAILED;

	rows_add(&plan->rows, ROWS_DELIVERIES, db_uuid(head->batch_id),
	    db_int4(head->run_no), db_text(head->service), db_text(head->target),
	    db_text(failed ? "failed" : "succeeded"),
	    db_text(failed ? NULL : e->delivered.external_id),
	    db_int4(failed ? e->undelivered.attempts : e->delivered.attempts),
	    db_text(failed ? e->undelivered.error_code : NULL),
	    db_text(failed ? e->undelivered.error_message : NULL),
	    db_time(head->occurred_at));
}

/* ---- sorting out ---- */

static bool
park(struct plan *plan, const struct item *item, struct err *err)
{
	const void *headers;
	size_t size;

	if (!item->record)
		return true;		/* parked already; its batch is not there after all */
	if (!letters_pack(plan, item->record, &headers, &size, err))
		return false;
	rows_add(&plan->rows, ROWS_EARLY, db_text(topics[item->topic].name),
	    db_int4(item->partition), db_int(item->offset), db_uuid(item->event.head.batch_id),
	    db_bytes(item->key, item->key_size), db_bytes(headers, size),
	    db_bytes(item->bytes, item->size));
	return true;
}

static bool
said_of_a_batch(struct plan *plan, const struct item *item, struct err *err)
{
	struct err why = {0};

	switch (item->event.type) {
	case EVENT_ARCHIVE_BUILT:
		archive_row(plan, &item->event.archived);
		return true;
	case EVENT_BATCH_COMMANDED:
		return command_rows(plan, &item->event.commanded, &why)
		    || letters_give_up(plan, item, "validate", &why, err);
	default:
		delivery_row(plan, &item->event);
		return true;
	}
}

static bool
fact_take(struct plan *plan, const struct item *item, struct fact *facts, size_t *n_facts,
    struct err *err)
{
	const struct known_batch *batch = known_find(&plan->known, item->event.head.batch_id);
	struct err why = {0};

	if (!batch)
		return park(plan, item, err);
	if (batch->partition != item->partition) {
		err_code(&why, ERR_REJECT, "wrong_partition",
		    "the batch's home is partition %d", (int)batch->partition);
		return letters_give_up(plan, item, "validate", &why, err);
	}
	if (!item->record)
		rows_add(&plan->rows, ROWS_UNPARK, db_text(topics[item->topic].name),
		    db_int4(item->partition), db_int(item->offset));
	if (batch->deleted)
		return true;		/* a late word about what is gone */
	if (!is_job_fact(item->event.type))
		return said_of_a_batch(plan, item, err);
	facts[*n_facts] = fact_of(item, *n_facts);
	++*n_facts;
	return true;
}

bool
facts_items(struct plan *plan, const struct facts_rules *rules, const struct item *items,
    size_t n, struct err *err)
{
	struct fact *facts = arena_take(plan->arena, (n + 1) * sizeof(*facts));
	size_t n_facts = 0;

	if (!facts)
		return plan_full(err);
	for (size_t i = 0; i < n; i++)
		if (items[i].topic == TOPIC_EVENTS && !items[i].defect
		    && !fact_take(plan, &items[i], facts, &n_facts, err))
			return false;
	facts_fold(plan, facts, n_facts);
	if (n_facts > 0)
		rows_set(&plan->rows, ROWS_FACTS, db_int4(rules->attempts_max),
		    db_time(clock_now_us() + rules->lease_us));
	return true;
}
