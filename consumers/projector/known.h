/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h: the batches that a turn speaks of and the projection knows, or gets in it: hashed by id,
 * in the turn's memory. Ids are chosen by strangers, so the hash has a secret of this process
 * (multiply-shift: Dietzfelbinger et al., A reliable randomized algorithm for the closest-pair
 * problem, 1997).
 */
#ifndef PROJECTOR_KNOWN_H
#define PROJECTOR_KNOWN_H
#include "base/arena.h"
#include "port/db.h"

struct known_batch { struct uuid id; int32_t partition; bool deleted; uint8_t sha256[32]; };

struct known {
	struct arena *arena;
	struct known_batch *slots;	/* room of them, a power of two; used[i] tells which */
	bool *used;
	size_t n, room;
	uint64_t secret[3];
};

void known_open(struct known *known, struct arena *arena);
void known_reset(struct known *known);		/* before or after its arena was cleared */

const struct known_batch *known_find(const struct known *known, struct uuid id);	/* NULL: not known */
bool known_add(struct known *known, const struct known_batch *batch, struct err *err);
/* Adds what the projection knows of these batches; ids: an array of uuids. */
bool known_read(struct known *known, struct db *db, struct db_array *ids, struct err *err);
#endif
