/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h: answers given again while nothing has changed.
 *
 * An answer is kept under the snapshot of the database that was taken before its rows were read. Two equal
 * snapshots see the same committed transactions (PostgreSQL's documentation of pg_snapshot), so the answer
 * to the same question is the same: never stale, whoever wrote, and nobody has to tell. One statement
 * that touches no row, for all who wait at that moment (moment.h), takes the place of those that make the
 * page. Safe from any thread.
 */
#ifndef GATEWAY_KEPT_H
#define GATEWAY_KEPT_H
#include <stdbool.h>

struct buf;
struct db_pool;
struct kept;
struct call;

struct kept *kept_new(struct db_pool *pool);	/* NULL: out of memory */
void kept_free(struct kept *kept);		/* NULL is fine */
void kept_metrics_add(void);

/* True: the call is answered. Else call->snapshot and call->question are what its answer may be kept under. */
bool kept_answer(struct call *call);
/* The answer's body, before it is sent, or is not since its reader has it. Nothing without a snapshot. */
void kept_add(struct call *call, const char *etag);
/* The same by gzip, beside it: the next who takes that gets these bytes. Nothing where it is not kept. */
void kept_add_packed(struct call *call, const struct buf *packed);
#endif
