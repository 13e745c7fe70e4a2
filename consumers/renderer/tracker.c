/* SPDX-License-Identifier: Apache-2.0 */
/* tracker.c: a short sorted list of unfinished offsets for each partition; intake is bounded, so
 * the lists are too. */
#include "consumers/renderer/tracker.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct part {
	int32_t partition;
	int64_t next;			/* behind the last record taken */
	int64_t told;			/* the position that was asked for last; -1 none */
	int64_t *unfinished;		/* rising */
	size_t n, capacity;
};

struct tracker {
	struct part parts[TRACKER_PARTITIONS_MAX];
	size_t n_parts, n_unfinished;
};

struct tracker *
tracker_new(void)
{
	return calloc(1, sizeof(struct tracker));
}

void
tracker_free(struct tracker *t)
{
	for (size_t i = 0; t && i < t->n_parts; i++)
		free(t->parts[i].unfinished);
	free(t);
}

static struct part *
part_find(const struct tracker *t, int32_t partition)
{
	for (size_t i = 0; i < t->n_parts; i++)
		if (t->parts[i].partition == partition)
			return (struct part *)&t->parts[i];
	return NULL;
}

static ptrdiff_t
place_of(const struct part *part, int64_t offset)
{
	for (size_t i = 0; i < part->n; i++)
		if (part->unfinished[i] == offset)
			return (ptrdiff_t)i;
	return -1;
}

static bool
part_add(struct tracker *t, struct part *part, int64_t offset, struct err *err)
{
	assert(part->n == 0 || part->unfinished[part->n - 1] < offset);
	if (part->n == part->capacity) {
		size_t capacity = part->capacity ? part->capacity * 2 : 64;
		int64_t *more = capacity > TRACKER_UNFINISHED_MAX ? NULL
		    : realloc(part->unfinished, capacity * sizeof(*more));

		if (!more)
			return err_set(err, ERR_RETRY, "too many unfinished records");
		part->unfinished = more;
		part->capacity = capacity;
	}
	part->unfinished[part->n++] = offset;
	t->n_unfinished++;
	return true;
}

bool
tracker_take(struct tracker *t, int32_t partition, int64_t offset, enum tracker_answer *ret,
    struct err *err)
{
	struct part *part = part_find(t, partition);

	if (!part) {
		if (t->n_parts == TRACKER_PARTITIONS_MAX)
			return err_set(err, ERR_FATAL, "more than %d partitions",
			    TRACKER_PARTITIONS_MAX);
		part = &t->parts[t->n_parts++];
		*part = (struct part){ .partition = partition, .next = offset, .told = offset };
	}
	if (offset < part->next) {
		*ret = place_of(part, offset) >= 0 ? TRACKER_UNFINISHED : TRACKER_DONE;
		return true;
	}
	if (!part_add(t, part, offset, err))
		return false;
	part->next = offset + 1;
	*ret = TRACKER_NEW;
	return true;
}

void
tracker_done(struct tracker *t, int32_t partition, int64_t offset)
{
	struct part *part = part_find(t, partition);
	ptrdiff_t at = part ? place_of(part, offset) : -1;

	if (at < 0)
		return;
	part->n--;
	t->n_unfinished--;
	memmove(part->unfinished + at, part->unfinished + at + 1,
	    (part->n - (size_t)at) * sizeof(*part->unfinished));
}

bool
tracker_is_unfinished(const struct tracker *t, int32_t partition, int64_t offset)
{
	const struct part *part = part_find(t, partition);

	return part && place_of(part, offset) >= 0;
}

size_t
tracker_unfinished(const struct tracker *t)
{
	return t->n_unfinished;
}

void
tracker_drop(struct tracker *t, int32_t partition)
{
	struct part *part = part_find(t, partition);

	if (!part)
		return;
	t->n_unfinished -= part->n;
	free(part->unfinished);
	*part = t->parts[--t->n_parts];
}

size_t
tracker_positions(struct tracker *t, enum topic topic, struct bus_position *positions, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_parts && n < max; i++) {
		struct part *part = &t->parts[i];
		int64_t position = part->n ? part->unfinished[0] : part->next;

		if (position == part->told)
			continue;
		part->told = position;
		positions[n++] = (struct bus_position){ topic, part->partition, position };
	}
	return n;
}
