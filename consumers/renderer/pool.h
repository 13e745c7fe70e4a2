/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: a line of jobs and the threads that take from it, highest priority first, batches in turn.
 * A thread only waits for its child and stores what that made; it knows nothing of Kafka.
 *
 *	line ──> a thread a child: renders, hashes, names ──> line ──> one thread: syncs ──> FINISHED
 *
 * The disk is waited for by one thread that takes all that was made meanwhile: one sync makes all of it
 * last, however many jobs it is, and no child waits for it.
 */
#ifndef POOL_H
#define POOL_H
#include "base/err.h"
#include "base/own.h"
#include "consumers/renderer/job.h"
#include "consumers/renderer/source.h"
#include "consumers/renderer/spawner.h"
#include "port/blob.h"

struct pool;

struct pool_options {
	struct spawner *spawner;
	struct blob_store *store;
	unsigned children, jobs_per_child;
	int64_t pixels_max;
	bool child_per_batch;		/* none sees the pictures of two batches */
	struct source_options sources;
};

enum { POOL_CHILDREN_MAX = 256 };

bool pool_open(struct pool **ret, const struct pool_options *options, struct err *err);
/* NULL is fine. Ends the children; jobs that are not FINISHED stay as they are. */
void pool_free(struct pool *pool);
OWN_FREEP(struct pool, pool_free)

/* Lends the job until it is FINISHED or DROPPED, or until pool_free(). */
void pool_add(struct pool *pool, struct job *job);
/* From any thread: the batch was cancelled in that run (INT32_MAX: deleted). Its jobs that wait or
 * still come are DROPPED, those under way fail at once: "cancelled". */
void pool_cancel(struct pool *pool, struct uuid batch_id, int32_t run_no);
/* Of a partition of `jobs` that went: what no child has yet is DROPPED. */
void pool_forget(struct pool *pool, int32_t partition);
/* How many wait for a child. While there are some, those that end go on together, those of
 * POOL_GATHER_MS at a time: what follows a job costs less for many. */
enum { POOL_GATHER_MS = 20 };
size_t pool_waiting(struct pool *pool);			/* jobs that no child has yet */
size_t pool_ready(struct pool *pool, unsigned *holds);	/* children that said HELLO; what holds */
/* False: there can be no children any more; fatal. */
bool pool_is_well(struct pool *pool, struct err *err);
#endif
