/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines.h: which pipelines there are, as of the last seconds. */
#ifndef PROJECTOR_PIPELINES_H
#define PROJECTOR_PIPELINES_H
#include "item.h"
#include "port/db.h"

enum { PIPELINES_MAX = 1024 };

struct pipeline { int32_t id, views; bool enabled; int64_t disabled_at; };

struct pipelines {
	struct pipeline list[PIPELINES_MAX];
	size_t n;
	int64_t read_ms;
};

/* Reads them when the last look is seconds old, or a submission names one that is not among them: it
 * may have been made a moment ago. */
bool pipelines_read(struct pipelines *pipelines, struct db *db, const struct item *items, size_t n,
    struct err *err);
/* NULL: there is none, or it takes no submission of then: those from before it was disabled are still
 * taken, also when they are read again. */
const struct pipeline *pipelines_find(const struct pipelines *pipelines, int32_t id,
    int64_t occurred_at);
#endif
