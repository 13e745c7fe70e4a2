/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_test.c: nothing is finished before the disk has it, and the disk is asked once for many. A real
 * pool renders here, with one child; the disk is a syncfs() of our own.
 */
#include "consumers/renderer/pool.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "pictures.h"

enum { JOBS_MAX = 8 };

/* ---- the disk ---- */

static _Atomic int syncs_begun, syncs_held;	/* held: those from this one on wait; 0: none */
static _Atomic bool disk_is_sick;

int syncfs(int fd);

int
syncfs(int fd)
{
	int nth = atomic_fetch_add(&syncs_begun, 1) + 1;

	while (syncs_held && nth >= syncs_held)
		clock_sleep_ms(1);
	errno = EIO;
	return disk_is_sick ? -1 : (int)syscall(SYS_syncfs, fd);
}

/* ---- the pool ---- */

static char folder[64];
static struct spawner *spawner;
static struct blob_store *store;
static struct pool *pool;
static struct job *jobs[JOBS_MAX];
static size_t n_jobs;

static struct spawner_options of_children = { .limits = { (int64_t)8 << 30, 64 << 20 },
	.jobs_per_child = 100 };

static bool child_per_batch;

static void
before(void)
{
	struct pool_options options = { .children = 1, .jobs_per_child = 100,
		.pixels_max = PICTURES_PIXELS_MAX, .child_per_batch = child_per_batch };
	struct err err = {0};
	char uri[80];

	pictures_open();
	snprintf(folder, sizeof(folder), "/tmp/pool_test_XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(uri, sizeof(uri), "file://%s", folder);
	cr_assert(spawner_start(&spawner, &of_children, &err), "%s", err.text);
	cr_assert(blob_open(&store, uri, &err), "%s", err.text);
	options.spawner = spawner;
	options.store = store;
	cr_assert(pool_open(&pool, &options, &err), "%s", err.text);
}

static void
after(void)
{
	char command[100];

	syncs_held = 0;
	pool_free(pool);
	for (size_t i = 0; i < n_jobs; i++)
		job_free(jobs[i]);
	blob_free(store);
	spawner_free(spawner);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(pool, .init = before, .fini = after, .timeout = 60);

static struct job *
given_job_of(uint8_t batch, int32_t run_no, const void *bytes, size_t size)
{
	struct job_dispatched asked = { .batch_id = {{ batch }}, .run_no = run_no,
		.job_id = {{ (uint8_t)(n_jobs + 1) }}, .attempt = 1,
		.file_name = "a.tif", .output_stem = "a", .size = EVENT_NULL_LONG,
		.pipeline = ONE("", ""), .deadline_ms = 60000 };
	struct blob_done put;
	struct err err = {0};

	cr_assert(blob_put(store, bytes, size, &put, &err), "%s", err.text);
	asked.source_uri = put.uri;
	cr_assert(jobs[n_jobs] = job_new(&asked, 0, (int64_t)n_jobs));
	pool_add(pool, jobs[n_jobs]);
	return jobs[n_jobs++];
}

static struct job *
given_job(const void *bytes, size_t size)
{
	return given_job_of(0, 1, bytes, size);
}

static struct job *
a_picture(void)
{
	size_t size;
	const uint8_t *bytes = bytes_of(plain_tiff(2, 2, 7), &size);

	return given_job(bytes, size);
}

/* One child takes them in turn: what came before it was rendered. */
static struct job *
no_picture(void)
{
	return given_job("nothing", 7);
}

static void
until_finished(struct job *job)
{
	while (atomic_load(&job->state) != JOB_FINISHED)
		clock_sleep_ms(1);
}

static void
until_syncs(int n)
{
	while (syncs_begun < n)
		clock_sleep_ms(1);
}

static bool
is_stored(const char *uri)
{
	struct err err = {0};
	int fd;

	if (!blob_read_open(store, uri, &fd, NULL, &err))
		return false;
	close(fd);
	return true;
}

/* ---- the claims ---- */

Test(pool, a_job_is_finished_when_its_outputs_outlive_a_power_cut)
{
	struct job *job;

	syncs_held = 1;
	job = a_picture();
	until_syncs(1);
	until_finished(no_picture());

	cr_expect_eq(atomic_load(&job->state), JOB_RUNNING);

	syncs_held = 0;
	until_finished(job);
	cr_expect(job->rendered && job->n_outputs == 1);
	cr_expect(is_stored(job->outputs[0].uri) && is_stored(job->preview_uri));
}

Test(pool, what_was_made_while_the_disk_was_busy_has_the_next_sync_in_common)
{
	syncs_held = 1;
	a_picture();
	until_syncs(1);
	for (int i = 0; i < 4; i++)
		a_picture();
	until_finished(no_picture());

	syncs_held = 0;
	for (size_t i = 0; i < n_jobs; i++)
		until_finished(jobs[i]);
	cr_expect_eq(syncs_begun, 2);
}

Test(pool, what_a_sick_disk_may_have_lost_is_rendered_again)
{
	struct job *job;

	disk_is_sick = true;
	job = a_picture();
	until_finished(job);

	cr_expect(!job->rendered && job->retryable);
	cr_expect_str_eq(job->error_code, "blob_store");
}

/* ---- a child that forges its answer ---- */

static const char *forged = "";		/* what it writes as its output */

static void
forges(const struct birth *birth)
{
	static struct { struct order order; char definition[DEFINITION_MAX]; } got;
	struct answer answer = { .kind = ANSWER_HELLO };
	int fds[CHANNEL_FDS_MAX];
	size_t size, n_fds;

	channel_answer(birth->channel, &answer);
	while (!channel_receive(birth->channel, -1, &got, sizeof(got), &size, fds, &n_fds))
		;
	dprintf(fds[1], "%s", forged);
	dprintf(fds[2], "\xff\xd8\xff");
	answer = (struct answer){ .kind = ANSWER_RENDERED, .ticket = got.order.ticket,
		.n_extents = 1, .extents = { { 1, 1 } } };
	channel_answer(birth->channel, &answer);
	pause();
}

static void
given_forged(const char *bytes)
{
	forged = bytes;
	of_children.live = forges;
	before();
}

static void
expect_crash(struct job *job)
{
	until_finished(job);
	cr_expect(!job->rendered && job->retryable);
	cr_expect_str_eq(job->error_code, "renderer_crashed");
}

TestSuite(forgery, .fini = after, .timeout = 60);

Test(forgery, an_answer_without_an_output_costs_an_attempt)
{
	given_forged("");
	expect_crash(a_picture());
}

Test(forgery, an_output_of_another_kind_costs_an_attempt)
{
	given_forged("GIF89a and a page of scripts");
	expect_crash(a_picture());
}

Test(forgery, what_begins_as_it_was_asked_is_taken)
{
	struct job *job;

	given_forged("\xff\xd8\xff");
	job = a_picture();
	until_finished(job);
	cr_expect(job->rendered);
}

/* ---- whose pictures a child sees ---- */

/* The error of every job is who had it. */
static void
tells_its_pid(const struct birth *birth)
{
	static struct { struct order order; char definition[DEFINITION_MAX]; } got;
	struct answer answer = { .kind = ANSWER_HELLO };
	int fds[CHANNEL_FDS_MAX];
	size_t size, n_fds;

	do {
		channel_answer(birth->channel, &answer);
		while (!channel_receive(birth->channel, -1, &got, sizeof(got), &size, fds, &n_fds))
			;
		answer = (struct answer){ .kind = ANSWER_FAILED, .ticket = got.order.ticket,
			.code = "not_an_image" };
		snprintf(answer.text, sizeof(answer.text), "%d", (int)getpid());
	} while (size > 0);
}

static const char *
child_of(uint8_t batch)
{
	struct job *job = given_job_of(batch, 1, "next", 4);

	until_finished(job);
	return job->error_message;
}

static void
given_owners(bool apart)
{
	child_per_batch = apart;
	of_children.live = tells_its_pid;
	before();
}

TestSuite(owner, .fini = after, .timeout = 60);

Test(owner, a_child_that_had_one_batch_gets_no_other_when_they_are_kept_apart)
{
	const char *first, *again, *other, *back;

	given_owners(true);
	first = child_of(1);
	again = child_of(1);
	other = child_of(2);
	back = child_of(1);

	cr_expect_str_eq(first, again);
	cr_expect_str_neq(first, other);
	cr_expect_str_neq(other, back);
	cr_expect_str_neq(first, back);
}

Test(owner, a_child_has_any_batch_else)
{
	const char *first;

	given_owners(false);
	first = child_of(1);

	cr_expect_str_eq(first, child_of(2));
}

/* ---- what is cancelled ---- */

/* A child that never comes back from a picture that says "stay"; others are no pictures. */
static void
stays_if_asked(const struct birth *birth)
{
	static struct { struct order order; char definition[DEFINITION_MAX]; } got;
	struct answer answer = { .kind = ANSWER_HELLO };
	int fds[CHANNEL_FDS_MAX];
	char word[5] = "";
	size_t size, n_fds;

	for (;;) {
		channel_answer(birth->channel, &answer);
		while (!channel_receive(birth->channel, -1, &got, sizeof(got), &size, fds, &n_fds))
			;
		if (size == 0)
			_exit(0);
		while (pread(fds[0], word, 4, 0) == 4 && !strcmp(word, "stay"))
			pause();
		while (n_fds > 0)
			close(fds[--n_fds]);
		answer = (struct answer){ .kind = ANSWER_FAILED, .ticket = got.order.ticket,
			.code = "not_an_image" };
	}
}

static void
before_cancel(void)
{
	of_children.live = stays_if_asked;
	before();
}

TestSuite(cancel, .init = before_cancel, .fini = after, .timeout = 60);
TestSuite(turns, .init = before_cancel, .fini = after, .timeout = 60);

static struct job *
a_job_that_stays(uint8_t batch)
{
	return given_job_of(batch, 1, "stay", 4);
}

static struct job *
another_job(uint8_t batch, int32_t run_no)
{
	return given_job_of(batch, run_no, "next", 4);
}

static void
until_state(const struct job *job, int state)
{
	while (atomic_load(&job->state) != state)
		clock_sleep_ms(1);
}

static void
cancel(uint8_t batch, int32_t run_no)
{
	pool_cancel(pool, (struct uuid){{ batch }}, run_no);
}

Test(cancel, a_child_of_a_cancelled_batch_is_ended_and_its_place_serves_the_next)
{
	struct job *stays = a_job_that_stays(1), *next = another_job(2, 1);

	until_state(stays, JOB_RUNNING);
	cancel(1, 1);

	until_finished(stays);
	until_finished(next);
	cr_expect_str_eq(stays->error_code, "cancelled");
	cr_expect(!stays->rendered && stays->retryable);
	cr_expect_str_eq(next->error_code, "not_an_image", "its own end, not that of the other");
}

Test(cancel, waiting_jobs_of_a_cancelled_batch_are_dropped_and_those_of_others_stay)
{
	struct job *stays = a_job_that_stays(1);
	struct job *waits[] = { another_job(2, 1), another_job(3, 1), another_job(2, 1) };

	until_state(stays, JOB_RUNNING);
	cancel(2, 1);

	cr_expect_eq(atomic_load(&waits[0]->state), JOB_DROPPED);
	cr_expect_eq(atomic_load(&waits[1]->state), JOB_WAITING);
	cr_expect_eq(atomic_load(&waits[2]->state), JOB_DROPPED);
	cr_expect_eq(pool_waiting(pool), 1);
	cr_expect_eq(atomic_load(&stays->state), JOB_RUNNING);
}

Test(cancel, a_job_that_comes_after_the_word_is_dropped_unless_it_is_of_a_later_run)
{
	struct job *late, *retried;

	cancel(1, 1);
	late = another_job(1, 1);
	retried = another_job(1, 2);

	cr_expect_eq(atomic_load(&late->state), JOB_DROPPED);
	until_finished(retried);
	cr_expect_str_eq(retried->error_code, "not_an_image");
}

Test(cancel, a_deleted_batch_has_no_later_run)
{
	cancel(1, INT32_MAX);

	cr_expect_eq(atomic_load(&another_job(1, 7)->state), JOB_DROPPED);
}

Test(cancel, only_the_latest_are_remembered_and_any_number_may_be_said)
{
	for (int i = 0; i < 1000; i++)
		cancel(9, 1);
	cancel(8, 1);

	cr_expect_eq(atomic_load(&another_job(8, 1)->state), JOB_DROPPED);
	until_finished(another_job(7, 1));
}

Test(cancel, what_waits_of_a_partition_that_went_is_dropped_and_what_is_under_way_goes_on)
{
	struct job *stays = a_job_that_stays(1), *waits = another_job(2, 1);

	until_state(stays, JOB_RUNNING);
	pool_forget(pool, 1);
	cr_expect_eq(atomic_load(&waits->state), JOB_WAITING, "of another partition");

	pool_forget(pool, 0);

	cr_expect_eq(atomic_load(&waits->state), JOB_DROPPED);
	cr_expect_eq(atomic_load(&stays->state), JOB_RUNNING);
	cr_expect_eq(pool_waiting(pool), 0);
}

/* ---- whose turn it is ---- */

static struct job *
a_job_of_priority(uint8_t batch, int32_t priority)
{
	struct job_dispatched asked = { .batch_id = {{ batch }}, .run_no = 1, .priority = priority,
		.job_id = {{ (uint8_t)(n_jobs + 1) }}, .attempt = 1, .file_name = "a.tif",
		.output_stem = "a", .size = EVENT_NULL_LONG, .pipeline = ONE("", ""),
		.deadline_ms = 60000, .source_uri = "blob:sha256/none" };

	cr_assert(jobs[n_jobs] = job_new(&asked, 0, (int64_t)n_jobs));
	pool_add(pool, jobs[n_jobs]);
	return jobs[n_jobs++];
}

/* The batches of the jobs behind the first, in the order in which the one child had them. */
static const char *
order_of_service(void)
{
	static char order[JOBS_MAX + 1];
	bool told[JOBS_MAX] = { false };

	for (size_t i = 1; i < n_jobs; i++)
		until_finished(jobs[i]);
	for (size_t nth = 0; nth + 1 < n_jobs; nth++) {
		size_t first = 0;

		for (size_t i = 1; i < n_jobs; i++)
			if (!told[i] && (!first || jobs[i]->started_us < jobs[first]->started_us))
				first = i;
		told[first] = true;
		order[nth] = (char)('0' + jobs[first]->asked.batch_id.bytes[0]);
	}
	order[n_jobs - 1] = '\0';
	return order;
}

static void
given_jobs(const char *batches)
{
	until_state(a_job_that_stays(9), JOB_RUNNING);
	for (const char *batch = batches; *batch; batch++)
		a_job_of_priority((uint8_t)(*batch - '0'), 5);
}

Test(turns, batches_of_one_priority_take_turns)
{
	given_jobs("1111122");

	cancel(9, 1);

	cr_expect_str_eq(order_of_service(), "1212111");
}

Test(turns, who_comes_one_at_a_time_has_no_turn_before_those_that_wait)
{
	given_jobs("1123121");

	cancel(9, 1);

	cr_expect_str_eq(order_of_service(), "1231211");
}

Test(turns, a_higher_priority_has_its_turns_first)
{
	given_jobs("1112");
	a_job_of_priority(4, 9);
	a_job_of_priority(4, 9);
	a_job_of_priority(3, 9);

	cancel(9, 1);

	cr_expect_str_eq(order_of_service(), "4341211");
}
