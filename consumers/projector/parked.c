/* SPDX-License-Identifier: Apache-2.0 */
/* parked.c: see parked.h. Both queries begin with the same columns. */
#include "parked.h"
#include "base/clock.h"
#include "sql.h"

enum { SWEEP_MS = 2000, PAGE = 1000 };
enum { PARTITION, OFFSET, KEY, HEADERS, PAYLOAD, RECORDED, IS_KNOWN, IS_OLD, IN_PAGE };

static bool
keep(struct plan *plan, const struct db_rows *rows, int r, int column, const void **ret,
    size_t *size, struct err *err)
{
	const void *bytes = db_bytes_at(rows, r, column, size);

	*ret = NULL;
	return !bytes || plan_keep(plan, bytes, *size, ret, err);
}

static bool
item_of(const struct parked *parked, struct plan *plan, const struct db_rows *rows, int r,
    struct item *item, struct err *err)
{
	*item = (struct item){ .topic = TOPIC_EVENTS,
		.partition = (int32_t)db_int_at(rows, r, PARTITION),
		.offset = db_int_at(rows, r, OFFSET),
		.timestamp_ms = db_time_at(rows, r, RECORDED) / 1000 };
	return keep(plan, rows, r, KEY, &item->key, &item->key_size, err)
	    && keep(plan, rows, r, HEADERS, &item->headers, &item->headers_size, err)
	    && keep(plan, rows, r, PAYLOAD, &item->bytes, &item->size, err)
	    && item_read(item, parked->codec, plan->arena, err);
}

static bool
items_room(struct plan *plan, const struct db_rows *rows, struct item **ret, struct err *err)
{
	*ret = arena_take(plan->arena, ((size_t)db_count(rows) + 1) * sizeof(**ret));
	return *ret || plan_full(err);
}

/* ---- what waits for a submission ---- */

bool
parked_read(const struct parked *parked, struct plan *plan, struct db *db,
    struct db_array *homes, const struct item *items, size_t n, struct parked_place *after,
    struct item **ret, size_t *n_ret, bool *more, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct db_array fresh = { .type = DB_UUID };
	size_t used = arena_used(plan->arena);
	bool well = true;

	*n_ret = 0;
	*more = false;
	for (size_t i = 0; i < n; i++)
		if (item_is_submission(&items[i]))
			db_array_add(&fresh, db_uuid(items[i].event.head.batch_id));
	if (fresh.n > 0)
		well = db_run(db, &rows, err, sql_projector_parked, db_array(&fresh),
		    db_array(homes), db_int4(after->partition), db_int(after->offset));
	db_array_clear(&fresh);
	if (!well)
		return err_at(err, "parked facts");
	if (!rows)
		return true;
	if (!items_room(plan, rows, ret, err))
		return false;
	for (int r = 0; r < db_count(rows) && arena_used(plan->arena) - used < PLAN_BUDGET; r++) {
		if (!item_of(parked, plan, rows, r, &(*ret)[(*n_ret)++], err))
			return false;
		after->partition = (*ret)[r].partition;
		after->offset = (*ret)[r].offset;
	}
	*more = db_count(rows) > 0;
	return true;
}

/* ---- the sweep ---- */

/* One round is over: what it saw is what waits. */
static void
round_ends(struct parked *parked)
{
	parked->excess = parked->most && parked->seen > parked->most
	    ? parked->seen - parked->most : 0;
	parked->seen = 0;
	parked->swept = (struct parked_place){ -1, -1 };
}

static bool
give_up(struct plan *plan, struct item *item, bool old, struct err *err)
{
	struct err why = {0};

	if (item->defect)
		return true;		/* has its own reason */
	if (old)
		err_code(&why, ERR_REJECT, "no_submission",
		    "no submission of this batch has come for a week");
	else
		err_code(&why, ERR_REJECT, "too_many_parked",
		    "no submission of this batch has come, and too many facts wait for theirs");
	return item_give_up(item, "apply", &why, plan->arena, err);
}

static bool
swept_item(struct parked *parked, struct plan *plan, const struct db_rows *rows, int r,
    struct item *ret, size_t *n, struct err *err)
{
	bool known = db_int_at(rows, r, IS_KNOWN), old = db_int_at(rows, r, IS_OLD);

	if (!known && !old && parked->excess == 0)
		return true;
	if (!item_of(parked, plan, rows, r, &ret[*n], err))
		return false;
	if (!known) {
		parked->excess -= parked->excess > 0;
		if (!give_up(plan, &ret[*n], old, err))
			return false;
	}
	++*n;
	return true;
}

bool
parked_sweep(struct parked *parked, struct plan *plan, struct db *db, struct db_array *homes,
    struct item **ret, size_t *n_ret, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t now = clock_monotonic_ms();
	int r;

	*n_ret = 0;
	if (now - parked->swept_ms < SWEEP_MS)
		return true;
	parked->swept_ms = now;
	if (!db_run(db, &rows, err, sql_projector_parked_sweep, db_array(homes),
	    db_int4(parked->swept.partition), db_int(parked->swept.offset), db_int4(PAGE),
	    db_bool(parked->excess > 0)))
		return err_at(err, "parked facts");
	if (!items_room(plan, rows, ret, err))
		return false;
	for (r = 0; r < db_count(rows) && arena_used(plan->arena) < PLAN_BUDGET; r++) {
		if (!swept_item(parked, plan, rows, r, *ret, n_ret, err))
			return false;
		parked->swept = (struct parked_place){ (int32_t)db_int_at(rows, r, PARTITION),
			db_int_at(rows, r, OFFSET) };
		parked->seen++;
	}
	if (db_count(rows) == 0 || (r == db_int_at(rows, 0, IN_PAGE) && r < PAGE))
		round_ends(parked);
	return true;
}
