/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a client may have, at once and a second; time is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "producers/gateway/fair.h"

static const struct fair_limits limits = { .in_flight = 3, .rate = 10, .submissions = 1 };

static struct fair *
a_fair(void)
{
	static struct fair *fair; /* lives as long as the test's process */

	cr_assert(fair_new(&fair));
	return fair;
}

/* One that is over at once. */
static enum fair_why
ask(struct fair *fair, const char *who, bool submits, int64_t now_ms)
{
	struct fair_client *client;
	enum fair_why why = fair_enter(fair, who, strlen(who), &limits, submits, now_ms, &client);

	fair_leave(fair, client);
	return why;
}

Test(fair, so_many_are_in_work_and_one_that_ends_makes_room)
{
	struct fair *fair = a_fair();
	struct fair_client *held[3], *more;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(fair_enter(fair, "a", 1, &limits, false, 0, &held[i]), FAIR_WELL);
	cr_assert_eq(fair_enter(fair, "a", 1, &limits, false, 0, &more), FAIR_IN_FLIGHT);
	cr_assert_null(more);
	cr_assert_eq(ask(fair, "b", false, 0), FAIR_WELL);
	fair_leave(fair, held[0]);
	cr_assert_eq(ask(fair, "a", false, 0), FAIR_WELL);
}

Test(fair, as_many_as_of_four_seconds_come_at_once_and_then_so_many_a_second)
{
	struct fair *fair = a_fair();

	for (int i = 0; i < 40; i++)
		cr_assert_eq(ask(fair, "a", false, 1000), FAIR_WELL, "%d", i);
	cr_assert_eq(ask(fair, "a", false, 1000), FAIR_RATE);
	cr_assert_eq(ask(fair, "b", false, 1000), FAIR_WELL);
	cr_assert_eq(ask(fair, "a", false, 1099), FAIR_RATE);
	cr_assert_eq(ask(fair, "a", false, 1100), FAIR_WELL);
	cr_assert_eq(ask(fair, "a", false, 1100), FAIR_RATE);
}

Test(fair, submissions_are_counted_by_themselves)
{
	struct fair *fair = a_fair();

	for (int i = 0; i < 4; i++)
		cr_assert_eq(ask(fair, "a", true, 0), FAIR_WELL);
	cr_assert_eq(ask(fair, "a", true, 0), FAIR_SUBMISSIONS);
	cr_assert_eq(ask(fair, "a", false, 0), FAIR_WELL);
	cr_assert_eq(ask(fair, "a", true, 1000), FAIR_WELL);
}

Test(fair, zero_is_any_number)
{
	static const struct fair_limits none = { 0 };
	struct fair *fair = a_fair();
	struct fair_client *client;

	for (int i = 0; i < 10000; i++)
		cr_assert_eq(fair_enter(fair, "a", 1, &none, true, 0, &client), FAIR_WELL);
}

Test(fair, who_has_something_in_work_is_not_forgotten_whoever_else_comes)
{
	struct fair *fair = a_fair();
	struct fair_client *held[3], *more;
	char who[20];

	for (int i = 0; i < 3; i++)
		fair_enter(fair, "a", 1, &limits, false, 0, &held[i]);
	for (int i = 0; i < 100000; i++) {
		snprintf(who, sizeof(who), "other %d", i);
		cr_assert_eq(ask(fair, who, false, i), FAIR_WELL);
	}
	cr_assert_eq(fair_enter(fair, "a", 1, &limits, false, 100000, &more), FAIR_IN_FLIGHT);
}
