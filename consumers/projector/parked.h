/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parked.h: facts that came before their submission. They wait in early_facts, whole, and are
 * applied in their order right after it. A sweep walks through all of them, some at a time: whose
 * batch is there after all (it lives in another partition, say) is applied, who has waited for a
 * week, or is one too many, becomes a dead letter.
 */
#ifndef PROJECTOR_PARKED_H
#define PROJECTOR_PARKED_H
#include "item.h"
#include "plan.h"

struct parked_place { int32_t partition; int64_t offset; };

struct parked {
	const struct codec *codec;
	int64_t most;			/* facts that may wait; 0: any number */
	int64_t swept_ms;
	struct parked_place swept;	/* how far the sweep is */
	int64_t seen, excess;		/* of this round; too many by the last one */
};

/* Facts that wait for the submissions among the items, behind *after: as many as a turn takes. *more:
 * there are others behind them. */
bool parked_read(const struct parked *parked, struct plan *plan, struct db *db,
    struct db_array *homes, const struct item *items, size_t n, struct parked_place *after,
    struct item **ret, size_t *n_ret, bool *more, struct err *err);

/* From time to time, the next ones that the sweep found. *n_ret is 0 when it is not time. */
bool parked_sweep(struct parked *parked, struct plan *plan, struct db *db, struct db_array *homes,
    struct item **ret, size_t *n_ret, struct err *err);
#endif
