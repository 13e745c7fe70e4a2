/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.h: the records of a turn, read and put in order: submissions first, then events, a command
 * alone. A record that cannot be read or may not be applied keeps its place with its defect, and
 * becomes a dead letter in the same transaction as the rest.
 */
#ifndef PROJECTOR_ITEM_H
#define PROJECTOR_ITEM_H
#include "base/arena.h"
#include "event/codec.h"
#include "port/bus.h"

/* A record of the turn, or a parked one (record NULL, headers packed). */
struct item {
	const struct bus_record *record;
	enum topic topic;
	int32_t partition;
	int64_t offset, timestamp_ms;	/* the broker's; of a parked one when it was parked */
	const void *bytes, *key, *headers;
	size_t size, key_size, headers_size;
	struct event event;
	const struct err *defect;	/* NULL: none */
	const char *stage;		/* of the defect: decode, validate, apply */
};

/* The records of a poll on their way into turns. */
struct intake {
	const struct bus_record *records;
	size_t n, at;
	bool events;			/* the second pass, over what is no submission */
};

/* Says whether a record is to be applied; false: the turn cannot go on. */
typedef bool item_asked(void *state, const struct bus_record *record, bool *wanted, struct err *err);

/* The next items, as many as the budget of decoded bytes has room for and one in any case. *ret lives
 * in the arena. A record that no arena holds is an item with a defect. */
bool items_take(struct intake *intake, const struct codec *codec, struct arena *arena,
    item_asked *asked, void *state, struct item **ret, size_t *n, struct err *err);
bool items_left(const struct intake *intake);

/* Reads an item's bytes; what is wrong with them becomes its defect. False: memory is used up. */
bool item_read(struct item *item, const struct codec *codec, struct arena *arena, struct err *err);
bool item_give_up(struct item *item, const char *stage, const struct err *why, struct arena *arena,
    struct err *err);

bool item_is_submission(const struct item *item);	/* and has no defect */
bool item_is_command(const struct item *item);
/* How many of the first items may share a transaction: a command stands alone. */
size_t items_segment(const struct item *items, size_t n);
#endif
