/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h: what a committed turn owes to Kafka. A transaction ends with it: jobs to hand out,
 * batches that changed, dead letters. The rows come back with the transaction and are published
 * once COMMIT is known; what Kafka took is deleted in a later turn, what it never takes is parked
 * there with its reason. After a claim everything that is left goes out again, with the same ids
 * and bytes.
 *
 * An error of publishing says nothing about a record of the turn, which is committed by then: it
 * is ERR_RETRY or ERR_FATAL, never ERR_REJECT.
 */
#ifndef PROJECTOR_OUTBOX_H
#define PROJECTOR_OUTBOX_H
#include "event/codec.h"
#include "plan.h"
#include "port/bus.h"

enum { OUTBOX_ACKS_MAX = 65536 };

struct outbox {
	struct bus *bus;
	const struct codec *codec;
	int32_t deadline_ms;		/* of an attempt, for the renderer */
	int64_t lease_us;
	struct bus_ack acks[OUTBOX_ACKS_MAX];	/* rows to delete or to park */
	size_t n_acks, n_acks_in_turn;
	int64_t sent_jobs, sent_batches, sent_letters;	/* the highest row of each kind that was sent */
	int64_t again_before_us;	/* what changed shortly before is to be said again; 0: nothing */
	double completed_per_s;
	int64_t completed, completed_since_ms;
};

void outbox_open(void);		/* once: its metrics */

/* What Kafka said since. False: something has to be sent again, after a claim. */
bool outbox_collect(struct outbox *outbox, struct err *err);
bool outbox_is_quiet(const struct outbox *outbox);	/* nothing came back that a turn should write */

/* Adds the end of a transaction. hold: nothing is handed out, since a command waits behind. */
void outbox_rows(struct outbox *outbox, struct plan *plan, struct db_array *homes, bool hold);
void outbox_committed(struct outbox *outbox, const struct plan *plan);
/* Sends the answers of the transaction. A full queue is no error: a later turn goes on from there. */
bool outbox_publish(struct outbox *outbox, const struct rows *rows, struct err *err);

/* What changed in the minutes before this time is said again, in pieces by the turns that follow: an
 * owner before us may have published an older state late. */
void outbox_say_again(struct outbox *outbox, int64_t before_us);

/* Nothing of what was ours may be said later: the next owner says it. */
void outbox_forget(struct outbox *outbox);
#endif
