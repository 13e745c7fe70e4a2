/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parked.c: facts that came before their submission. They wait in early_facts, whole, and are
 * applied in their order right after it; those that wait for a week become dead letters.
 */
#include "base/clock.h"
#include "projector.h"
#include "sql.h"

enum { OLD_MS = 10000 };

static const void *
kept(struct projector *p, const struct db_rows *rows, int row, int column, size_t *size)
{
	const void *bytes = db_bytes_at(rows, row, column, size);

	return bytes ? arena_text(p->arena, bytes, *size) : NULL;
}

static bool
parked_items(struct projector *p, const struct db_rows *rows, struct item *items, struct err *err)
{
	for (int r = 0; r < db_count(rows); r++) {
		struct item *item = &items[r];

		*item = (struct item){ .topic = TOPIC_EVENTS,
			.partition = (int32_t)db_int_at(rows, r, 1), .offset = db_int_at(rows, r, 2) };
		item->key = kept(p, rows, r, 3, &item->key_size);
		item->headers = kept(p, rows, r, 4, &item->headers_size);
		item->bytes = kept(p, rows, r, 5, &item->size);
		if (!item->bytes)
			return err_set(err, ERR_FATAL, "the turn's memory is used up");
		item_read(p, item, &item->defect);
	}
	return true;
}

/* From time to time: what nobody has claimed for a week is given up on. */
static bool
old_read(struct projector *p, struct db_array *fresh, struct db_rows **rows, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (now - p->old_read_ms < OLD_MS)
		return true;
	p->old_read_ms = now;
	return db_run(p->db, rows, err, sql_projector_parked_old, db_array(fresh),
	    db_array(&p->partitions));
}

bool
parked_read(struct projector *p, const struct item *items, size_t n, struct item **ret,
    size_t *n_ret, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL, *old = NULL;
	struct db_array fresh = { .type = DB_UUID };
	size_t n_due;
	bool well;

	for (size_t i = 0; i < n; i++)
		if (items[i].topic == TOPIC_SUBMISSIONS && items[i].defect.verdict == ERR_NONE)
			db_array_add(&fresh, db_uuid(items[i].event.head.batch_id));
	well = db_run(p->db, &rows, err, sql_projector_parked, db_array(&fresh),
	        db_array(&p->partitions)) && old_read(p, &fresh, &old, err);
	db_array_clear(&fresh);
	if (!well)
		return err_at(err, "parked facts");
	n_due = (size_t)db_count(rows);
	*n_ret = n_due + (old ? (size_t)db_count(old) : 0);
	*ret = arena_take(p->arena, (*n_ret + 1) * sizeof(**ret));
	if (!*ret)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	if (!parked_items(p, rows, *ret, err) || (old && !parked_items(p, old, *ret + n_due, err)))
		return false;
	for (size_t i = n_due; i < *n_ret; i++) {
		(*ret)[i].stage = "apply";
		err_code(&(*ret)[i].defect, ERR_REJECT, "no_submission",
		    "no submission of this batch has come for a week");
	}
	return true;
}
