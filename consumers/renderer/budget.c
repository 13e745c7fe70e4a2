/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c: a timer that runs while the processor does, and an answer written beforehand. */
#include "consumers/renderer/budget.h"
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
#include "consumers/renderer/channel.h"

static struct answer last_word;
static int channel_fd = -1;

/* In whichever thread: sends and ends, and touches nothing else. */
static void
used_up(int number)
{
	(void)number;
	channel_answer(channel_fd, &last_word);
	_exit(0);
}

bool
budget_open(int channel)
{
	struct sigaction action = { .sa_handler = used_up };

	channel_fd = channel;
	last_word.kind = ANSWER_FAILED;
	snprintf(last_word.code, sizeof(last_word.code), "image_too_complex");
	snprintf(last_word.text, sizeof(last_word.text),
	    "it takes more processor time than a picture of its size may");
	return !sigaction(SIGPROF, &action, NULL);
}

static void
set(int64_t ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	setitimer(ITIMER_PROF, &timer, NULL);
}

void
budget_start(int first_ms, uint64_t ticket)
{
	last_word.ticket = ticket;
	set(first_ms);
}

void
budget_grow(double pixels)
{
	struct itimerval left = {0};

	if (!getitimer(ITIMER_PROF, &left) && (left.it_value.tv_sec || left.it_value.tv_usec))
		set((int64_t)left.it_value.tv_sec * 1000 + left.it_value.tv_usec / 1000 + 1
		    + (int64_t)(pixels / 1e6 * BUDGET_MEGAPIXEL_MS));
}

void
budget_stop(void)
{
	set(0);
}
