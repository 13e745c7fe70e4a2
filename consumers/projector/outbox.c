/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.c: see outbox.h. */
#include "outbox.h"
#include <assert.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "letters.h"

enum { PENDING_MAX = 20000, WINDOW_LEAST = 32, WINDOW_MOST = 10000, AGAIN_MAX = 1000, LETTER_HEADERS = 40 };

static struct metric refused = { "batchline_projector_refused_total", NULL,
	"Rows of the outbox that the broker never takes: parked, and to be looked at.",
	METRIC_COUNTER, 0 };

void
outbox_open(void)
{
	metrics_add(&refused, 1);
}

/* ---- what Kafka said ---- */

bool
outbox_collect(struct outbox *o, struct err *err)
{
	size_t n;

	if (!bus_delivered(o->bus, 0, o->acks + o->n_acks, OUTBOX_ACKS_MAX - o->n_acks, &n, err))
		return err_at(err, "outbox");
	o->n_acks += n;
	return true;
}

bool
outbox_is_quiet(const struct outbox *o)
{
	return o->n_acks == 0;
}

void
outbox_forget(struct outbox *o)
{
	bus_purge(o->bus);
	o->n_acks = 0;
	o->sent_jobs = o->sent_batches = o->sent_letters = 0;
	o->again_before_us = 0;
}

void
outbox_say_again(struct outbox *o, int64_t before_us)
{
	o->again_before_us = before_us;
}

/* A row that we cannot even write is parked like one that the broker never takes. */
static bool
refuse(struct outbox *o, int64_t id, struct err *err)
{
	if (o->n_acks == OUTBOX_ACKS_MAX)
		return err_code(err, ERR_RETRY, "acks_full", "outbox: too many answers at once");
	o->acks[o->n_acks++] = (struct bus_ack){ id, "cannot_be_written" };
	err_clear(err);
	return true;
}

/* ---- the end of a transaction ---- */

static int32_t
window(struct outbox *o)
{
	int64_t now = clock_monotonic_ms(), passed = now - o->completed_since_ms;

	if (passed > 1000) {
		double rate = (double)o->completed * 1000 / (double)passed;

		o->completed_per_s = 0.7 * o->completed_per_s + 0.3 * rate;
		o->completed_since_ms = now;
		o->completed = 0;
	}
	if (o->completed_per_s < WINDOW_LEAST)
		return WINDOW_LEAST;
	return o->completed_per_s > WINDOW_MOST ? WINDOW_MOST : (int32_t)o->completed_per_s;
}

static void
ack_rows(struct outbox *o, struct rows *rows)
{
	o->n_acks_in_turn = o->n_acks;
	for (size_t i = 0; i < o->n_acks; i++) {
		const struct bus_ack *ack = &o->acks[i];

		if (ack->refused)
			rows_add(rows, ROWS_REFUSED, db_int(ack->id), db_text(ack->refused));
		else
			rows_add(rows, ROWS_ACKED, db_int(ack->id));
	}
}

void
outbox_rows(struct outbox *o, struct plan *plan, struct db_array *homes, bool hold)
{
	struct rows *rows = &plan->rows;
	bool full = bus_pending(o->bus) > PENDING_MAX;
	int64_t until = clock_now_us() + o->lease_us;

	ack_rows(o, rows);
	if (!full && !hold)
		rows_set(rows, ROWS_DISPATCH, db_array(homes), db_int4(window(o)), db_time(until));
	if (full)
		return;
	if (o->again_before_us)
		rows_set(rows, ROWS_AGAIN, db_array(homes), db_time(o->again_before_us),
		    db_int4(AGAIN_MAX));
	rows_set(rows, ROWS_ANNOUNCE, db_array(homes));
	rows_set(rows, ROWS_OUT_JOBS, db_array(homes), db_int(o->sent_jobs));
	rows_set(rows, ROWS_OUT_BATCHES, db_array(homes), db_int(o->sent_batches));
	rows_set(rows, ROWS_OUT_LETTERS, db_array(homes), db_int(o->sent_letters));
}

static void
refusal_told(const struct bus_ack *ack)
{
	if (!ack->refused)
		return;
	metric_count(&refused, 1);
	log_write(LOG_ERROR, "parked what the broker never takes", "outbox_id=%lld why=%s",
	    (long long)ack->id, ack->refused);
}

void
outbox_committed(struct outbox *o, const struct plan *plan)
{
	const struct db_rows *again;

	for (size_t i = 0; i < o->n_acks_in_turn; i++)
		refusal_told(&o->acks[i]);
	o->n_acks -= o->n_acks_in_turn;
	memmove(o->acks, o->acks + o->n_acks_in_turn, o->n_acks * sizeof(*o->acks));
	o->n_acks_in_turn = 0;
	o->completed += plan->completed;
	again = rows_answer(&plan->rows, ROWS_AGAIN);
	if (again && db_affected(again) < AGAIN_MAX)
		o->again_before_us = 0;
}

/* ---- rows into records ---- */

static bool
send(struct outbox *o, const struct event *event, enum topic topic, const char *trace,
    bool tombstone, int64_t id, struct err *err)
{
	struct envelope envelope;
	bool well = envelope_fill(&envelope, o->codec, event, topic, BUS_PARTITION_ANY, "projector",
	    trace, err);

	if (tombstone) {
		envelope.outgoing.value = NULL;
		envelope.outgoing.value_size = 0;
	}
	well = well && bus_send(o->bus, &envelope.outgoing, id, err);
	envelope_clear(&envelope);
	return well;
}

static int32_t
int_at(const struct db_rows *rows, int r, int c)
{
	return (int32_t)db_int_at(rows, r, c);
}

static bool
job_send(struct outbox *o, const struct db_rows *rows, int r, struct err *err)
{
	struct uuid job_id = db_uuid_at(rows, r, 1);
	const struct event event = { .type = EVENT_JOB_DISPATCHED, .dispatched = {
		.event_id = ids_job_event(job_id, EVENT_JOB_DISPATCHED, int_at(rows, r, 4)),
		.occurred_at = db_time_at(rows, r, 5),
		.batch_id = db_uuid_at(rows, r, 2), .job_id = job_id,
		.partition = int_at(rows, r, 3), .run_no = int_at(rows, r, 6),
		.attempt = int_at(rows, r, 4), .position = int_at(rows, r, 7),
		.file_name = db_text_at(rows, r, 8), .output_stem = db_text_at(rows, r, 9),
		.source_uri = db_text_at(rows, r, 10),
		.size = db_is_null(rows, r, 11) ? EVENT_NULL_LONG : db_int_at(rows, r, 11),
		.sha256 = db_text_at(rows, r, 16),
		.priority = int_at(rows, r, 12), .pipeline_id = int_at(rows, r, 13),
		.pipeline = db_text_at(rows, r, 14),
		.deadline_ms = o->deadline_ms,
	} };

	return send(o, &event, TOPIC_JOBS, db_text_at(rows, r, 15), false, db_int_at(rows, r, 0),
	    err);
}

static void
counters_at(const struct db_rows *rows, int r, struct batch_changed *c)
{
	int32_t *const counters[] = { &c->jobs_queued, &c->jobs_dispatched, &c->jobs_processing,
		&c->jobs_retry_wait, &c->jobs_completed, &c->jobs_failed, &c->jobs_cancelled };

	for (int i = 0; i < 7; i++)
		*counters[i] = int_at(rows, r, 19 + i);
}

static bool
batch_send(struct outbox *o, const struct db_rows *rows, int r, struct err *err)
{
	struct uuid id = db_uuid_at(rows, r, 1);
	struct batch_archive archive = {
		.uri = db_text_at(rows, r, 26), .size = db_int_at(rows, r, 27),
		.sha256 = db_text_at(rows, r, 28), .entries = int_at(rows, r, 29),
		.run_no = int_at(rows, r, 30),
	};
	struct event event = { .type = EVENT_BATCH_CHANGED, .changed = {
		.event_id = ids_batch_event(id, db_int_at(rows, r, 2)),
		.occurred_at = db_time_at(rows, r, 36), .batch_id = id,
		.revision = db_int_at(rows, r, 2), .run_no = int_at(rows, r, 3),
		.partition = int_at(rows, r, 4), .status = db_text_at(rows, r, 5),
		.control = db_text_at(rows, r, 6), .base_directory_name = db_text_at(rows, r, 7),
		.customer_prefix = db_text_at(rows, r, 8), .batch_date = db_date_at(rows, r, 9),
		.batch_counter = int_at(rows, r, 10), .render_description = db_text_at(rows, r, 11),
		.submitted_by = db_text_at(rows, r, 12), .pipeline_id = int_at(rows, r, 13),
		.priority = int_at(rows, r, 14),
		.failures_tolerated = db_is_null(rows, r, 15) ? EVENT_NULL_INT : int_at(rows, r, 15),
		.total_files = int_at(rows, r, 16), .total_pipelines = int_at(rows, r, 17),
		.total_size = db_int_at(rows, r, 18),
		.archive = archive.uri ? &archive : NULL,
		.dropbox_directory_id = db_text_at(rows, r, 31),
		.monday_item_id = db_text_at(rows, r, 32), .error_code = db_text_at(rows, r, 33),
		.error_message = db_text_at(rows, r, 34), .created_at = db_time_at(rows, r, 35),
		.updated_at = db_time_at(rows, r, 36),
		.completed_at = db_time_at(rows, r, 37),	/* INT64_MIN is null in both */
	} };

	counters_at(rows, r, &event.changed);
	return send(o, &event, TOPIC_BATCHES, db_text_at(rows, r, 39), db_int_at(rows, r, 38),
	    db_int_at(rows, r, 0), err);
}

static bool
letter_send(struct outbox *o, const struct db_rows *rows, int r, struct err *err)
{
	struct bus_header headers[LETTER_HEADERS];
	struct bus_outgoing outgoing = { .dead_letter = true, .partition = BUS_PARTITION_ANY,
		.headers = headers };
	const char *topic = db_text_at(rows, r, 1);
	size_t packed;
	const void *bytes = db_bytes_at(rows, r, 3, &packed);

	while (strcmp(topics[outgoing.topic].name, topic)) {
		outgoing.topic++;
		assert(outgoing.topic < TOPIC_COUNT);
	}
	outgoing.n_headers = letters_unpack(bytes, packed, headers, LETTER_HEADERS);
	outgoing.key = db_bytes_at(rows, r, 2, &outgoing.key_size);
	outgoing.value = db_bytes_at(rows, r, 4, &outgoing.value_size);
	return bus_send(o->bus, &outgoing, db_int_at(rows, r, 0), err);
}

/* Sends row by row; a full queue ends it here, and a later turn goes on from there. */
static bool
rows_send(struct outbox *o, const struct db_rows *rows, int64_t *sent,
    bool (*one)(struct outbox *, const struct db_rows *, int, struct err *), struct err *err)
{
	for (int r = 0; rows && r < db_count(rows); r++) {
		int64_t id = db_int_at(rows, r, 0);

		if (!one(o, rows, r, err)) {
			if (!strcmp(err->code, "_QUEUE_FULL")) {
				err_clear(err);
				return true;
			}
			if (err->verdict != ERR_REJECT || !refuse(o, id, err))
				return false;
		}
		*sent = id;
	}
	return true;
}

bool
outbox_publish(struct outbox *o, const struct rows *rows, struct err *err)
{
	bool well = rows_send(o, rows_answer(rows, ROWS_OUT_JOBS), &o->sent_jobs, job_send, err)
	    && rows_send(o, rows_answer(rows, ROWS_OUT_BATCHES), &o->sent_batches, batch_send, err)
	    && rows_send(o, rows_answer(rows, ROWS_OUT_LETTERS), &o->sent_letters, letter_send, err);

	assert(well || err->verdict != ERR_REJECT);
	return well || err_at(err, "publish");
}
