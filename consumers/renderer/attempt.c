/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.c: opens, asks, stores. What was stored before a later step failed is removed again. */
#include "consumers/renderer/attempt.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/crc.h"
#include "batch/name.h"
#include "consumers/renderer/picture.h"

enum { PIECE_SIZE = 256 * 1024, DEADLINE_LEAST_MS = 100 };

struct attempt {
	struct job *job;
	struct blob_store *store;
	struct definition *definition;
	int64_t fetch_ms;				/* of the deadline, gone before a child was asked */
	struct blob_writer *fetched;			/* what the input lies in, if not in the store */
	int input;
	const char *kind;				/* of the input, where it is a picture */
	int assets[ASSETS_MAX];				/* n_assets of the definition; 0: not open */
	struct blob_writer *writers[VIEWS_MAX + 1];	/* the last one is the preview's */
	char folder[BLOB_URI_MAX];			/* outputs/<batch>/<job>/<attempt>-<random>/ */
};

static void
attempt_close(struct attempt *a)
{
	if (a->input >= 0 && !a->fetched)
		close(a->input);
	blob_writer_free(a->fetched);
	for (size_t i = 0; i < ASSETS_MAX; i++)
		if (a->assets[i] > 0)
			close(a->assets[i]);
	for (size_t i = 0; i <= VIEWS_MAX; i++)
		blob_writer_free(a->writers[i]);
	definition_free(a->definition);
}

void
attempt_extension(char ret[EXTENSION_SIZE], const char *file_name)
{
	const char *dot = strrchr(file_name, '.');
	size_t n = dot ? strlen(dot + 1) : 0;

	ret[0] = '\0';
	if (n > 0 && n < EXTENSION_SIZE && dot[1 + strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0')
		strcpy(ret, dot + 1);
}

/* Every byte of a file, in pieces. */
static bool
pieces_read(int fd, int64_t size, void (*take)(void *state, const void *bytes, size_t n),
    void *state, struct err *err)
{
	char *piece = malloc(PIECE_SIZE);
	bool well = piece || err_set(err, ERR_RETRY, "out of memory");

	for (int64_t at = 0; well && at < size;) {
		ssize_t n = pread(fd, piece, PIECE_SIZE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			well = err_code(err, ERR_RETRY, "blob_store", "read: %s",
			    n < 0 ? strerror(errno) : "the file ends early");
		else
			take(state, piece, (size_t)n);
		at += n;
	}
	free(piece);
	return well;
}

static void
hash_take(void *state, const void *bytes, size_t n)
{
	hash_add(state, bytes, n);
}

static void
crc_take(void *state, const void *bytes, size_t n)
{
	uint32_t *crc = state;

	*crc = crc_add(*crc, bytes, n);
}

/* Are they the bytes that the sender spoke of? */
static bool
input_is_as_stated(const struct attempt *a, struct err *err)
{
	const struct job_dispatched *asked = &a->job->asked;
	int64_t size = a->job->input_size;
	char is[SHA256_TEXT_SIZE];
	uint8_t sha256[SHA256_SIZE];
	struct hash *hash;
	bool well;

	if (asked->size != EVENT_NULL_LONG && asked->size != size)
		return err_code(err, ERR_REJECT, "size_mismatch",
		    "the submission says %" PRId64 " bytes, and the file has %" PRId64, asked->size,
		    size);
	if (!asked->sha256)
		return true;
	hash = hash_new();
	well = hash ? pieces_read(a->input, size, hash_take, hash, err)
	    : err_set(err, ERR_RETRY, "out of memory");
	if (well)
		hash_end(hash, sha256);
	hash_free(hash);
	return well && (!strcmp(hash_print(is, sha256), asked->sha256)
	    || err_code(err, ERR_REJECT, "sha256_mismatch",
	        "the submission says sha256 %.64s, and the file has %s", asked->sha256, is));
}

/* Inputs alone: outputs and archives in the store are other batches', and other customers'. */
static bool
is_input(const char *uri)
{
	static const char scheme[] = "blob:sha256/";

	return !strncmp(uri, scheme, sizeof(scheme) - 1) && hash_is_hex(uri + sizeof(scheme) - 1);
}

const char *
attempt_kind(int fd)
{
	uint8_t first[PICTURE_FIRST_BYTES];
	ssize_t n = pread(fd, first, sizeof(first), 0);

	return n > 0 ? picture_kind(first, (size_t)n) : NULL;
}

static int
left_ms(const struct attempt *a)
{
	int64_t deadline_ms = a->definition->deadline_s ? a->definition->deadline_s * 1000
	    : a->job->asked.deadline_ms;
	int64_t left = deadline_ms - a->fetch_ms;

	return left < DEADLINE_LEAST_MS ? DEADLINE_LEAST_MS : (int)left;
}

static bool
input_fetch(struct attempt *a, struct worker *worker, struct source *source, struct err *err)
{
	const struct job_dispatched *asked = &a->job->asked;
	int64_t began_ms = clock_monotonic_ms();

	if (!source_fetch(source, asked->source_uri, worker, a->store, left_ms(a), &a->fetched,
	        &a->job->input_size, err))
		return false;
	a->input = blob_writer_fd(a->fetched);
	a->fetch_ms = clock_monotonic_ms() - began_ms;
	return true;
}

static bool
input_open(struct attempt *a, struct worker *worker, struct source *source, struct err *err)
{
	const char *uri = a->job->asked.source_uri;

	if (!is_input(uri) && !input_fetch(a, worker, source, err))
		return false;
	if (!a->fetched && !blob_read_open(a->store, uri, &a->input, &a->job->input_size, err))
		return err_at(err, "input");
	if (a->job->input_size == 0)
		return err_code(err, ERR_REJECT, "empty_file", "the file has no bytes");
	a->kind = attempt_kind(a->input);
	return input_is_as_stated(a, err);
}

static bool
asset_open(struct attempt *a, const char *sha256, int *ret, struct err *err)
{
	char uri[BLOB_URI_MAX];

	snprintf(uri, sizeof(uri), "blob:sha256/%s", sha256);
	if (blob_read_open(a->store, uri, ret, NULL, err))
		return true;
	return strcmp(err->code, "blob_not_found") ? err_at(err, "asset") : err_code(err,
	    ERR_REJECT, "asset_missing", "the pipeline's asset %s is not in the store", sha256);
}

static bool
assets_open(struct attempt *a, struct worker *worker, struct labels *labels, int64_t pixels_max,
    struct err *err)
{
	const struct definition *d = a->definition;

	for (size_t i = 0; i < d->n_assets; i++)
		if (!(d->assets[i].label
		    ? labels_open(labels, worker, d, a->job->asked.pipeline, i, pixels_max, &a->assets[i], err)
		    : asset_open(a, d->assets[i].key, &a->assets[i], err)))
			return false;
	return true;
}

static bool
outputs_open(struct attempt *a, struct err *err)
{
	const struct job_dispatched *asked = &a->job->asked;
	const struct definition *d = a->definition;
	char uri[BLOB_URI_MAX], batch[UUID_TEXT_SIZE], job[UUID_TEXT_SIZE], fresh[UUID_TEXT_SIZE];
	int n = snprintf(a->folder, sizeof(a->folder), "blob:outputs/%s/%s/%d-%s/",
	    uuid_print(batch, asked->batch_id), uuid_print(job, asked->job_id), asked->attempt,
	    uuid_print(fresh, uuid_v7()) + 24);	/* the last twelve digits are random */

	for (size_t i = 0; i <= d->n_views; i++) {
		const char *end = i < d->n_views ? view_format(&d->views[i], a->kind)->extension : "";
		bool named = i == d->n_views || strlen(asked->output_stem) + strlen(d->views[i].name)
		    + strlen(end) + 2 <= FILE_NAME_MAX;
		int more = i < d->n_views
		    ? snprintf(uri, sizeof(uri), "%sview_%s.%s", a->folder, d->views[i].name, end)
		    : snprintf(uri, sizeof(uri), "%spreview.jpg", a->folder);

		if (!named || more <= n || (size_t)more >= sizeof(uri))
			return err_code(err, ERR_REJECT, "text_too_long",
			    "an output's name is too long");
		if (!blob_write_open(a->store, &a->writers[i], uri, err))
			return err_at(err, "output");
	}
	return true;
}

/* By its first bytes: a child out of its mind may have written nothing, or anything. */
static bool
output_is(struct blob_writer *writer, const char *format)
{
	const char *kind = attempt_kind(blob_writer_fd(writer));

	return kind && !strcmp(kind, format);
}

/* Is what it wrote what it was asked for? Else it is given up, as any that makes no sense. */
static bool
outputs_judge(const struct attempt *a, struct worker *worker, struct err *err)
{
	size_t n = a->definition->n_views;
	bool well = output_is(a->writers[n], "jpeg");

	for (size_t i = 0; well && i < n; i++)
		well = output_is(a->writers[i], view_format(&a->definition->views[i], a->kind)->name);
	if (well)
		return true;
	worker_give_up(worker);
	return err_code(err, ERR_RETRY, "renderer_crashed", "the child wrote what was not asked");
}

static bool
output_store(struct attempt *a, size_t i, struct extent extent, struct err *err)
{
	struct job *job = a->job;
	const struct view *view = &a->definition->views[i];
	const struct format *format = view_format(view, a->kind);
	struct blob_done done;
	uint32_t crc = 0;

	if (!blob_write_place(a->writers[i], &done, err)
	    || !pieces_read(blob_writer_fd(a->writers[i]), done.size, crc_take, &crc, err))
		return err_at(err, "output %s", view->name);
	job->outputs[i] = (struct rendered_output){
		.view = arena_text(job->arena, view->name, strlen(view->name)),
		.name = arena_print(job->arena, "%s_%s.%s", job->asked.output_stem, view->name,
		    format->extension),
		.uri = arena_text(job->arena, done.uri, strlen(done.uri)),
		.media_type = format->media_type,
		.width = extent.width,
		.height = extent.height,
		.size = done.size,
		.sha256 = arena_text(job->arena, done.sha256, strlen(done.sha256)),
		.crc32 = crc,
	};
	return (job->outputs[i].view && job->outputs[i].name && job->outputs[i].uri
	    && job->outputs[i].sha256) || err_set(err, ERR_RETRY, "out of memory");
}

static bool
outputs_store(struct attempt *a, const struct answer *answer, struct err *err)
{
	size_t n = a->definition->n_views;
	struct blob_done preview;

	for (size_t i = 0; i < n; i++)
		if (!output_store(a, i, answer->extents[i], err))
			return false;
	if (!blob_write_place(a->writers[n], &preview, err))
		return err_at(err, "preview");
	a->job->n_outputs = n;
	a->job->preview_uri = arena_text(a->job->arena, preview.uri, strlen(preview.uri));
	return a->job->preview_uri || err_set(err, ERR_RETRY, "out of memory");
}

static bool
render(struct attempt *a, struct worker *worker, int64_t pixels_max, struct err *err)
{
	const struct job_dispatched *asked = &a->job->asked;
	const struct definition *d = a->definition;
	struct order order = { .pixels_max = pixels_max, .n_outputs = (uint32_t)d->n_views,
		.n_assets = (uint32_t)d->n_assets, .definition_size = (uint32_t)strlen(asked->pipeline) };
	int fds[CHANNEL_FDS_MAX] = { a->input };
	struct answer answer;

	for (size_t i = 0; i <= d->n_views; i++)
		fds[i + 1] = blob_writer_fd(a->writers[i]);
	memcpy(fds + d->n_views + 2, a->assets, d->n_assets * sizeof(*fds));
	snprintf(order.command, sizeof(order.command), "%s", d->command);
	attempt_extension(order.extension, asked->file_name);
	return worker_ask(worker, *d->command ? ROLE_COMMAND : ROLE_PICTURE, &order,
	        asked->pipeline, fds, left_ms(a), &answer, err)
	    && worker_judge(&answer, err) && outputs_judge(a, worker, err)
	    && outputs_store(a, &answer, err);
}

bool
attempt_run(struct job *job, struct worker *worker, struct source *source,
    struct blob_store *store, struct labels *labels, int64_t pixels_max, struct err *err)
{
	struct attempt a = { .job = job, .store = store, .input = -1 };
	int64_t began_ms = clock_monotonic_ms();
	struct err ignored = {0};

	job->rendered = definition_read(&a.definition, job->asked.pipeline, err)
	    && input_open(&a, worker, source, err) && assets_open(&a, worker, labels, pixels_max, err)
	    && outputs_open(&a, err)
	    && render(&a, worker, pixels_max, err);
	if (!job->rendered && *a.folder)
		blob_remove_below(store, a.folder, &ignored);	/* what stays, the sweep takes */
	attempt_close(&a);
	job->duration_ms = (int32_t)(clock_monotonic_ms() - began_ms);
	if (job->rendered)
		return true;
	if (err->verdict == ERR_FATAL || !strcmp(err->code, "stopping"))
		return false;
	job_fail(job, err);
	return true;
}
