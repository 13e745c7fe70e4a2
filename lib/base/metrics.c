/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c: the list of what was registered, printed in that order. */
#include "base/metrics.h"
#include <assert.h>
#include <inttypes.h>
#include <string.h>

static struct metric *registered[METRICS_MAX];
static size_t n_registered;

void
metrics_add(struct metric *metrics, size_t n)
{
	for (size_t i = 0; i < n_registered; i++)
		if (registered[i] == metrics)
			return;		/* a service may open more than once */
	assert(n_registered + n <= METRICS_MAX);
	for (size_t i = 0; i < n; i++)
		registered[n_registered++] = &metrics[i];
}

/* HELP and TYPE stand once before the first of several with one name. */
static bool
is_first_of_name(size_t at)
{
	return at == 0 || strcmp(registered[at - 1]->name, registered[at]->name);
}

bool
metrics_print(struct buf *ret)
{
	for (size_t i = 0; i < n_registered; i++) {
		const struct metric *m = registered[i];
		int64_t value = atomic_load_explicit(&registered[i]->value, memory_order_relaxed);

		if (is_first_of_name(i))
			buf_print(ret, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
			    m->kind == METRIC_COUNTER ? "counter" : "gauge");
		buf_print(ret, "%s%s%s%s %" PRId64 "\n", m->name, m->labels ? "{" : "",
		    m->labels ? m->labels : "", m->labels ? "}" : "", value);
	}
	return !ret->failed;
}
