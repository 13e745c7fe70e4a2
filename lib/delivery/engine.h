/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h: what engine.c, ledger.c and call.c share; delivery.h is for the others. */
#ifndef ENGINE_H
#define ENGINE_H
#include "delivery/delivery.h"
#include "event/codec.h"
#include "port/address.h"

struct delivery {
	const struct service_context *context;
	const struct door *door;
	struct codec *codec;
	struct arena *arena;		/* of the turn */
	struct db *db;
	struct networks allowed;
	struct call calls[DELIVERY_CALLS_MAX];
	int n_calls;			/* how many may be used */
	int64_t looked_ms;		/* when the ledger was asked last */
	int64_t stirred_ms;		/* when there was something to do last */
};

/* ---- ledger.c: each one transaction, or none ---- */

/* Columns of what is due, and of a test that somebody asked for. */
enum { CLAIM_ID, CLAIM_BATCH, CLAIM_RUN_NO, CLAIM_STATE, CLAIM_ATTEMPT, CLAIM_TARGET_ID, CLAIM_TARGET,
	CLAIM_SETTINGS, CLAIM_KNOWN_ID };
enum { TEST_TARGET_ID, TEST_TARGET, TEST_SETTINGS, TEST_STATES };

bool ledger_plan(struct delivery *d, struct uuid batch_id, struct err *err);
bool ledger_claim(struct delivery *d, int n, struct db_rows **ret, struct err *err);
bool ledger_claim_test(struct delivery *d, struct db_rows **ret, struct err *err);
bool ledger_batch(struct delivery *d, struct uuid batch_id, struct db_rows **ret, struct err *err);
bool ledger_pass(struct delivery *d, const struct call *call, struct err *err);
/* False in *is_ours: somebody else makes this delivery by now. */
bool ledger_renew(struct delivery *d, const struct call *call, bool *is_ours, struct err *err);
bool ledger_settle(struct delivery *d, const struct call *call, struct err *err);
bool ledger_tell(struct delivery *d, struct err *err);	/* the events of outcomes */

/* ---- call.c ---- */

bool call_open(struct call *call, struct delivery *d, struct err *err);
void call_close(struct call *call);
void call_begin(struct call *call);	/* its thread; all that is asked is there */
void call_end(struct call *call);	/* waits for the thread */
void call_done(struct call *call);	/* the slot is free again */
#endif
