/* SPDX-License-Identifier: Apache-2.0 */
/* tracker_test.c: positions of a renderer whose jobs end out of order. */
#include <criterion/criterion.h>
#include <stdio.h>
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

/* The position of the one partition that moved, or whose map did, or -1. */
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
	cr_expect_eq(moved(t), 10, "10 is still under way; the map has changed");
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
	bool taken[LOG], finished[LOG];		/* since it is ours, or by the map */
	bool awaited[LOG];			/* by the map, and not delivered again yet */
	int64_t at;				/* the next that the brokers deliver */
	int64_t next;				/* behind the last taken, or the map */
	int64_t committed;
	bool mapped[LOG];			/* done beyond what was committed, as was said then */
	char map[TRACKER_MAP_MAX + 1];
	bool ours;
};

static unsigned round_seed;		/* stands in every failure */

static unsigned
below(unsigned n)
{
	return (unsigned)rand() % n;
}

/* The lowest offset that is to be done; without one, what comes behind all that is known. */
static int64_t
plain_position(const struct plain *p)
{
	for (int64_t at = 0; at < LOG; at++)
		if (p->awaited[at] || (p->taken[at] && !p->finished[at]))
			return at;
	return p->next;
}

static void
plain_drop(struct plain *p)
{
	memset(p->taken, 0, sizeof(p->taken));
	memset(p->finished, 0, sizeof(p->finished));
	memset(p->awaited, 0, sizeof(p->awaited));
	p->next = p->at = p->committed;
	p->ours = false;
}

/* Whoever has the partition next is told the map, in most rounds. */
static void
step_restore(struct tracker *t, struct plain *p, int32_t partition)
{
	bool any = false;

	for (int64_t at = p->committed; at < LOG; at++)
		any = any || p->mapped[at];
	if (below(4) == 0)
		return;
	cr_assert_eq(tracker_restore(t, partition, p->committed, p->map), any, "seed %u", round_seed);
	for (int64_t at = LOG - 1; any && at >= p->committed; at--) {
		if (p->mapped[at] && p->next == p->committed)
			p->next = at + 1;
		if (at < p->next)
			*(p->mapped[at] ? &p->finished[at] : &p->awaited[at]) = true;
		p->taken[at] = p->mapped[at];
	}
	p->ours = any;
}

/* The brokers deliver the next record of a partition, or some that were delivered before again. */
static void
step_take(struct tracker *t, struct plain *p, int32_t partition)
{
	enum tracker_answer answer;

	if (below(20) == 0)		/* a claim: from the committed offset again */
		p->at = p->committed;
	while (p->at < LOG && !p->exists[p->at])
		p->at++;
	if (p->at == LOG)
		return;
	memset(p->awaited, 0, (size_t)p->at * sizeof(*p->awaited));	/* the log lacks them */
	if (!p->ours)
		p->next = p->at;
	p->ours = true;
	answer = take(t, partition, p->at);
	cr_assert_eq(answer, !p->taken[p->at] ? TRACKER_NEW
	    : p->finished[p->at] ? TRACKER_DONE : TRACKER_UNFINISHED, "seed %u", round_seed);
	p->awaited[p->at] = false;
	p->taken[p->at++] = true;
	p->next = p->at > p->next ? p->at : p->next;
}

/* Any job ends: one of ours, or a late one of a partition that went, or went and came back. */
static void
step_finish(struct tracker *t, struct plain *p, int32_t partition)
{
	int64_t at = below(LOG);

	tracker_done(t, partition, at);
	if (p->taken[at] || p->awaited[at])
		p->taken[at] = p->finished[at] = p->done[at] = true;
	p->awaited[at] = false;
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
		snprintf(p->map, sizeof(p->map), "%s",
		    positions[i].metadata ? positions[i].metadata : "");
		/* what the log lacks between two known ones counts as done */
		for (int64_t at = 0; at < LOG; at++)
			p->mapped[at] = at > p->committed && at < p->next && !p->awaited[at]
			    && !(p->taken[at] && !p->finished[at]);
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
	for (int64_t at = p->committed; at < LOG; at++)
		cr_assert(!p->mapped[at] || !p->exists[at] || p->done[at],
		    "seed %u: offset %d is lost by the map", round_seed, (int)at);
}

static size_t
plain_unfinished(const struct plain parts[])
{
	size_t n = 0;

	for (size_t i = 0; i < PARTS; i++)
		for (size_t at = 0; at < LOG; at++)
			n += parts[i].awaited[at] || (parts[i].taken[at] && !parts[i].finished[at]);
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
		step_restore(t, p, which);
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

/* ---- the map ---- */

/* 0 to n - 1 of partition 0 are taken, and done where the letter is a d. */
static struct tracker *
tracker_of(const char *letters)
{
	struct tracker *t = tracker_new();

	for (int64_t at = 0; letters[at]; at++)
		take(t, 0, at + 100);
	for (int64_t at = 0; letters[at]; at++)
		if (letters[at] == 'd')
			tracker_done(t, 0, at + 100);
	return t;
}

static const char *
map_of(struct tracker *t)
{
	static struct bus_position position;

	cr_assert_eq(tracker_positions(t, TOPIC_JOBS, &position, 1), 1);
	return position.metadata;
}

Test(tracker, a_map_says_what_is_done_beyond_the_position)
{
	struct tracker *t = tracker_of("ddu" "uud" "dud" "uuu"), *other = tracker_new();
	const char *map = map_of(t);

	cr_assert_eq(strncmp(map, "done1 102 3,2,1,1 ", 18), 0, "%s", map);
	cr_assert(tracker_restore(other, 0, 102, map));
	cr_expect_eq(moved(other), -1, "it is what the group has");
	for (int64_t at = 102; at < 112; at++)
		cr_expect_eq(take(other, 0, at), at == 105 || at == 106 || at == 108 ? TRACKER_DONE
		    : TRACKER_NEW, "%d", (int)at);
	tracker_free(other);
	tracker_free(t);
}

Test(tracker, a_map_that_is_none_or_another_s_says_nothing)
{
	struct tracker *t = tracker_of("uudd"), *other = tracker_new();
	char map[TRACKER_MAP_MAX + 1];
	size_t n = (size_t)snprintf(map, sizeof(map), "%s", map_of(t));

	cr_expect(!tracker_restore(other, 0, 100, ""));
	cr_expect(!tracker_restore(other, 0, 101, map), "of another position");
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			map[i] = (char)(map[i] ^ 1 << bit);
			cr_expect(!tracker_restore(other, 0, 100, map), "%s", map);
			map[i] = (char)(map[i] ^ 1 << bit);
		}
	for (size_t i = 0; i < n; i++) {
		char was = map[i];

		map[i] = '\0';
		cr_expect(!tracker_restore(other, 0, 100, map), "%s", map);
		map[i] = was;
	}
	cr_expect(tracker_restore(other, 0, 100, map));
	cr_expect(!tracker_restore(other, 0, 100, map), "what is known here is newer");
	tracker_free(other);
	tracker_free(t);
}

Test(tracker, a_map_that_would_be_too_long_says_what_it_can)
{
	static char letters[6001];
	struct tracker *t, *other = tracker_new();
	const char *map;
	size_t known = 0;

	for (size_t i = 0; i < 6000; i++)
		letters[i] = i % 2 ? 'd' : 'u';
	t = tracker_of(letters);
	map = map_of(t);
	cr_assert_leq(strlen(map), TRACKER_MAP_MAX);
	cr_assert(tracker_restore(other, 0, 100, map));
	for (int64_t at = 100; at < 6100; at++)
		known += take(other, 0, at) == TRACKER_DONE;
	cr_expect_gt(known, 900);
	cr_expect_lt(known, 1001);
	tracker_free(other);
	tracker_free(t);
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
