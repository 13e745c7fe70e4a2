/* SPDX-License-Identifier: Apache-2.0 */
/* known.c: an open-addressing table, at most half full. */
#include "known.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "sql.h"

enum { ROOM_LEAST = 256 };

void
known_open(struct known *known, struct arena *arena)
{
	*known = (struct known){ .arena = arena };
	if (getrandom(known->secret, sizeof(known->secret), 0) != sizeof(known->secret))
		abort();	/* the kernel has no random numbers: nothing would be safe */
}

void
known_reset(struct known *known)
{
	known->slots = NULL;
	known->used = NULL;
	known->n = known->room = 0;
}

/* Where the batch stands, or would. */
static size_t
slot_of(const struct known *known, struct uuid id)
{
	uint64_t half[2], hash;
	size_t at;

	memcpy(half, id.bytes, sizeof(half));
	hash = half[0] * (known->secret[0] | 1) + half[1] * (known->secret[1] | 1);
	hash = (hash ^ hash >> 32) * (known->secret[2] | 1);
	at = (size_t)(hash >> 32) & (known->room - 1);
	while (known->used[at] && uuid_order(known->slots[at].id, id))
		at = (at + 1) & (known->room - 1);
	return at;
}

const struct known_batch *
known_find(const struct known *known, struct uuid id)
{
	size_t at;

	if (known->n == 0)
		return NULL;
	at = slot_of(known, id);
	return known->used[at] ? &known->slots[at] : NULL;
}

static bool
grow(struct known *known, struct err *err)
{
	const struct known was = *known;
	size_t room = was.room ? was.room * 2 : ROOM_LEAST;

	known->slots = arena_take(known->arena, room * sizeof(*known->slots));
	known->used = arena_take(known->arena, room * sizeof(*known->used));
	if (!known->slots || !known->used) {
		*known = was;
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	}
	known->room = room;
	for (size_t i = 0; i < was.room; i++)
		if (was.used[i]) {
			size_t at = slot_of(known, was.slots[i].id);

			known->slots[at] = was.slots[i];
			known->used[at] = true;
		}
	return true;
}

bool
known_add(struct known *known, const struct known_batch *batch, struct err *err)
{
	size_t at;

	if (known->n * 2 >= known->room && !grow(known, err))
		return false;
	at = slot_of(known, batch->id);
	known->n += !known->used[at];
	known->slots[at] = *batch;
	known->used[at] = true;
	return true;
}

bool
known_read(struct known *known, struct db *db, struct db_array *ids, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	size_t size;

	if (ids->n == 0)
		return true;
	if (!db_run(db, &rows, err, sql_projector_known, db_array(ids)))
		return err_at(err, "known batches");
	for (int r = 0; r < db_count(rows); r++) {
		struct known_batch batch = {
			.id = db_uuid_at(rows, r, 0),
			.partition = (int32_t)db_int_at(rows, r, 2),
			.deleted = db_int_at(rows, r, 3),
		};
		const void *sha256 = db_bytes_at(rows, r, 1, &size);

		assert(size == sizeof(batch.sha256));
		memcpy(batch.sha256, sha256, size);
		if (!known_add(known, &batch, err))
			return false;
	}
	return true;
}
