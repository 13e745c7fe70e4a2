/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h: a batch under way, as DIR/.batchline/ID.json.
 *
 *	no batch_id	its key and files are fixed, it may or may not have been submitted
 *	batch_id	accepted: its folder goes to sent/, or went
 *	moved		waits for its end, then for done/ and failed/
 *
 * Which name it takes in sent/, done/ or failed/ is written down before it takes it.
 */
#ifndef STATE_H
#define STATE_H
#include "base/hash.h"
#include "base/uuid.h"
#include "client/picks.h"
#include "folder.h"
#include "want.h"

enum { ID_SIZE = 33 };

struct state {
	char id[ID_SIZE], key[SHA256_TEXT_SIZE];	/* id: the start of the key */
	char folder[NAME_SIZE];			/* its name below DIR */
	int64_t stored_us;			/* when its files were put into the store */
	struct want want;
	struct picks files;			/* until it moved; each with its uri */
	char batch_id[UUID_TEXT_SIZE], batch_name[NAME_SIZE];
	char sent[NAME_SIZE], done[NAME_SIZE], failed[NAME_SIZE];
	bool moved;
};

/* Its id and key, from the folder's name, what is wanted, and every file's name and content. */
bool state_name(struct state *state, struct err *err);
/* A hidden file in the folder says that it is the one: inodes are not, on every mount. */
void state_mark(char ret[PLACE_SIZE], const struct state *state, const char *folder);
bool state_write(const struct state *state, struct err *err);
/* One that is not there is a false without an error. */
bool state_read(struct state **ret, const char *id, struct err *err);
bool state_is_there(const char *id);
void state_remove(const struct state *state);
void state_free(struct state *state);		/* NULL is fine */

/* The ids that are written down; false from `each` ends it. */
bool states_list(bool (*each)(void *state, const char *id), void *state, struct err *err);

/* Moves FOLDER/.ID to FOLDER/NAME, and keeps that name in `field` first, a member of the state. Done
 * before: nothing. */
bool state_settle(struct state *state, char field[NAME_SIZE], const char *folder, const char *name,
    struct err *err);

OWN_FREEP(struct state, state_free)
#endif
