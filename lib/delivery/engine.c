/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c: the turn of a service that delivers.
 *
 *	record -> plan (intents)    settle (calls that are over) -> renew -> tell -> tests, claim -> calls
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/engine.h"
#include "delivery/secret.h"
#include "delivery/shown.h"
#include "port/named.h"

#define TURN_MEMORY ((size_t)16 << 20)	/* bytes of one record */

/* Where nothing is under way, only what somebody asked for by hand is waited for. */
enum { LOOK_EVERY_MS = 100, LOOK_SELDOM_MS = 1000, RENEW_EVERY_MS = 4000 };

/* One row a fate, in the order of enum fate. */
static struct metric metrics[] = {
	{ "batchline_deliveries_total", "result=\"again\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_deliveries_total", "result=\"done\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_deliveries_total", "result=\"failed\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_deliveries_total", "result=\"attention\"", "Calls by result.", METRIC_COUNTER, 0 },
	{ "batchline_deliveries_total", "result=\"gone\"", "Calls by result.", METRIC_COUNTER, 0 },
};
static const char *const outcomes[] = { "not delivered yet", "delivered", "not taken",
	"target needs attention", "target is gone" };
enum { N_FATES = sizeof(outcomes) / sizeof(*outcomes) };

/* ---- calls that are over ---- */

static void
note(const struct call *call)
{
	bool is_done = call->fate == FATE_DONE;
	char id[UUID_TEXT_SIZE], quoted[900];

	log_quote(quoted, sizeof(quoted), call->words);
	if (!call->batch) {
		log_write(LOG_INFO, "target tested", "target=%s well=%s code=%s why=%s", call->target,
		    is_done ? "true" : "false", call->code, quoted);
		return;
	}
	metric_count(&metrics[call->fate], 1);
	log_write(is_done ? LOG_INFO : LOG_WARN, outcomes[call->fate],
	    "batch=%s run=%" PRId32 " state=%s target=%s attempt=%" PRId32 " ms=%" PRId64
	    " code=%s why=%s", uuid_print(id, call->batch_id), call->run_no, call->state,
	    call->target, call->attempt, call->took_ms, call->code, quoted);
}

static bool
settle(struct delivery *d, bool wait, struct err *err)
{
	for (int i = 0; i < d->n_calls; i++) {
		struct call *call = &d->calls[i];

		if (!call->in_use || (!wait && !atomic_load(&call->is_over)))
			continue;
		call_end(call);
		if (!ledger_settle(d, call, err))
			return false;
		note(call);
		call_done(call);
	}
	return true;
}

static bool
renew(struct delivery *d, int64_t now, struct err *err)
{
	for (int i = 0; i < d->n_calls; i++) {
		struct call *call = &d->calls[i];
		bool is_ours;

		if (!call->in_use || !call->batch || now - call->renewed_ms < RENEW_EVERY_MS)
			continue;
		if (!ledger_renew(d, call, &is_ours, err))
			return false;
		call->renewed_ms = now;
		if (!is_ours)
			atomic_store(&call->is_lost, true);
	}
	return true;
}

/* ---- calls that begin ---- */

static struct call *
free_call(struct delivery *d, int *n)
{
	struct call *found = NULL;

	*n = 0;
	for (int i = d->n_calls - 1; i >= 0; i--) {
		if (d->calls[i].in_use)
			continue;
		++*n;
		found = &d->calls[i];
	}
	return found;
}

static bool
take_settings(struct call *call, const char *settings, struct err *err)
{
	if (!doc_read(&call->document, settings, strlen(settings), err))
		return false;
	call->settings = doc_root(call->document);
	return true;
}

static bool
take(struct call *call, const struct db_rows *rows, int r, struct err *err)
{
	const char *known_id = db_text_at(rows, r, CLAIM_KNOWN_ID);

	call->id = db_uuid_at(rows, r, CLAIM_ID);
	call->batch_id = db_uuid_at(rows, r, CLAIM_BATCH);
	call->run_no = (int32_t)db_int_at(rows, r, CLAIM_RUN_NO);
	call->attempt = (int32_t)db_int_at(rows, r, CLAIM_ATTEMPT);
	call->target_id = db_uuid_at(rows, r, CLAIM_TARGET_ID);
	snprintf(call->state, sizeof(call->state), "%s", db_text_at(rows, r, CLAIM_STATE));
	snprintf(call->target, sizeof(call->target), "%s", db_text_at(rows, r, CLAIM_TARGET));
	snprintf(call->known_id, sizeof(call->known_id), "%s", known_id ? known_id : "");
	return take_settings(call, db_text_at(rows, r, CLAIM_SETTINGS), err);
}

/* The batch is read anew: the topic lags, and what went on meanwhile is not told. */
static bool
begin(struct delivery *d, struct call *call, struct err *err)
{
	if (!ledger_batch(d, call->batch_id, &call->rows, err))
		return false;
	if (db_count(call->rows) == 0 || db_int_of(call->rows, 0, "run_no") != call->run_no
	    || strcmp(db_text_of(call->rows, 0, "status"), call->state) != 0)
		return ledger_pass(d, call, err);
	call->batch = call->rows;
	call_begin(call);
	return true;
}

static bool
call_due(struct delivery *d, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int n;

	free_call(d, &n);
	if (n == 0 || service_is_stopping())
		return true;
	if (!ledger_claim(d, n, &rows, err))
		return false;
	for (int r = 0; r < db_count(rows); r++) {
		struct call *call = free_call(d, &n);
		bool well = take(call, rows, r, err) && begin(d, call, err);

		if (!call->in_use)
			call_done(call);
		if (!well)
			return false;
	}
	return true;
}

static bool
test_asked(struct delivery *d, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int n;
	struct call *call = free_call(d, &n);

	if (!call || service_is_stopping())
		return true;
	if (!ledger_claim_test(d, &rows, err))
		return false;
	if (db_count(rows) == 0)
		return true;
	call->target_id = db_uuid_at(rows, 0, TEST_TARGET_ID);
	snprintf(call->target, sizeof(call->target), "%s", db_text_at(rows, 0, TEST_TARGET));
	snprintf(call->states, sizeof(call->states), "%s", db_text_at(rows, 0, TEST_STATES));
	if (!take_settings(call, db_text_at(rows, 0, TEST_SETTINGS), err))
		return false;
	call_begin(call);
	return true;
}

/* ---- the turn ---- */

static bool
plan(struct delivery *d, const struct bus_record *record, struct err *err)
{
	struct event event;
	struct uuid id;

	if (!record->value)		/* a tombstone: the row says so too */
		return !record->key || !uuid_read(&id, record->key, record->key_size)
		    || ledger_plan(d, id, err);
	if (!codec_read(d->codec, record->value, record->value_size, d->arena, &event, err))
		return false;
	if (event.type != EVENT_BATCH_CHANGED)
		return err_code(err, ERR_REJECT, "wrong_topic", "a %s on the topic of batches",
		    event_type_name(event.type));
	return ledger_plan(d, event.head.batch_id, err);
}

static bool
look(struct delivery *d, bool planned, struct err *err)
{
	int64_t now = clock_monotonic_ms();
	int n_free;

	free_call(d, &n_free);
	if (planned || n_free < d->n_calls)
		d->stirred_ms = now;
	if (now - d->looked_ms < (now - d->stirred_ms < LOOK_SELDOM_MS ? LOOK_EVERY_MS : LOOK_SELDOM_MS))
		return true;
	d->looked_ms = now;
	if (settle(d, false, err) && renew(d, now, err) && ledger_tell(d, err)
	    && test_asked(d, err) && call_due(d, err))
		return true;
	if (err->verdict == ERR_REJECT)		/* of the ledger, not of the record */
		err->verdict = ERR_RETRY;
	return false;
}

/* ---- the service ---- */

static bool
database_open(struct delivery *d, struct err *err)
{
	char name[64];

	if (d->db && !db_is_broken(d->db))
		return true;
	db_free(d->db);
	d->db = NULL;
	snprintf(name, sizeof(name), "batchline-%s", d->door->service);
	return db_open(&d->db, option_text(d->context->options, "DATABASE_URL"), name, err);
}

/* A service and its door; what the loop knows of it is the first member. */
struct served { struct service service; const struct door *door; };

bool
delivery_check(const struct options *options, struct err *err)
{
	struct networks networks;

	if (!networks_read(&networks, option_text(options, "BATCHLINE_ALLOWED_NETWORKS"), err))
		return err_at(err, "BATCHLINE_ALLOWED_NETWORKS");
	if (!http_ca_file_check(option_text(options, "BATCHLINE_CA_FILE"), err))
		return err_at(err, "BATCHLINE_CA_FILE");
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err);
}

static bool
delivery_open(void **state, const struct service_context *context, struct err *err)
{
	const struct served *served = (const struct served *)context->service;
	const struct options *o = context->options;
	struct delivery *d = calloc(1, sizeof(*d));

	*state = d;
	if (!d || !(d->arena = arena_new(TURN_MEMORY)))
		return err_set(err, ERR_FATAL, "out of memory");
	d->context = context;
	d->door = served->door;
	if (!secrets_check(option_text(o, "BATCHLINE_SECRETS"), err)
	    || !networks_read(&d->allowed, option_text(o, "BATCHLINE_ALLOWED_NETWORKS"), err)
	    || !codec_open(&d->codec, err) || !database_open(d, err))
		return false;
	for (; d->n_calls < (int)option_int(o, "BATCHLINE_CALLS"); d->n_calls++)
		if (!call_open(&d->calls[d->n_calls], d, err))
			return false;
	metrics_add(metrics, N_FATES);
	return true;
}

static bool
delivery_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct delivery *d = state;

	arena_clear(d->arena);
	return database_open(d, err) && (n == 0 || plan(d, records, err)) && look(d, n > 0, err);
}

/* What is under way is waited for a little, so that its outcome is known to the next one. */
static void
delivery_close(void *state)
{
	struct delivery *d = state;
	struct err err = {0};

	if (!d)
		return;
	if (d->db && !settle(d, true, &err))
		log_write(LOG_WARN, "outcomes not written", "why=\"%s\"", err.text);
	for (int i = 0; i < DELIVERY_CALLS_MAX; i++) {
		call_end(&d->calls[i]);
		call_close(&d->calls[i]);
	}
	db_free(d->db);
	codec_free(d->codec);
	arena_free(d->arena);
	free(d);
}

int
delivery_main(const struct door *door, int argc, char **argv)
{
	const struct served served = { .door = door, .service = {
		.name = door->service,
		.what = door->what,
		.reads = { TOPIC_BATCHES },
		.n_reads = 1,
		.options = door->options,
		.turn_records = 1,
		.idle_ms = 100,
		.check = door->check ? door->check : delivery_check,
		.open = delivery_open,
		.turn = delivery_turn,
		.close = delivery_close,
	} };

	return service_main(&served.service, argc, argv);
}
