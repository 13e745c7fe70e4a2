/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines.c: see pipelines.h. */
#include "pipelines.h"
#include "base/clock.h"
#include "sql.h"

enum { FRESH_MS = 5000 };

const struct pipeline *
pipelines_find(const struct pipelines *p, int32_t id, int64_t occurred_at)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].id == id
		    && (p->list[i].enabled || occurred_at < p->list[i].disabled_at))
			return &p->list[i];
	return NULL;
}

static bool
are_all_there(const struct pipelines *p, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (item_is_submission(&items[i])
		    && !pipelines_find(p, items[i].event.submitted.pipeline_id,
		        items[i].event.submitted.occurred_at))
			return false;
	return true;
}

bool
pipelines_read(struct pipelines *p, struct db *db, const struct item *items, size_t n,
    struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t now = clock_monotonic_ms();

	if (p->n && now - p->read_ms < FRESH_MS && are_all_there(p, items, n))
		return true;
	if (!db_run(db, &rows, err, sql_projector_pipelines, db_int(PIPELINES_MAX)))
		return err_at(err, "pipelines");
	p->n = 0;
	for (int r = 0; r < db_count(rows); r++)
		p->list[p->n++] = (struct pipeline){
			.id = (int32_t)db_int_at(rows, r, 0),
			.views = (int32_t)db_int_at(rows, r, 1),
			.enabled = db_int_at(rows, r, 2),
			.disabled_at = db_is_null(rows, r, 3) ? INT64_MIN : db_time_at(rows, r, 3),
		};
	p->read_ms = now;
	return true;
}
