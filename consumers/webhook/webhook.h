/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook.h: a batch's states to URLs of the operator's own, as Standard Webhooks 1.0.0 says.
 *
 *	main      the table of options; open and close
 *	deliver   the turn: what is wanted, what is due, what came of it, and the word of that
 *	post      one POST, on a thread of its own
 *	sign      the header webhook-signature
 *
 *	intent -> called -> done | failed | intent again | passed (the batch went on)
 *
 * What must stay true: each arrow is a transaction of the ledger, and nothing is sent before the
 * row says so. A crash between a call and its outcome is found by the time in the row, and the call
 * is made again under the same webhook-id: nobody else can say whether it came through, and the id
 * makes it one thing to its receiver. A record is done when its intents are in the ledger; calls
 * outlive turns, and hold up neither records nor each other.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H
#include <pthread.h>
#include <stdatomic.h>
#include "base/arena.h"
#include "event/codec.h"
#include "port/address.h"
#include "port/db.h"
#include "port/http.h"
#include "service.h"

enum { CALLS_MAX = 64, BODY_MAX = 1 << 20, ANSWER_KEPT = 500, SIGNATURES_MAX = 2 };

/* What is to be done after a call. */
enum fate {
	FATE_DONE,
	FATE_AGAIN,		/* later */
	FATE_STOP,		/* a person has to look at the target */
	FATE_GONE,		/* and it said that it is no more */
};

struct post {
	bool in_use;
	pthread_t thread;
	atomic_bool is_over;	/* the rest is the turn's again */
	struct http *http;	/* stays with the slot */
	int64_t timeout_ms;

	/* what is asked */
	struct uuid id, batch_id;
	int32_t run_no, attempt;
	char state[16], target[72];
	struct buf url, body, signature;
	char webhook_id[UUID_TEXT_SIZE], timestamp[24];

	/* what came of it */
	enum fate fate;
	int status;
	int64_t retry_after_s, took_ms;
	char code[32], words[700];
};

struct webhook {
	const struct service_context *context;
	struct codec *codec;
	struct arena *arena;	/* of the turn */
	struct db *db;
	struct networks allowed;
	struct post calls[CALLS_MAX];
	int n_calls;		/* how many may be used */
	int64_t looked_ms;	/* when the ledger was asked last */
};

/* deliver.c */
bool deliver(struct webhook *w, const struct bus_record *record, struct err *err);	/* NULL: none */
bool deliver_settle(struct webhook *w, bool wait, struct err *err);	/* the calls that are over */
void deliver_count(void);	/* once: adds the metrics */

/* post.c: begins it, or settles it as far as that is possible without one. */
bool post_open(struct webhook *w, struct err *err);
void post_close(struct webhook *w);
void post_begin(struct post *post);

/* sign.c: "v1,.. v1,..", one for each line of the secret. False: ERR_FATAL "secret". */
bool sign(struct buf *ret, const struct buf *secret, const char *id, const char *timestamp,
    const struct buf *body, struct err *err);
#endif
