/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c: manifest -> archive. A blob that lies there already and is the archive of this manifest
 * is left alone, byte for byte; any other is replaced.
 *
 *	look -> something lost? wait for it, or go on without -> write -> verify -> rename
 *	                                                    '-> the sheet, meanwhile, or before it
 *	                                                        when it is an entry itself
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "archiver.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/log.h"
#include "port/pack.h"

enum { PIECE = 256 * 1024 };
#define MANIFEST_LIMIT ((size_t)512 << 20)	/* bytes: over a million files */

/* An archive to be: entry 0 is the manifest, entry i the file at[i], which may be the sheet. */
struct plan {
	struct archiver *archiver;
	struct snapshot *snapshot;
	struct manifest *manifest;
	struct sheet *sheet;		/* once it was begun */
	struct buf text;		/* manifest.json */
	struct pack_entry *entries;
	struct manifest_file **at;
	size_t n;
	char uri[BLOB_URI_MAX];
};

static bool
go_on(void *state, struct err *err)
{
	return archiver_goes_on(((struct plan *)state)->archiver, err);
}

static bool
entry_open(void *state, size_t i, int *fd, struct err *err)
{
	const struct plan *plan = state;

	return blob_read_open(plan->archiver->store, plan->at[i]->uri, fd, NULL, err);
}

/* ---- what is lost ---- */

static bool
look(struct plan *plan, struct err *err)
{
	const struct manifest *m = plan->manifest;

	for (size_t i = 0; i < m->n_files; i++) {
		struct manifest_file *f = &m->files[i];
		int64_t size;
		int fd;

		if (!go_on(plan, err))
			return false;
		if (f->lost)
			continue;
		if (blob_read_open(plan->archiver->store, f->uri, &fd, &size, err)) {
			close(fd);
			if (size != f->size)
				f->lost = MANIFEST_DAMAGED;
		} else if (err->verdict == ERR_REJECT) {
			f->lost = MANIFEST_MISSING;
		} else {
			return false;
		}
		err_clear(err);
	}
	return true;
}

/* A store without a single output is away (not mounted, say), whatever it answers. Else an output
 * may be a little late, and after that it is lost. */
static bool
is_over(struct plan *plan, bool *over, struct err *err)
{
	struct archiver *a = plan->archiver;
	int64_t passed_s = (clock_now_us() - plan->manifest->known_at) / 1000000;

	if (!blob_has_below(a->store, "blob:outputs", over, err))
		return false;
	*over = *over && passed_s >= option_int(a->context->options, "BATCHLINE_PATIENCE_S");
	return true;
}

/* True: nothing is lost, or the wait for it is over and the log says so. */
static bool
may_go_on(struct plan *plan, struct err *err)
{
	const struct manifest *m = plan->manifest;
	const struct manifest_file *first = NULL;
	char id[UUID_TEXT_SIZE];
	size_t n = 0;
	bool over;

	for (size_t i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];

		if (f->lost && strcmp(f->lost, MANIFEST_BAD_NAME)) {
			first = first ? first : f;
			n++;
		}
	}
	if (!first)
		return true;
	uuid_print(id, m->batch_id);
	if (!is_over(plan, &over, err))
		return false;
	if (!over)
		return err_code(err, ERR_RETRY, first->lost, "batch %s: %zu of %zu outputs, first %s",
		    id, n, m->n_files, first->uri);
	if (manifest_count(m) == 0)
		return err_code(err, ERR_REJECT, "outputs_lost", "batch %s: all %zu outputs, first %s "
		    "(%s)", id, n, first->uri, first->lost);
	log_write(LOG_WARN, "archived without some outputs", "batch=%s lost=%zu of=%zu first=%s "
	    "code=%s", id, n, m->n_files, first->uri, first->lost);
	return true;
}

/* ---- the plan ---- */

static void
plan_clear(struct plan *plan)
{
	buf_clear(&plan->text);
	free(plan->entries);
	free(plan->at);
	plan->entries = NULL;
	plan->at = NULL;
}

static bool
plan_add(struct plan *plan, struct manifest_file *f)
{
	if (!f || f->lost)
		return true;
	plan->at[plan->n] = f;
	plan->entries[plan->n] = (struct pack_entry){ arena_print(plan->archiver->arena, "%s/%s",
	    plan->manifest->base_directory_name, f->name), f->size, f->crc32, NULL };
	return plan->entries[plan->n++].name;
}

static bool
plan_make(struct plan *plan, struct err *err)
{
	const struct manifest *m = plan->manifest;
	struct arena *arena = plan->archiver->arena;
	bool well;

	plan_clear(plan);
	plan->text.limit = MANIFEST_LIMIT;
	plan->entries = calloc(m->n_files + 2, sizeof(*plan->entries));
	plan->at = calloc(m->n_files + 2, sizeof(*plan->at));
	plan->n = 1;
	well = plan->entries && plan->at && manifest_write(m, &plan->text);
	well = well && plan_add(plan, m->sheet);
	for (size_t i = 0; well && i < m->n_files; i++)
		well = plan_add(plan, &m->files[i]);
	if (!well && plan->text.failed)
		return err_code(err, ERR_REJECT, "manifest_too_large", "the manifest has more than "
		    "%zu bytes", MANIFEST_LIMIT);
	if (!well)
		return err_set(err, ERR_FATAL, "out of memory");
	plan->entries[0] = (struct pack_entry){ arena_print(arena, "%s/" MANIFEST_NAME,
	    m->base_directory_name), (int64_t)plan->text.size,
	    crc_add(0, plan->text.data, plan->text.size), plan->text.data };
	return plan->entries[0].name || err_set(err, ERR_FATAL, "out of memory");
}

static struct pack
pack_of(struct plan *plan)
{
	return (struct pack){ plan->entries, plan->n, entry_open, go_on, plan };
}

/* ---- the blob ---- */

static bool
written_at(int fd, int64_t *at_us, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_code(err, ERR_RETRY, "blob_store", "fstat: %s", strerror(errno));
	*at_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	return true;
}

static bool
hash_blob(struct plan *plan, int fd, int64_t size, struct blob_done *ret, struct err *err)
{
	own(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[SHA256_SIZE];
	char *piece = malloc(PIECE);
	bool well = (hash && piece) || err_set(err, ERR_FATAL, "out of memory");

	for (int64_t at = 0; well && at < size;) {
		ssize_t n = pread(fd, piece, PIECE, at);

		if (n <= 0)
			well = err_code(err, ERR_RETRY, "blob_store", "%s: read", plan->uri);
		else
			hash_add(hash, piece, (size_t)n);
		at += n;
		well = well && go_on(plan, err);
	}
	free(piece);
	if (!well)
		return false;
	hash_end(hash, digest);
	hash_print(ret->sha256, digest);
	snprintf(ret->uri, sizeof(ret->uri), "%s", plan->uri);
	ret->size = size;
	return true;
}

/* *there: the archive lies there and is as it would be built now. */
static bool
is_there(struct plan *plan, struct built *ret, bool *there, struct err *err)
{
	const struct pack pack = pack_of(plan);
	int64_t size;
	bool well;
	int fd;

	*there = false;
	if (!blob_read_open(plan->archiver->store, plan->uri, &fd, &size, err)) {
		well = err->verdict == ERR_REJECT;
	} else {
		*there = pack_verify(&pack, fd, err);
		well = *there ? written_at(fd, &ret->at, err)
		    && hash_blob(plan, fd, size, &ret->blob, err)
		    : err->verdict == ERR_REJECT;
		close(fd);
	}
	if (well)
		err_clear(err);
	return well;
}

/* Room for all of it first: a full disk is found before the work. */
static bool
reserve(const struct plan *plan, int fd, struct err *err)
{
	int64_t size = 0;

	for (size_t i = 0; i < plan->n; i++)
		size += plan->entries[i].size;
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) && (errno == ENOSPC || errno == EDQUOT))
		return err_code(err, ERR_RETRY, "blob_store", "no room for %" PRId64 " bytes", size);
	return true;
}

/* *culprit: as pack_write() says. */
static bool
blob_make(struct plan *plan, struct built *ret, size_t *culprit, struct err *err)
{
	own(blob_writer_freep) struct blob_writer *writer = NULL;
	const struct pack pack = pack_of(plan);
	int fd;

	*culprit = plan->n;
	if (!blob_write_open(plan->archiver->store, &writer, plan->uri, err))
		return false;
	fd = blob_writer_fd(writer);
	blob_writer_ask(writer, go_on, plan);
	return reserve(plan, fd, err) && pack_write(&pack, fd, culprit, err)
	    && pack_verify(&pack, fd, err) && written_at(fd, &ret->at, err)
	    && blob_write_finish(writer, &ret->blob, err);
}

static bool
sheet_ready(struct plan *plan, struct err *err)
{
	struct snapshot *s = plan->snapshot;

	return (plan->sheet || sheet_begin(plan->archiver, s, &plan->sheet, err))
	    && (!s->with_sheet || sheet_finish(plan->sheet, err));
}

/* One try; *again: a file turned out to be lost, and the archive goes on without it. */
static bool
attempt(struct plan *plan, struct built *ret, bool *again, struct err *err)
{
	size_t culprit;
	bool there;

	*again = false;
	if (!may_go_on(plan, err) || !sheet_ready(plan, err) || !plan_make(plan, err)
	    || !is_there(plan, ret, &there, err))
		return false;
	ret->was_there = there;
	ret->entries = (int32_t)plan->n;
	if (there || blob_make(plan, ret, &culprit, err))
		return true;
	if (err->verdict == ERR_REJECT && culprit > 0 && culprit < plan->n) {
		plan->at[culprit]->lost = strcmp(err->code, PACK_DAMAGED) ? MANIFEST_MISSING
		    : MANIFEST_DAMAGED;
		err_clear(err);
		*again = true;
		return true;
	}
	if (err->verdict == ERR_REJECT)		/* of the store, not of the record */
		err->verdict = ERR_RETRY;
	return false;
}

bool
archive_build(struct archiver *a, struct snapshot *s, struct built *ret, struct err *err)
{
	struct manifest *m = &s->manifest;
	struct plan plan = { .archiver = a, .snapshot = s, .manifest = m };
	char id[UUID_TEXT_SIZE];
	bool well, again = true;

	snprintf(plan.uri, sizeof(plan.uri), "blob:archives/%s/%" PRId32 ".zip",
	    uuid_print(id, m->batch_id), m->run_no);
	well = manifest_check_names(m, err) && look(&plan, err);
	while (well && again)
		well = attempt(&plan, ret, &again, err);
	well = well && sheet_finish(plan.sheet, err);
	sheet_stop(plan.sheet);
	plan_clear(&plan);
	return well || err_at(err, "%s", plan.uri);
}
