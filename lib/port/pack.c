/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c: libzip between descriptors. libzip pulls each entry from a source of ours and pushes the
 * archive into another one, so that nothing is held in memory and no path is opened by name. Both
 * are callbacks with a command; what goes wrong in them is kept in the pass and told at the end,
 * since libzip itself can carry only numbers.
 */
#include "port/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include "base/crc.h"

enum {
	DOS_TIME = 0, DOS_DATE = 0x21,		/* 1980-01-01 00:00, the first a ZIP can say */
	PIECE = 64 * 1024,
	SYNC_EVERY = 64 * 1024 * 1024,		/* bytes: so the last fsync is a short one */
};
#define MODE_FILE ((zip_uint32_t)0100644 << 16)

/* One run over a pack: what is open, how far it is, what went wrong. */
struct pass {
	const struct pack *pack;	/* NULL: it is listed */
	int fd;				/* the archive's */
	int64_t read_at, read_began;	/* the latest read began there */
	int64_t write_at, unsynced;
	size_t culprit;
	struct err err;			/* the first one */
};

struct feed {				/* one entry on its way into the archive */
	struct pass *pass;
	size_t i;
	int fd;
	int64_t at;
	uint32_t crc32;
};

static bool
system_err(struct err *err, const char *what)
{
	return err_code(err, ERR_RETRY, "blob_store", "%s: %s", what, strerror(errno));
}

static bool
go_on(struct pass *p)
{
	return !p->pack->go_on || p->pack->go_on(p->pack->state, &p->err);
}

/* ---- an entry, read by libzip ---- */

static zip_int64_t
feed_open(struct feed *f)
{
	const struct pack *pack = f->pass->pack;

	f->at = 0;
	f->crc32 = 0;
	if (pack->entries[f->i].bytes || pack->open(pack->state, f->i, &f->fd, &f->pass->err))
		return 0;
	f->pass->culprit = f->i;
	return -1;
}

static zip_int64_t
feed_damaged(struct feed *f)
{
	f->pass->culprit = f->i;
	err_code(&f->pass->err, ERR_REJECT, PACK_DAMAGED, "%s: its bytes are not those that were "
	    "rendered", f->pass->pack->entries[f->i].name);
	return -1;
}

static zip_int64_t
feed_read(struct feed *f, void *data, zip_uint64_t size)
{
	const struct pack_entry *e = &f->pass->pack->entries[f->i];
	int64_t left = e->size - f->at;
	ssize_t n;

	if (!go_on(f->pass))
		return -1;
	if (e->bytes) {
		n = (ssize_t)((uint64_t)left < size ? (uint64_t)left : size);
		memcpy(data, (const char *)e->bytes + f->at, (size_t)n);
	} else {
		do
			n = read(f->fd, data, size);
		while (n < 0 && errno == EINTR);
	}
	if (n < 0) {
		system_err(&f->pass->err, e->name);
		return -1;
	}
	f->crc32 = crc_add(f->crc32, data, (size_t)n);
	f->at += n;
	if (n > left || (n == 0 && (left > 0 || f->crc32 != e->crc32)))
		return feed_damaged(f);
	return n;
}

static zip_int64_t
feed_stat(const struct feed *f, zip_stat_t *st)
{
	zip_stat_init(st);
	st->valid = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
	st->size = st->comp_size = (zip_uint64_t)f->pass->pack->entries[f->i].size;
	st->comp_method = ZIP_CM_STORE;
	return sizeof(*st);
}

static void
feed_close(struct feed *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static zip_int64_t
told(void *data, zip_uint64_t size)
{
	zip_error_t error;

	zip_error_init(&error);
	zip_error_set(&error, ZIP_ER_INTERNAL, 0);
	return zip_error_to_data(&error, data, size);
}

static zip_int64_t
feed_call(void *state, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
	struct feed *f = state;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ,
		    ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
	case ZIP_SOURCE_OPEN:
		return feed_open(f);
	case ZIP_SOURCE_READ:
		return feed_read(f, data, size);
	case ZIP_SOURCE_STAT:
		return feed_stat(f, data);
	case ZIP_SOURCE_ERROR:
		return told(data, size);
	case ZIP_SOURCE_FREE:
		feed_close(f);
		free(f);
		return 0;
	default:
		feed_close(f);
		return 0;
	}
}

/* ---- the archive, written and read by libzip ---- */

static zip_int64_t
file_read(struct pass *p, void *data, zip_uint64_t size)
{
	ssize_t n = pread(p->fd, data, size, p->read_at);

	p->read_began = p->read_at;
	if (n < 0) {
		system_err(&p->err, "read back");
		return -1;
	}
	p->read_at += n;
	return n;
}

static zip_int64_t
file_write(struct pass *p, const char *data, zip_uint64_t size)
{
	for (zip_uint64_t done = 0; done < size;) {
		ssize_t n = pwrite(p->fd, data + done, size - done, p->write_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			system_err(&p->err, "write");
			return -1;
		}
		done += (zip_uint64_t)n;
		p->write_at += n;
		p->unsynced += n;
	}
	if (p->unsynced > SYNC_EVERY && (p->unsynced = 0, fdatasync(p->fd))) {
		system_err(&p->err, "fdatasync");
		return -1;
	}
	return (zip_int64_t)size;
}

static zip_int64_t
file_seek(int64_t *at, int64_t end, void *data, zip_uint64_t size)
{
	zip_error_t error;
	zip_int64_t to;

	zip_error_init(&error);
	to = zip_source_seek_compute_offset((zip_uint64_t)*at, (zip_uint64_t)end, data, size, &error);
	zip_error_fini(&error);
	if (to < 0)
		return -1;
	*at = to;
	return 0;
}

static int64_t
file_size(const struct pass *p)
{
	struct stat st;

	return fstat(p->fd, &st) ? 0 : st.st_size;
}

static zip_int64_t
file_stat(const struct pass *p, zip_stat_t *st)
{
	zip_stat_init(st);
	st->valid = ZIP_STAT_SIZE;
	st->size = (zip_uint64_t)file_size(p);
	return sizeof(*st);
}

static zip_int64_t
file_call(void *state, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
	struct pass *p = state;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_WRITABLE;
	case ZIP_SOURCE_OPEN:
		p->read_at = 0;
		return 0;
	case ZIP_SOURCE_BEGIN_WRITE:
		p->write_at = 0;
		return 0;
	case ZIP_SOURCE_READ:
		return file_read(p, data, size);
	case ZIP_SOURCE_WRITE:
		return file_write(p, data, size);
	case ZIP_SOURCE_SEEK:
		return file_seek(&p->read_at, file_size(p), data, size);
	case ZIP_SOURCE_SEEK_WRITE:
		return file_seek(&p->write_at, file_size(p), data, size);
	case ZIP_SOURCE_TELL:
		return p->read_at;
	case ZIP_SOURCE_TELL_WRITE:
		return p->write_at;
	case ZIP_SOURCE_STAT:
		return file_stat(p, data);
	case ZIP_SOURCE_ERROR:
		return told(data, size);
	default:		/* close, commit, roll back, free: whose file it is will see to it */
		return 0;
	}
}

/* What libzip says, unless one of our callbacks knows better. */
static bool
tell(struct pass *p, zip_error_t *error, enum err_verdict verdict, const char *code,
    struct err *err)
{
	if (p->err.verdict == ERR_NONE)
		err_code(&p->err, verdict, code, "ZIP: %s", zip_error_strerror(error));
	*err = p->err;
	return false;
}

static zip_t *
archive_open(struct pass *p, int flags, zip_error_t *error)
{
	zip_source_t *source = zip_source_function_create(file_call, p, error);
	zip_t *zip = source ? zip_open_from_source(source, flags, error) : NULL;

	if (source && !zip)
		zip_source_free(source);
	return zip;
}

/* ---- writing ---- */

static bool
entry_add(zip_t *zip, struct pass *p, size_t i)
{
	struct feed *f = calloc(1, sizeof(*f));
	zip_source_t *source = NULL;
	zip_int64_t at;

	if (!f)
		return err_set(&p->err, ERR_FATAL, "out of memory");
	*f = (struct feed){ .pass = p, .i = i, .fd = -1 };
	source = zip_source_function(zip, feed_call, f);
	if (!source) {
		free(f);
		return false;
	}
	at = zip_file_add(zip, p->pack->entries[i].name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0) {
		zip_source_free(source);
		return false;
	}
	return !zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0)
	    && !zip_file_set_dostime(zip, (zip_uint64_t)at, DOS_TIME, DOS_DATE, 0)
	    && !zip_file_set_external_attributes(zip, (zip_uint64_t)at, 0, ZIP_OPSYS_UNIX, MODE_FILE);
}

bool
pack_write(const struct pack *pack, int fd, size_t *culprit, struct err *err)
{
	struct pass p = { .pack = pack, .fd = fd, .culprit = pack->n_entries };
	zip_error_t error;
	zip_t *zip;
	bool well;

	*culprit = pack->n_entries;
	zip_error_init(&error);
	zip = archive_open(&p, ZIP_CREATE | ZIP_TRUNCATE, &error);
	if (!zip)
		return tell(&p, &error, ERR_FATAL, "zip", err);
	well = true;
	for (size_t i = 0; well && i < pack->n_entries; i++)
		well = entry_add(zip, &p, i);
	if (well && zip_close(zip) == 0)
		return true;
	*culprit = p.culprit;
	tell(&p, zip_get_error(zip), ERR_FATAL, "zip", err);
	zip_discard(zip);
	return false;
}

/* ---- reading back ---- */

static bool
differs(struct pass *p, const char *name, const char *how)
{
	return err_code(&p->err, ERR_REJECT, PACK_DIFFERS, "%s: %s", name, how);
}

static bool
content_verify(zip_file_t *file, const struct pack_entry *e, struct pass *p, char *piece)
{
	int64_t at = 0;
	zip_int64_t n;

	while ((n = zip_fread(file, piece, PIECE)) > 0) {
		if (!go_on(p))
			return false;
		if (n > e->size - at)
			return differs(p, e->name, "it is too long");
		if (e->bytes && memcmp(piece, (const char *)e->bytes + at, (size_t)n))
			return differs(p, e->name, "its bytes are others");
		at += n;
	}
	if (n < 0 || at != e->size)	/* libzip compares the CRC-32 with the listed one */
		return p->err.verdict == ERR_NONE && differs(p, e->name, "its bytes are damaged");
	return true;
}

static bool
entry_verify(zip_t *zip, size_t i, struct pass *p, char *piece)
{
	const struct pack_entry *e = &p->pack->entries[i];
	zip_file_t *file;
	zip_stat_t st;
	bool well;

	if (zip_stat_index(zip, i, 0, &st) || strcmp(st.name, e->name)
	    || st.size != (zip_uint64_t)e->size || st.crc != e->crc32
	    || st.comp_method != ZIP_CM_STORE)
		return differs(p, e->name, "it is not listed as it should be");
	file = zip_fopen_index(zip, i, 0);
	if (!file)
		return p->err.verdict == ERR_NONE && differs(p, e->name, "it cannot be opened");
	well = content_verify(file, e, p, piece);
	zip_fclose(file);
	return well;
}

bool
pack_verify(const struct pack *pack, int fd, struct err *err)
{
	struct pass p = { .pack = pack, .fd = fd };
	char *piece = malloc(PIECE);
	zip_error_t error;
	zip_t *zip;
	bool well;

	if (!piece)
		return err_set(err, ERR_FATAL, "out of memory");
	zip_error_init(&error);
	zip = archive_open(&p, ZIP_RDONLY | ZIP_CHECKCONS, &error);
	if (!zip) {
		free(piece);
		return tell(&p, &error, ERR_REJECT, PACK_DIFFERS, err);
	}
	well = zip_get_num_entries(zip, 0) == (zip_int64_t)pack->n_entries
	    || differs(&p, "archive", "it has another number of files");
	for (size_t i = 0; well && i < pack->n_entries; i++)
		well = entry_verify(zip, i, &p, piece);
	if (!well)
		*err = p.err;
	zip_discard(zip);
	free(piece);
	return well;
}

/* ---- taking apart ---- */

/* libzip tells no offsets, but it reads through us: where it reads the first byte, there it is. */
static bool
offset_find(zip_t *zip, size_t i, struct pass *p, struct packed *e)
{
	zip_file_t *file = zip_fopen_index(zip, i, ZIP_FL_COMPRESSED);
	char byte, same;
	bool well;

	if (!file)
		return p->err.verdict == ERR_NONE && differs(p, e->name, "it cannot be opened");
	well = e->size == 0 || zip_fread(file, &byte, 1) == 1;
	zip_fclose(file);
	e->offset = p->read_began;
	if (well && e->size > 0)
		well = pread(p->fd, &same, 1, e->offset) == 1 && same == byte;
	return well || (p->err.verdict == ERR_NONE && differs(p, e->name, "it cannot be read"));
}

static bool
entry_list(zip_t *zip, size_t i, struct pass *p, struct arena *arena, struct packed *e)
{
	zip_stat_t st;

	if (zip_stat_index(zip, i, ZIP_FL_UNCHANGED, &st))
		return differs(p, "archive", "an entry is not listed");
	e->name = arena_text(arena, st.name, strlen(st.name));
	if (!e->name)
		return err_set(&p->err, ERR_FATAL, "out of memory");
	if (st.comp_method != ZIP_CM_STORE || st.encryption_method != ZIP_EM_NONE)
		return differs(p, e->name, "it is not stored as it is");
	e->size = (int64_t)st.size;
	e->crc32 = st.crc;
	return offset_find(zip, i, p, e);
}

bool
pack_list(int fd, struct arena *arena, struct packed **ret, size_t *n, struct err *err)
{
	struct pass p = { .fd = fd };
	zip_error_t error;
	struct packed *entries;
	zip_t *zip;
	bool well;

	zip_error_init(&error);
	zip = archive_open(&p, ZIP_RDONLY, &error);
	if (!zip)
		return tell(&p, &error, ERR_REJECT, PACK_DIFFERS, err);
	*n = (size_t)zip_get_num_entries(zip, 0);
	entries = arena_take(arena, (*n + 1) * sizeof(*entries));
	well = entries ? *n > 0 || differs(&p, "archive", "it is empty")
	    : err_set(&p.err, ERR_FATAL, "out of memory");
	for (size_t i = 0; well && i < *n; i++)
		well = entry_list(zip, i, &p, arena, &entries[i]);
	if (!well)
		*err = p.err;
	zip_discard(zip);
	*ret = entries;
	return well;
}
