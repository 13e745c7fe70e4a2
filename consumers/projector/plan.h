/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h: a turn in the making: its memory, the batches it speaks of, the rows of the transaction
 * under way. Everything that turns records into rows gets this and the rules it needs, no more.
 */
#ifndef PROJECTOR_PLAN_H
#define PROJECTOR_PLAN_H
#include "known.h"
#include "rows.h"

/* Bytes that the records of one transaction may take when decoded; the arena holds more, for one
 * record that is larger and for what is made of them. */
#define PLAN_BUDGET ((size_t)32 << 20)
#define PLAN_MEMORY ((size_t)512 << 20)

struct plan {
	struct arena *arena;
	struct known known;
	struct rows rows;
	int64_t completed;		/* jobs that the transaction completes */
};

bool plan_open(struct plan *plan, struct err *err);
void plan_close(struct plan *plan);
void plan_reset(struct plan *plan);	/* a new transaction; the turn's memory stays */
void plan_clear(struct plan *plan);	/* a new turn */
/* What a translation answers that finds no room: a rejection, so that fewer records are tried, and one
 * that has no room alone becomes a letter. */
bool plan_full(struct err *err);
/* Bytes in the plan's memory; false when it is full. */
bool plan_keep(struct plan *plan, const void *bytes, size_t size, const void **ret, struct err *err);
#endif
