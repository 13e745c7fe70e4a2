/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: a mutex, a line, and threads. */
#include "consumers/renderer/pool.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/thread.h"
#include "consumers/renderer/attempt.h"
#include "consumers/renderer/line.h"

enum { CANCELLED_MAX = 256 };

/* A job and who works on it. */
struct serving { struct serving *next; struct job *job; struct worker *worker; };
struct cancelled { struct uuid batch_id; int32_t run_no; };

struct pool {
	struct pool_options options;
	struct labels *labels;
	pthread_mutex_t mutex;
	pthread_cond_t work, made;
	struct line line;
	struct job *unsynced;		/* rendered; the newest first */
	struct serving *serving;
	struct cancelled cancelled[CANCELLED_MAX];	/* the latest; the oldest is overwritten */
	size_t n_ready, n_cancelled;
	unsigned holds;			/* by every child so far */
	bool stopping;
	int stop;			/* eventfd, readable when stopping */
	struct err fatal;
	pthread_t threads[POOL_CHILDREN_MAX + 1];
	size_t n_threads;		/* the last one syncs, once all are there */
};

static bool
is_of(const struct job *job, const void *by)
{
	const struct cancelled *c = by;

	return job->asked.run_no <= c->run_no
	    && !memcmp(&job->asked.batch_id, &c->batch_id, sizeof(c->batch_id));
}

/* The mutex is held. */
static bool
is_cancelled(const struct pool *p, const struct job *job)
{
	size_t n = p->n_cancelled < CANCELLED_MAX ? p->n_cancelled : CANCELLED_MAX;

	for (size_t i = 0; i < n; i++)
		if (is_of(job, &p->cancelled[i]))
			return true;
	return false;
}

/* NULL: all stops. */
static struct job *
wait_for_job(struct pool *p)
{
	struct job *job = NULL;

	pthread_mutex_lock(&p->mutex);
	while (!p->line.n && !p->stopping)
		pthread_cond_wait(&p->work, &p->mutex);
	if (!p->stopping)
		job = line_take(&p->line);
	pthread_mutex_unlock(&p->mutex);
	return job;
}

static void
note_ready(struct pool *p, unsigned holds)
{
	pthread_mutex_lock(&p->mutex);
	p->holds = p->n_ready ? p->holds & holds : holds;
	p->n_ready++;
	pthread_mutex_unlock(&p->mutex);
}

static void
note_fatal(struct pool *p, const struct err *err)
{
	pthread_mutex_lock(&p->mutex);
	if (p->fatal.verdict == ERR_NONE)
		p->fatal = *err;
	pthread_mutex_unlock(&p->mutex);
}

static void
finish(struct job *job)
{
	job->finished_us = clock_now_us();
	atomic_store(&job->state, JOB_FINISHED);
}

static void
leave_to_sync(struct pool *p, struct job *job)
{
	pthread_mutex_lock(&p->mutex);
	job->next = p->unsynced;
	p->unsynced = job;
	pthread_cond_signal(&p->made);
	pthread_mutex_unlock(&p->mutex);
}

/* A job that others wait behind is not waited for: those that end within a moment are synced at once.
 * The mutex is held. */
static void
gather(struct pool *p)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += POOL_GATHER_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (p->line.n > 0 && !p->stopping
	    && pthread_cond_timedwait(&p->made, &p->mutex, &until) == 0)
		;
}

/* Everything that waits for a sync; NULL: all stops. */
static struct job *
wait_for_made(struct pool *p)
{
	struct job *jobs;

	pthread_mutex_lock(&p->mutex);
	while (!p->unsynced && !p->stopping)
		pthread_cond_wait(&p->made, &p->mutex);
	gather(p);
	jobs = p->stopping ? NULL : p->unsynced;
	p->unsynced = NULL;
	pthread_mutex_unlock(&p->mutex);
	return jobs;
}

/* A job counts as done from here on, so its outputs must outlive a power cut from here on. Killed
 * before, it is handed out again, and makes others in a folder of their own. */
static void *
thread_sync(void *state)
{
	struct pool *p = state;
	struct job *jobs;

	while ((jobs = wait_for_made(p))) {
		struct err err = {0};
		bool well = blob_sync(p->options.store, &err);

		while (jobs) {
			struct job *job = jobs;

			jobs = job->next;	/* finished, it is no longer ours */
			if (!well)
				job_fail(job, &err);
			finish(job);
		}
	}
	return NULL;
}

/* From here to end_serving() its worker may be told that the job was cancelled. */
static void
begin_serving(struct pool *p, struct serving *s)
{
	pthread_mutex_lock(&p->mutex);
	s->next = p->serving;
	p->serving = s;
	pthread_mutex_unlock(&p->mutex);
}

static void
end_serving(struct pool *p, struct serving *s)
{
	struct serving **at = &p->serving;

	pthread_mutex_lock(&p->mutex);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	worker_uncancel(s->worker);
	pthread_mutex_unlock(&p->mutex);
}

/* False: this thread has nothing to do any more. */
static bool
serve(struct pool *p, struct worker *worker, struct source *source, struct job *job)
{
	struct serving s = { .job = job, .worker = worker };
	struct err err = {0};
	bool answered;

	job->started_us = clock_now_us();
	atomic_store(&job->state, JOB_RUNNING);
	if (p->options.child_per_batch)
		worker_keep_to(worker, &job->asked.batch_id);
	begin_serving(p, &s);
	answered = attempt_run(job, worker, source, p->options.store, p->labels,
	    p->options.pixels_max, &err);
	end_serving(p, &s);
	if (answered) {
		if (job->rendered)
			leave_to_sync(p, job);
		else
			finish(job);
		return true;
	}
	if (err.verdict == ERR_FATAL)
		note_fatal(p, &err);
	return false;
}

static void *
thread_live(void *state)
{
	struct pool *p = state;
	own(source_freep) struct source *source = NULL;
	struct worker *worker = NULL;
	struct err err = {0};
	struct job *job;
	unsigned holds;

	if (!source_new(&source, &p->options.sources, &err)
	    || !worker_new(&worker, p->options.spawner, p->stop, p->options.jobs_per_child, &err)
	    || (!worker_prepare(worker, &holds, &err) && err.verdict == ERR_FATAL)) {
		note_fatal(p, &err);
		worker_free(worker);
		return NULL;
	}
	if (err.verdict == ERR_NONE)
		note_ready(p, holds);
	while ((job = wait_for_job(p)) && serve(p, worker, source, job))
		;
	worker_free(worker);
	return NULL;
}

static bool
threads_start(struct pool *p, struct err *err)
{
	bool well = true;

	while (well && p->n_threads <= p->options.children) {
		well = thread_start(&p->threads[p->n_threads],
		    p->n_threads < p->options.children ? thread_live : thread_sync, p);
		p->n_threads += well;
	}
	return well || err_set(err, ERR_FATAL, "no thread for a child");
}

bool
pool_open(struct pool **ret, const struct pool_options *options, struct err *err)
{
	own(pool_freep) struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(err, ERR_FATAL, "out of memory");
	p->options = *options;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->made, NULL);
	p->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->stop < 0)
		return err_set(err, ERR_FATAL, "eventfd: %s", strerror(errno));
	p->labels = labels_new();
	if (!p->labels)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!threads_start(p, err))
		return false;
	*ret = pool_free_hand_over(&p);
	return true;
}

void
pool_free(struct pool *p)
{
	uint64_t one = 1;

	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->made);
	pthread_mutex_unlock(&p->mutex);
	if (p->stop >= 0 && write(p->stop, &one, sizeof(one)) < 0)
		abort();		/* a fresh eventfd takes a one */
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	if (p->stop >= 0)
		close(p->stop);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->made);
	pthread_mutex_destroy(&p->mutex);
	labels_free(p->labels);
	free(p);
}

void
pool_add(struct pool *p, struct job *job)
{
	atomic_store(&job->state, JOB_WAITING);
	pthread_mutex_lock(&p->mutex);
	if (is_cancelled(p, job)) {
		atomic_store(&job->state, JOB_DROPPED);
	} else {
		line_add(&p->line, job);
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->mutex);
}

void
pool_cancel(struct pool *p, struct uuid batch_id, int32_t run_no)
{
	const struct cancelled c = { batch_id, run_no };

	pthread_mutex_lock(&p->mutex);
	p->cancelled[p->n_cancelled++ % CANCELLED_MAX] = c;
	line_drop(&p->line, is_of, &c);
	for (struct serving *s = p->serving; s; s = s->next)
		if (is_of(s->job, &c))
			worker_cancel(s->worker);
	pthread_mutex_unlock(&p->mutex);
}

static bool
is_from(const struct job *job, const void *by)
{
	const int32_t *partition = by;

	return job->partition == *partition;
}

void
pool_forget(struct pool *p, int32_t partition)
{
	pthread_mutex_lock(&p->mutex);
	line_drop(&p->line, is_from, &partition);
	pthread_mutex_unlock(&p->mutex);
}

size_t
pool_waiting(struct pool *p)
{
	size_t n;

	pthread_mutex_lock(&p->mutex);
	n = p->line.n;
	pthread_mutex_unlock(&p->mutex);
	return n;
}

size_t
pool_ready(struct pool *p, unsigned *holds)
{
	size_t n;

	pthread_mutex_lock(&p->mutex);
	n = p->n_ready;
	*holds = p->holds;
	pthread_mutex_unlock(&p->mutex);
	return n;
}

bool
pool_is_well(struct pool *p, struct err *err)
{
	bool well;

	pthread_mutex_lock(&p->mutex);
	well = p->fatal.verdict == ERR_NONE;
	if (!well)
		*err = p->fatal;
	pthread_mutex_unlock(&p->mutex);
	return well;
}
