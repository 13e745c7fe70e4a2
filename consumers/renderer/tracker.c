/* SPDX-License-Identifier: Apache-2.0 */
/* tracker.c: a short sorted list of unfinished offsets for each partition; intake is bounded, so
 * the lists are too. */
#include "consumers/renderer/tracker.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/crc.h"

struct unfinished { int64_t offset; bool delivered; };	/* or known by the map alone */

struct part {
	int32_t partition;
	int64_t next;			/* behind the last record taken, or the map */
	int64_t told;			/* the position that was asked for last */
	bool changed;			/* since then */
	struct unfinished *unfinished;	/* rising */
	size_t n, capacity;
	char *map;			/* TRACKER_MAP_MAX + 1 bytes; NULL: none yet */
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

static void
part_clear(struct part *part)
{
	free(part->unfinished);
	free(part->map);
}

void
tracker_free(struct tracker *t)
{
	for (size_t i = 0; t && i < t->n_parts; i++)
		part_clear(&t->parts[i]);
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
		if (part->unfinished[i].offset == offset)
			return (ptrdiff_t)i;
	return -1;
}

static bool
part_new(struct tracker *t, int32_t partition, int64_t position, struct part **ret)
{
	if (t->n_parts == TRACKER_PARTITIONS_MAX)
		return false;
	*ret = &t->parts[t->n_parts++];
	**ret = (struct part){ .partition = partition, .next = position, .told = position };
	return true;
}

/* Behind all others. */
static bool
part_add(struct tracker *t, struct part *part, struct unfinished one, struct err *err)
{
	if (part->n == part->capacity) {
		size_t capacity = part->capacity ? part->capacity * 2 : 64;
		struct unfinished *more = capacity > TRACKER_UNFINISHED_MAX ? NULL
		    : realloc(part->unfinished, capacity * sizeof(*more));

		if (!more)
			return err_set(err, ERR_RETRY, "too many unfinished records");
		part->unfinished = more;
		part->capacity = capacity;
	}
	part->unfinished[part->n++] = one;
	part->next = one.offset + 1;
	t->n_unfinished++;
	return true;
}

static void
part_remove(struct tracker *t, struct part *part, size_t at)
{
	part->n--;
	t->n_unfinished--;
	part->changed = true;
	memmove(part->unfinished + at, part->unfinished + at + 1,
	    (part->n - at) * sizeof(*part->unfinished));
}

/* Records come in their order: what the map knows and did not come before this one is not there. */
static void
lacking_remove(struct tracker *t, struct part *part, int64_t offset)
{
	for (size_t i = part->n; i-- > 0;)
		if (part->unfinished[i].offset < offset && !part->unfinished[i].delivered)
			part_remove(t, part, i);
}

static enum tracker_answer
delivered_again(struct part *part, int64_t offset)
{
	ptrdiff_t at = place_of(part, offset);

	if (at < 0)
		return TRACKER_DONE;
	if (part->unfinished[at].delivered)
		return TRACKER_UNFINISHED;
	part->unfinished[at].delivered = true;
	return TRACKER_NEW;
}

bool
tracker_take(struct tracker *t, int32_t partition, int64_t offset, enum tracker_answer *ret,
    struct err *err)
{
	struct part *part = part_find(t, partition);

	if (!part && !part_new(t, partition, offset, &part))
		return err_set(err, ERR_FATAL, "more than %d partitions", TRACKER_PARTITIONS_MAX);
	lacking_remove(t, part, offset);
	*ret = offset < part->next ? delivered_again(part, offset) : TRACKER_NEW;
	return offset < part->next
	    || part_add(t, part, (struct unfinished){ offset, true }, err);
}

void
tracker_done(struct tracker *t, int32_t partition, int64_t offset)
{
	struct part *part = part_find(t, partition);
	ptrdiff_t at = part ? place_of(part, offset) : -1;

	if (at >= 0)
		part_remove(t, part, (size_t)at);
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
	part_clear(part);
	*part = t->parts[--t->n_parts];
}

/* ---- the map ---- */

enum { CRC_TEXT_SIZE = 10 };	/* a space, eight digits, and the end */

/* The next run of unfinished offsets from *at on, and of done ones behind it. */
static void
runs(const struct part *part, size_t *at, int64_t *unfinished, int64_t *done)
{
	size_t i = *at;

	while (i + 1 < part->n && part->unfinished[i + 1].offset == part->unfinished[i].offset + 1)
		i++;
	*unfinished = (int64_t)(i + 1 - *at);
	*done = (i + 1 < part->n ? part->unfinished[i + 1].offset : part->next)
	    - part->unfinished[i].offset - 1;
	*at = i + 1;
}

/* NULL: nothing is done beyond the position (or there is no memory to say so). */
static const char *
map_print(struct part *part)
{
	size_t size = TRACKER_MAP_MAX - CRC_TEXT_SIZE, length, empty, at = 0;
	int64_t unfinished, done;

	if (part->n == 0 || (!part->map && !(part->map = malloc(TRACKER_MAP_MAX + 1))))
		return NULL;
	empty = length = (size_t)snprintf(part->map, size, "done1 %" PRId64 " ",
	    part->unfinished[0].offset);
	while (at < part->n) {
		int more;

		runs(part, &at, &unfinished, &done);
		if (done == 0)
			break;
		more = snprintf(part->map + length, size - length, "%s%" PRId64 ",%" PRId64,
		    length > empty ? "," : "", unfinished, done);
		if ((size_t)more >= size - length)
			break;
		length += (size_t)more;
	}
	snprintf(part->map + length, CRC_TEXT_SIZE, " %08" PRIx32, crc_add(0, part->map, length));
	return length > empty ? part->map : NULL;
}

/* A number and the sign behind it. */
static bool
number_read(const char **text, char end, int64_t *ret)
{
	char *behind;

	if (**text < '0' || **text > '9')
		return false;
	*ret = strtoll(*text, &behind, 10);
	if (*behind != end || *ret > INT64_MAX / 4)
		return false;
	*text = behind + 1;
	return true;
}

/* Its runs, when they are whole; what follows them is the CRC. */
static const char *
map_runs(const char *map, int64_t position)
{
	const char *last = strrchr(map, ' ');
	char crc[CRC_TEXT_SIZE];
	int64_t said;

	if (strncmp(map, "done1 ", 6) || last - map < 8)
		return NULL;
	snprintf(crc, sizeof(crc), " %08" PRIx32, crc_add(0, map, (size_t)(last - map)));
	map += 6;
	return !strcmp(last, crc) && number_read(&map, ' ', &said) && said == position ? map : NULL;
}

bool
tracker_restore(struct tracker *t, int32_t partition, int64_t position, const char *map)
{
	const char *at = map_runs(map, position);
	int64_t unfinished, done;
	struct part *part;
	struct err err = {0};
	bool more = true;

	if (!at || part_find(t, partition) || !part_new(t, partition, position, &part))
		return false;
	while (more && number_read(&at, ',', &unfinished)) {
		more = number_read(&at, ',', &done);
		if (!more && !number_read(&at, ' ', &done))
			break;
		for (int64_t i = 0; i < unfinished; i++)
			if (!part_add(t, part, (struct unfinished){ part->next, false }, &err))
				return true;	/* what it cannot hold is done again */
		part->next += done;
	}
	part->changed = false;
	return true;
}

size_t
tracker_positions(struct tracker *t, enum topic topic, struct bus_position *positions, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_parts && n < max; i++) {
		struct part *part = &t->parts[i];
		int64_t position = part->n ? part->unfinished[0].offset : part->next;

		if (position == part->told && !part->changed)
			continue;
		part->told = position;
		part->changed = false;
		positions[n++] = (struct bus_position){ topic, part->partition, position,
			map_print(part) };
	}
	return n;
}
