/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c: what happened to a batch: the states it went through, the orders that people gave, what
 * was delivered. From which address an order came is for those who may read the audit.
 */
#include <stdio.h>
#include "gateway.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

static const struct shown_member entry_members[] = {
	{ "at", SHOWN_TIME }, { "kind", SHOWN_TEXT }, { "what", SHOWN_TEXT },
	{ "run_no", SHOWN_INT }, { "who", SHOWN_TEXT }, { "outcome", SHOWN_TEXT },
	{ "jobs_completed", SHOWN_INT }, { "jobs_failed", SHOWN_INT }, { "jobs_cancelled", SHOWN_INT },
	{ "service", SHOWN_TEXT }, { "target", SHOWN_TEXT }, { "error_code", SHOWN_TEXT },
	{ "error_message", SHOWN_TEXT },
};

static bool
sees_sources(const struct call *call)
{
	return call->caller.scopes & 1u << SCOPE_OPERATE && !call->caller.is_limited;
}

static void
put_entries(struct call *call, struct put *put, const struct db_rows *rows, int n)
{
	const struct shown shown = shown_table(rows, entry_members);
	int source = db_column(rows, "source");

	put_name(put, "data");
	put_open(put, '[');
	for (int i = 0; i < n; i++) {
		put_open(put, '{');
		shown_members(put, &shown, i);
		put_text_of(put, "source", sees_sources(call) ? db_text_at(rows, i, source) : NULL);
		put_close(put, '}');
	}
	put_close(put, ']');
}

/* The moment of the last entry, and its place within it. */
static struct cursor
cursor_of(const struct db_rows *rows, int last)
{
	struct cursor c = { .sort = SORT_CREATED_AT, .ascending = true,
		.number = db_time_of(rows, last, "at") };

	snprintf(c.text, sizeof(c.text), "%s", db_text_of(rows, last, "entry"));
	return c;
}

bool
serve_history(struct call *call)
{
	const char *cursor_text = httpd_query(call->request, "cursor");
	const char *limit_text = httpd_query(call->request, "limit");
	own(db_rows_freep) struct db_rows *batch = NULL, *rows = NULL;
	struct cursor cursor = {0}, next;
	int64_t limit = LIMIT_DEFAULT;
	struct err err = {0};
	struct put put;
	int n;

	if (cursor_text && *cursor_text && (!cursor_read(&cursor, cursor_text) || !cursor.ascending))
		problem_field(call, "cursor", "is not a next_cursor of this list");
	if (limit_text && !number_read(&limit, limit_text, 1, LIMIT_MOST))
		problem_field(call, "limit", "is not a whole number from 1 to %d", LIMIT_MOST);
	if (problem_is_set(call) || !item_batch_read(call, &batch))
		return false;
	if (!db_call_run(call, &rows, &err, sql_gateway_history, db_uuid(call->id),
	    cursor.is_set ? db_time(cursor.number) : db_null(DB_TIME), db_text(cursor.text), db_int(limit + 1)))
		return problem_err(call, &err);
	n = db_count(rows) > limit ? (int)limit : db_count(rows);
	if (db_count(rows) > n)
		next = cursor_of(rows, n - 1);
	put = answer_json(call, 200);
	put_open(&put, '{');
	put_entries(call, &put, rows, n);
	cursor_put(&put, db_count(rows) > n ? &next : NULL);
	put_close(&put, '}');
	answer_tag(call);
	return true;
}
