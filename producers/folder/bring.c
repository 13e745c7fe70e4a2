/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bring.c: see bring.h. Outputs gather in done/.ID, which takes its name when they are all there and on
 * the disk. One that lies there already, with the right SHA-256, is not fetched again.
 */
#include "bring.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "batch/name.h"
#include "place.h"

enum { CURSOR_SIZE = 32 };

struct bringing {
	struct folder *folder;
	struct peer *peer;
	struct state *state;
	char gathered[PLACE_SIZE];	/* done/.ID */
	size_t outputs;
	struct buf why;			/* a line for each picture that failed and output that is lost */
};

/* ---- one output ---- */

static bool
file_err(struct err *err, const char *path)
{
	return err_code(err, ERR_RETRY, "file", "%s: %s", path, strerror(errno));
}

static bool
is_named(const uint8_t sha256[SHA256_SIZE], const char *name)
{
	char text[SHA256_TEXT_SIZE];

	return !strcmp(hash_print(text, sha256), name);
}

static bool
is_whole(int fd, const char *name)
{
	uint8_t sha256[SHA256_SIZE];

	return hash_file(sha256, fd, NULL) && is_named(sha256, name);
}

static bool
go_on(void *folder, int64_t sent, int64_t received)
{
	(void)sent;
	(void)received;
	return !folder_is_ending(folder);
}

static bool
fetch(struct bringing *b, const char *path, int fd, const char *sha256, struct err *err)
{
	own(hash_freep) struct hash *hash = hash_new();
	struct http_request request = peer_request(b->peer, "GET", path);
	uint8_t fetched[SHA256_SIZE];

	request.to_file = true;
	request.answer_fd = fd;
	request.answer_hash = hash;
	request.progress = go_on;
	request.progress_state = b->folder;
	if (!hash)
		return err_set(err, ERR_RETRY, "out of memory");
	if (!peer_ask_patiently(b->peer, &request, err))
		return false;
	hash_end(hash, fetched);
	return is_named(fetched, sha256)
	    || err_code(err, ERR_RETRY, "damaged", "%s: its SHA-256 is another than was told", path);
}

static bool
bring_output(struct bringing *b, const char *job_id, const struct doc_value *output, struct err *err)
{
	const char *name = text_in(output, "name"), *sha256 = text_in(output, "sha256");
	char file[PLACE_SIZE + NAME_SIZE];
	struct buf path = {0};
	bool well;
	int fd;

	snprintf(file, sizeof(file), "%s/%s", b->gathered, name);
	if (!output_name_is_safe(name))
		return err_code(err, ERR_REJECT, "name", "has a name that no file may have");
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return file_err(err, file);
	buf_print(&path, "/api/jobs/%s/outputs/", job_id);
	http_escape(&path, name);
	well = is_whole(fd, sha256) || (buf_text(&path) ? fetch(b, buf_text(&path), fd, sha256, err)
	    : err_set(err, ERR_RETRY, "out of memory"));
	close(fd);
	buf_clear(&path);
	if (!well && err->verdict == ERR_REJECT)
		unlink(file);
	b->outputs += well;
	return well;
}

/* ---- every output ---- */

/* What is lost is told, and the rest is brought. */
static bool
bring_job(struct bringing *b, const struct doc_value *job, struct err *err)
{
	const struct doc_value *outputs = doc_member(job, "outputs");

	for (size_t i = 0; i < doc_size(outputs); i++) {
		if (bring_output(b, text_in(job, "id"), doc_item(outputs, i), err))
			continue;
		if (err->verdict != ERR_REJECT || !strcmp(err->code, "stranger"))
			return false;
		buf_print(&b->why, "%s of %s: %s\n", text_in(doc_item(outputs, i), "name"),
		    text_in(job, "file_name"), err->text);
	}
	if (strcmp(text_in(job, "status"), "completed"))
		buf_print(&b->why, "%s: %s: %s%s%s%s\n", text_in(job, "file_name"), text_in(job, "status"),
		    text_in(job, "error_message"), is_in(job, "error_code") ? " (" : "",
		    text_in(job, "error_code"), is_in(job, "error_code") ? ")" : "");
	return true;
}

static bool
bring_page(struct bringing *b, char cursor[CURSOR_SIZE], struct err *err)
{
	own(doc_freep) struct doc *page = NULL;
	const struct doc_value *jobs;
	char path[PLACE_SIZE];

	snprintf(path, sizeof(path), "/api/batches/%s/jobs%s%s", b->state->batch_id,
	    *cursor ? "?cursor=" : "", cursor);
	if (!peer_read(b->peer, path, &page, err))
		return false;
	jobs = doc_member(doc_root(page), "data");
	for (size_t i = 0; i < doc_size(jobs); i++)
		if (!bring_job(b, doc_item(jobs, i), err))
			return false;
	snprintf(cursor, CURSOR_SIZE, "%s", text_in(doc_root(page), "next_cursor"));
	return true;
}

static bool
bring_outputs(struct bringing *b, struct err *err)
{
	char cursor[CURSOR_SIZE] = "";

	if (!place_make(DONE, err) || !place_make(b->gathered, err))
		return false;
	do {
		if (!bring_page(b, cursor, err))
			return false;
	} while (*cursor);
	if (b->outputs)
		return place_sync_all(b->gathered, err);
	place_remove(b->gathered);
	return true;
}

/* ---- what failed ---- */

bool
bring_why(const struct state *s, const char *text, struct err *err)
{
	char path[PLACE_SIZE];

	snprintf(path, sizeof(path), FAILED "/.%s", s->id);
	if (!place_make(FAILED, err) || !place_make(path, err))
		return false;
	snprintf(path, sizeof(path), FAILED "/.%s/" WHY, s->id);
	return place_write(path, text, strlen(text), err);
}

static bool
tell_failures(struct bringing *b, const struct doc_value *batch, struct err *err)
{
	struct buf text = {0};
	bool well;

	buf_print(&text, "%s ended as %s: %" PRId64 " of %" PRId64 " pictures were rendered.\n%s%s\n%.*s",
	    b->state->batch_name, text_in(batch, "status"), int_in(batch, "jobs_completed"),
	    int_in(batch, "total_files"), text_in(batch, "error_message"),
	    is_in(batch, "error_message") ? "\n" : "", (int)b->why.size,
	    b->why.size ? (const char *)b->why.data : "");
	if (*b->state->sent)
		buf_print(&text, "\nThe originals are in " SENT "/%s.\n", b->state->sent);
	if (b->outputs)
		buf_add_text(&text, "What was rendered is in " DONE "/.\n");
	buf_print(&text, "\n`batchline retry %s` tries again what failed. Move the originals back then, under the "
	    "same name:\nit is the same batch, and its pictures are brought again.\n", b->state->batch_name);
	well = buf_text(&text) ? bring_why(b->state, buf_text(&text), err) : err_set(err, ERR_RETRY,
	    "out of memory");
	buf_clear(&text);
	return well;
}

/* ---- the whole ---- */

/* Both wait under hidden names before either takes its own. */
static bool
gather(struct bringing *b, const struct doc_value *batch, struct err *err)
{
	if (!bring_outputs(b, err))
		return false;
	return (!strcmp(text_in(batch, "status"), "completed") && !b->why.size)
	    || tell_failures(b, batch, err);
}

bool
bring_settle(struct state *s, struct err *err)
{
	if (!state_settle(s, s->done, DONE, s->batch_name, err)
	    || !state_settle(s, s->failed, FAILED, s->folder, err))
		return false;
	count(*s->failed ? COMPLAINED : WRITTEN);
	return true;
}

static bool
has_begun_to_settle(const struct bringing *b)
{
	return *b->state->failed || (*b->state->done && !place_is_there(b->gathered));
}

bool
bring(struct folder *folder, struct peer *peer, struct state *s, const struct doc_value *batch,
    struct err *err)
{
	struct bringing b = { .folder = folder, .peer = peer, .state = s };
	bool well;

	snprintf(b.gathered, sizeof(b.gathered), DONE "/.%s", s->id);
	well = (has_begun_to_settle(&b) || gather(&b, batch, err)) && bring_settle(s, err);
	buf_clear(&b.why);
	if (!well)
		return false;
	log_write(LOG_INFO, "ended", "batch_id=%s status=%s outputs=%zu", s->batch_id,
	    text_in(batch, "status"), b.outputs);
	return true;
}
