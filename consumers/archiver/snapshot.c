/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c: a batch, its outputs and its failures as of one moment (the role reads repeatably). */
#include <string.h>
#include "archiver.h"
#include "sql.h"

/* As in sql/queries/archiver. */
enum { BATCH_NAME, BATCH_PREFIX, BATCH_DATE, BATCH_DESCRIPTION, BATCH_SUBMITTED_BY, BATCH_STATUS,
	BATCH_RUN_NO, BATCH_PIPELINE, BATCH_TOTAL_FILES, BATCH_CREATED, BATCH_COMPLETED,
	BATCH_PARTITION, BATCH_ARCHIVE_RUN_NO, BATCH_IS_DELETED, BATCH_KNOWN,
	BATCH_WITH_SHEET };
enum { OUTPUT_NAME, OUTPUT_URI, OUTPUT_SHA256, OUTPUT_MEDIA_TYPE, OUTPUT_VIEW, OUTPUT_FILE_NAME,
	OUTPUT_JOB, OUTPUT_SIZE, OUTPUT_CRC32, OUTPUT_WIDTH, OUTPUT_HEIGHT, OUTPUT_ATTEMPT };
enum { JOB_ID, JOB_POSITION, JOB_ATTEMPT, JOB_FILE_NAME, JOB_STATUS, JOB_ERROR_CODE,
	JOB_ERROR_MESSAGE };

static int32_t
int_at(const struct db_rows *rows, int r, int c)
{
	return (int32_t)db_int_at(rows, r, c);
}

static void
batch_take(struct snapshot *s, struct uuid batch_id)
{
	const struct db_rows *rows = s->rows[0];

	s->manifest = (struct manifest){
		.batch_id = batch_id,
		.base_directory_name = db_text_at(rows, 0, BATCH_NAME),
		.customer_prefix = db_text_at(rows, 0, BATCH_PREFIX),
		.batch_date = db_date_at(rows, 0, BATCH_DATE),
		.render_description = db_text_at(rows, 0, BATCH_DESCRIPTION),
		.submitted_by = db_text_at(rows, 0, BATCH_SUBMITTED_BY),
		.status = db_text_at(rows, 0, BATCH_STATUS),
		.run_no = int_at(rows, 0, BATCH_RUN_NO),
		.pipeline_id = int_at(rows, 0, BATCH_PIPELINE),
		.total_files = int_at(rows, 0, BATCH_TOTAL_FILES),
		.created_at = db_time_at(rows, 0, BATCH_CREATED),
		.completed_at = db_time_at(rows, 0, BATCH_COMPLETED),
		.known_at = db_time_at(rows, 0, BATCH_KNOWN),
	};
	s->partition = int_at(rows, 0, BATCH_PARTITION);
	s->with_sheet = db_int_at(rows, 0, BATCH_WITH_SHEET);
	s->wanted = status_is_final(s->manifest.status) && db_count(s->rows[1]) > 0
	    && !db_int_at(rows, 0, BATCH_IS_DELETED)
	    && db_int_at(rows, 0, BATCH_ARCHIVE_RUN_NO) < s->manifest.run_no;
}

static bool
files_take(struct archiver *a, struct snapshot *s, struct err *err)
{
	const struct db_rows *rows = s->rows[1];
	size_t n = (size_t)db_count(rows);
	struct manifest_file *files = arena_take(a->arena, (n + 1) * sizeof(*files));

	if (!files)
		return err_set(err, ERR_FATAL, "out of memory");
	for (int r = 0; r < (int)n; r++)
		files[r] = (struct manifest_file){
			.name = db_text_at(rows, r, OUTPUT_NAME),
			.uri = db_text_at(rows, r, OUTPUT_URI),
			.sha256 = db_text_at(rows, r, OUTPUT_SHA256),
			.media_type = db_text_at(rows, r, OUTPUT_MEDIA_TYPE),
			.view = db_text_at(rows, r, OUTPUT_VIEW),
			.file_name = db_text_at(rows, r, OUTPUT_FILE_NAME),
			.job_id = db_uuid_at(rows, r, OUTPUT_JOB),
			.size = db_int_at(rows, r, OUTPUT_SIZE),
			.crc32 = (uint32_t)db_int_at(rows, r, OUTPUT_CRC32),
			.width = int_at(rows, r, OUTPUT_WIDTH),
			.height = int_at(rows, r, OUTPUT_HEIGHT),
			.attempt = int_at(rows, r, OUTPUT_ATTEMPT),
		};
	s->manifest.files = files;
	s->manifest.n_files = n;
	return true;
}

static bool
jobs_take(struct archiver *a, struct snapshot *s, struct err *err)
{
	const struct db_rows *rows = s->rows[2];
	size_t n = (size_t)db_count(rows);
	struct manifest_job *jobs = arena_take(a->arena, (n + 1) * sizeof(*jobs));

	if (!jobs)
		return err_set(err, ERR_FATAL, "out of memory");
	for (int r = 0; r < (int)n; r++)
		jobs[r] = (struct manifest_job){
			.id = db_uuid_at(rows, r, JOB_ID),
			.position = int_at(rows, r, JOB_POSITION),
			.attempt = int_at(rows, r, JOB_ATTEMPT),
			.file_name = db_text_at(rows, r, JOB_FILE_NAME),
			.status = db_text_at(rows, r, JOB_STATUS),
			.error_code = db_text_at(rows, r, JOB_ERROR_CODE),
			.error_message = db_text_at(rows, r, JOB_ERROR_MESSAGE),
		};
	s->manifest.jobs = jobs;
	s->manifest.n_jobs = n;
	return true;
}

bool
snapshot_read(struct archiver *a, struct uuid batch_id, struct snapshot *ret, struct err *err)
{
	const struct db_arg id = db_uuid(batch_id);
	const struct db_step steps[] = {
		{ sql_archiver_batch, &id, 1 }, { sql_archiver_outputs, &id, 1 },
		{ sql_archiver_missing, &id, 1 }, { sql_archiver_cells, &id, 1 },
	};
	struct snapshot s = {0};
	bool unknown, well;

	if (!db_transaction(a->db, steps, 4, s.rows, &unknown, err))
		return err_at(err, "snapshot");
	well = true;
	if (db_count(s.rows[0]) > 0) {
		batch_take(&s, batch_id);
		well = files_take(a, &s, err) && jobs_take(a, &s, err);
	}
	if (!well)
		snapshot_clear(&s);
	else
		*ret = s;
	return well;
}

void
snapshot_clear(struct snapshot *s)
{
	for (int i = 0; i < 4; i++) {
		db_rows_free(s->rows[i]);
		s->rows[i] = NULL;
	}
}
