/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.c: bodies that are stored while they come in: the files of a multipart submission, and
 * the one of POST /api/blobs. A request that is given up leaves files that the sweep takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gateway.h"
#include "multipart.h"

enum { FIELD_MAX = 16 * 1024, PARTS_SPARE = 100, PART_COST = 1024 };

struct upload {
	struct call *call;
	struct multipart *multipart;	/* NULL: the body is the file */
	struct form form;
	struct blob_writer *writer;	/* of the file that is coming in */
	char name[MULTIPART_NAME_MAX];	/* of the part, or of its file */
	bool is_file;
	struct buf value;		/* of a part that is no file */
	size_t size, file_size, n_parts;
	struct err err;
};

static bool
file_open(struct upload *u)
{
	u->file_size = 0;
	return blob_write_open(u->call->gateway->blobs, &u->writer, NULL, &u->err)
	    || problem_err(u->call, &u->err);
}

/* The file is named as its place among the files; where the body is the file, as that. */
static bool
too_large(struct upload *u)
{
	char field[40] = "body";

	if (u->multipart)
		snprintf(field, sizeof(field), "files[%zu]", u->form.n_files);
	return file_too_large(u->call, field);
}

static bool
file_write(struct upload *u, const void *bytes, size_t size)
{
	u->file_size += size;
	if (u->file_size > u->call->gateway->file_max)
		return too_large(u);
	return blob_write(u->writer, bytes, size, &u->err) || problem_err(u->call, &u->err);
}

static bool
file_close(struct upload *u, struct blob_done *ret)
{
	bool well = blob_write_finish(u->writer, ret, &u->err);

	blob_writer_free(u->writer);
	u->writer = NULL;
	return well || problem_err(u->call, &u->err);
}

/* ---- the parts ---- */

static bool
part_begin(void *state, const char *name, const char *file_name)
{
	struct upload *u = state;

	u->is_file = file_name != NULL;
	buf_reset(&u->value);
	snprintf(u->name, sizeof(u->name), "%s", file_name ? file_name : name);
	if (++u->n_parts > u->call->gateway->files_max + PARTS_SPARE)
		return problem_field(u->call, "files", "has more than %zu entries, which is the most",
		    u->call->gateway->files_max);
	return budget_take(u->call, PART_COST) && (!u->is_file || file_open(u));
}

static bool
part_bytes(void *state, const void *bytes, size_t size)
{
	struct upload *u = state;

	if (u->is_file)
		return file_write(u, bytes, size);
	return buf_add(&u->value, bytes, size)
	    || problem_field(u->call, u->name, "is longer than %d bytes", FIELD_MAX);
}

static bool
part_end(void *state)
{
	struct upload *u = state;
	struct blob_done stored;

	if (!u->is_file) {
		const char *value = buf_text(&u->value);

		if (!value || strlen(value) != u->value.size)
			return problem_field(u->call, u->name, "holds a NUL");
		form_read_field(&u->form, u->name, value);
		return true;
	}
	if (!*u->name && u->file_size == 0) {	/* the file field of a form, left empty */
		blob_writer_free(u->writer);
		u->writer = NULL;
		return true;
	}
	if (!file_close(u, &stored))
		return false;
	form_add_stored(&u->form, u->name, &stored);
	return true;
}

/* ---- life ---- */

bool
upload_begin(struct call *call)
{
	const char *type = httpd_header(call->request, "Content-Type");
	bool is_form = strncmp(call->request->path, "/api/blobs", 10) != 0;
	size_t most = is_form ? call->gateway->upload_max : call->gateway->file_max;
	struct upload *u;

	if (call->request->length > (int64_t)most)
		return is_form ? problem(call, &problem_too_large, "A body is at most %zu bytes here.", most)
		    : file_too_large(call, "body");
	u = call->upload = calloc(1, sizeof(*u));
	if (!u || (is_form && !form_init(&u->form, call)))
		return problem(call, &problem_internal, "out of memory");
	u->call = call;
	u->value.limit = FIELD_MAX;
	const struct multipart_listener listener = { part_begin, part_bytes, part_end, u };
	if (!is_form)
		return file_open(u);
	return multipart_new(&u->multipart, type, &listener, &u->err) || problem_err(call, &u->err);
}

bool
upload_take(struct upload *u, const void *bytes, size_t size)
{
	u->size += size;
	if (!u->multipart)
		return file_write(u, bytes, size);
	if (u->size > u->call->gateway->upload_max)
		return problem(u->call, &problem_too_large, "A body is at most %zu bytes here.",
		    u->call->gateway->upload_max);
	return multipart_take(u->multipart, bytes, size, &u->err) || problem_is_set(u->call)
	    ? !problem_is_set(u->call) : problem_err(u->call, &u->err);
}

bool
upload_finish(struct upload *u)
{
	if (problem_is_set(u->call))
		return false;
	return multipart_finish(u->multipart, &u->err) || problem_err(u->call, &u->err);
}

struct form *
upload_form(struct upload *u)
{
	return u && u->multipart ? &u->form : NULL;
}

void
upload_free(struct upload *u)
{
	if (!u)
		return;
	multipart_free(u->multipart);
	blob_writer_free(u->writer);
	form_clear(&u->form);
	buf_clear(&u->value);
	free(u);
}

/* ---- POST /api/blobs ---- */

bool
serve_blob(struct call *call)
{
	struct upload *u = call->upload;
	struct blob_done stored;
	struct put put;

	if (problem_is_set(call) || !file_close(u, &stored))
		return false;
	put = answer_json(call, 201);
	put_open(&put, '{');
	put_text_of(&put, "uri", stored.uri);
	put_int_of(&put, "size", stored.size);
	put_text_of(&put, "sha256", stored.sha256);
	put_close(&put, '}');
	return true;
}
