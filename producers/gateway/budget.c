/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.c: the memory that bodies in work take, all together. Each is bounded by itself, but many
 * at once would take whatever the machine has: who comes too late is asked to come again. One that
 * is alone is always taken, so that a body within its own limit gets in some time.
 */
#include "gateway.h"

bool
budget_take(struct call *call, size_t bytes)
{
	struct gateway *g = call->gateway;
	size_t all = atomic_fetch_add(&g->bodies, bytes) + bytes;

	call->taken += bytes;
	if (all <= g->bodies_max || all == call->taken)
		return true;
	budget_give_back(call);
	return limit_budget(call, BUDGET_BODIES,
	    "Too much is being sent to the gateway just now: try again.");
}

void
budget_give_back(struct call *call)
{
	atomic_fetch_sub(&call->gateway->bodies, call->taken);
	call->taken = 0;
}
