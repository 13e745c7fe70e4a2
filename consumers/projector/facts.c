/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c: what renderers, the archiver and integrations say, and what people command. The facts
 * of one job are folded to the best one, by (attempt, rank of state), since Postgres would apply
 * an arbitrary one of two rows for the same job.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "projector.h"
#include "port/letter.h"
#include "sql.h"

struct fact {
	struct uuid job_id;
	int32_t attempt;
	int rank;			/* 1 started, 2 failed or completed */
	size_t order;			/* in the turn: the first final fact wins */
	int64_t started_at;		/* INT64_MIN: not said in this turn */
	const struct event *event;
};

bool
facts_is_command(const struct item *item)
{
	return item->defect.verdict == ERR_NONE && item->topic == TOPIC_EVENTS
	    && item->event.type == EVENT_BATCH_COMMANDED;
}

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
outputs_rows(struct projector *p, const struct job_completed *c)
{
	for (size_t i = 0; i < c->n_outputs; i++) {
		const struct rendered_output *o = &c->outputs[i];

		columns_row(&p->outputs, (struct db_arg[]){ db_uuid(c->job_id),
		    db_int4(c->attempt), db_text(o->view), db_text(o->name), db_text(o->uri),
		    db_text(o->media_type), db_int4(o->width), db_int4(o->height), db_int(o->size),
		    db_text(o->sha256), db_int(o->crc32), db_uuid(c->batch_id) }, 12);
	}
}

static void
fact_row(struct projector *p, const struct fact *f)
{
	const struct event *e = f->event;
	bool failed = e->type == EVENT_JOB_FAILED, completed = e->type == EVENT_JOB_COMPLETED;
	int32_t duration_ms = failed ? e->failed.duration_ms
	    : completed ? e->completed.duration_ms : EVENT_NULL_INT;

	columns_row(&p->facts, (struct db_arg[]){ db_uuid(f->job_id), db_int4(f->attempt),
	    db_text(failed ? "failed" : completed ? "completed" : "processing"),
	    db_time(f->started_at), db_time(e->head.occurred_at),
	    db_text(failed ? e->failed.error_code : NULL),
	    db_text(failed ? e->failed.error_message : NULL),
	    db_bool(failed && e->failed.retryable),
	    db_text(completed ? e->completed.preview_uri : NULL),
	    duration_ms == EVENT_NULL_INT ? db_null(DB_INT4) : db_int4(duration_ms),
	    db_uuid(e->head.batch_id) }, 11);
	if (completed) {
		outputs_rows(p, &e->completed);
		p->completed_count++;
	}
}

/* Sorted by job, the best fact of each is the last; the start of its attempt is kept. */
static void
facts_fold(struct projector *p, struct fact *facts, size_t n)
{
	qsort(facts, n, sizeof(*facts), fact_order);
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n || job_order(&facts[i], &facts[i + 1]);

		if (last)
			fact_row(p, &facts[i]);
		else if (facts[i].attempt == facts[i + 1].attempt
		    && facts[i + 1].started_at == INT64_MIN)
			facts[i + 1].started_at = facts[i].started_at;
	}
}

static void
facts_steps(struct projector *p)
{
	struct db_arg *args;

	if (p->facts.n == 0 || p->facts.column[0].n == 0)
		return;
	args = step_add(p, sql_projector_facts_apply, 13);
	for (int i = 0; i < 11; i++)
		args[i] = db_array(&p->facts.column[i]);
	args[11] = db_int4((int32_t)option_int(p->options, "BATCHLINE_ATTEMPTS_MAX"));
	args[12] = db_time(clock_now_us() + option_int(p->options, "BATCHLINE_LEASE_S") * 1000000);
	step_add_columns(p, sql_projector_outputs_insert, &p->outputs);
}

/* ---- the rest of what may be said ---- */

static void
archive_row(struct projector *p, const struct archive_built *a)
{
	columns_row(&p->archives, (struct db_arg[]){ db_uuid(a->batch_id), db_int4(a->run_no),
	    db_text(a->uri), db_int(a->size), db_text(a->sha256), db_int4(a->entries) }, 6);
}

static void
delivery_row(struct projector *p, const struct event *e)
{
	const struct delivery_succeeded *head = &e->delivered;	/* both begin alike */
	bool failed = e->type == EVENT_DELIVERY_FAILED;

	columns_row(&p->deliveries, (struct db_arg[]){ db_uuid(head->batch_id),
	    db_int4(head->run_no), db_text(head->service), db_text(head->target),
	    db_text(failed ? "failed" : "succeeded"),
	    db_text(failed ? NULL : e->delivered.external_id),
	    db_int4(failed ? e->undelivered.attempts : e->delivered.attempts),
	    db_text(failed ? e->undelivered.error_code : NULL),
	    db_text(failed ? e->undelivered.error_message : NULL),
	    db_time(head->occurred_at) }, 10);
}

static bool
command_cancel(struct projector *p, const struct batch_commanded *c, struct err *err)
{
	struct db_arg *args = step_add(p, sql_projector_cancel, 2);

	(void)err;
	args[0] = db_uuid(c->batch_id);
	args[1] = db_time(c->occurred_at);
	return true;
}

static bool
command_pause(struct projector *p, const struct batch_commanded *c, struct err *err)
{
	struct db_arg *args = step_add(p, sql_projector_pause, 2);

	(void)err;
	args[0] = db_uuid(c->batch_id);
	args[1] = db_text(strcmp(c->command, "pause") ? "run" : "pause");
	return true;
}

static bool
command_retry(struct projector *p, const struct batch_commanded *c, struct err *err)
{
	struct db_arg *args;
	struct uuid job_id;

	for (size_t i = 0; i < c->n_job_ids; i++) {
		if (!uuid_read(&job_id, c->job_ids[i], strlen(c->job_ids[i])))
			return err_code(err, ERR_REJECT, "bad_job_id", "job_ids[%zu] is not a UUID", i);
		columns_row(&p->known, (struct db_arg[]){ db_uuid(job_id) }, 1);
	}
	args = step_add(p, sql_projector_retry, 2);
	args[0] = db_uuid(c->batch_id);
	args[1] = db_array(&p->known.column[0]);
	return true;
}

static bool
command_delete(struct projector *p, const struct batch_commanded *c, struct err *err)
{
	struct db_arg *args = step_add(p, sql_projector_delete_batch, 2);

	(void)err;
	args[0] = db_uuid(c->batch_id);
	args[1] = db_time(c->occurred_at);
	step_add(p, sql_projector_delete_jobs, 1)[0] = db_uuid(c->batch_id);
	step_add(p, sql_projector_delete_deliveries, 1)[0] = db_uuid(c->batch_id);
	return true;
}

static const struct {
	const char *word;
	bool (*step)(struct projector *p, const struct batch_commanded *c, struct err *err);
} commands[] = {
	{ "cancel", command_cancel }, { "pause", command_pause }, { "resume", command_pause },
	{ "retry", command_retry },   { "delete", command_delete },
};

static bool
command_steps(struct projector *p, const struct batch_commanded *c, struct err *err)
{
	db_array_reset(&p->known.column[0]);	/* read by now; the command may name jobs */
	p->known.column[0].type = DB_UUID;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(c->command, commands[i].word))
			return commands[i].step(p, c, err);
	return err_code(err, ERR_REJECT, "unknown_command", "command \"%.40s\" is not known",
	    c->command);
}

/* ---- sorting out ---- */

static bool
park(struct projector *p, const struct item *item, struct err *err)
{
	const struct bus_record *r = item->record;
	const void *headers;
	size_t size;

	if (!r)
		return true;		/* parked already; its batch is not there after all */
	headers = headers_keep(p, r, &size);
	if (!headers)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	columns_row(&p->early, (struct db_arg[]){ db_text(topics[r->topic].name),
	    db_int4(r->partition), db_int(r->offset), db_uuid(item->event.head.batch_id),
	    db_bytes(r->key, r->key_size), db_bytes(headers, size),
	    db_bytes(r->value, r->value_size) }, 7);
	return true;
}

static bool
give_up(struct projector *p, struct item *item, const struct err *why, struct err *err)
{
	item->defect = *why;
	item->stage = "validate";
	return letter_add(p, item, err);
}

static bool
fact_take(struct projector *p, struct item *item, struct fact *facts, size_t *n_facts,
    struct err *err)
{
	const struct known_batch *batch = known_find(p, item->event.head.batch_id);
	struct err why = {0};

	if (!batch)
		return park(p, item, err);
	if (batch->partition != item->partition) {
		err_code(&why, ERR_REJECT, "wrong_partition",
		    "the batch's home is partition %d", (int)batch->partition);
		return give_up(p, item, &why, err);
	}
	if (!item->record)
		columns_row(&p->unpark, (struct db_arg[]){ db_text(topics[item->topic].name),
		    db_int4(item->partition), db_int(item->offset) }, 3);
	if (batch->deleted)
		return true;		/* a late word about what is gone */
	if (is_job_fact(item->event.type)) {
		facts[*n_facts] = fact_of(item, *n_facts);
		++*n_facts;
		return true;
	}
	if (item->event.type == EVENT_ARCHIVE_BUILT)
		archive_row(p, &item->event.archived);
	else if (item->event.type == EVENT_BATCH_COMMANDED)
		return command_steps(p, &item->event.commanded, &why)
		    || give_up(p, item, &why, err);
	else
		delivery_row(p, &item->event);
	return true;
}

bool
facts_items(struct projector *p, struct item *items, size_t n, struct err *err)
{
	struct fact *facts = arena_take(p->arena, (n + 1) * sizeof(*facts));
	size_t n_facts = 0;

	if (!facts)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	for (size_t i = 0; i < n; i++)
		if (items[i].topic == TOPIC_EVENTS && items[i].defect.verdict == ERR_NONE
		    && !fact_take(p, &items[i], facts, &n_facts, err))
			return false;
	facts_fold(p, facts, n_facts);
	facts_steps(p);
	step_add_columns(p, sql_projector_archives_apply, &p->archives);
	step_add_columns(p, sql_projector_deliveries_apply, &p->deliveries);
	step_add_columns(p, sql_projector_park, &p->early);
	step_add_columns(p, sql_projector_unpark, &p->unpark);
	step_add_columns(p, sql_projector_letters_insert, &p->letters);
	return true;
}
