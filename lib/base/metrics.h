/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h: numbers for Prometheus. A module declares its metrics as static structs and
 * registers them once at start; adding is atomic and may come from any thread.
 */
#ifndef METRICS_H
#define METRICS_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
	const char *name;	/* batchline_records_total; a counter ends in _total */
	const char *labels;	/* topic="events", or NULL */
	const char *help;	/* one sentence */
	enum metric_kind kind;
	_Atomic int64_t value;
};

enum { METRICS_MAX = 128 };

void metrics_add(struct metric *metrics, size_t n);	/* they must live for ever */
bool metrics_print(struct buf *ret);			/* Prometheus text format 0.0.4 */

static inline void
metric_count(struct metric *metric, int64_t n)
{
	atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

static inline void
metric_set(struct metric *metric, int64_t value)
{
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}
#endif
