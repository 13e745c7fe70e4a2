/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.c: the outbox. A turn ends with what it owes: jobs to hand out, batches that changed,
 * dead letters. The rows come back with the transaction and are published once COMMIT is known;
 * what Kafka acknowledged is deleted in the next turn. After a claim everything that is left is
 * published again, with the same ids and bytes.
 */
#include <assert.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "projector.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "port/letter.h"
#include "sql.h"

enum { PENDING_MAX = 20000, WINDOW_LEAST = 32, WINDOW_MOST = 10000, DLQ_HEADERS = 40 };

/* ---- dead letters: headers as bytes, since they wait in a row ---- */

/* name, NUL, length as 4 bytes, value; for each header */
static bool
headers_pack(const struct bus_header *headers, size_t n, struct buf *ret)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t size = (uint32_t)headers[i].size;

		buf_add(ret, headers[i].name, strlen(headers[i].name) + 1);
		buf_add(ret, &size, sizeof(size));
		buf_add(ret, headers[i].value, size);
	}
	return !ret->failed;
}

const void *
headers_keep(struct projector *p, const struct bus_record *record, size_t *size)
{
	struct bus_header headers[BUS_HEADERS_MAX];
	struct buf packed = {0};
	const void *kept = NULL;

	if (headers_pack(headers, bus_headers(record, headers, BUS_HEADERS_MAX), &packed))
		kept = arena_text(p->arena, packed.size ? (const char *)packed.data : "",
		    packed.size);
	*size = packed.size;
	buf_clear(&packed);
	return kept;
}

static size_t
headers_unpack(const uint8_t *bytes, size_t size, struct bus_header *ret, size_t max)
{
	size_t n = 0;

	while (size > 0 && n < max) {
		size_t name = strlen((const char *)bytes) + 1;
		uint32_t length;

		memcpy(&length, bytes + name, sizeof(length));
		ret[n++] = (struct bus_header){ (const char *)bytes,
			bytes + name + sizeof(length), length };
		bytes += name + sizeof(length) + length;
		size -= name + sizeof(length) + length;
	}
	return n;
}

bool
letter_add(struct projector *p, const struct item *item, struct err *err)
{
	struct bus_record parked = { .topic = item->topic, .partition = item->partition,
		.offset = item->offset, .key = item->key, .key_size = item->key_size,
		.value = item->bytes, .value_size = item->size };
	const struct bus_record *r = item->record ? item->record : &parked;
	struct bus_header headers[BUS_HEADERS_MAX];
	size_t n_headers = item->record ? bus_headers(r, headers, BUS_HEADERS_MAX)
	    : headers_unpack(item->headers, item->headers_size, headers, BUS_HEADERS_MAX);
	struct letter letter;
	struct buf packed = {0};
	char quoted[600];
	bool well;

	well = letter_fill(&letter, r, headers, n_headers, "batchline-projector", item->stage,
	        &item->defect, p->arena, err)
	    && headers_pack(letter.headers, letter.n_headers, &packed);
	if (well) {
		columns_row(&p->letters, (struct db_arg[]){ db_text(topics[r->topic].name),
		    db_int4(r->partition), db_bytes(letter.key, letter.key_size),
		    db_bytes(packed.data, packed.size), db_bytes(letter.value, letter.value_size) }, 5);
		if (!item->record)
			columns_row(&p->unpark, (struct db_arg[]){ db_text(topics[r->topic].name),
			    db_int4(r->partition), db_int(r->offset) }, 3);
		log_write(LOG_WARN, "dead letter", "topic=%s partition=%d offset=%lld code=%s why=%s",
		    topics[r->topic].name, (int)r->partition, (long long)r->offset,
		    item->defect.code, log_quote(quoted, sizeof(quoted), item->defect.text));
	}
	buf_clear(&packed);
	return well;
}

/* ---- the steps at the end of a transaction ---- */

static int32_t
window(struct projector *p)
{
	int64_t now = clock_monotonic_ms(), passed = now - p->completed_since_ms;

	if (passed > 1000) {
		double rate = (double)p->completed_count * 1000 / (double)passed;

		p->completed_per_s = 0.7 * p->completed_per_s + 0.3 * rate;
		p->completed_since_ms = now;
		p->completed_count = 0;
	}
	if (p->completed_per_s < WINDOW_LEAST)
		return WINDOW_LEAST;
	return p->completed_per_s > WINDOW_MOST ? WINDOW_MOST : (int32_t)p->completed_per_s;
}

/* The three queries come last, in this order: publish_rows() takes them from the end. */
void
publish_steps(struct projector *p)
{
	const char *const queries[] = { sql_projector_outbox_jobs, sql_projector_outbox_batches,
		sql_projector_outbox_letters };
	const int64_t after[] = { p->sent_jobs, p->sent_batches, p->sent_letters };
	bool full = bus_pending(p->bus) > PENDING_MAX;
	struct db_arg *args;

	if (!full && !p->turn_goes_on) {	/* a command that waits may be a pause or a delete */
		args = step_add(p, sql_projector_dispatch, 3);
		args[0] = db_array(&p->partitions);
		args[1] = db_int4(window(p));
		args[2] = db_time(clock_now_us()
		    + option_int(p->options, "BATCHLINE_LEASE_S") * 1000000);
	}
	if (!full)
		step_add(p, sql_projector_announce, 1)[0] = db_array(&p->partitions);
	for (int i = 0; i < 3; i++) {
		args = step_add(p, queries[i], 2);
		args[0] = db_array(&p->partitions);
		args[1] = db_int(full ? INT64_MAX : after[i]);
	}
}

/* ---- rows into records ---- */

static bool
send(struct projector *p, const struct event *event, enum topic topic, const char *trace,
    bool tombstone, int64_t id, struct err *err)
{
	struct envelope envelope;
	bool well = envelope_fill(&envelope, p->codec, event, topic, BUS_PARTITION_ANY, "projector",
	    trace, err);

	if (tombstone) {
		envelope.outgoing.value = NULL;
		envelope.outgoing.value_size = 0;
	}
	well = well && bus_send(p->bus, &envelope.outgoing, id, err);
	envelope_clear(&envelope);
	return well;
}

static int32_t
int_at(const struct db_rows *rows, int r, int c)
{
	return (int32_t)db_int_at(rows, r, c);
}

static bool
job_send(struct projector *p, const struct db_rows *rows, int r, struct err *err)
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
		.priority = int_at(rows, r, 12), .pipeline_id = int_at(rows, r, 13),
		.pipeline = db_text_at(rows, r, 14),
		.deadline_ms = (int32_t)option_int(p->options, "BATCHLINE_DEADLINE_MS"),
	} };

	return send(p, &event, TOPIC_JOBS, db_text_at(rows, r, 15), false, db_int_at(rows, r, 0),
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
batch_send(struct projector *p, const struct db_rows *rows, int r, struct err *err)
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
	return send(p, &event, TOPIC_BATCHES, db_text_at(rows, r, 39), db_int_at(rows, r, 38),
	    db_int_at(rows, r, 0), err);
}

static bool
letter_send(struct projector *p, const struct db_rows *rows, int r, struct err *err)
{
	struct bus_header headers[DLQ_HEADERS];
	struct bus_outgoing outgoing = { .dead_letter = true, .partition = BUS_PARTITION_ANY,
		.headers = headers };
	const char *topic = db_text_at(rows, r, 1);
	size_t packed;
	const void *bytes = db_bytes_at(rows, r, 3, &packed);

	while (strcmp(topics[outgoing.topic].name, topic)) {
		outgoing.topic++;
		assert(outgoing.topic < TOPIC_COUNT);
	}
	outgoing.n_headers = headers_unpack(bytes, packed, headers, DLQ_HEADERS);
	outgoing.key = db_bytes_at(rows, r, 2, &outgoing.key_size);
	outgoing.value = db_bytes_at(rows, r, 4, &outgoing.value_size);
	return bus_send(p->bus, &outgoing, db_int_at(rows, r, 0), err);
}

/* A row that we cannot even write: parked like one that the broker never takes. */
static bool
refuse(struct projector *p, int64_t id, struct err *err)
{
	if (p->n_acks == PROJECTOR_ACKS_MAX)
		return err_code(err, ERR_RETRY, "acks_full", "outbox: too many answers at once");
	p->acks[p->n_acks++] = (struct bus_ack){ id, "cannot_be_written" };
	err_clear(err);
	return true;
}

/* Sends row by row; a full queue ends it here, and the next turn goes on from there. */
static bool
rows_send(struct projector *p, const struct db_rows *rows, int64_t *sent,
    bool (*one)(struct projector *, const struct db_rows *, int, struct err *), struct err *err)
{
	for (int r = 0; r < db_count(rows); r++) {
		int64_t id = db_int_at(rows, r, 0);

		if (!one(p, rows, r, err) && err->verdict != ERR_REJECT)
			return !strcmp(err->code, "_QUEUE_FULL");
		if (err->verdict == ERR_REJECT && !refuse(p, id, err))
			return false;
		*sent = id;
	}
	return true;
}

bool
publish_rows(struct projector *p, struct db_rows *const *rows, struct err *err)
{
	struct db_rows *const *last = rows + p->steps.n - 3;

	return rows_send(p, last[0], &p->sent_jobs, job_send, err)
	    && rows_send(p, last[1], &p->sent_batches, batch_send, err)
	    && rows_send(p, last[2], &p->sent_letters, letter_send, err);
}

bool
publish_collect(struct projector *p, int timeout_ms, struct err *err)
{
	size_t n;

	if (!bus_delivered(p->bus, timeout_ms, p->acks + p->n_acks,
	    PROJECTOR_ACKS_MAX - p->n_acks, &n, err))
		return err_at(err, "outbox");
	p->n_acks += n;
	return true;
}
