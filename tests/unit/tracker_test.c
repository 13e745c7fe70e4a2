/* SPDX-License-Identifier: Apache-2.0 */
/* tracker_test.c: positions of a renderer whose jobs end out of order. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- against the slow and plain way ---- */

enum { PARTS = 3, LOG = 400, STEPS = 3000, ROUNDS = 300 };

/* What a partition is: its log, with holes, and what the brokers and we know of it. */
struct plain {
	bool exists[LOG];			/* the log lacks the others */
	bool done[LOG];				/* an answer was acknowledged, by whoever */
	bool taken[LOG], finished[LOG];		/* since it is ours */
	int64_t at;				/* the next that the brokers deliver */
	int64_t first;				/* the first taken since it is ours; -1: none */
	int64_t committed;
	bool ours;
};

static unsigned round_seed;		/* stands in every failure */

static unsigned
below(unsigned n)
{
	return (unsigned)rand() % n;
}

/* The lowest offset taken and not finished; without one, what comes behind the last taken. */
static int64_t
plain_position(const struct plain *p)
{
	int64_t next = p->first;

	for (int64_t at = 0; at < LOG; at++) {
		if (p->taken[at] && !p->finished[at])
			return at;
		if (p->taken[at])
			next = at + 1;
	}
	return next;
}

static void
plain_drop(struct plain *p)
{
	memset(p->taken, 0, sizeof(p->taken));
	memset(p->finished, 0, sizeof(p->finished));
	p->at = p->committed;
	p->first = -1;
	p->ours = false;
}

/* The brokers deliver the next record of a partition, or some that were delivered before again. */
static void
step_take(struct tracker *t, struct plain *p, int32_t partition)
{
	enum tracker_answer answer;

	if (below(20) == 0 && p->first >= 0)		/* a claim: from the committed offset again */
		p->at = p->committed;
	while (p->at < LOG && !p->exists[p->at])
		p->at++;
	if (p->at == LOG)
		return;
	p->ours = true;
	p->first = p->first < 0 ? p->at : p->first;
	answer = take(t, partition, p->at);
	cr_assert_eq(answer, !p->taken[p->at] ? TRACKER_NEW
	    : p->finished[p->at] ? TRACKER_DONE : TRACKER_UNFINISHED, "seed %u", round_seed);
	p->taken[p->at++] = true;
}

/* Any job ends: one of ours, or a late one of a partition that went, or went and came back. */
static void
step_finish(struct tracker *t, struct plain *p, int32_t partition)
{
	int64_t at = below(LOG);

	tracker_done(t, partition, at);
	if (p->taken[at])
		p->finished[at] = p->done[at] = true;
}

static void
step_commit(struct tracker *t, struct plain parts[])
{
	struct bus_position positions[PARTS];
	size_t n = tracker_positions(t, TOPIC_JOBS, positions, PARTS);

	for (size_t i = 0; i < n; i++) {
		struct plain *p = &parts[positions[i].partition];

		cr_assert(p->ours && positions[i].offset == plain_position(p), "seed %u", round_seed);
		cr_assert_geq(positions[i].offset, p->committed, "seed %u: it went back", round_seed);
		p->committed = positions[i].offset;
	}
	for (size_t i = 0; i < PARTS; i++)		/* none is left out, but holes at the beginning */
		for (int64_t at = parts[i].committed; parts[i].ours && at < plain_position(&parts[i]); at++)
			cr_assert(!parts[i].exists[at], "seed %u", round_seed);
}

/* Whatever is committed: nothing below it is lost. */
static void
expect_nothing_lost(const struct plain *p)
{
	for (int64_t at = 0; at < p->committed; at++)
		cr_assert(!p->exists[at] || p->done[at], "seed %u: offset %d is lost",
		    round_seed, (int)at);
}

static size_t
plain_unfinished(const struct plain parts[])
{
	size_t n = 0;

	for (size_t i = 0; i < PARTS; i++)
		for (size_t at = 0; at < LOG; at++)
			n += parts[i].taken[at] && !parts[i].finished[at];
	return n;
}

static void
step(struct tracker *t, struct plain parts[])
{
	int32_t which = (int32_t)below(PARTS);
	struct plain *p = &parts[which];

	switch (below(40)) {
	case 0:			/* the partition goes, with a last word or without */
		if (below(2))
			step_commit(t, parts);
		tracker_drop(t, which);
		plain_drop(p);
		break;
	case 1: case 2: case 3:
		step_commit(t, parts);
		break;
	default:
		if (below(2))
			step_take(t, p, which);
		else
			step_finish(t, p, which);
	}
	cr_assert_eq(tracker_unfinished(t), plain_unfinished(parts), "seed %u", round_seed);
	expect_nothing_lost(p);
}

/* TRACKER_SEED=n begins with another; a failure names its own. */
Test(tracker, agrees_with_the_plain_way_whatever_happens, .timeout = 60)
{
	static struct plain parts[PARTS];
	unsigned seed = getenv("TRACKER_SEED") ? (unsigned)atoi(getenv("TRACKER_SEED")) : 1;

	for (unsigned round = seed; round < seed + ROUNDS; round++) {
		struct tracker *t = tracker_new();

		srand(round_seed = round);
		memset(parts, 0, sizeof(parts));
		for (size_t i = 0; i < PARTS; i++) {
			for (size_t at = 0; at < LOG; at++)
				parts[i].exists[at] = below(8) > 0;
			plain_drop(&parts[i]);
		}
		for (int n = 0; n < STEPS; n++)
			step(t, parts);
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
