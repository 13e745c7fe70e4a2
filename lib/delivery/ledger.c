/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: the transactions of the ledger, and the events that tell its outcomes. */
#include <inttypes.h>
#include <string.h>
#include "delivery/engine.h"
#include "delivery/shown.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "sql.h"

enum { LEASE_S = 15, UNTOLD_AT_ONCE = 50 };

/* As in untold.sql. */
enum { UNTOLD_ID, UNTOLD_BATCH, UNTOLD_RUN_NO, UNTOLD_TARGET, UNTOLD_PHASE, UNTOLD_ATTEMPTS,
	UNTOLD_EXTERNAL, UNTOLD_CODE, UNTOLD_MESSAGE, UNTOLD_AT, UNTOLD_PARTITION };

static struct db_arg
seconds(const struct delivery *d, const char *option)
{
	return db_int4((int32_t)option_int(d->context->options, option));
}

/* ---- before a call ---- */

bool
ledger_plan(struct delivery *d, struct uuid batch_id, struct err *err)
{
	return db_run(d->db, NULL, err, sql_delivery_plan, db_uuid(batch_id),
	    db_text(d->door->service), db_bool(d->door->waits_for_archive));
}

/* One claim at a time: the next one sees what this one took, and counts it. */
bool
ledger_claim(struct delivery *d, int n, struct db_rows **ret, struct err *err)
{
	struct db_arg service = db_text(d->door->service);
	struct db_arg args[] = { db_int4(n), seconds(d, "BATCHLINE_CALLS_PER_TARGET"),
		db_int4(LEASE_S), service };
	struct db_step steps[] = { { sql_delivery_alone, &service, 1 }, { sql_delivery_claim, args, 4 } };
	struct db_rows *rows[2];
	bool unknown;

	if (!db_transaction(d->db, steps, 2, rows, &unknown, err))
		return false;
	db_rows_free(rows[0]);
	*ret = rows[1];
	return true;
}

bool
ledger_claim_test(struct delivery *d, struct db_rows **ret, struct err *err)
{
	return db_run(d->db, ret, err, sql_delivery_claim_test, db_text(d->door->service));
}

bool
ledger_batch(struct delivery *d, struct uuid batch_id, struct db_rows **ret, struct err *err)
{
	return db_run(d->db, ret, err, sql_delivery_batch, db_uuid(batch_id));
}

bool
ledger_pass(struct delivery *d, const struct call *call, struct err *err)
{
	return db_run(d->db, NULL, err, sql_delivery_pass, db_uuid(call->id), db_int4(call->attempt));
}

/* ---- while it is under way ---- */

bool
ledger_renew(struct delivery *d, const struct call *call, bool *is_ours, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!db_run(d->db, &rows, err, sql_delivery_renew, db_uuid(call->id), db_int4(call->attempt),
	    db_int4(LEASE_S)))
		return false;
	*is_ours = db_affected(rows) > 0;
	return true;
}

/* ---- after it ---- */

static const char *
some(const char *text)
{
	return *text ? text : NULL;
}

static bool
settle_test(struct delivery *d, const struct call *call, struct err *err)
{
	return db_run(d->db, NULL, err, sql_delivery_tested, db_uuid(call->target_id),
	    db_bool(call->fate == FATE_DONE), db_text(call->code), db_text(call->words));
}

bool
ledger_settle(struct delivery *d, const struct call *call, struct err *err)
{
	struct db_arg id = db_uuid(call->id), attempt = db_int4(call->attempt);
	struct db_arg code = db_text(call->code), words = db_text(call->words);

	if (!call->batch)
		return settle_test(d, call, err);
	switch (call->fate) {
	case FATE_DONE:
		return db_run(d->db, NULL, err, sql_delivery_done, id, attempt,
		    db_text(some(call->external_id)), db_text(some(call->link)),
		    db_int4((int32_t)call->retry_after_s));
	case FATE_AGAIN:
		return db_run(d->db, NULL, err, sql_delivery_again, id, attempt, code, words,
		    seconds(d, "BATCHLINE_RETRY_S"), seconds(d, "BATCHLINE_GIVE_UP_S"),
		    db_int4((int32_t)call->retry_after_s), db_text(some(call->external_id)));
	case FATE_FAILED:
		return db_run(d->db, NULL, err, sql_delivery_fail, id, attempt, code, words);
	case FATE_STOP:
	case FATE_GONE:
		break;
	}
	return db_run(d->db, NULL, err, sql_delivery_stop, id, attempt, code, words,
	    db_bool(call->fate == FATE_GONE));
}

/* ---- the word of it ---- */

static void
fill(struct event *event, const struct delivery *d, const struct db_rows *rows, int r)
{
	bool is_done = !strcmp(db_text_at(rows, r, UNTOLD_PHASE), "done");
	int32_t attempts = (int32_t)db_int_at(rows, r, UNTOLD_ATTEMPTS);

	event->type = is_done ? EVENT_DELIVERY_SUCCEEDED : EVENT_DELIVERY_FAILED;
	event->undelivered.event_id = ids_delivery_event(db_uuid_at(rows, r, UNTOLD_ID), event->type,
	    attempts);
	event->undelivered.occurred_at = db_time_at(rows, r, UNTOLD_AT);
	event->undelivered.batch_id = db_uuid_at(rows, r, UNTOLD_BATCH);
	event->undelivered.run_no = (int32_t)db_int_at(rows, r, UNTOLD_RUN_NO);
	event->undelivered.service = d->door->service;
	event->undelivered.target = db_text_at(rows, r, UNTOLD_TARGET);
	if (is_done) {
		event->delivered.external_id = db_text_at(rows, r, UNTOLD_EXTERNAL);
		event->delivered.attempts = attempts;
	} else {
		event->undelivered.error_code = db_text_at(rows, r, UNTOLD_CODE);
		event->undelivered.error_message = db_text_at(rows, r, UNTOLD_MESSAGE);
		event->undelivered.attempts = attempts;
	}
}

static bool
tell_one(struct delivery *d, const struct db_rows *rows, int r, struct err *err)
{
	struct event event = {0};
	struct envelope envelope;
	bool well;

	fill(&event, d, rows, r);
	well = envelope_fill(&envelope, d->codec, &event, TOPIC_EVENTS,
	    (int32_t)db_int_at(rows, r, UNTOLD_PARTITION), d->door->service, NULL, err)
	    && bus_publish(d->context->bus, &envelope.outgoing, err);
	envelope_clear(&envelope);
	return (well && db_run(d->db, NULL, err, sql_delivery_told,
	    db_uuid(db_uuid_at(rows, r, UNTOLD_ID)))) || err_at(err, "%s", event_type_name(event.type));
}

bool
ledger_tell(struct delivery *d, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!db_run(d->db, &rows, err, sql_delivery_untold, db_text(d->door->service),
	    db_int4(UNTOLD_AT_ONCE)))
		return false;
	for (int r = 0; r < db_count(rows); r++)
		if (!tell_one(d, rows, r, err))
			return false;
	return true;
}
