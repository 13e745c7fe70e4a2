/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c: what lies in the blob store, sent as it lies there: archives, sheets, previews, inputs, outputs. A blob
 * never changes, so its content's name is its ETag, and any part of it can be had.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "gateway.h"
#include "range.h"
#include "service.h"
#include "sql.h"
#include "port/named.h"

enum { ARCHIVE_WAIT_MS = 30000, ARCHIVE_LOOK_MS = 100 };

struct file {
	const char *uri, *type;		/* type NULL: what its first bytes say */
	const char *sha256;		/* of its bytes, or of its name where that is as good; NULL: see the bytes */
	const char *save_as;		/* NULL: it has no name of its own */
	bool shown;			/* by a browser, not saved */
};

/* Of a picture that browsers show; what is none of them is bytes, and no page of somebody's. */
static const char *
type_by_bytes(int fd)
{
	static const struct { size_t at; const char *bytes, *type; } kinds[] = {
		{ 0, "\xff\xd8\xff", "image/jpeg" }, { 0, "\x89PNG\r\n", "image/png" },
		{ 0, "GIF8", "image/gif" }, { 8, "WEBP", "image/webp" }, { 4, "ftypavif", "image/avif" },
		{ 0, "II*", "image/tiff" }, { 0, "MM", "image/tiff" },
	};
	char head[16] = "";

	if (pread(fd, head, sizeof(head), 0) < (ssize_t)sizeof(head))
		return "application/octet-stream";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!memcmp(head + kinds[i].at, kinds[i].bytes, strlen(kinds[i].bytes)))
			return kinds[i].type;
	return "application/octet-stream";
}

static void
put_head(struct call *call, const struct file *file, const char *type, const char *etag)
{
	struct httpd_answer *answer = call->answer;
	char value[400];

	snprintf(call->type, sizeof(call->type), "%s", type);
	answer->type = call->type;
	httpd_answer_header(answer, "ETag", etag);
	httpd_answer_header(answer, "Accept-Ranges", "bytes");
	httpd_answer_header(answer, "Cache-Control", "private, no-cache");
	/* A rendered file is somebody's input after all: it gets no rights of ours. */
	httpd_answer_header(answer, "Content-Security-Policy", "default-src 'none'; sandbox");
	if (!file->save_as)
		return;
	snprintf(value, sizeof(value), "%s; filename=\"%s\"", file->shown ? "inline" : "attachment",
	    file->save_as);
	httpd_answer_header(answer, "Content-Disposition", value);
}

/* 412 and 304; true: go on. */
static bool
is_wanted(struct call *call, const char *etag)
{
	const char *match = httpd_header(call->request, "If-Match");
	const char *none_match = httpd_header(call->request, "If-None-Match");

	if (match && !etag_matches(match, etag, false))
		return problem(call, &problem_precondition, "Its ETag is %s.", etag);
	if (!none_match || !etag_matches(none_match, etag, true))
		return true;
	call->answer->status = 304;
	return false;
}

static bool
put_part(struct call *call, const char *etag, int64_t total)
{
	const char *if_range = httpd_header(call->request, "If-Range");
	const char *header = httpd_header(call->request, "Range");
	struct httpd_answer *answer = call->answer;
	enum range_kind kind;
	char value[100];

	answer->fd_offset = 0;
	answer->fd_size = total;
	if (strcmp(call->request->method, "GET") || (if_range && strcmp(if_range, etag)))
		return true;
	kind = range_read(header, total, &answer->fd_offset, &answer->fd_size);
	if (kind == RANGE_OUTSIDE) {
		snprintf(value, sizeof(value), "bytes */%" PRId64, total);
		httpd_answer_header(answer, "Content-Range", value);
		return problem(call, &problem_range, "It has %" PRId64 " bytes.", total);
	}
	if (kind == RANGE_PART) {
		answer->status = 206;
		snprintf(value, sizeof(value), "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
		    answer->fd_offset, answer->fd_offset + answer->fd_size - 1, total);
		httpd_answer_header(answer, "Content-Range", value);
	}
	return true;
}

/* Of its bytes, when nobody wrote that down. */
static bool
etag_make(char etag[ETAG_SIZE], const struct file *file, int fd, struct err *err)
{
	char hex[SHA256_TEXT_SIZE];
	uint8_t sha256[SHA256_SIZE];

	if (!file->sha256 && !hash_file(sha256, fd, NULL))
		return err_code(err, ERR_RETRY, "blob_store", "%s: %s", file->uri, strerror(errno));
	snprintf(etag, ETAG_SIZE, "\"%s\"", file->sha256 ? file->sha256 : hash_print(hex, sha256));
	return true;
}

static bool
answer_file(struct call *call, const struct file *file)
{
	struct httpd_answer *answer = call->answer;
	struct err err = {0};
	char etag[ETAG_SIZE];
	int64_t total;
	int fd;

	if (!blob_read_open(call->gateway->blobs, file->uri, &fd, &total, &err)) {
		if (!strcmp(err.code, "blob_not_found"))
			return problem(call, &problem_not_found, "The file is no longer there.");
		return problem_err(call, &err);
	}
	if (!etag_make(etag, file, fd, &err)) {
		close(fd);
		return problem_err(call, &err);
	}
	put_head(call, file, file->type ? file->type : type_by_bytes(fd), etag);
	if (!is_wanted(call, etag) || !put_part(call, etag, total)) {
		close(fd);
		return !problem_is_set(call);
	}
	answer->fd = fd;
	return true;
}

/* ---- GET /api/batches/:id/download and /sheet ---- */

static bool
archive_is_there(const struct db_rows *rows)
{
	return !db_is_null_of(rows, 0, "archive_uri")
	    && db_int_of(rows, 0, "archive_run_no") == db_int_of(rows, 0, "run_no");
}

/* True when there is something to wait for. */
static bool
archive_will_come(struct call *call, const struct db_rows *rows)
{
	const char *status = db_text_of(rows, 0, "status");

	if (!status_is_final(status))
		return problem(call, &problem_not_finished,
		    "The batch is %s; its archive is made when it is finished.", status);
	if (db_int_of(rows, 0, "jobs_completed") == 0)
		return problem(call, &problem_no_outputs,
		    "The batch is %s and no picture of it was rendered.", status);
	return true;
}

/* Of a batch whose archive is there, or comes soon; *ret is the caller's. */
static bool
archived_read(struct call *call, struct db_rows **ret)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t until = clock_monotonic_ms() + ARCHIVE_WAIT_MS;

	for (;;) {
		if (!item_batch_read(call, &rows) || (!archive_is_there(rows)
		    && !archive_will_come(call, rows)))
			return false;
		if (archive_is_there(rows))
			break;
		if (clock_monotonic_ms() >= until || service_is_stopping())
			return problem(call, &problem_archive_pending,
			    "The batch is finished and its archive is being built: try again.");
		db_rows_free(rows);
		rows = NULL;
		clock_sleep_ms(ARCHIVE_LOOK_MS);
	}
	*ret = db_rows_free_hand_over(&rows);
	return true;
}

bool
serve_download(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	char name[160];

	if (!archived_read(call, &rows))
		return false;
	snprintf(name, sizeof(name), "%s.zip", db_text_of(rows, 0, "base_directory_name"));
	const struct file file = { db_text_of(rows, 0, "archive_uri"), "application/zip",
		db_text_of(rows, 0, "archive_sha256"), name, false };
	return answer_file(call, &file);
}

/* It lies beside the archive, and was there before it. */
bool
serve_sheet(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	char uri[BLOB_URI_MAX], name[160];
	const char *archive;

	if (!archived_read(call, &rows))
		return false;
	archive = db_text_of(rows, 0, "archive_uri");
	snprintf(uri, sizeof(uri), "%.*s.jpg", (int)strcspn(archive, "."), archive);
	snprintf(name, sizeof(name), "%s.jpg", db_text_of(rows, 0, "base_directory_name"));
	const struct file file = { uri, "image/jpeg", NULL, name, true };
	return answer_file(call, &file);
}

/* ---- of jobs ---- */

/* Previews carry their type in their name's end. */
static const char *
preview_type(const char *uri)
{
	static const char *const types[][2] = { { ".jpg", "image/jpeg" }, { ".jpeg", "image/jpeg" },
		{ ".webp", "image/webp" }, { ".png", "image/png" } };
	const char *dot = strrchr(uri, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

bool
serve_preview(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	uint8_t sha256[SHA256_SIZE];
	char hex[SHA256_TEXT_SIZE];
	const char *uri;

	if (!item_job_read(call, &rows))
		return false;
	uri = db_text_of(rows, 0, "preview_uri");
	if (!uri)
		return problem(call, &problem_not_found, "The job has no preview yet.");
	hash_sha256(sha256, uri, strlen(uri));	/* each attempt has a name of its own */
	const struct file file = { uri, preview_type(uri), hash_print(hex, sha256), NULL, false };
	return answer_file(call, &file);
}

/* What was handed in. Only what is named by its content is somebody's input. */
bool
serve_input(struct call *call)
{
	static const char prefix[] = "blob:sha256/";
	own(db_rows_freep) struct db_rows *rows = NULL;
	const char *uri;

	if (!item_job_read(call, &rows))
		return false;
	uri = db_text_of(rows, 0, "source_uri");
	if (strncmp(uri, prefix, strlen(prefix)))
		return problem(call, &problem_not_found, "The input does not lie in the store.");
	const struct file file = { uri, NULL, uri + strlen(prefix), NULL, false };
	return answer_file(call, &file);
}

bool
serve_output(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	const char *name = call->arguments[1];
	struct err err = {0};

	if (!utf8_is_valid(name, strlen(name)))
		return problem(call, &problem_not_found, "No output is called so.");
	if (!db_call_run(call, &rows, &err, sql_gateway_output, db_uuid(call->id),
	    db_text(name), caller_customers(call)))
		return problem_err(call, &err);
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "The job has no output of this name.");
	const struct file file = { db_text_of(rows, 0, "uri"), db_text_of(rows, 0, "media_type"),
		db_text_of(rows, 0, "sha256"), NULL, false };
	return answer_file(call, &file);
}
