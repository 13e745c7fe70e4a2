/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.h: submissions into rows of batches and jobs. One that cannot be accepted becomes a batch
 * in status failed; one that came before is nothing, or a dead letter when it says something else.
 */
#ifndef PROJECTOR_SUBMIT_H
#define PROJECTOR_SUBMIT_H
#include "batch/accept.h"
#include "item.h"
#include "pipelines.h"
#include "plan.h"
#include "port/blob.h"

struct submit_rules {
	struct accept_limits limits;
	int prefix_tokens;
	struct pipelines pipelines;
	struct blob_store *blobs;	/* for files that came inline */
};

/* Adds the rows of the submissions among the items, and the letters of items with a defect. */
bool submit_items(struct plan *plan, const struct submit_rules *rules, const struct item *items,
    size_t n, struct err *err);
#endif
