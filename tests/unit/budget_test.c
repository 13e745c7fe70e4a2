/* SPDX-License-Identifier: Apache-2.0 */
/* budget_test.c: a job that works for too long is answered for, one that has more pixels is not. */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "consumers/renderer/budget.h"
#include "consumers/renderer/channel.h"
#include "consumers/renderer/sandbox.h"

enum { WORKED_WELL = 7 };

static void
work(long ms)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
}

/* How a child ends that closed itself in and works for so long; its answer, if it gave one. */
static int
child(int first_ms, double pixels, bool stop, long work_ms, struct answer *answer)
{
	struct err err = {0};
	int ends[2], status;
	size_t size = 0;
	pid_t pid;

	cr_assert(channel_pair(ends, &err));
	pid = fork();
	if (pid == 0) {
		unsigned held = 0;

		if (!budget_open(ends[1]) || !sandbox_close(SEES_NOTHING, &held, &err))
			_exit(1);
		budget_start(first_ms, 1);
		budget_grow(pixels);
		if (stop)
			budget_stop();
		work(work_ms);
		_exit(WORKED_WELL);
	}
	close(ends[1]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	channel_receive(ends[0], 0, answer, sizeof(*answer), &size, NULL, NULL);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(budget, a_job_that_has_used_it_up_is_answered_and_its_child_ends)
{
	struct answer answer = {0};

	cr_expect_eq(child(100, 0, false, 600000, &answer), 0);
	cr_expect_eq(answer.kind, ANSWER_FAILED);
	cr_expect_str_eq(answer.code, "image_too_complex");
	cr_expect_eq(answer.retryable, 0);
}

Test(budget, it_grows_with_the_pixels)
{
	struct answer answer = {0};

	cr_expect_eq(child(100, 100e6, false, 1000, &answer), WORKED_WELL);
	cr_expect_eq(answer.kind, 0);
}

Test(budget, between_two_jobs_there_is_none)
{
	struct answer answer = {0};

	cr_expect_eq(child(100, 0, true, 1000, &answer), WORKED_WELL);
}
