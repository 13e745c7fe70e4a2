/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h: one attempt of one job, from the record that asks for it to the fact that answers it.
 *
 * The poll thread makes it, lends it to the pool while it is WAITING or RUNNING, and has it back
 * when it is FINISHED or DROPPED. Only the state may be looked at meanwhile, and what the record said.
 */
#ifndef JOB_H
#define JOB_H
#include <stdatomic.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "event/event.h"
#include "event/headers.h"
#include "pipeline/definition.h"

enum job_state {
	JOB_WAITING, JOB_RUNNING, JOB_FINISHED,
	JOB_DROPPED,		/* never begun: its batch was cancelled, and nobody waits for an answer */
};
enum job_told { JOB_TOLD_NOTHING, JOB_TOLD_START, JOB_TOLD_END };

struct job {
	struct job *next;		/* the pool's: of one of its lines */
	uint64_t turn;			/* the pool's: of its batch, among those of one priority */
	struct job *kin;		/* the poll thread's list of all */
	enum job_told told;		/* which facts are on their way; the poll thread's too */
	struct arena *arena;		/* everything below lives here */
	struct job_dispatched asked;	/* what the record says; its texts are copies */
	int32_t partition;		/* of the record */
	int64_t offset;
	char trace[TRACEPARENT_SIZE];
	int64_t serial;			/* in the order of arrival, from 1 */

	_Atomic int state;
	int64_t started_us;		/* valid from RUNNING on */
	int64_t finished_us;		/* from here on: valid when FINISHED; what it made lasts */
	int32_t duration_ms;
	int64_t input_size;
	bool rendered;
	struct rendered_output outputs[VIEWS_MAX];
	size_t n_outputs;
	const char *preview_uri;
	const char *error_code, *error_message;
	bool retryable;
};

/* asked: with texts that live elsewhere. NULL: out of memory. */
struct job *job_new(const struct job_dispatched *asked, int32_t partition, int64_t offset);
void job_free(struct job *job);			/* NULL is fine */
OWN_FREEP(struct job, job_free)

/* What becomes of a failure: retry means that another attempt may succeed. */
void job_fail(struct job *job, const struct err *err);
#endif
