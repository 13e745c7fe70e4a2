/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c: facts go to the home partition of the job's batch, with ids derived from job and
 * attempt, so that a fact told twice is one fact. A send that failed is repeated from the start.
 */
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "consumers/renderer/renderer.h"
#include "event/envelope.h"
#include "event/ids.h"

static struct metric metrics[] = {
	{ "batchline_jobs_total", "result=\"completed\"", "Attempts by their result.",
	    METRIC_COUNTER, 0 },
	{ "batchline_jobs_total", "result=\"failed\"", "Attempts by their result.",
	    METRIC_COUNTER, 0 },
	{ "batchline_jobs_total", "result=\"cancelled\"", "Attempts by their result.",
	    METRIC_COUNTER, 0 },
	{ "batchline_job_milliseconds_total", NULL, "Time spent on attempts that ended.",
	    METRIC_COUNTER, 0 },
	{ "batchline_jobs_waiting", NULL, "Jobs that no child has yet.", METRIC_GAUGE, 0 },
};
enum { COUNT_COMPLETED, COUNT_FAILED, COUNT_CANCELLED, COUNT_MS, GAUGE_WAITING, N_METRICS };

static struct event
fact_of(const struct renderer *r, const struct job *job, enum event_type type)
{
	const struct job_dispatched *asked = &job->asked;
	struct event event = { .type = type, .started = {
		.event_id = ids_job_event(asked->job_id, type, asked->attempt),
		.occurred_at = type == EVENT_JOB_STARTED ? job->started_us : job->finished_us,
		.batch_id = asked->batch_id, .job_id = asked->job_id, .run_no = asked->run_no,
		.attempt = asked->attempt, .worker = r->worker } };

	if (type == EVENT_JOB_COMPLETED) {
		event.completed.outputs = (struct rendered_output *)(uintptr_t)job->outputs;
		event.completed.n_outputs = job->n_outputs;
		event.completed.preview_uri = job->preview_uri;
		event.completed.duration_ms = job->duration_ms;
		event.completed.input_size = job->input_size;
	} else if (type == EVENT_JOB_FAILED) {
		event.failed.error_code = job->error_code;
		event.failed.error_message = job->error_message;
		event.failed.retryable = job->retryable;
		event.failed.duration_ms = job->duration_ms;
	}
	return event;
}

/* id: the job's serial, negative for a start, whose ack nobody waits for. */
static bool
fact_send(struct renderer *r, const struct job *job, enum event_type type, int64_t id,
    struct err *err)
{
	const struct event event = fact_of(r, job, type);
	struct envelope envelope;
	bool well = envelope_fill(&envelope, r->codec, &event, TOPIC_EVENTS, job->asked.partition,
	    "renderer", job->trace, err) && bus_send(r->bus, &envelope.outgoing, id, err);

	envelope_clear(&envelope);
	return well;
}

static void
note_end(const struct job *job)
{
	char id[UUID_TEXT_SIZE], why[700], file[700];

	bool cancelled = !job->rendered && !strcmp(job->error_code, "cancelled");

	metric_count(&metrics[job->rendered ? COUNT_COMPLETED : cancelled ? COUNT_CANCELLED
	    : COUNT_FAILED], 1);
	metric_count(&metrics[COUNT_MS], job->duration_ms);
	if (!job->rendered)
		log_write(cancelled ? LOG_INFO : LOG_WARN, "attempt failed",
		    "job_id=%s attempt=%d file=%s code=%s retryable=%s why=%s",
		    uuid_print(id, job->asked.job_id), (int)job->asked.attempt,
		    log_quote(file, sizeof(file), job->asked.file_name), job->error_code,
		    job->retryable ? "true" : "false",
		    log_quote(why, sizeof(why), job->error_message));
}

static bool
job_tell(struct renderer *r, struct job *job, struct err *err)
{
	int state = atomic_load(&job->state);

	if ((state == JOB_RUNNING || state == JOB_FINISHED) && job->told < JOB_TOLD_START) {
		if (!fact_send(r, job, EVENT_JOB_STARTED, -job->serial, err))
			return false;
		job->told = JOB_TOLD_START;
	}
	if (state == JOB_FINISHED && job->told < JOB_TOLD_END) {
		if (!fact_send(r, job, job->rendered ? EVENT_JOB_COMPLETED : EVENT_JOB_FAILED,
		    job->serial, err))
			return false;
		job->told = JOB_TOLD_END;
		note_end(job);
	}
	return true;
}

/* Takes the job out of the list; its record is done. */
static void
job_end(struct renderer *r, struct job **at)
{
	struct job *job = *at;

	*at = job->kin;
	tracker_done(r->tracker, job->partition, job->offset);
	job_free(job);
}

/* Its records come again, to us or to others: the tracker, which may see them anew by then, must not
 * hear that they are done. */
void
answer_forget(struct renderer *r, int32_t partition)
{
	pool_forget(r->pool, partition);
	tracker_drop(r->tracker, partition);
	for (struct job **at = &r->jobs; *at;) {
		struct job *job = *at;

		if (job->partition == partition && atomic_load(&job->state) == JOB_DROPPED) {
			*at = job->kin;
			job_free(job);
		} else {
			at = &job->kin;
		}
	}
}

static void
acknowledged(struct renderer *r, int64_t serial)
{
	struct job **at = &r->jobs;

	while (*at && (*at)->serial != serial)
		at = &(*at)->kin;
	if (*at)
		job_end(r, at);
}

/* Nobody waits for a word of them: their rows are cancelled, or no more. */
static void
dropped_end(struct renderer *r)
{
	for (struct job **at = &r->jobs; *at;) {
		if (atomic_load(&(*at)->state) == JOB_DROPPED) {
			metric_count(&metrics[COUNT_CANCELLED], 1);
			job_end(r, at);
		} else {
			at = &(*at)->kin;
		}
	}
}

/* Nothing is known of what was sent: all of it goes out again. */
static void
tell_again(struct renderer *r)
{
	for (struct job *job = r->jobs; job; job = job->kin)
		job->told = JOB_TOLD_NOTHING;
}

static bool
acks_take(struct renderer *r, struct err *err)
{
	struct bus_ack acks[RENDERER_ACKS_MAX];
	size_t n;

	if (!bus_delivered(r->bus, 0, acks, RENDERER_ACKS_MAX, &n, err)) {
		tell_again(r);
		return err_at(err, "facts");
	}
	for (size_t i = 0; i < n; i++) {
		if (acks[i].refused)	/* its lease passes, and the job fails or is tried again */
			log_write(LOG_ERROR, "a fact that the broker never takes", "why=%s",
			    acks[i].refused);
		acknowledged(r, acks[i].id);
	}
	return true;
}

bool
answer_all(struct renderer *r, struct err *err)
{
	static bool registered;
	size_t waiting = pool_waiting(r->pool);
	int64_t now_ms = clock_monotonic_ms();

	if (!registered)
		metrics_add(metrics, N_METRICS);
	registered = true;
	metric_set(&metrics[GAUGE_WAITING], (int64_t)waiting);
	dropped_end(r);
	if (waiting > 0 && now_ms - r->told_ms < POOL_GATHER_MS)
		return acks_take(r, err);
	r->told_ms = now_ms;
	for (struct job *job = r->jobs; job; job = job->kin)
		if (!job_tell(r, job, err))
			return false;
	return acks_take(r, err);
}
