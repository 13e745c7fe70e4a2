/* SPDX-License-Identifier: Apache-2.0 */
/* tracker_test.c: positions of a renderer whose jobs end out of order. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "consumers/renderer/tracker.h"

static enum tracker_answer
take(struct tracker *t, int32_t partition, int64_t offset)
{
	enum tracker_answer answer;
	struct err err = {0};

	cr_assert(tracker_take(t, partition, offset, &answer, &err), "%s", err.text);
	return answer;
}

/* The position of the one partition that moved, or -1. */
static int64_t
moved(struct tracker *t)
{
	struct bus_position positions[4];
	size_t n = tracker_positions(t, TOPIC_JOBS, positions, 4);

	cr_assert_leq(n, 1);
	return n ? positions[0].offset : -1;
}

Test(tracker, a_position_never_passes_an_unfinished_record)
{
	struct tracker *t = tracker_new();

	for (int64_t offset = 10; offset < 14; offset++)
		cr_assert_eq(take(t, 0, offset), TRACKER_NEW);
	tracker_done(t, 0, 12);
	tracker_done(t, 0, 11);
	cr_expect_eq(moved(t), -1, "10 is still under way");
	tracker_done(t, 0, 10);
	cr_expect_eq(moved(t), 13);
	cr_expect_eq(moved(t), -1, "told once");
	tracker_done(t, 0, 13);
	cr_expect_eq(moved(t), 14);
	cr_expect_eq(tracker_unfinished(t), 0);
	tracker_free(t);
}

Test(tracker, what_is_delivered_again_is_known)
{
	struct tracker *t = tracker_new();

	take(t, 0, 5);
	take(t, 0, 6);
	tracker_done(t, 0, 6);
	cr_expect_eq(take(t, 0, 5), TRACKER_UNFINISHED);
	cr_expect_eq(take(t, 0, 6), TRACKER_DONE);
	cr_expect_eq(take(t, 0, 7), TRACKER_NEW);
	cr_expect(tracker_is_unfinished(t, 0, 5) && !tracker_is_unfinished(t, 0, 6));
	tracker_free(t);
}

Test(tracker, offsets_that_the_log_lacks_count_as_done)
{
	struct tracker *t = tracker_new();

	take(t, 0, 5);
	take(t, 0, 90);
	tracker_done(t, 0, 5);
	cr_expect_eq(moved(t), 90);
	tracker_free(t);
}

Test(tracker, a_partition_that_went_is_begun_anew_when_it_comes_back)
{
	struct tracker *t = tracker_new();

	take(t, 0, 5);
	take(t, 1, 7);
	tracker_drop(t, 0);
	cr_expect_eq(tracker_unfinished(t), 1);
	tracker_done(t, 0, 5);		/* a late end changes nothing */
	cr_expect_eq(take(t, 0, 5), TRACKER_NEW);
	cr_expect_eq(tracker_unfinished(t), 2);
	tracker_free(t);
}

/* Against the slow and plain way: a bit for each offset. */
Test(tracker, agrees_with_a_list_of_bits_whatever_the_order)
{
	enum { N = 500, ROUNDS = 200 };

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct tracker *t = tracker_new();
		bool done[N] = { false };
		int64_t taken = 0, told = 0;

		srand(round);
		for (int step = 0; step < 3 * N; step++) {
			int64_t at = rand() % N, lowest = 0, position;

			if (taken < N && rand() % 2)
				take(t, 3, taken++);
			else if (at < taken && !done[at]) {
				tracker_done(t, 3, at);
				done[at] = true;
			}
			while (lowest < taken && done[lowest])
				lowest++;
			position = moved(t);
			if (position >= 0)
				told = position;
			if (taken)
				cr_assert_eq(told, lowest, "round %u, step %d", round, step);
		}
		tracker_free(t);
	}
}

Test(tracker, refuses_more_than_its_limit)
{
	struct tracker *t = tracker_new();
	enum tracker_answer answer;
	struct err err = {0};
	int64_t offset = 0;

	while (tracker_take(t, 0, offset, &answer, &err))
		offset++;
	cr_expect_eq(offset, TRACKER_UNFINISHED_MAX);
	cr_expect_eq(err.verdict, ERR_RETRY);
	tracker_free(t);
}
