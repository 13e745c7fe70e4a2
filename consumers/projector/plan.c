/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: the life of a plan. */
#include "plan.h"

bool
plan_open(struct plan *plan, struct err *err)
{
	plan->arena = arena_new(PLAN_MEMORY);
	if (!plan->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	known_open(&plan->known, plan->arena);
	rows_open(&plan->rows);
	return true;
}

void
plan_close(struct plan *plan)
{
	rows_close(&plan->rows);
	arena_free(plan->arena);
}

void
plan_reset(struct plan *plan)
{
	known_reset(&plan->known);
	rows_reset(&plan->rows);
	plan->completed = 0;
}

void
plan_clear(struct plan *plan)
{
	plan_reset(plan);
	arena_clear(plan->arena);
}

bool
plan_full(struct err *err)
{
	return err_code(err, ERR_REJECT, "record_too_large", "takes more memory than a turn has");
}

bool
plan_keep(struct plan *plan, const void *bytes, size_t size, const void **ret, struct err *err)
{
	*ret = arena_text(plan->arena, bytes, size);
	return *ret || plan_full(err);
}
