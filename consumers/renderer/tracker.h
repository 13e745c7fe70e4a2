/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracker.h: which records of a partition are done, when they are done out of order. Pure.
 *
 * A partition's position is its lowest unfinished offset, or what comes behind the last record
 * taken when none is unfinished. Only positions are committed, so whatever happens, a record that
 * is not done comes again. Offsets that the log lacks (compaction, markers) count as done.
 *
 * What is done beyond the position stands in the metadata of the commit, the map, so that who has
 * the partition next does not do it again. It is a text: "done1 POSITION 1,5,2,9 CRC", the lengths of
 * runs that are unfinished and done, in turns, from the position on, and the CRC-32 of what is
 * before it, in hex. What would be longer than TRACKER_MAP_MAX is left out and done again.
 */
#ifndef TRACKER_H
#define TRACKER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/own.h"
#include "port/bus.h"

enum { TRACKER_PARTITIONS_MAX = 512, TRACKER_UNFINISHED_MAX = 8192,
	TRACKER_MAP_MAX = 4000 };	/* of the 4,096 that brokers take */

enum tracker_answer {
	TRACKER_NEW,		/* not delivered before: unfinished from now on */
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
size_t tracker_unfinished(const struct tracker *tracker);	/* or not delivered again yet */
void tracker_drop(struct tracker *tracker, int32_t partition);	/* it is no longer ours */

/* The map of a commit, of a partition that is not known yet. False: it is none, or not of this
 * position; then nothing is known beyond it. */
bool tracker_restore(struct tracker *tracker, int32_t partition, int64_t position, const char *map);

/* The positions that moved, or whose maps did, since they were asked for last. The maps live until
 * the next call. */
size_t tracker_positions(struct tracker *tracker, enum topic topic,
    struct bus_position *positions, size_t max);

OWN_FREEP(struct tracker, tracker_free)
#endif
