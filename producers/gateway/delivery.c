/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.c: what became of deliveries. */
#include <stdio.h>
#include <string.h>
#include "filter.h"
#include "port/named.h"
#include "sql.h"

enum { OF_BATCH_MAX = 1000 };

static const struct shown_member delivery_members[] = {
	{ "id", SHOWN_ID }, { "service", SHOWN_TEXT }, { "target", SHOWN_TEXT },
	{ "batch_id", SHOWN_ID }, { "base_directory_name", SHOWN_TEXT }, { "run_no", SHOWN_INT },
	{ "state", SHOWN_TEXT }, { "phase", SHOWN_TEXT }, { "attempts", SHOWN_INT },
	{ "next_try_at", SHOWN_TIME }, { "attention", SHOWN_TEXT }, { "external_id", SHOWN_TEXT },
	{ "link", SHOWN_TEXT }, { "error_code", SHOWN_TEXT }, { "error_message", SHOWN_TEXT },
	{ "created_at", SHOWN_TIME }, { "settled_at", SHOWN_TIME }, { "no_replay", SHOWN_TEXT },
	{ "no_skip", SHOWN_TEXT },
};
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

/* ---- lists ---- */

static bool
read_argument(void *state, const char *name, const char *value)
{
	struct filter *filter = state;
	struct call *call = filter->call;
	enum term t = term_named(name);
	const struct cursor *c = &filter->cursor;

	if (!value || !*value)
		return true;
	if (t < TERMS)
		term_set(filter, t, value);
	else if (!strcmp(name, "limit") && !number_read(&filter->limit, value, 1, LIMIT_MOST))
		problem_field(call, name, "is not a whole number from 1 to %d", LIMIT_MOST);
	else if (!strcmp(name, "offset") && !number_read(&filter->offset, value, 0, OFFSET_MOST))
		problem_field(call, name, "is not a whole number from 0 to %d", OFFSET_MOST);
	else if (!strcmp(name, "cursor") && (!cursor_read(&filter->cursor, value)
	    || c->sort != SORT_CREATED_AT || c->ascending))
		problem_field(call, name, "is not a next_cursor of this list");
	return true;
}

bool
deliveries_read(struct filter *filter, struct db_rows **ret)
{
	const struct cursor *c = &filter->cursor;
	struct db_arg args[FILTER_ARGS + 4];
	struct err err = {0};

	filter_args(filter, args);
	args[8] = db_int(filter->limit);
	args[9] = db_int(filter->offset);
	args[10] = c->is_set ? db_uuid(c->id) : db_null(DB_UUID);
	args[11] = c->is_set ? db_time(c->number) : db_null(DB_TIME);
	return db_call_run_args(filter->call, ret, &err, sql_gateway_deliveries, args,
	    COUNT(args)) || problem_err(filter->call, &err);
}

void
put_deliveries(struct put *put, const struct db_rows *rows, int n)
{
	const struct shown shown = shown_table(rows, delivery_members);

	put_rows(put, "data", &shown, n);
}

static bool
answer_page(struct filter *filter, int64_t total)
{
	int64_t limit = filter->limit++;	/* one more, to know whether there is another page */
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct cursor next;
	struct put put;
	int n;

	if (!deliveries_read(filter, &rows))
		return false;
	n = db_count(rows) > limit ? (int)limit : db_count(rows);
	put = answer_json(filter->call, 200);
	put_open(&put, '{');
	put_deliveries(&put, rows, n);
	put_int_of(&put, "total", total);
	put_int_of(&put, "limit", limit);
	put_int_of(&put, "offset", filter->offset);
	if (db_count(rows) > n)
		next = (struct cursor){ .sort = SORT_CREATED_AT, .id = db_uuid_of(rows, n - 1, "id"),
			.number = db_time_of(rows, n - 1, "created_at") };
	cursor_put(&put, db_count(rows) > n ? &next : NULL);
	put_close(&put, '}');
	return true;
}

bool
serve_deliveries(struct call *call)
{
	struct filter filter = { .call = call, .limit = LIMIT_DEFAULT };
	own(db_rows_freep) struct db_rows *count = NULL;
	struct db_arg args[FILTER_ARGS];
	struct err err = {0};

	httpd_query_each(call->request, read_argument, &filter);
	if (!problem_is_set(call) && filter.cursor.is_set && filter.offset)
		problem_field(call, "offset", "has no place beside cursor");
	if (problem_is_set(call))
		return false;
	filter_args(&filter, args);
	if (!db_call_run_args(call, &count, &err, sql_gateway_deliveries_count, args,
	    FILTER_ARGS))
		return problem_err(call, &err);
	return answer_page(&filter, db_int_at(count, 0, 0));
}

bool
serve_batch_deliveries(struct call *call)
{
	struct filter filter = { .call = call, .limit = OF_BATCH_MAX };
	own(db_rows_freep) struct db_rows *batch = NULL, *rows = NULL;
	struct put put;

	uuid_print(filter.terms[TERM_BATCH], call->id);
	if (!item_batch_read(call, &batch) || !deliveries_read(&filter, &rows))
		return false;
	put = answer_json(call, 200);
	put_open(&put, '{');
	put_deliveries(&put, rows, db_count(rows));
	put_close(&put, '}');
	return true;
}

/* ---- one ---- */

bool
deliveries_of_ids(struct call *call, const struct db_array *ids, struct db_rows **ret)
{
	struct filter filter = { .call = call, .ids = *ids, .has_ids = true, .limit = ids->n };

	return deliveries_read(&filter, ret);
}

bool
delivery_read(struct call *call, struct db_rows **ret)
{
	struct db_array ids = { .type = DB_UUID };
	own(db_rows_freep) struct db_rows *rows = NULL;
	bool well;

	db_array_add(&ids, db_uuid(call->id));
	well = deliveries_of_ids(call, &ids, &rows);
	db_array_clear(&ids);
	if (!well)
		return false;
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no delivery of this id.");
	*ret = db_rows_free_hand_over(&rows);
	return true;
}

bool
serve_delivery(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!delivery_read(call, &rows))
		return false;
	const struct shown shown = shown_table(rows, delivery_members);

	return answer_row(call, 200, &shown);
}
