/* SPDX-License-Identifier: Apache-2.0 */
/* unnamed.c: old inputs by ten thousand, one look through the jobs for each lot. */
#include "unnamed.h"
#include "sql.h"

enum { LOT = 10000 };

struct sweep {
	const struct service_context *context;
	struct db *db;
	struct blob_store *store;
	int64_t age_s;
	struct db_array uris;		/* old ones, not judged yet */
	size_t n;
};

/* Has the projector taken what of the submissions is in the log now? */
static bool
is_caught_up(const struct service_context *context, struct db *db, bool *ret, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t lows[TOPIC_PARTITIONS_MAX], highs[TOPIC_PARTITIONS_MAX];
	int n = topics[TOPIC_SUBMISSIONS].partitions;

	if (!bus_bounds(context->bus, TOPIC_SUBMISSIONS, 0, n, lows, highs, err))
		return false;
	*ret = true;
	for (int32_t p = 0; *ret && p < n; p++) {
		db_rows_free(rows);
		rows = NULL;
		if (!db_run(db, &rows, err, sql_janitor_taken, db_text(topics[TOPIC_SUBMISSIONS].name),
		    db_int4(p)))
			return false;
		*ret = lows[p] == highs[p] || (db_count(rows) > 0 && db_int_at(rows, 0, 0) >= highs[p]);
	}
	return true;
}

static bool
judge(struct sweep *s, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	bool removed;

	if (s->uris.n == 0)
		return true;
	if (!service_keep_alive(s->context, err)
	    || !db_run(s->db, &rows, err, sql_janitor_unnamed, db_array(&s->uris)))
		return false;
	db_array_reset(&s->uris);
	for (int r = 0; r < db_count(rows); r++) {
		if (!blob_remove_old(s->store, db_text_at(rows, r, 0), s->age_s, &removed, err))
			return false;
		s->n += removed;
	}
	return true;
}

static bool
see(void *state, const char *uri, struct err *err)
{
	struct sweep *s = state;

	db_array_add(&s->uris, db_text(uri));
	return s->uris.n < LOT || judge(s, err);
}

bool
unnamed_sweep(const struct service_context *context, struct db *db, struct blob_store *store,
    int64_t age_s, bool *done, size_t *n, struct err *err)
{
	struct sweep s = { context, db, store, age_s, { .type = DB_TEXT }, 0 };
	bool well;

	if (!is_caught_up(context, db, done, err))
		return false;
	well = !*done || (blob_each_old(store, age_s, see, &s, err) && judge(&s, err));
	db_array_clear(&s.uris);
	*n = s.n;
	return well;
}
