/* SPDX-License-Identifier: Apache-2.0 */
/* list.c: pages of batches, the counts of all, and what is parked. */
#include <stdio.h>
#include <string.h>
#include "gateway.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

/* ---- GET /api/batches ---- */

enum second_key { KEY_NONE, KEY_CREATED_AT, KEY_NAME };

/* A statement for each order, and the columns it is by. */
static const struct order {
	const char *asc, *desc;
	enum db_type type;		/* of the first key */
	const char *column;
	enum second_key then;		/* KEY_NAME: the date and the counter */
} orders[SORTS] = {
	[SORT_CREATED_AT] = { sql_gateway_list_created_at_asc, sql_gateway_list_created_at_desc,
	    DB_TIME, "created_at", KEY_NONE },
	[SORT_UPDATED_AT] = { sql_gateway_list_updated_at_asc, sql_gateway_list_updated_at_desc,
	    DB_TIME, "updated_at", KEY_NONE },
	[SORT_COMPLETED_AT] = { sql_gateway_list_completed_at_asc,
	    sql_gateway_list_completed_at_desc, DB_TIME, "completed_at", KEY_NONE },
	[SORT_TOTAL_FILES] = { sql_gateway_list_total_files_asc, sql_gateway_list_total_files_desc,
	    DB_INT8, "total_files", KEY_NONE },
	[SORT_TOTAL_SIZE] = { sql_gateway_list_total_size_asc, sql_gateway_list_total_size_desc,
	    DB_INT8, "total_size", KEY_NONE },
	[SORT_STATUS] = { sql_gateway_list_status_asc, sql_gateway_list_status_desc, DB_TEXT,
	    "status", KEY_CREATED_AT },
	[SORT_CUSTOMER_PREFIX] = { sql_gateway_list_customer_prefix_asc,
	    sql_gateway_list_customer_prefix_desc, DB_TEXT, "customer_prefix", KEY_CREATED_AT },
	[SORT_BASE_DIRECTORY_NAME] = { sql_gateway_list_base_directory_name_asc,
	    sql_gateway_list_base_directory_name_desc, DB_TEXT, "customer_prefix", KEY_NAME },
};

struct reading { struct call *call; struct list_query *query; };

static bool
read_argument(void *state, const char *name, const char *value)
{
	struct reading *reading = state;
	char detail[300];

	if (!list_query_read(reading->query, name, value ? value : "", detail, sizeof(detail)))
		problem_field(reading->call, name, "%s", detail);
	return true;
}

static bool
query_read(struct call *call, struct list_query *query)
{
	struct reading reading = { call, query };
	const char *name;
	char detail[300];

	list_query_init(query);
	httpd_query_each(call->request, read_argument, &reading);
	if (problem_is_set(call))
		return false;
	return list_query_finish(query, &name, detail, sizeof(detail))
	    || problem_field(call, name, "%s", detail);
}

enum { FILTERS = 7 };
struct chosen { struct db_array statuses, ids; struct db_arg args[FILTERS]; };

static void
chosen_clear(struct chosen *chosen)
{
	db_array_clear(&chosen->statuses);
	db_array_clear(&chosen->ids);
}

/* The filter as arguments, after its search; they live as long as *chosen. */
static bool
choose(struct call *call, const struct list_query *query, struct chosen *chosen)
{
	struct db_arg *args = chosen->args;

	if (*query->pattern && !search(call, query->pattern, &chosen->ids))
		return false;
	chosen->statuses.type = DB_TEXT;
	for (size_t i = 0; i < STATUSES; i++)
		if (query->statuses & 1u << i)
			db_array_add(&chosen->statuses, db_text(batch_statuses[i]));
	args[0] = caller_customers(call);
	args[1] = query->statuses ? db_array(&chosen->statuses) : db_null_array(DB_TEXT);
	args[2] = db_text(*query->customer_prefix ? query->customer_prefix : NULL);
	args[3] = query->date_from == INT32_MIN ? db_null(DB_DATE) : db_date(query->date_from);
	args[4] = query->date_to == INT32_MIN ? db_null(DB_DATE) : db_date(query->date_to);
	args[5] = *query->pattern ? db_array(&chosen->ids) : db_null_array(DB_UUID);
	args[6] = query->counter < 0 ? db_null(DB_INT4) : db_int4(query->counter);
	return true;
}

/* The arguments of one order's statement; returns how many. One row more than the page has, to
 * know whether there is another page. */
static size_t
page_args(const struct list_query *query, struct db_arg *args)
{
	const struct order *order = &orders[query->sort];
	const struct cursor *c = &query->cursor;

	args[7] = db_int(query->limit + 1);
	args[8] = db_int(query->offset);
	args[9] = c->is_set ? db_uuid(c->id) : db_null(DB_UUID);
	args[10] = !c->is_set             ? db_null(order->type)
	    : order->type == DB_TEXT     ? db_text(c->text)
	    : order->type == DB_TIME     ? db_time(c->number)
	    : c->number == INT64_MIN     ? db_null(DB_INT8)
	                                 : db_int(c->number);
	if (order->then == KEY_NAME) {
		args[11] = c->is_set ? db_date(name_key_date(c->number)) : db_null(DB_DATE);
		args[12] = c->is_set ? db_int4((int32_t)name_key_counter(c->number)) : db_null(DB_INT4);
		return 13;
	}
	args[11] = c->is_set ? db_time(c->number) : db_null(DB_TIME);
	return order->then == KEY_CREATED_AT ? 12 : 11;
}

static struct cursor
cursor_of(const struct list_query *query, const struct db_rows *rows, int row)
{
	const struct order *order = &orders[query->sort];
	struct cursor c = { .sort = query->sort, .ascending = query->ascending,
		.id = db_uuid_of(rows, row, "id") };

	if (order->type == DB_TEXT)
		snprintf(c.text, sizeof(c.text), "%s", db_text_of(rows, row, order->column));
	if (order->type == DB_TIME)
		c.number = db_time_of(rows, row, order->column);
	else if (order->type == DB_INT8)
		c.number = db_int_of(rows, row, order->column);
	else if (order->then == KEY_CREATED_AT)
		c.number = db_time_of(rows, row, "created_at");
	else if (order->then == KEY_NAME)
		c.number = name_key(db_date_of(rows, row, "batch_date"), db_int_of(rows, row, "batch_counter"));
	return c;
}

static void
put_batches(struct put *put, const struct db_rows *rows, int n)
{
	const struct shown batches = shown_batches(rows);

	put_name(put, "data");
	put_open(put, '[');
	for (int i = 0; i < n; i++) {
		put_open(put, '{');
		shown_batch(put, &batches, i);
		put_close(put, '}');
	}
	put_close(put, ']');
}

static void
put_page(struct call *call, const struct list_query *query, const struct db_rows *rows,
    int64_t total)
{
	int n = db_count(rows) > query->limit ? (int)query->limit : db_count(rows);
	struct put put = answer_json(call, 200);
	struct cursor next;

	put_open(&put, '{');
	put_batches(&put, rows, n);
	put_int_of(&put, "total", total);
	put_int_of(&put, "limit", query->limit);
	put_int_of(&put, "offset", query->offset);
	if (db_count(rows) > n)
		next = cursor_of(query, rows, n - 1);
	cursor_put(&put, db_count(rows) > n ? &next : NULL);
	put_close(&put, '}');
}

/* How many the filter finds: the counters know it, unless words or a name are looked for. */
static struct db_step
count_step(const struct list_query *query, const struct db_arg *args)
{
	if (*query->pattern || query->counter >= 0)
		return (struct db_step){ sql_gateway_list_count, args, FILTERS };
	return (struct db_step){ sql_gateway_list_total, args, FILTERS - 2 };
}

bool
serve_list(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL, *count = NULL;
	struct db_rows *both[2] = { NULL, NULL };
	struct db_arg args[FILTERS + 6];
	struct chosen chosen = {0};
	struct list_query query;
	struct err err = {0};
	bool well;

	if (!query_read(call, &query))
		return false;
	if (!choose(call, &query, &chosen)) {
		chosen_clear(&chosen);
		return false;
	}
	memcpy(args, chosen.args, sizeof(chosen.args));
	const struct db_step steps[] = { count_step(&query, args),
		{ query.ascending ? orders[query.sort].asc : orders[query.sort].desc, args,
		    page_args(&query, args) } };
	well = db_call_read(call, both, &err, steps, 2);
	count = both[0];
	rows = both[1];
	chosen_clear(&chosen);
	if (!well)
		return problem_err(call, &err);
	put_page(call, &query, rows, db_int_at(count, 0, 0));
	answer_tag(call);
	return true;
}

/* ---- GET /api/batches/stats ---- */

struct stats { const struct db_rows *rows; unsigned statuses; };	/* 0: all of them */

/* Of the rows whose status the filter shows. */
static int64_t
sum(const struct stats *stats, const char *name)
{
	int status = db_column(stats->rows, "status"), column = db_column(stats->rows, name);
	int64_t total = 0;

	for (int i = 0; i < db_count(stats->rows); i++)
		for (size_t s = 0; s < STATUSES; s++)
			if ((!stats->statuses || stats->statuses & 1u << s)
			    && !strcmp(db_text_at(stats->rows, i, status), batch_statuses[s]))
				total += db_int_at(stats->rows, i, column);
	return total;
}

/* Every status is named, also with none, and counts as if it were the one asked for. */
static void
put_batch_counts(struct put *put, const struct stats *stats)
{
	put_name(put, "batches");
	put_open(put, '{');
	put_int_of(put, "total", sum(stats, "batches"));
	for (size_t s = 0; s < STATUSES; s++) {
		const struct stats one = { stats->rows, 1u << s };

		put_int_of(put, batch_statuses[s], sum(&one, "batches"));
	}
	put_close(put, '}');
}

static void
put_job_counts(struct put *put, const struct stats *stats)
{
	put_name(put, "jobs");
	put_open(put, '{');
	put_int_of(put, "total", sum(stats, "files"));
	for (int s = 0; s < JOB_STATUSES; s++)
		put_int_of(put, job_statuses[s], sum(stats, job_statuses[s]));
	put_close(put, '}');
}

static const struct shown_member customer_members[] = {
	{ "customer_prefix", SHOWN_TEXT }, { "batches", SHOWN_INT },
};
static const struct shown_member hour_members[] = {
	{ "hour", SHOWN_TIME }, { "jobs_completed", SHOWN_INT }, { "jobs_failed", SHOWN_INT },
	{ "batches", SHOWN_INT },
};

/* The filter without its statuses, then without its customer: what each choice would show. Of hours
 * only customers are counted apart. */
static bool
stats_read(struct call *call, const struct list_query *query, struct db_rows **rows,
    struct db_rows **customers, struct db_rows **hours)
{
	struct db_arg by_customer[FILTERS], by_status[FILTERS];
	struct chosen chosen = {0};
	struct err err = {0};
	bool well = choose(call, query, &chosen);

	memcpy(by_customer, chosen.args, sizeof(by_customer));
	memcpy(by_status, chosen.args, sizeof(by_status));
	if (query->counter < 0)		/* a name is of one customer */
		by_customer[2] = db_null(DB_TEXT);
	by_status[1] = db_null_array(DB_TEXT);
	well = well && ((db_call_run_args(call, rows, &err, sql_gateway_stats_status, by_status, FILTERS)
	    && db_call_run_args(call, customers, &err, sql_gateway_stats_customers, by_customer, FILTERS)
	    && db_call_run(call, hours, &err, sql_gateway_stats_hours, chosen.args[0], chosen.args[2]))
	    || problem_err(call, &err));
	chosen_clear(&chosen);
	return well;
}

bool
serve_stats(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL, *customers = NULL, *hours = NULL;
	struct list_query query;
	struct put put;

	if (!query_read(call, &query) || !stats_read(call, &query, &rows, &customers, &hours))
		return false;
	const struct stats stats = { rows, query.statuses };
	const struct shown by_customer = shown_table(customers, customer_members);
	const struct shown by_hour = shown_table(hours, hour_members);

	put = answer_json(call, 200);
	put_open(&put, '{');
	put_batch_counts(&put, &stats);
	put_job_counts(&put, &stats);
	put_int_of(&put, "total_size", sum(&stats, "size"));
	put_rows(&put, "customers", &by_customer, db_count(customers));
	put_rows(&put, "throughput", &by_hour, db_count(hours));
	put_close(&put, '}');
	answer_tag(call);
	return true;
}

/* ---- GET /api/parked ---- */

static const struct shown_member parked_members[] = {
	{ "id", SHOWN_INT }, { "kind", SHOWN_TEXT }, { "batch_id", SHOWN_ID }, { "job_id", SHOWN_ID },
	{ "topic", SHOWN_TEXT }, { "reason", SHOWN_TEXT }, { "parked_at", SHOWN_TIME },
};

bool
serve_parked(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!db_call_run(call, &rows, &err, sql_gateway_parked,
	    caller_customers(call)))
		return problem_err(call, &err);
	const struct shown parked = shown_table(rows, parked_members);

	return answer_rows(call, &parked);
}

/* ---- GET /api/working ---- */

enum { WORKING_MOST = 100 };

static const struct shown_member working_members[] = {
	{ "id", SHOWN_ID }, { "file_name", SHOWN_TEXT }, { "size", SHOWN_INT }, { "attempt", SHOWN_INT },
	{ "started_at", SHOWN_TIME }, { "worker", SHOWN_TEXT }, { "batch_id", SHOWN_ID },
	{ "base_directory_name", SHOWN_TEXT }, { "customer_prefix", SHOWN_TEXT }, { "pipeline_id", SHOWN_INT },
};

bool
serve_working(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};
	struct put put;

	if (!db_call_run(call, &rows, &err, sql_gateway_working, caller_customers(call),
	    db_int4(WORKING_MOST)))
		return problem_err(call, &err);
	const struct shown working = shown_table(rows, working_members);

	put = answer_json(call, 200);
	put_open(&put, '{');
	put_rows(&put, "data", &working, db_count(rows));
	put_int_of(&put, "total", db_count(rows) ? db_int_of(rows, 0, "total") : 0);
	put_close(&put, '}');
	answer_tag(call);
	return true;
}

/* ---- GET /api/batches/hours ---- */

static const struct shown_member pace_members[] = {
	{ "hour", SHOWN_TIME }, { "jobs_submitted", SHOWN_INT }, { "jobs_waiting", SHOWN_INT },
	{ "render_ms_median", SHOWN_INT }, { "render_ms_p90", SHOWN_INT }, { "jobs_measured", SHOWN_INT },
};

bool
serve_hours(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!db_call_run(call, &rows, &err, sql_gateway_hours, caller_customers(call)))
		return problem_err(call, &err);
	const struct shown hours = shown_table(rows, pace_members);

	return answer_rows(call, &hours);
}
