/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c: names and JSON; one line a file, so that a person can read and grep it. */
#include "batch/manifest.h"
#include <stdlib.h>
#include <string.h>
#include "base/json_write.h"
#include "batch/name.h"

/* ---- names ---- */

/* By name without its case; of equal ones the first in the list stays the first. */
static int
name_order(const void *a, const void *b)
{
	const struct manifest_file *f = *(struct manifest_file *const *)a;
	const struct manifest_file *g = *(struct manifest_file *const *)b;
	int order = name_compare(f->name, g->name);

	return order ? order : (f > g) - (f < g);
}

bool
manifest_check_names(struct manifest *m, struct err *err)
{
	struct manifest_file **sorted = calloc(m->n_files + 1, sizeof(*sorted));

	if (!sorted)
		return err_set(err, ERR_FATAL, "out of memory");
	for (size_t i = 0; i < m->n_files; i++)
		sorted[i] = &m->files[i];
	qsort(sorted, m->n_files, sizeof(*sorted), name_order);
	for (size_t i = 0; i < m->n_files; i++)
		if (!output_name_is_safe(sorted[i]->name)
		    || !name_compare(sorted[i]->name, MANIFEST_NAME)
		    || (i > 0 && !name_compare(sorted[i]->name, sorted[i - 1]->name)))
			sorted[i]->lost = MANIFEST_BAD_NAME;
	free(sorted);
	return true;
}

size_t
manifest_count(const struct manifest *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_files; i++)
		n += !m->files[i].lost;
	return n;
}

/* ---- JSON ---- */

static void
put_head(struct put *put, const struct manifest *m)
{
	put_int_of(put, "manifest_version", MANIFEST_VERSION);
	put_uuid_of(put, "batch_id", m->batch_id);
	put_text_of(put, "base_directory_name", m->base_directory_name);
	put_text_of(put, "customer_prefix", m->customer_prefix);
	put_name(put, "batch_date");
	put_date(put, m->batch_date);
	put_int_of(put, "run_no", m->run_no);
	put_text_of(put, "status", m->status);
	put_text_of(put, "render_description", m->render_description);
	put_text_of(put, "submitted_by", m->submitted_by);
	put_int_of(put, "pipeline_id", m->pipeline_id);
	put_int_of(put, "total_files", m->total_files);
	put_name(put, "created_at");
	put_time(put, m->created_at);
	put_name(put, "completed_at");
	put_time(put, m->completed_at);
}

/* What a file and a lost one have in common. */
static void
put_origin(struct put *put, const struct manifest_file *f)
{
	put_text_of(put, "view", f->view);
	put_uuid_of(put, "job_id", f->job_id);
	put_text_of(put, "file_name", f->file_name);
	put_int_of(put, "attempt", f->attempt);
}

static void
line_open(struct put *put)
{
	buf_add_text(put->buf, put->comma ? ",\n" : "\n");
	put->comma = false;
	put_open(put, '{');
}

static void
put_files(struct put *put, const struct manifest *m)
{
	put_name(put, "files");
	put_open(put, '[');
	for (size_t i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];

		if (f->lost)
			continue;
		line_open(put);
		put_text_of(put, "name", f->name);
		put_int_of(put, "size", f->size);
		put_text_of(put, "sha256", f->sha256);
		put_text_of(put, "media_type", f->media_type);
		put_int_of(put, "width", f->width);
		put_int_of(put, "height", f->height);
		put_origin(put, f);
		put_close(put, '}');
	}
	put_close(put, ']');
}

static void
put_missing_jobs(struct put *put, const struct manifest *m)
{
	put_name(put, "missing_jobs");
	put_open(put, '[');
	for (size_t i = 0; i < m->n_jobs; i++) {
		const struct manifest_job *j = &m->jobs[i];

		line_open(put);
		put_uuid_of(put, "job_id", j->id);
		put_int_of(put, "position", j->position);
		put_text_of(put, "file_name", j->file_name);
		put_text_of(put, "status", j->status);
		put_int_of(put, "attempt", j->attempt);
		put_text_of(put, "error_code", j->error_code);
		put_text_of(put, "error_message", j->error_message);
		put_close(put, '}');
	}
	put_close(put, ']');
}

static void
put_missing_files(struct put *put, const struct manifest *m)
{
	put_name(put, "missing_files");
	put_open(put, '[');
	for (size_t i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];

		if (!f->lost)
			continue;
		line_open(put);
		put_text_of(put, "name", f->name);
		put_origin(put, f);
		put_text_of(put, "error_code", f->lost);
		put_close(put, '}');
	}
	put_close(put, ']');
}

static void
put_sheet(struct put *put, const struct manifest_file *sheet)
{
	if (!sheet || sheet->lost)
		return;
	put_name(put, "contact_sheet");
	put_open(put, '{');
	put_text_of(put, "name", sheet->name);
	put_int_of(put, "size", sheet->size);
	put_text_of(put, "sha256", sheet->sha256);
	put_close(put, '}');
}

bool
manifest_write(const struct manifest *m, struct buf *ret)
{
	struct put put = { .buf = ret };

	put_open(&put, '{');
	put_head(&put, m);
	put_sheet(&put, m->sheet);
	put_files(&put, m);
	put_missing_jobs(&put, m);
	put_missing_files(&put, m);
	put_close(&put, '}');
	buf_add_byte(ret, '\n');
	return !ret->failed;
}
