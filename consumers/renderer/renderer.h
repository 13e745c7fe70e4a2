/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renderer.h: what the service's own files share.
 *
 *	main.c		the service's table, start and end
 *	intake.c	records into jobs of the pool, no more than it can take
 *	answer.c	what the pool did into JobStarted, JobCompleted, JobFailed
 *	watch.c		hears on `batches` what was cancelled, and tells the pool
 *
 * A record is done when the answer to its job was acknowledged, so a job is never lost: what was
 * under way when a renderer died is handed out again. One thread uses all of this.
 */
#ifndef RENDERER_H
#define RENDERER_H
#include "consumers/renderer/job.h"
#include "consumers/renderer/pool.h"
#include "consumers/renderer/tracker.h"
#include "consumers/renderer/watch.h"
#include "event/codec.h"
#include "service.h"

enum { RENDERER_ACKS_MAX = 1024 };

struct renderer {
	struct bus *bus;
	struct codec *codec;
	struct blob_store *store;
	struct pool *pool;
	struct watch *watch;
	struct tracker *tracker;
	struct arena *arena;		/* of one record */
	char worker[80];		/* who says so: host and process */
	struct job *jobs;		/* lent to the pool, or not acknowledged yet; newest first */
	int64_t last_serial;
	size_t waiting_most;		/* jobs that wait for a child; more pause the intake */
	bool paused;
	int64_t told_ms;		/* clock_monotonic_ms() of the last facts */
};

/* Takes one record up; one with a defect becomes a dead letter here. */
bool intake_take(struct renderer *r, const struct bus_record *record, struct err *err);
void intake_balance(struct renderer *r);	/* pauses and resumes, as the pool has room */

/* The partition is no longer ours: what waits of it is somebody else's, and done is none of it. */
void answer_forget(struct renderer *r, int32_t partition);
/* Sends what is due, and counts as done what the broker took. */
bool answer_all(struct renderer *r, struct err *err);
#endif
