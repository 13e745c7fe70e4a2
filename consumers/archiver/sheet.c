/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.c: gathers names and previews of a batch, has batchline-renderer draw them, and stores what comes.
 * Its two processes (consumers/renderer/sheet.h) get no environment and no descriptor of ours but those
 * that they are meant to have: a picture is never decoded where there are secrets. They work while the
 * archiver writes the ZIP:
 *
 *	sheet_begin: gather -> start both	sheet_finish: wait for both -> store -> enter in the manifest
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "archiver.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/log.h"
#include "base/program.h"
#include "batch/sheet.h"

#define RENDERER "batchline-renderer"
enum {
	LOOK_MS = 250,
	PREVIEW_MAX = 1 << 20,		/* bytes of one; a larger one is left out */
	PREVIEWS_MAX = 128 << 20,	/* bytes of all */
};
enum { CELL_NAME, CELL_STATUS, CELL_ERROR_CODE, CELL_PREVIEW };	/* as in cells.sql */

struct sheet {
	struct archiver *a;
	struct snapshot *snapshot;
	char uri[BLOB_URI_MAX];
	struct blob_writer *writer;	/* while it is drawn, else NULL */
	int64_t began_ms;
	int cells, more;
	int words, previews;		/* files in memory */
	int64_t bytes;			/* of previews */
	void *piece;			/* room for one */
	pid_t of_words, of_pictures;
};

void
sheet_uri(char ret[BLOB_URI_MAX], const struct manifest *m)
{
	char id[UUID_TEXT_SIZE];

	snprintf(ret, BLOB_URI_MAX, "blob:archives/%s/%" PRId32 ".jpg", uuid_print(id, m->batch_id),
	    m->run_no);
}

static bool
in_file(int fd, const void *bytes, size_t size, struct err *err)
{
	return write(fd, bytes, size) == (ssize_t)size
	    || err_set(err, ERR_RETRY, "file in memory: %s", strerror(errno));
}

/* ---- what is given ---- */

static size_t
preview_read(struct sheet *sheet, const char *uri)
{
	struct err err = {0};
	int64_t size;
	ssize_t n = 0;
	int fd;

	if (!uri || !blob_read_open(sheet->a->store, uri, &fd, &size, &err))
		return 0;
	if (size <= PREVIEW_MAX && sheet->bytes + size <= PREVIEWS_MAX)
		n = pread(fd, sheet->piece, (size_t)size, 0);
	close(fd);
	if (n != size || n <= 0)
		return 0;
	sheet->bytes += size;
	return (size_t)n;
}

/* A line of its own, whatever stands in it. */
static void
line_add(struct buf *words, const char *text)
{
	for (; text && *text; text++)
		buf_add(words, *text == '\n' ? " " : text, 1);
	buf_add_byte(words, '\n');
}

static void
head_add(struct buf *words, const struct sheet *sheet)
{
	const struct manifest *m = &sheet->snapshot->manifest;
	const time_t day = (time_t)m->batch_date * 86400;
	int came = m->total_files - (int)m->n_jobs;
	struct tm tm;
	char date[16] = "", line[200], end[60] = "";

	if (gmtime_r(&day, &tm))
		strftime(date, sizeof(date), "%F", &tm);
	snprintf(line, sizeof(line), "%s \xc2\xb7 %d of %d picture%s rendered", date, came,
	    (int)m->total_files, m->total_files == 1 ? "" : "s");
	if (sheet->more > 0)
		snprintf(end, sizeof(end), "and %d more", sheet->more);
	line_add(words, m->base_directory_name);
	line_add(words, line);
	line_add(words, end);
}

static bool
cell_add(struct sheet *sheet, struct buf *words, int i, struct err *err)
{
	const struct db_rows *rows = sheet->snapshot->rows[3];
	const char *status = db_text_at(rows, i, CELL_STATUS);
	const char *code = db_text_at(rows, i, CELL_ERROR_CODE);
	bool came = !strcmp(status, "completed");
	uint32_t size = (uint32_t)(came ? preview_read(sheet, db_text_at(rows, i, CELL_PREVIEW)) : 0);
	char note[120] = "";

	if (!came)
		snprintf(note, sizeof(note), "%s%s%s", status, code ? ": " : "", code ? code : "");
	else if (size == 0)
		strcpy(note, "no preview");
	line_add(words, db_text_at(rows, i, CELL_NAME));
	line_add(words, note);
	return in_file(sheet->previews, &size, sizeof(size), err)
	    && in_file(sheet->previews, sheet->piece, size, err);
}

/* *goes_on false: the archiver shall not. */
static bool
gather(struct sheet *sheet, bool *goes_on, struct err *err)
{
	struct buf words = {0};
	bool well;

	sheet->piece = arena_take(sheet->a->arena, PREVIEW_MAX);
	sheet->words = memfd_create("words", MFD_CLOEXEC);
	sheet->previews = memfd_create("previews", MFD_CLOEXEC);
	if (!sheet->piece || sheet->words < 0 || sheet->previews < 0)
		return err_set(err, ERR_RETRY, "no memory for it");
	head_add(&words, sheet);
	well = true;
	for (int i = 0; well && i < sheet->cells; i++) {
		*goes_on = archiver_goes_on(sheet->a, err);
		well = *goes_on && cell_add(sheet, &words, i, err);
	}
	well = well && (!words.failed || err_set(err, ERR_RETRY, "too many words"))
	    && in_file(sheet->words, words.data, words.size, err);
	buf_clear(&words);
	return well;
}

/* ---- who draws ---- */

/* layer: what it also reads, or -1. */
static bool
renderer_start(const struct sheet *sheet, pid_t *ret, const char *mode, int in, int out, int layer,
    struct err *err)
{
	char path[PROGRAM_PATH_SIZE], cells[16];
	char *argv[] = { (char *)(uintptr_t)RENDERER, (char *)(uintptr_t)mode, cells,
		(char *)(uintptr_t)(sheet->more > 0 ? "1" : "0"), NULL };
	char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	if (!program_beside(path, RENDERER))
		return err_set(err, ERR_RETRY, RENDERER ": %s", strerror(errno));
	snprintf(cells, sizeof(cells), "%d", sheet->cells);
	posix_spawn_file_actions_init(&actions);
	rc = posix_spawn_file_actions_adddup2(&actions, in, 0)
	    | posix_spawn_file_actions_adddup2(&actions, out, 1)
	    | (layer < 0 ? 0 : posix_spawn_file_actions_adddup2(&actions, layer, 3));
	rc = rc ? rc : posix_spawn(ret, path, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return !rc || err_set(err, ERR_RETRY, "%s: %s", path, strerror(rc));
}

static bool
both_start(struct sheet *sheet, int out, struct err *err)
{
	int ends[2];
	bool well;

	if (pipe2(ends, O_CLOEXEC))
		return err_set(err, ERR_RETRY, "pipe: %s", strerror(errno));
	well = renderer_start(sheet, &sheet->of_words, "--sheet-words", sheet->words, ends[1], -1, err)
	    && renderer_start(sheet, &sheet->of_pictures, "--sheet", sheet->previews, out, ends[0], err);
	close(ends[0]);
	close(ends[1]);
	return well;
}

static int64_t
limit_s(const struct sheet *sheet)
{
	return option_int(sheet->a->context->options, "BATCHLINE_SHEET_S");
}

/* True: it ended by itself, in time. */
static bool
wait_for(struct sheet *sheet, pid_t pid, bool *goes_on, struct err *err)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int64_t until_ms = sheet->began_ms + limit_s(sheet) * 1000;
	bool ended = false, late = false;

	if (p.fd < 0)
		return err_set(err, ERR_RETRY, "pidfd: %s", strerror(errno));
	while (!ended && !late && *goes_on) {
		late = clock_monotonic_ms() >= until_ms;
		ended = poll(&p, 1, late ? 0 : LOOK_MS) > 0;
		*goes_on = ended || archiver_goes_on(sheet->a, err);
	}
	close(p.fd);
	return ended || !*goes_on
	    || err_set(err, ERR_RETRY, "it took longer than %" PRId64 " s", limit_s(sheet));
}

/* Ends it if it has not. True: it had done its work. */
static bool
reap(pid_t *pid)
{
	int status = -1;

	if (*pid <= 0)
		return false;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
is_drawn(struct sheet *sheet, bool *goes_on, struct err *err)
{
	char id[UUID_TEXT_SIZE];
	bool well, drawn, written;

	well = wait_for(sheet, sheet->of_pictures, goes_on, err)
	    && wait_for(sheet, sheet->of_words, goes_on, err);
	drawn = reap(&sheet->of_pictures);
	written = reap(&sheet->of_words);
	if (!well || !*goes_on)
		return false;
	if (drawn && !written)
		log_write(LOG_WARN, "a contact sheet without words", "batch=%s",
		    uuid_print(id, sheet->snapshot->manifest.batch_id));
	return drawn || err_set(err, ERR_RETRY, RENDERER " could not draw it");
}

/* ---- the blob ---- */

static bool
is_there(const struct archiver *a, const char *uri)
{
	struct err err = {0};
	int fd;

	if (!blob_read_open(a->store, uri, &fd, NULL, &err))
		return false;
	close(fd);
	return true;
}

/* Beside manifest.json, when its bytes can be read. */
static void
enter(struct archiver *a, struct manifest *m, const char *uri)
{
	struct manifest_file *file = arena_take(a->arena, sizeof(*file));
	char *text = arena_take(a->arena, SHA256_TEXT_SIZE);
	uint8_t sha256[SHA256_SIZE];
	struct err err = {0};
	int64_t size;
	void *bytes;
	int fd;

	if (!file || !text || !blob_read_open(a->store, uri, &fd, &size, &err))
		return;
	bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	close(fd);
	if (bytes == MAP_FAILED)
		return;
	hash_sha256(sha256, bytes, (size_t)size);
	*file = (struct manifest_file){ .name = SHEET_NAME, .uri = arena_print(a->arena, "%s", uri),
		.sha256 = hash_print(text, sha256), .size = size, .crc32 = crc_add(0, bytes, (size_t)size) };
	munmap(bytes, (size_t)size);
	m->sheet = file->uri ? file : NULL;
}

/* What was not made says why, once. */
static void
tell(const struct sheet *sheet, bool well, struct err *err)
{
	char id[UUID_TEXT_SIZE], why[1100];

	uuid_print(id, sheet->snapshot->manifest.batch_id);
	if (well)
		log_write(LOG_DEBUG, "contact sheet drawn", "batch=%s cells=%d ms=%" PRId64, id,
		    sheet->cells, clock_monotonic_ms() - sheet->began_ms);
	else
		log_write(LOG_WARN, "no contact sheet", "batch=%s why=%s", id,
		    log_quote(why, sizeof(why), err->text));
	err_clear(err);
}

void
sheet_stop(struct sheet *sheet)
{
	if (!sheet)
		return;
	reap(&sheet->of_pictures);
	reap(&sheet->of_words);
	blob_writer_free(sheet->writer);
	sheet->writer = NULL;
}

bool
sheet_begin(struct archiver *a, struct snapshot *s, struct sheet **ret, struct err *err)
{
	struct sheet *sheet = arena_take(a->arena, sizeof(*sheet));
	bool goes_on = true, well;

	if (!sheet)
		return err_set(err, ERR_FATAL, "out of memory");
	*sheet = (struct sheet){ .a = a, .snapshot = s, .words = -1, .previews = -1,
		.cells = db_count(s->rows[3]), .began_ms = clock_monotonic_ms() };
	sheet->more = s->manifest.total_files - sheet->cells;
	sheet_uri(sheet->uri, &s->manifest);
	if (!is_there(a, sheet->uri)) {
		well = gather(sheet, &goes_on, err)
		    && blob_write_open(a->store, &sheet->writer, sheet->uri, err)
		    && both_start(sheet, blob_writer_fd(sheet->writer), err);
		close(sheet->words);
		close(sheet->previews);
		if (!well)
			sheet_stop(sheet);
		if (!goes_on)
			return false;
		if (!well)
			tell(sheet, false, err);
	}
	*ret = sheet;
	return true;
}

bool
sheet_finish(struct sheet *sheet, struct err *err)
{
	struct snapshot *s = sheet->snapshot;
	struct blob_done done;
	bool goes_on = true, well;

	if (sheet->writer) {
		well = is_drawn(sheet, &goes_on, err)
		    && blob_write_finish(sheet->writer, &done, err);
		sheet_stop(sheet);
		if (!goes_on)
			return false;
		tell(sheet, well, err);
	}
	if (s->with_sheet && !s->manifest.sheet)
		enter(sheet->a, &s->manifest, sheet->uri);
	return true;
}
