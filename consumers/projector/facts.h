/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h: what renderers, the archiver and integrations say, into rows. The facts of one job are
 * folded to the best one, by (attempt, rank of state), since Postgres would apply an arbitrary one
 * of two rows for the same job; each attempt that failed has a row of its own. What is said of a batch that
 * is not known is parked.
 */
#ifndef PROJECTOR_FACTS_H
#define PROJECTOR_FACTS_H
#include "item.h"
#include "plan.h"

struct facts_rules { int32_t attempts_max; int64_t lease_us; };

/* Adds the rows of the events among the items; commands go to command.h. */
bool facts_items(struct plan *plan, const struct facts_rules *rules, const struct item *items,
    size_t n, struct err *err);
#endif
