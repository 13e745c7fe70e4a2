/* SPDX-License-Identifier: Apache-2.0 */
/* moment_test.c: one question for all who wait, and nobody is answered from before he asked. */
#include "producers/gateway/moment.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"

enum { READERS = 20 };

/* What is asked: a number that grows. held: questions from this one on are under way until it is raised. */
static atomic_int now, asked, held;
static atomic_bool is_away;

static bool
ask(void *state, char ret[MOMENT_SIZE])
{
	int nth = atomic_fetch_add(&asked, 1) + 1, seen = now;

	(void)state;
	while (nth >= held)
		clock_sleep_ms(1);
	snprintf(ret, MOMENT_SIZE, "%d", seen);
	return !is_away;
}

struct reader { pthread_t thread; struct moment *moment; bool well; int read; };

static void *
read_once(void *arg)
{
	struct reader *reader = arg;
	char text[MOMENT_SIZE] = "-1";

	reader->well = moment_read(reader->moment, text);
	reader->read = atoi(text);
	return NULL;
}

static void
start(struct reader *reader, struct moment *moment)
{
	reader->moment = moment;
	cr_assert_eq(pthread_create(&reader->thread, NULL, read_once, reader), 0);
}

static void
until_asked(int n)
{
	while (asked < n)
		clock_sleep_ms(1);
}

/* All but the first come while his question is under way. */
static void
crowd(struct moment *moment, struct reader readers[READERS])
{
	held = 1;
	start(&readers[0], moment);
	until_asked(1);
	now = 1;
	for (int i = 1; i < READERS; i++)
		start(&readers[i], moment);
	clock_sleep_ms(50);	/* they are there; if one is not, he asks later, and is told the same */
	held = 1000;
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
}

Test(moment, who_comes_while_it_is_asked_is_not_told_of_before)
{
	struct moment *moment = moment_new(ask, NULL);
	struct reader readers[READERS];

	crowd(moment, readers);

	cr_assert_eq(readers[0].read, 0);
	for (int i = 1; i < READERS; i++)
		cr_assert_eq(readers[i].read, 1);
	moment_free(moment);
}

Test(moment, all_who_wait_have_one_question_in_common)
{
	struct moment *moment = moment_new(ask, NULL);
	struct reader readers[READERS];

	crowd(moment, readers);

	cr_assert_lt(asked, READERS);
	moment_free(moment);
}

Test(moment, nothing_is_kept_for_the_next_who_comes)
{
	struct moment *moment = moment_new(ask, NULL);
	char text[MOMENT_SIZE];

	held = 1000;
	for (now = 0; now < 10; now++) {
		cr_assert(moment_read(moment, text));
		cr_assert_eq(atoi(text), now);
	}
	moment_free(moment);
}

Test(moment, a_question_that_fails_fails_for_those_who_waited_and_is_asked_again)
{
	struct moment *moment = moment_new(ask, NULL);
	struct reader readers[READERS];
	char text[MOMENT_SIZE];

	is_away = true;
	crowd(moment, readers);
	for (int i = 0; i < READERS; i++)
		cr_assert_not(readers[i].well);
	is_away = false;
	cr_assert(moment_read(moment, text));
	moment_free(moment);
}

static void *
read_often(void *moment)
{
	char text[MOMENT_SIZE];

	for (int i = 0; i < 3000; i++) {
		int least = ++now;

		cr_assert(moment_read(moment, text));
		cr_assert_geq(atoi(text), least);
	}
	return NULL;
}

Test(moment, nobody_in_a_crowd_is_told_of_before_or_forgotten)
{
	struct moment *moment = moment_new(ask, NULL);
	pthread_t threads[READERS];

	held = 1 << 30;
	for (int i = 0; i < READERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, read_often, moment), 0);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	cr_assert_leq(asked, READERS * 3000);
	moment_free(moment);
}
