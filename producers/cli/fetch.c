/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c: a file of the gateway's. It grows as FILE.part and is renamed to FILE when its length and its
 * SHA-256 (the ETag) are right. What is there of an earlier try, as FILE.part or as a FILE that was
 * cut, is continued; when the whole turns out wrong then, FILE.part is fetched from the start, and
 * a FILE that was no part of the archive stays as it was. Only a regular file is a FILE; the bytes go to
 * standard output as they come, and are hashed on the way, for a FILE that is called "-".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/words.h"
#include "batch/name.h"
#include "screen.h"

enum { COPY_SIZE = 64 * 1024, CUTS_MAX = 5, CUT_WAIT_MS = 500, DRAW_MS = 100, BAR_COLUMNS = 30,
	FILE_SIZE = FILE_NAME_MAX + 1, RANGE_SIZE = 40, ETAG_SIZE = SHA256_TEXT_SIZE + 2 };

struct fetch {
	struct cli *cli;
	char url[PATH_SIZE];
	char name[FILE_SIZE];		/* what the gateway calls it */
	const char *file;		/* what it shall be called */
	char *real;			/* where a link leads that is called so */
	struct hash *hash;		/* of what goes to standard output */
	char *part;
	int fd;				/* of part; -1: not open */
	int64_t have, total;		/* bytes */
	char sha256[SHA256_TEXT_SIZE];	/* what the whole must have */
	char etag[ETAG_SIZE];
	bool from_file;			/* part began as a copy of FILE */
	int64_t drawn_ms;
};

static bool
file_err(struct err *err, const char *path)
{
	return err_code(err, ERR_FATAL, "file", "%s: %s", path, strerror(errno));
}

/* ---- what it will be ---- */

/* attachment; filename="NAME.zip" -> NAME.zip, when that is a name and not a path */
static void
name_read(char ret[FILE_SIZE], const char *disposition)
{
	const char *at = disposition ? strstr(disposition, "filename=\"") : NULL;

	snprintf(ret, FILE_SIZE, "batch.zip");
	if (!at)
		return;
	at += strlen("filename=\"");
	snprintf(ret, FILE_SIZE, "%.*s", (int)strcspn(at, "\""), at);
	if (file_name_defect(ret) || *ret == '.')
		snprintf(ret, FILE_SIZE, "batch.zip");
}

/* "<64 hex digits>" */
static bool
etag_read(struct fetch *f, const char *etag)
{
	if (!etag || strlen(etag) != ETAG_SIZE - 1 || *etag != '"')
		return false;
	snprintf(f->etag, sizeof(f->etag), "%s", etag);
	snprintf(f->sha256, sizeof(f->sha256), "%.64s", etag + 1);
	return hash_is_hex(f->sha256);
}

/* Asks for one byte: the gateway waits for the archive, and tells its length and its hash. */
static bool
look_ahead(struct fetch *f, struct err *err)
{
	struct peer *peer = &f->cli->peer;
	struct http_request request = peer_request(peer, "GET", f->url);
	const char *range;
	long long total;

	request.answer_max = 1 << 20;
	http_add_header(&request, "Range", "bytes=0-0");
	if (!peer_ask_patiently(peer, &request, err))
		return false;
	range = http_header_of(&peer->answer, "Content-Range");
	if (peer->answer.status != 206 || !range || sscanf(range, "bytes 0-0/%lld", &total) != 1
	    || total <= 0 || !etag_read(f, http_header_of(&peer->answer, "ETag")))
		return err_code(err, ERR_FATAL, "stranger", "%s does not answer as a gateway of Batchline "
		    "does", peer->url);
	f->total = total;
	if (!*f->name)
		name_read(f->name, http_header_of(&peer->answer, "Content-Disposition"));
	return true;
}

/* ---- what is on the disk ---- */

/* Whether the bytes in fd are the archive. */
static bool
is_whole(const struct fetch *f, int fd)
{
	uint8_t sha256[SHA256_SIZE];
	char text[SHA256_TEXT_SIZE];
	int64_t size;

	return hash_file(sha256, fd, &size) && size == f->total
	    && !strcmp(hash_print(text, sha256), f->sha256);
}

static bool
open_part(struct fetch *f, struct err *err)
{
	struct stat is;

	f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (f->fd < 0 || fstat(f->fd, &is) != 0)
		return file_err(err, f->part);
	f->have = is.st_size;
	return true;
}

/* A part that is longer than what fd has stays as it is. */
static bool
copy_to_part(struct fetch *f, int fd, int64_t size, struct err *err)
{
	char *bytes = malloc(COPY_SIZE);
	bool well = bytes || err_set(err, ERR_FATAL, "out of memory");
	int64_t at = 0;

	f->from_file = size > f->have;
	while (well && f->from_file && at < size) {
		ssize_t n = pread(fd, bytes, COPY_SIZE, at);

		well = (n > 0 && pwrite(f->fd, bytes, (size_t)n, at) == n) || file_err(err, f->part);
		at += n;
	}
	free(bytes);
	if (well && f->from_file)
		f->have = at;
	return well;
}

/* FILE is there already: the archive, a part of it, or something else. */
static bool
take_file(struct fetch *f, bool *whole, struct err *err)
{
	int fd = open(f->file, O_RDONLY | O_CLOEXEC);
	struct stat is;
	bool well;

	if (fd < 0)
		return errno == ENOENT || file_err(err, f->file);
	*whole = is_whole(f, fd);
	if (fstat(fd, &is) != 0)
		well = file_err(err, f->file);
	else if (*whole)
		well = true;
	else if (!S_ISREG(is.st_mode) || is.st_size >= f->total)
		well = err_code(err, ERR_REJECT, "file", "%s is there and is not this file: remove it, "
		    "or say another --output", f->file);
	else
		well = copy_to_part(f, fd, is.st_size, err);
	close(fd);
	return well;
}

/* ---- fetching ---- */

static bool
draw(void *state, int64_t sent, int64_t received)
{
	struct fetch *f = state;
	int64_t now_ms = clock_monotonic_ms(), have = f->have + received;
	char got[WORDS_SIZE], all[WORDS_SIZE];
	struct buf line = {0};

	(void)sent;
	if (now_ms - f->drawn_ms < DRAW_MS)
		return true;
	f->drawn_ms = now_ms;
	bar_add(&line, have, f->total, BAR_COLUMNS);
	buf_print(&line, " %s of %s", words_of_size(got, have), words_of_size(all, f->total));
	if (buf_text(&line))
		screen_draw(f->cli, buf_text(&line));
	buf_clear(&line);
	return true;
}

static bool
fetch_rest(struct fetch *f, struct err *err)
{
	struct http_request request = peer_request(&f->cli->peer, "GET", f->url);
	char range[RANGE_SIZE];
	const struct http_answer *answer = &f->cli->peer.answer;
	bool well;

	if (f->have > 0) {
		snprintf(range, sizeof(range), "bytes=%" PRId64 "-", f->have);
		http_add_header(&request, "Range", range);
	}
	http_add_header(&request, "If-Range", f->have > 0 && !f->hash ? f->etag : NULL);
	request.to_file = true;
	request.answer_fd = f->fd;
	request.answer_offset = f->have;
	request.answer_hash = f->hash;
	request.progress = draw;
	request.progress_state = f;
	well = peer_ask(&f->cli->peer, &request, err);
	if (answer->in_file)
		f->have = answer->file_size + (answer->status == 206 ? f->have : 0);
	return well;
}

/* A connection that breaks is made again, as long as it brings something. */
static bool
fetch_all(struct fetch *f, struct err *err)
{
	int cuts = 0;

	while (f->have < f->total) {
		int64_t had = f->have;

		if (fetch_rest(f, err)) {
			if (f->have <= had)
				return err_code(err, ERR_RETRY, "cut", "the file ended too early");
			continue;
		}
		cuts = f->have > had ? 1 : cuts + 1;
		if (err->verdict != ERR_RETRY || cuts == CUTS_MAX)
			return false;
		clock_sleep_ms((int64_t)cuts * CUT_WAIT_MS);
	}
	return true;
}

static bool
empty_part(struct fetch *f, struct err *err)
{
	f->have = 0;
	return ftruncate(f->fd, 0) == 0 || file_err(err, f->part);
}

/* Until part is the archive. */
static bool
complete(struct fetch *f, struct err *err)
{
	bool continued = f->have > 0;

	if (f->have > f->total && !empty_part(f, err))
		return false;
	if (!fetch_all(f, err))
		return false;
	if (is_whole(f, f->fd))
		return true;
	if (f->from_file) {
		unlink(f->part);
		return err_code(err, ERR_REJECT, "file", "%s is there and is no part of this file: remove "
		    "it, or say another --output", f->file);
	}
	if (continued && empty_part(f, err) && fetch_all(f, err) && is_whole(f, f->fd))
		return true;
	unlink(f->part);
	return err_code(err, ERR_RETRY, "damaged", "what came is not the file: its length or SHA-256 "
	    "is another. Was it built anew? Try again");
}

static bool
fetch(struct fetch *f, bool *was_there, struct err *err)
{
	if (!open_part(f, err) || !take_file(f, was_there, err))
		return false;
	if (*was_there)
		return unlink(f->part) == 0 || file_err(err, f->part);
	return complete(f, err)
	    && (fsync(f->fd) == 0 || file_err(err, f->part))
	    && (rename(f->part, f->file) == 0 || file_err(err, f->file));
}

static void
tell(const struct fetch *f, bool was_there)
{
	struct buf json = {0};
	struct put put = { &json, false };
	char size[WORDS_SIZE];

	screen_wipe(f->cli);
	put_open(&put, '{');
	put_text_of(&put, "file", f->file);
	put_int_of(&put, "size", f->total);
	put_text_of(&put, "sha256", f->sha256);
	put_close(&put, '}');
	if (f->cli->json)
		screen_write(&json);
	else
		screen_say(f->cli, TONE_PLAIN, "%s: %s%s", f->file, words_of_size(size, f->total),
		    was_there ? ", was there already" : "");
	buf_clear(&json);
}

/* ---- where to ---- */

static bool
fetch_to_output(struct fetch *f, struct err *err)
{
	own(hash_freep) struct hash *hash = hash_new();
	uint8_t sha256[SHA256_SIZE];
	char text[SHA256_TEXT_SIZE];

	if (!hash)
		return err_set(err, ERR_FATAL, "out of memory");
	f->hash = hash;
	f->fd = STDOUT_FILENO;
	if (!fetch_all(f, err))
		return false;
	hash_end(hash, sha256);
	return !strcmp(hash_print(text, sha256), f->sha256) || err_code(err, ERR_RETRY, "damaged",
	    "what was written is not the file: its SHA-256 is another. Was it built anew? Try again");
}

/* A link is followed, so that it is the file that is replaced. */
static bool
file_settle(struct fetch *f, struct err *err)
{
	struct stat is;

	f->file = f->file && *f->file ? f->file : f->name;
	if (stat(f->file, &is) != 0)
		return errno == ENOENT || file_err(err, f->file);
	if (!S_ISREG(is.st_mode))
		return err_code(err, ERR_FATAL, "usage", "--output: %s is no regular file; \"-\" writes to "
		    "standard output", f->file);
	f->real = realpath(f->file, NULL);
	f->file = f->real ? f->real : f->file;
	return true;
}

static bool
fetch_to_file(struct fetch *f, struct err *err)
{
	bool was_there = false, well;

	f->fd = -1;
	if (!file_settle(f, err))
		return false;
	if (asprintf(&f->part, "%s.part", f->file) < 0)
		return err_set(err, ERR_FATAL, "out of memory");
	well = fetch(f, &was_there, err);
	if (well)
		tell(f, was_there);
	else if (f->fd >= 0 && f->have == 0)
		unlink(f->part);
	screen_wipe(f->cli);
	if (f->fd >= 0)
		close(f->fd);
	free(f->part);
	free(f->real);
	return well;
}

bool
fetch_file(struct cli *cli, const char *path, const char *name, struct err *err)
{
	struct fetch f = { .cli = cli, .file = cli->args.texts[ARG_OUTPUT] };
	bool to_output = f.file && !strcmp(f.file, "-");

	if (to_output && cli->json)
		return err_code(err, ERR_FATAL, "usage", "--json and --output - both want standard output");
	if (to_output && isatty(STDOUT_FILENO))
		return err_code(err, ERR_FATAL, "usage", "--output -: that is nothing for a terminal");
	snprintf(f.url, sizeof(f.url), "%s", path);
	if (name && !file_name_defect(name) && *name != '.')
		snprintf(f.name, sizeof(f.name), "%s", name);
	if (!look_ahead(&f, err))
		return false;
	return to_output ? fetch_to_output(&f, err) : fetch_to_file(&f, err);
}
