/* SPDX-License-Identifier: Apache-2.0 */
/* item.c: one batch with its jobs, one job with its outputs. A batch itself is put by
 * delivery/shown.h. */
#include <stdio.h>
#include <string.h>
#include "gateway.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

enum { JOBS_PAGE = 1000 };

/* Of jobs_page.sql and job.sql. */
static const struct shown_member job_members[] = {
	{ "id", SHOWN_ID }, { "position", SHOWN_INT }, { "file_name", SHOWN_TEXT },
	{ "source_uri", SHOWN_TEXT }, { "size", SHOWN_INT }, { "status", SHOWN_TEXT },
	{ "attempt", SHOWN_INT }, { "next_attempt_at", SHOWN_TIME }, { "error_code", SHOWN_TEXT },
	{ "error_message", SHOWN_TEXT }, { "has_preview", SHOWN_BOOL }, { "duration_ms", SHOWN_INT },
	{ "created_at", SHOWN_TIME }, { "started_at", SHOWN_TIME }, { "completed_at", SHOWN_TIME },
};

/* Of outputs_page.sql. */
static const struct shown_member output_members[] = {
	{ "name", SHOWN_TEXT }, { "view", SHOWN_TEXT }, { "media_type", SHOWN_TEXT },
	{ "width", SHOWN_INT }, { "height", SHOWN_INT }, { "size", SHOWN_INT }, { "sha256", SHOWN_TEXT },
};

/* Of failed_attempts.sql. */
static const struct shown_member attempt_members[] = {
	{ "attempt", SHOWN_INT }, { "run_no", SHOWN_INT }, { "worker", SHOWN_TEXT },
	{ "failed_at", SHOWN_TIME }, { "error_code", SHOWN_TEXT }, { "error_message", SHOWN_TEXT },
	{ "retryable", SHOWN_BOOL }, { "duration_ms", SHOWN_INT },
};

/* what: how a 404 calls it. */
static bool
row_read(struct call *call, struct db_rows **ret, const char *sql, const char *what)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!db_call_run(call, &rows, &err, sql, db_uuid(call->id), caller_customers(call)))
		return problem_err(call, &err);
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no %s of this id.", what);
	*ret = db_rows_free_hand_over(&rows);
	return true;
}

bool
item_batch_read(struct call *call, struct db_rows **ret)
{
	return row_read(call, ret, sql_gateway_batch, "batch");
}

bool
item_job_read(struct call *call, struct db_rows **ret)
{
	return row_read(call, ret, sql_gateway_job, "job");
}

/* ---- jobs ---- */

struct jobs { struct db_rows *rows, *outputs; int n; int64_t next; };	/* next: -1 at the end */

static void
jobs_clear(struct jobs *jobs)
{
	db_rows_free(jobs->rows);
	db_rows_free(jobs->outputs);
}

static bool
jobs_read(struct call *call, const char *status, int32_t from, int64_t limit, struct jobs *jobs)
{
	struct err err = {0};
	int32_t last;

	if (!db_call_run(call, &jobs->rows, &err, sql_gateway_jobs_page,
	    db_uuid(call->id), db_int4(from), db_int4((int32_t)limit + 1), db_text(status)))
		return problem_err(call, &err);
	jobs->n = db_count(jobs->rows) > limit ? (int)limit : db_count(jobs->rows);
	jobs->next = db_count(jobs->rows) > jobs->n
	    ? db_int_of(jobs->rows, jobs->n, "position") : -1;
	last = jobs->n ? (int32_t)db_int_of(jobs->rows, jobs->n - 1, "position") : from;
	return db_call_run(call, &jobs->outputs, &err, sql_gateway_outputs_page,
	           db_uuid(call->id), db_int4(from), db_int4(last), db_text(status))
	    || problem_err(call, &err);
}

/* The outputs of one job, which stand together from *at on; those of a job that was not in this
 * state yet when jobs were read are passed over. */
static void
put_outputs(struct put *put, const struct shown *outputs, int job_column, struct uuid job_id, int *at)
{
	const struct db_rows *rows = outputs->rows;
	int first = *at;

	while (first < db_count(rows) && uuid_order(db_uuid_at(rows, first, job_column), job_id))
		first++;
	if (first < db_count(rows))
		*at = first;
	put_name(put, "outputs");
	put_open(put, '[');
	while (*at < db_count(rows) && !uuid_order(db_uuid_at(rows, *at, job_column), job_id))
		shown_row(put, outputs, (*at)++);
	put_close(put, ']');
}

static void
put_jobs(struct put *put, const struct jobs *jobs)
{
	const struct shown shown = shown_table(jobs->rows, job_members);
	const struct shown outputs = shown_table(jobs->outputs, output_members);
	int id = db_column(jobs->rows, "id"), of = db_column(jobs->outputs, "job_id"), at = 0;

	put_open(put, '[');
	for (int i = 0; i < jobs->n; i++) {
		put_open(put, '{');
		shown_members(put, &shown, i);
		put_outputs(put, &outputs, of, db_uuid_at(jobs->rows, i, id), &at);
		put_close(put, '}');
	}
	put_close(put, ']');
}

/* A cursor of jobs is the position of the next one, as text. */
static void
put_next(struct put *put, const char *name, int64_t next)
{
	struct buf text = {0};

	if (next >= 0)
		buf_print(&text, "%lld", (long long)next);
	put_text_of(put, name, next >= 0 ? buf_text(&text) : NULL);
	buf_clear(&text);
}

bool
serve_batch(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct jobs jobs = {0};
	struct put put;

	if (!item_batch_read(call, &rows))
		return false;
	if (jobs_read(call, NULL, 0, JOBS_PAGE, &jobs)) {
		const struct shown batch = shown_batches(rows);

		put = answer_json(call, 200);
		put_open(&put, '{');
		shown_batch(&put, &batch, 0);
		put_name(&put, "jobs");
		put_jobs(&put, &jobs);
		put_next(&put, "jobs_next_cursor", jobs.next);
		put_close(&put, '}');
		answer_tag(call);
	}
	jobs_clear(&jobs);
	return !problem_is_set(call);
}

/* How many jobs of a batch are in the state; NULL: in any. */
static int64_t
jobs_total(const struct db_rows *batch, const char *status)
{
	char column[40] = "total_files";

	if (status)
		snprintf(column, sizeof(column), "jobs_%s", status);
	return db_int_of(batch, 0, column);
}

/* The parameter `status`; NULL: none, or not one. */
static const char *
jobs_status(struct call *call)
{
	const char *status = httpd_query(call->request, "status");

	if (!status || !*status)
		return NULL;
	for (int i = 0; i < JOB_STATUSES; i++)
		if (!strcmp(status, job_statuses[i]))
			return status;
	problem_field(call, "status", "is not a state of a job");
	return NULL;
}

bool
serve_jobs(struct call *call)
{
	const char *cursor = httpd_query(call->request, "cursor");
	const char *limit_text = httpd_query(call->request, "limit");
	const char *status = jobs_status(call);
	own(db_rows_freep) struct db_rows *batch = NULL;
	int64_t from = 0, limit = JOBS_PAGE;
	struct jobs jobs = {0};
	struct put put;

	if (cursor && !number_read(&from, cursor, 0, INT32_MAX))
		problem_field(call, "cursor", "is not a next_cursor of this list");
	if (limit_text && !number_read(&limit, limit_text, 1, JOBS_PAGE))
		problem_field(call, "limit", "is not a whole number from 1 to %d", JOBS_PAGE);
	if (problem_is_set(call) || !item_batch_read(call, &batch))
		return false;
	if (jobs_read(call, status, (int32_t)from, limit, &jobs)) {
		put = answer_json(call, 200);
		put_open(&put, '{');
		put_name(&put, "data");
		put_jobs(&put, &jobs);
		put_int_of(&put, "total", jobs_total(batch, status));
		put_int_of(&put, "limit", limit);
		put_next(&put, "next_cursor", jobs.next);
		put_close(&put, '}');
		answer_tag(call);
	}
	jobs_clear(&jobs);
	return !problem_is_set(call);
}

static void
put_failed_attempts(struct put *put, const struct db_rows *rows)
{
	const struct shown shown = shown_table(rows, attempt_members);

	put_name(put, "failed_attempts");
	put_open(put, '[');
	for (int i = 0; i < db_count(rows); i++)
		shown_row(put, &shown, i);
	put_close(put, ']');
}

static void
answer_job(struct call *call, const struct db_rows *rows, const struct db_rows *outputs,
    const struct db_rows *failed)
{
	const struct shown job = shown_table(rows, job_members);
	const struct shown shown = shown_table(outputs, output_members);
	struct put put = answer_json(call, 200);
	int at = 0;

	put_open(&put, '{');
	shown_members(&put, &job, 0);
	put_uuid_of(&put, "batch_id", db_uuid_of(rows, 0, "batch_id"));
	put_text_of(&put, "base_directory_name", db_text_of(rows, 0, "base_directory_name"));
	put_outputs(&put, &shown, db_column(outputs, "job_id"), call->id, &at);
	put_failed_attempts(&put, failed);
	put_close(&put, '}');
	answer_tag(call);
}

bool
serve_job(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL, *outputs = NULL, *failed = NULL;
	struct err err = {0};

	if (!item_job_read(call, &rows))
		return false;
	int32_t position = (int32_t)db_int_of(rows, 0, "position");
	struct uuid batch = db_uuid_of(rows, 0, "batch_id");

	if (!db_call_run(call, &outputs, &err, sql_gateway_outputs_page, db_uuid(batch),
	        db_int4(position), db_int4(position), db_text(NULL))
	    || !db_call_run(call, &failed, &err, sql_gateway_failed_attempts, db_uuid(batch),
	        db_uuid(call->id)))
		return problem_err(call, &err);
	answer_job(call, rows, outputs, failed);
	return true;
}
