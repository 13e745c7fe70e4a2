/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels.h: the words that pipelines write on pictures, each drawn once by a child of its own kind and
 * kept in memory: who renders is handed them as any other asset. Safe from any thread.
 */
#ifndef LABELS_H
#define LABELS_H
#include "base/err.h"
#include "base/own.h"
#include "consumers/renderer/worker.h"
#include "pipeline/definition.h"

struct labels;

struct labels *labels_new(void);		/* NULL: out of memory */
void labels_free(struct labels *labels);	/* NULL is fine */
OWN_FREEP(struct labels, labels_free)

/* The asset at that place of the definition, whose JSON is `json`, as a file to be read; the caller's
 * to close. Errors: those of picture_label() and worker_ask(). */
bool labels_open(struct labels *labels, struct worker *worker, const struct definition *d,
    const char *json, size_t place, int64_t pixels_max, int *ret, struct err *err);
#endif
