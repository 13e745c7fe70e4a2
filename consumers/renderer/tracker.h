/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracker.h: which records of a partition are done, when they are done out of order. Pure.
 *
 * A partition's position is its lowest unfinished offset, or what comes behind the last record
 * taken when none is unfinished. Only positions are committed, so whatever happens, a record that
 * is not done comes again. Offsets that the log lacks (compaction, markers) count as done.
 */
#ifndef TRACKER_H
#define TRACKER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/own.h"
#include "port/bus.h"

enum { TRACKER_PARTITIONS_MAX = 512, TRACKER_UNFINISHED_MAX = 8192 };

enum tracker_answer {
	TRACKER_NEW,		/* not seen before: unfinished from now on */
	TRACKER_UNFINISHED,	/* delivered again, and still under way */
	TRACKER_DONE,		/* delivered again, and done */
};

struct tracker;

struct tracker *tracker_new(void);		/* NULL: out of memory */
void tracker_free(struct tracker *tracker);	/* NULL is fine */

/* False: over a limit, or out of memory. */
bool tracker_take(struct tracker *tracker, int32_t partition, int64_t offset,
    enum tracker_answer *ret, struct err *err);
/* What is not unfinished here (the partition went and came back) changes nothing. */
void tracker_done(struct tracker *tracker, int32_t partition, int64_t offset);
bool tracker_is_unfinished(const struct tracker *tracker, int32_t partition, int64_t offset);
size_t tracker_unfinished(const struct tracker *tracker);
void tracker_drop(struct tracker *tracker, int32_t partition);	/* it is no longer ours */

/* The positions that moved since they were asked for last. */
size_t tracker_positions(struct tracker *tracker, enum topic topic,
    struct bus_position *positions, size_t max);

OWN_FREEP(struct tracker, tracker_free)
#endif
