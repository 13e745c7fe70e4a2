/* SPDX-License-Identifier: Apache-2.0 */
/* shown.c: columns of rows as members of JSON objects. */
#include "delivery/shown.h"
#include <assert.h>
#include <stddef.h>

/* The archive is an object of its own. */
static const struct shown_member batch_members[] = {
	{ "id", SHOWN_ID }, { "base_directory_name", SHOWN_TEXT }, { "customer_prefix", SHOWN_TEXT },
	{ "batch_date", SHOWN_DATE }, { "batch_counter", SHOWN_INT },
	{ "render_description", SHOWN_TEXT }, { "submitted_by", SHOWN_TEXT },
	{ "pipeline_id", SHOWN_INT }, { "priority", SHOWN_INT }, { "failures_tolerated", SHOWN_INT },
	{ "status", SHOWN_TEXT }, { "control", SHOWN_TEXT }, { "run_no", SHOWN_INT },
	{ "revision", SHOWN_INT }, { "total_files", SHOWN_INT }, { "total_pipelines", SHOWN_INT },
	{ "total_size", SHOWN_INT }, { "jobs_queued", SHOWN_INT }, { "jobs_dispatched", SHOWN_INT },
	{ "jobs_processing", SHOWN_INT }, { "jobs_retry_wait", SHOWN_INT },
	{ "jobs_completed", SHOWN_INT }, { "jobs_failed", SHOWN_INT }, { "jobs_cancelled", SHOWN_INT },
	{ "error_code", SHOWN_TEXT }, { "error_message", SHOWN_TEXT },
	{ "dropbox_directory_id", SHOWN_TEXT }, { "monday_item_id", SHOWN_TEXT },
	{ "created_at", SHOWN_TIME }, { "updated_at", SHOWN_TIME }, { "completed_at", SHOWN_TIME },
	{ "archive_uri", SHOWN_NOT }, { "archive_size", SHOWN_NOT }, { "archive_sha256", SHOWN_NOT },
	{ "archive_entries", SHOWN_NOT }, { "archive_run_no", SHOWN_NOT },
};
enum { ARCHIVE = sizeof(batch_members) / sizeof(*batch_members) - 5 };
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static void
put_value(struct put *put, enum shown_kind kind, const struct db_rows *rows, int row, int column)
{
	if (db_is_null(rows, row, column))
		put_null(put);
	else if (kind == SHOWN_ID)
		put_uuid(put, db_uuid_at(rows, row, column));
	else if (kind == SHOWN_TEXT)
		put_text(put, db_text_at(rows, row, column));
	else if (kind == SHOWN_JSON)
		put_raw(put, db_text_at(rows, row, column));
	else if (kind == SHOWN_INT)
		put_int(put, db_int_at(rows, row, column));
	else if (kind == SHOWN_BOOL)
		put_bool(put, db_int_at(rows, row, column) != 0);
	else if (kind == SHOWN_TIME)
		put_time(put, db_time_at(rows, row, column));
	else
		put_date(put, db_date_at(rows, row, column));
}

struct shown
shown_of(const struct db_rows *rows, const struct shown_member *members, int n)
{
	struct shown ret = { .rows = rows, .members = members, .n = n };

	assert(n <= SHOWN_MEMBERS_MAX);
	for (int i = 0; i < n; i++)
		ret.at[i] = db_column(rows, members[i].name);
	return ret;
}

void
shown_members(struct put *put, const struct shown *shown, int row)
{
	for (int i = 0; i < shown->n; i++) {
		const struct shown_member *member = &shown->members[i];

		if (member->kind == SHOWN_NOT)
			continue;
		put_name(put, member->name);
		put_value(put, member->kind, shown->rows, row, shown->at[i]);
	}
}

void
shown_row(struct put *put, const struct shown *shown, int row)
{
	put_open(put, '{');
	shown_members(put, shown, row);
	put_close(put, '}');
}

struct shown
shown_batches(const struct db_rows *rows)
{
	return shown_table(rows, batch_members);
}

void
shown_batch(struct put *put, const struct shown *batches, int row)
{
	const struct db_rows *rows = batches->rows;
	const int *at = &batches->at[ARCHIVE];

	shown_members(put, batches, row);
	put_name(put, "archive");
	if (db_is_null(rows, row, at[0])) {
		put_null(put);
		return;
	}
	put_open(put, '{');
	put_text_of(put, "uri", db_text_at(rows, row, at[0]));
	put_int_of(put, "size", db_int_at(rows, row, at[1]));
	put_text_of(put, "sha256", db_text_at(rows, row, at[2]));
	put_int_of(put, "entries", db_int_at(rows, row, at[3]));
	put_int_of(put, "run_no", db_int_at(rows, row, at[4]));
	put_close(put, '}');
}

/* ---- of a record ---- */

#define AT(member) offsetof(struct batch_changed, member)

/* Where the record has each of batch_members. */
static const size_t changed_at[] = {
	AT(batch_id), AT(base_directory_name), AT(customer_prefix), AT(batch_date), AT(batch_counter),
	AT(render_description), AT(submitted_by), AT(pipeline_id), AT(priority), AT(failures_tolerated),
	AT(status), AT(control), AT(run_no), AT(revision), AT(total_files), AT(total_pipelines),
	AT(total_size), AT(jobs_queued), AT(jobs_dispatched), AT(jobs_processing), AT(jobs_retry_wait),
	AT(jobs_completed), AT(jobs_failed), AT(jobs_cancelled), AT(error_code),
	AT(error_message), AT(dropbox_directory_id), AT(monday_item_id), AT(created_at), AT(updated_at),
	AT(completed_at), 0, 0, 0, 0, 0,
};
static_assert(COUNT(changed_at) == COUNT(batch_members), "the record has what the row has");

static void
put_changed(struct put *put, enum shown_kind kind, const struct batch_changed *changed, size_t offset)
{
	const void *at = (const char *)changed + offset;
	bool is_long = offset == AT(revision) || offset == AT(total_size);

	if (kind == SHOWN_ID)
		put_uuid(put, *(const struct uuid *)at);
	else if (kind == SHOWN_TEXT)
		put_text(put, *(const char *const *)at);
	else if (kind == SHOWN_TIME)
		put_time(put, *(const int64_t *)at);
	else if (kind == SHOWN_DATE)
		put_date(put, *(const int32_t *)at);
	else if (is_long)
		put_int(put, *(const int64_t *)at);
	else if (*(const int32_t *)at == EVENT_NULL_INT)
		put_null(put);
	else
		put_int(put, *(const int32_t *)at);
}

void
shown_changed(struct put *put, const struct batch_changed *changed)
{
	const struct batch_archive *archive = changed->archive;

	for (int i = 0; i < COUNT(batch_members); i++) {
		if (batch_members[i].kind == SHOWN_NOT)
			continue;
		put_name(put, batch_members[i].name);
		put_changed(put, batch_members[i].kind, changed, changed_at[i]);
	}
	put_name(put, "archive");
	if (!archive) {
		put_null(put);
		return;
	}
	put_open(put, '{');
	put_text_of(put, "uri", archive->uri);
	put_int_of(put, "size", archive->size);
	put_text_of(put, "sha256", archive->sha256);
	put_int_of(put, "entries", archive->entries);
	put_int_of(put, "run_no", archive->run_no);
	put_close(put, '}');
}
