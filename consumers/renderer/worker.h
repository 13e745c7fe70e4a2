/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h: one place in the pool: it has a child, or gets one when there is work, and replaces
 * it when it has served its number, crashed, or is too late. Used by one thread.
 */
#ifndef WORKER_H
#define WORKER_H
#include "base/err.h"
#include "base/own.h"
#include "base/uuid.h"
#include "consumers/renderer/spawner.h"

struct worker;

/* stop: a descriptor that becomes readable when everything must end. */
bool worker_new(struct worker **ret, struct spawner *spawner, int stop, unsigned jobs_per_child,
    struct err *err);
void worker_free(struct worker *worker);	/* NULL is fine; ends the child */
OWN_FREEP(struct worker, worker_free)

/* From any thread: the order under way, or else the next one, ends with "cancelled"; its child is killed. */
void worker_cancel(struct worker *worker);
void worker_uncancel(struct worker *worker);	/* forgets one that came too late */

/* Long work for an order that is still to come asks. False with retry: stopping or cancelled. */
bool worker_goes_on(const struct worker *worker, struct err *err);

/* The next orders are this batch's: a child that had another's ends first. */
void worker_keep_to(struct worker *worker, const struct uuid *batch_id);

/* A child that renders is there and has said HELLO; *holds is what of its sandbox holds. */
bool worker_prepare(struct worker *worker, unsigned *holds, struct err *err);

/* Gives the order, with a ticket of its own, to a child and waits for its answer, RENDERED or
 * FAILED, checked. False with retry: render_timeout, renderer_crashed, cancelled (the child is gone),
 * or stopping (no answer is due); with fatal: there can be no children any more. */
bool worker_ask(struct worker *worker, enum role role, struct order *order,
    const char *definition, const int *fds, int deadline_ms, struct answer *ret, struct err *err);

/* Of an answer that came: did the child do it? False: why not, in its own words. */
bool worker_judge(const struct answer *answer, struct err *err);

/* Kills the child, if there is one: what it did shows that it is no longer ours. */
void worker_give_up(struct worker *worker);
#endif
