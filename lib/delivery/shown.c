/* SPDX-License-Identifier: Apache-2.0 */
/* shown.c: columns of rows as members of JSON objects. */
#include "delivery/shown.h"
#include <assert.h>
#include <stddef.h>

/* As in sql/deploy/listing.sql; SHOWN_NOT: put otherwise, or not at all. */
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
	{ "archive", SHOWN_NOT }, { "archive", SHOWN_NOT }, { "archive", SHOWN_NOT },
	{ "archive", SHOWN_NOT }, { "archive", SHOWN_NOT }, { "error_code", SHOWN_TEXT },
	{ "error_message", SHOWN_TEXT }, { "dropbox_directory_id", SHOWN_TEXT },
	{ "monday_item_id", SHOWN_TEXT }, { "created_at", SHOWN_TIME }, { "updated_at", SHOWN_TIME },
	{ "completed_at", SHOWN_TIME },
};
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

void
shown_members(struct put *put, const struct shown_member *members, int n,
    const struct db_rows *rows, int row)
{
	for (int i = 0; i < n; i++) {
		if (members[i].kind == SHOWN_NOT)
			continue;
		put_name(put, members[i].name);
		put_value(put, members[i].kind, rows, row, i);
	}
}

void
shown_batch(struct put *put, const struct db_rows *rows, int row)
{
	shown_members(put, batch_members, COUNT(batch_members), rows, row);
	put_name(put, "archive");
	if (db_is_null(rows, row, BATCH_ARCHIVE_URI)) {
		put_null(put);
		return;
	}
	put_open(put, '{');
	put_text_of(put, "uri", db_text_at(rows, row, BATCH_ARCHIVE_URI));
	put_int_of(put, "size", db_int_at(rows, row, BATCH_ARCHIVE_SIZE));
	put_text_of(put, "sha256", db_text_at(rows, row, BATCH_ARCHIVE_SHA256));
	put_int_of(put, "entries", db_int_at(rows, row, BATCH_ARCHIVE_ENTRIES));
	put_int_of(put, "run_no", db_int_at(rows, row, BATCH_ARCHIVE_RUN_NO));
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
	AT(jobs_completed), AT(jobs_failed), AT(jobs_cancelled), 0, 0, 0, 0, 0, AT(error_code),
	AT(error_message), AT(dropbox_directory_id), AT(monday_item_id), AT(created_at), AT(updated_at),
	AT(completed_at),
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
