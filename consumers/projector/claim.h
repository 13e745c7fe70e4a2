/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h: which partitions are ours, behind which fence, and how far each is. A claim raises the
 * epoch of each row of consumer_offsets under its lock and answers how far the projection is: so it
 * also resolves a COMMIT whose outcome was not known, since the row cannot be locked before the old
 * transaction has ended one way or the other.
 */
#ifndef PROJECTOR_CLAIM_H
#define PROJECTOR_CLAIM_H
#include "item.h"
#include "rows.h"

#define CLAIM_GROUP "batchline-projector"

enum { CLAIM_PARTITIONS_MAX = 256 };

/* One partition of ours. from and stamp are committed; the others hold after the transaction under
 * way. A stamp is the broker's timestamp of the record before; EVENT_NULL_LONG: not known. */
struct owned {
	enum topic topic;
	int32_t partition;
	int64_t epoch, from, to, stamp, stamp_to;
	int64_t told;			/* from, when Kafka was told of it last */
};

struct claim {
	struct owned owned[CLAIM_PARTITIONS_MAX];
	size_t n;
	int64_t at_us;			/* when they were taken, by the clock of Postgres */
	struct db_array homes;		/* partitions of `events`: the homes of our batches */
};

void claim_open(struct claim *claim);
void claim_close(struct claim *claim);

/* Takes exactly these, and sets where each is to be read from. An offset that the topic does not hold
 * is fatal (offset_lost): it was cut off or made anew. */
bool claim_take(struct claim *claim, struct db *db, struct bus *bus, struct bus_position *positions,
    size_t n, struct err *err);
void claim_drop(struct claim *claim);

/* Whether a record is to be applied; one that was is only compared with what was applied then: a
 * difference is fatal (topic_made_anew). An item_asked; state is the claim. */
bool claim_wants(void *state, const struct bus_record *record, bool *wanted, struct err *err);

/* Adds the fence. */
void claim_rows(struct claim *claim, const struct item *items, size_t n, struct rows *rows);
void claim_committed(struct claim *claim);
/* Where we are, for the tools that look at Kafka alone: what moved since it was asked for last. */
size_t claim_positions(struct claim *claim, struct bus_position *positions, size_t max);
#endif
