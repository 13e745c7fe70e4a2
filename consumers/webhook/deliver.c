/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c: the turn.
 *
 *	record -> plan (intents)      settle (calls that are over) -> tell (events) -> claim -> calls
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/secret.h"
#include "delivery/shown.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "sql.h"
#include "webhook.h"

enum { LOOK_EVERY_MS = 100, LEASE_MARGIN_S = 7 };

/* As in sql/queries/webhook. */
enum { CLAIM_ID, CLAIM_BATCH, CLAIM_RUN_NO, CLAIM_STATE, CLAIM_ATTEMPT, CLAIM_TARGET, CLAIM_URL,
	CLAIM_SECRET };
enum { UNTOLD_ID, UNTOLD_BATCH, UNTOLD_RUN_NO, UNTOLD_TARGET, UNTOLD_PHASE, UNTOLD_ATTEMPTS,
	UNTOLD_EXTERNAL, UNTOLD_CODE, UNTOLD_MESSAGE, UNTOLD_AT, UNTOLD_PARTITION };

static struct metric metrics[] = {
	{ "batchline_webhook_calls_total", "result=\"done\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_webhook_calls_total", "result=\"again\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_webhook_calls_total", "result=\"attention\"", "Calls by result.",
	    METRIC_COUNTER, 0 },
};
enum { N_COUNTS = sizeof(metrics) / sizeof(*metrics) };

void
deliver_count(void)
{
	metrics_add(metrics, N_COUNTS);
}

/* ---- what came of calls ---- */

static bool
write_fate(struct webhook *w, const struct post *post, struct err *err)
{
	const struct options *o = w->context->options;
	struct db_arg id = db_uuid(post->id), attempt = db_int4(post->attempt);

	if (post->fate == FATE_DONE)
		return db_run(w->db, NULL, err, sql_webhook_done, id, attempt,
		    db_text(post->webhook_id));
	if (post->fate == FATE_AGAIN)
		return db_run(w->db, NULL, err, sql_webhook_again, id, attempt, db_text(post->code),
		    db_text(post->words), db_int4((int32_t)option_int(o, "BATCHLINE_RETRY_S")),
		    db_int4((int32_t)option_int(o, "BATCHLINE_GIVE_UP_S")),
		    db_int4((int32_t)post->retry_after_s));
	return db_run(w->db, NULL, err, sql_webhook_stop, id, attempt, db_text(post->code),
	    db_text(post->words), db_bool(post->fate == FATE_GONE));
}

static void
note(const struct post *post)
{
	bool is_done = post->fate == FATE_DONE;
	char id[UUID_TEXT_SIZE], quoted[900];

	metric_count(&metrics[is_done ? 0 : post->fate == FATE_AGAIN ? 1 : 2], 1);
	log_quote(quoted, sizeof(quoted), post->words);
	log_write(is_done ? LOG_INFO : LOG_WARN, is_done ? "delivered"
	    : post->fate == FATE_AGAIN ? "not delivered yet" : "target needs attention",
	    "batch=%s run=%" PRId32 " state=%s target=%s attempt=%" PRId32 " ms=%" PRId64
	    " code=%s why=%s", uuid_print(id, post->batch_id), post->run_no, post->state,
	    post->target, post->attempt, post->took_ms, post->code, quoted);
}

bool
deliver_settle(struct webhook *w, bool wait, struct err *err)
{
	for (int i = 0; i < w->n_calls; i++) {
		struct post *post = &w->calls[i];

		if (!post->in_use || (!wait && !atomic_load(&post->is_over)))
			continue;
		if (post->thread)
			pthread_join(post->thread, NULL);
		post->thread = 0;
		if (!write_fate(w, post, err))
			return false;
		note(post);
		post->in_use = false;
	}
	return true;
}

/* ---- the word of it ---- */

static bool
tell_one(struct webhook *w, const struct db_rows *rows, int r, struct err *err)
{
	bool is_done = !strcmp(db_text_at(rows, r, UNTOLD_PHASE), "done");
	enum event_type type = is_done ? EVENT_DELIVERY_SUCCEEDED : EVENT_DELIVERY_FAILED;
	struct uuid id = db_uuid_at(rows, r, UNTOLD_ID);
	int32_t attempts = (int32_t)db_int_at(rows, r, UNTOLD_ATTEMPTS);
	struct event event = { .type = type, .undelivered = {
		.event_id = ids_delivery_event(id, type, attempts),
		.occurred_at = db_time_at(rows, r, UNTOLD_AT),
		.batch_id = db_uuid_at(rows, r, UNTOLD_BATCH),
		.run_no = (int32_t)db_int_at(rows, r, UNTOLD_RUN_NO), .service = "webhook",
		.target = db_text_at(rows, r, UNTOLD_TARGET),
	} };
	struct envelope envelope;
	bool well;

	if (is_done) {
		event.delivered.external_id = db_text_at(rows, r, UNTOLD_EXTERNAL);
		event.delivered.attempts = attempts;
	} else {
		event.undelivered.error_code = db_text_at(rows, r, UNTOLD_CODE);
		event.undelivered.error_message = db_text_at(rows, r, UNTOLD_MESSAGE);
		event.undelivered.attempts = attempts;
	}
	well = envelope_fill(&envelope, w->codec, &event, TOPIC_EVENTS,
	    (int32_t)db_int_at(rows, r, UNTOLD_PARTITION), "webhook", NULL, err)
	    && bus_publish(w->context->bus, &envelope.outgoing, err);
	envelope_clear(&envelope);
	return (well && db_run(w->db, NULL, err, sql_webhook_told, db_uuid(id)))
	    || err_at(err, "%s", event_type_name(type));
}

static bool
tell(struct webhook *w, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!db_run_args(w->db, &rows, err, sql_webhook_untold, NULL, 0))
		return false;
	for (int r = 0; r < db_count(rows); r++)
		if (!tell_one(w, rows, r, err))
			return false;
	return true;
}

/* ---- calls ---- */

/* The batch as the API shows it, within the envelope of Standard Webhooks. */
static bool
write_body(struct post *post, const struct db_rows *batch, struct err *err)
{
	struct put put = { &post->body, false };
	char type[32];

	snprintf(type, sizeof(type), "batch.%s", post->state);
	buf_reset(&post->body);
	post->body.limit = BODY_MAX;
	put_open(&put, '{');
	put_text_of(&put, "type", type);
	put_name(&put, "timestamp");
	put_time(&put, db_time_at(batch, 0, db_is_null(batch, 0, BATCH_COMPLETED_AT)
	    ? BATCH_UPDATED_AT : BATCH_COMPLETED_AT));
	put_name(&put, "data");
	put_open(&put, '{');
	shown_batch(&put, batch, 0);
	put_close(&put, '}');
	put_close(&put, '}');
	return !post->body.failed || err_code(err, ERR_FATAL, "too_large", "the body is too large");
}

static bool
write_signature(struct webhook *w, struct post *post, const char *name, struct err *err)
{
	const char *folder = option_text(w->context->options, "BATCHLINE_SECRETS");
	struct buf secret = { .limit = SECRET_MAX };
	bool well;

	snprintf(post->timestamp, sizeof(post->timestamp), "%" PRId64, clock_now_us() / 1000000);
	buf_reset(&post->signature);
	well = secret_read(&secret, folder, name, err)
	    && sign(&post->signature, &secret, post->webhook_id, post->timestamp, &post->body, err);
	secret_clear(&secret);
	return well;
}

static void
take(struct post *post, const struct db_rows *rows, int r)
{
	post->id = db_uuid_at(rows, r, CLAIM_ID);
	post->batch_id = db_uuid_at(rows, r, CLAIM_BATCH);
	post->run_no = (int32_t)db_int_at(rows, r, CLAIM_RUN_NO);
	post->attempt = (int32_t)db_int_at(rows, r, CLAIM_ATTEMPT);
	snprintf(post->state, sizeof(post->state), "%s", db_text_at(rows, r, CLAIM_STATE));
	snprintf(post->target, sizeof(post->target), "%s", db_text_at(rows, r, CLAIM_TARGET));
	uuid_print(post->webhook_id, post->id);
	buf_reset(&post->url);
	buf_add_text(&post->url, db_text_at(rows, r, CLAIM_URL));
}

/* What cannot be sent is the target's fault, and told as one. */
static bool
begin(struct webhook *w, struct post *post, const char *secret, struct err *err)
{
	own(db_rows_freep) struct db_rows *batch = NULL;

	if (!db_run(w->db, &batch, err, sql_webhook_batch, db_uuid(post->batch_id)))
		return false;
	if (db_count(batch) == 0 || db_int_at(batch, 0, BATCH_RUN_NO) != post->run_no
	    || strcmp(db_text_at(batch, 0, BATCH_STATUS), post->state) != 0)
		return db_run(w->db, NULL, err, sql_webhook_pass, db_uuid(post->id),
		    db_int4(post->attempt));
	if (write_body(post, batch, err) && write_signature(w, post, secret, err)) {
		post_begin(post);
		return true;
	}
	post->fate = FATE_STOP;
	post->took_ms = 0;
	snprintf(post->code, sizeof(post->code), "%s", err->code);
	snprintf(post->words, sizeof(post->words), "%s", err->text);
	err_clear(err);
	if (!write_fate(w, post, err))
		return false;
	note(post);
	return true;
}

static int
n_free(const struct webhook *w)
{
	int n = 0;

	for (int i = 0; i < w->n_calls; i++)
		n += !w->calls[i].in_use;
	return n;
}

static struct post *
free_slot(struct webhook *w)
{
	for (int i = 0; i < w->n_calls; i++)
		if (!w->calls[i].in_use)
			return &w->calls[i];
	return NULL;
}

static bool
call_due(struct webhook *w, struct err *err)
{
	const struct options *o = w->context->options;
	int64_t timeout_s = option_int(o, "BATCHLINE_CALL_S");
	own(db_rows_freep) struct db_rows *rows = NULL;
	int n = n_free(w);

	if (n == 0 || service_is_stopping())
		return true;
	if (!db_run(w->db, &rows, err, sql_webhook_claim, db_int4(n),
	    db_int4((int32_t)option_int(o, "BATCHLINE_CALLS_PER_TARGET")),
	    db_int4((int32_t)timeout_s + LEASE_MARGIN_S)))
		return false;
	for (int r = 0; r < db_count(rows); r++) {
		struct post *post = free_slot(w);

		take(post, rows, r);
		post->timeout_ms = timeout_s * 1000;
		if (!begin(w, post, db_text_at(rows, r, CLAIM_SECRET), err))
			return false;
	}
	return true;
}

/* ---- the turn ---- */

static bool
plan(struct webhook *w, const struct bus_record *record, struct err *err)
{
	struct event event;

	if (!record->value)		/* a tombstone: the row says so too */
		return true;
	if (!codec_read(w->codec, record->value, record->value_size, w->arena, &event, err))
		return false;
	if (event.type != EVENT_BATCH_CHANGED)
		return err_code(err, ERR_REJECT, "wrong_topic", "a %s on the topic of batches",
		    event_type_name(event.type));
	return db_run(w->db, NULL, err, sql_webhook_plan, db_uuid(event.head.batch_id));
}

bool
deliver(struct webhook *w, const struct bus_record *record, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (record && !plan(w, record, err))
		return false;
	if (now - w->looked_ms < LOOK_EVERY_MS)
		return true;
	w->looked_ms = now;
	if (deliver_settle(w, false, err) && tell(w, err) && call_due(w, err))
		return true;
	if (err->verdict == ERR_REJECT)		/* of the ledger, not of the record */
		err->verdict = ERR_RETRY;
	return false;
}
