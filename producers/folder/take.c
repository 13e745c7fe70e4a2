/* SPDX-License-Identifier: Apache-2.0 */
/* take.c: see take.h. */
#include "take.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "client/submit.h"
#include "place.h"

enum { SETTINGS_MAX = 64 * 1024 };
#define STORED_US (INT64_C(3600) * 1000000)	/* what no job names stays for a day */

/* ---- what it shall be ---- */

static bool
settings_read(struct want *want, const char *name, struct err *err)
{
	char path[PLACE_SIZE], *bytes = malloc(SETTINGS_MAX + 1);
	ssize_t n = -1;
	int fd;
	bool well;

	snprintf(path, sizeof(path), "%s/" SETTINGS, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && bytes)
		n = read(fd, bytes, SETTINGS_MAX + 1);
	if (n > SETTINGS_MAX)
		well = err_code(err, ERR_REJECT, "settings", SETTINGS " is larger than %d bytes",
		    SETTINGS_MAX);
	else if (n < 0)
		well = err_code(err, ERR_RETRY, "file", "%s: %s", path, strerror(errno));
	else
		well = want_read(want, bytes, (size_t)n, err);
	if (fd >= 0)
		close(fd);
	free(bytes);
	return well;
}

static bool
want_of(struct folder *folder, const char *name, const struct look *look, struct want *ret,
    struct err *err)
{
	if (!utf8_is_valid(name, strlen(name)) || !utf8_is_printable(name, strlen(name)))
		return err_code(err, ERR_REJECT, "name",
		    "the folder's name is not UTF-8 that can be shown");
	want_of_name(ret, name, folder->pipeline, folder->customer);
	if (look_find(look, KIND_SETTINGS) && !settings_read(ret, name, err))
		return false;
	return ret->pipeline_id || err_code(err, ERR_REJECT, "settings",
	    "pipeline_id: nothing says which pipeline it is: write {\"pipeline_id\": 1} into " SETTINGS
	    ", or start the service with --pipeline");
}

/* ---- may it be one? ---- */

static bool
check_limits(struct peer *peer, const struct look *look, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *limits;
	int64_t files, bytes;

	if (!peer_read(peer, "/api/session", &doc, err))
		return false;
	limits = doc_member(doc_root(doc), "limits");
	files = int_in(limits, "files");
	bytes = int_in(limits, "file_bytes");
	if (files && look->pictures > (size_t)files)
		return err_code(err, ERR_REJECT, "too_many_files", "there are %zu pictures in it, and a batch "
		    "may have at most %" PRId64 ": share them out among more folders", look->pictures, files);
	for (size_t i = 0; i < look->n; i++)
		if (bytes && look->list[i].kind == KIND_PICTURE && look->list[i].size > bytes)
			return err_code(err, ERR_REJECT, "too_large", "%s has %" PRId64 " bytes, and a "
			    "picture may have at most %" PRId64, look->list[i].name,
			    look->list[i].size, bytes);
	return true;
}

static bool
check_things(const struct look *look, struct err *err)
{
	const struct thing *folder = look_find(look, KIND_FOLDER);
	const struct thing *strange = look_find(look, KIND_STRANGE);

	if (folder)
		return err_code(err, ERR_REJECT, "folder", "the folder \"%s\" is in it: only pictures that "
		    "lie directly in a folder are taken, so that none is forgotten. Make it a folder of "
		    "its own", folder->name);
	return !strange || err_code(err, ERR_REJECT, "strange", "\"%s\" is a link or no regular file",
	    strange->name);
}

/* ---- sending ---- */

static bool
go_on(void *folder, size_t files, int64_t bytes)
{
	(void)files;
	(void)bytes;
	return !folder_is_ending(folder);
}

static bool
pick_all(struct picks *files, const char *name, const struct look *look, struct err *err)
{
	char path[PLACE_SIZE];

	for (size_t i = 0; i < look->n && files->n < look->pictures; i++) {
		snprintf(path, sizeof(path), "%s/%s", name, look->list[i].name);
		if (look->list[i].kind == KIND_PICTURE && !picks_add(files, path, false, err))
			return false;
	}
	return true;
}

/* Against a look that was taken before anything was read. */
static bool
is_quiet(const char *name, const struct look *look, struct err *err)
{
	struct look now = {0};
	bool same;

	if (!look_read(&now, name, err))
		return false;
	same = !memcmp(now.mark, look->mark, sizeof(look->mark));
	look_clear(&now);
	return same || err_code(err, ERR_RETRY, "changed", "%s is still being changed", name);
}

static bool
new_state(const char *name, const struct want *want, struct picks *files, struct state **ret,
    struct err *err)
{
	own(state_freep) struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_RETRY, "out of memory");
	snprintf(s->folder, sizeof(s->folder), "%s", name);
	s->want = *want;
	s->stored_us = clock_now_us();
	s->files = *files;
	*files = (struct picks){0};
	if (!state_name(s, err))
		return false;
	*ret = state_free_hand_over(&s);
	return true;
}

bool
take_folder(struct folder *folder, struct peer *peer, const char *name, const struct look *look,
    struct picks *files, struct state **ret, struct err *err)
{
	struct want want;
	struct err changed = {0};

	buf_reset(&peer->details);
	if (!want_of(folder, name, look, &want, err) || !check_things(look, err)
	    || !check_limits(peer, look, err))
		return false;
	if (files->n < look->pictures)
		picks_clear(files);
	if (!pick_all(files, name, look, err)
	    || !files_send(peer, files, go_on, folder, &peer->details, err)) {
		if (err->verdict == ERR_REJECT && !is_quiet(name, look, &changed))
			*err = changed;
		return false;
	}
	return is_quiet(name, look, err) && new_state(name, &want, files, ret, err);
}

/* ---- from its state on ---- */

/* The store forgets what no job names: what is still in the folder as it was is put there again. */
static bool
store_again(struct folder *folder, struct peer *peer, struct state *s, struct err *err)
{
	struct picks again = {0};
	struct stat is;
	bool well = true;

	if (clock_now_us() - s->stored_us < STORED_US)
		return true;
	for (size_t i = 0; i < s->files.n && well; i++) {
		const struct pick *file = &s->files.list[i];

		if (stat(file->path, &is) == 0 && is.st_size == file->size)
			well = picks_add_known(&again, file->path, file->size) || err_set(err, ERR_RETRY,
			    "out of memory");
	}
	well = well && (!again.n || files_send(peer, &again, go_on, folder, &peer->details,
	    err) || err->verdict == ERR_REJECT);
	picks_clear(&again);
	s->stored_us = well ? clock_now_us() : s->stored_us;
	return well;
}

static bool
submit(struct peer *peer, struct state *s, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct want *want = &s->want;
	const struct submission submission = {
		.pipeline_id = want->pipeline_id,
		.description = *want->description ? want->description : NULL,
		.customer_prefix = *want->customer_prefix ? want->customer_prefix : NULL,
		.priority = want->has_priority ? &want->priority : NULL,
		.failures_tolerated = want->has_failures_tolerated ? &want->failures_tolerated : NULL,
	};

	if (!batch_post(peer, &submission, &s->files, s->key, err) || !peer_answer_json(peer, &doc, err))
		return false;
	snprintf(s->batch_id, sizeof(s->batch_id), "%s", text_in(doc_root(doc), "batch_id"));
	snprintf(s->batch_name, sizeof(s->batch_name), "%s",
	    text_in(doc_root(doc), "base_directory_name"));
	if (!*s->batch_id)
		return err_code(err, ERR_FATAL, "stranger", "%s answers without a batch_id", peer->url);
	count(SUBMITTED);
	log_write(LOG_INFO, "submitted", "batch_id=%s files=%zu", s->batch_id, s->files.n);
	return true;
}

static int
by_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct pick *)file)->name);
}

static const struct pick *
file_named(const struct state *s, const char *name)
{
	const struct picks *files = &s->files;

	return files->n ? bsearch(name, files->list, files->n, sizeof(*files->list), by_name) : NULL;
}

/* What came, or went on growing, when it was submitted already: a folder of that name again. */
static bool
put_back(const struct state *s, const struct thing *thing, struct err *err)
{
	const struct pick *file = file_named(s, thing->name);
	char from[PLACE_SIZE], to[PLACE_SIZE];

	if (thing->kind == KIND_SETTINGS || thing->kind == KIND_WHY
	    || (thing->kind == KIND_PICTURE && file && file->size == thing->size))
		return true;
	snprintf(from, sizeof(from), SENT "/%s/%s", s->sent, thing->name);
	snprintf(to, sizeof(to), "%s/%s", s->folder, thing->name);
	return place_make(s->folder, err) && (place_move(from, to, err) || !strcmp(err->code, "taken"));
}

static bool
put_back_all(const struct state *s, struct err *err)
{
	struct look look = {0};
	char path[PLACE_SIZE];
	bool well = true;

	snprintf(path, sizeof(path), SENT "/%s", s->sent);
	if (!*s->sent || !look_read(&look, path, err))
		return !*s->sent || !strcmp(err->code, "gone");
	for (size_t i = 0; i < look.n && well; i++)
		well = put_back(s, &look.list[i], err);
	look_clear(&look);
	return well;
}

bool
take_is_here(const struct state *s)
{
	char mark[PLACE_SIZE];

	state_mark(mark, s, s->folder);
	return place_is_there(mark);
}

static void
unmark(const struct state *s, const char *folder)
{
	char mark[PLACE_SIZE];

	state_mark(mark, s, folder);
	unlink(mark);
}

static bool
move_to_sent(struct state *s, struct err *err)
{
	char to[PLACE_SIZE];

	while (take_is_here(s)) {
		snprintf(to, sizeof(to), "%s/" WHY, s->folder);
		unlink(to);		/* of an earlier time */
		if (!place_make(SENT, err) || !place_name(s->sent, SENT, s->folder, err)
		    || !state_write(s, err))
			return false;
		snprintf(to, sizeof(to), SENT "/%s", s->sent);
		if (!place_move(s->folder, to, err) && strcmp(err->code, "taken"))
			return false;
	}
	snprintf(to, sizeof(to), SENT "/%s", s->sent);
	unmark(s, to);
	return put_back_all(s, err);
}

bool
take_begin(const struct state *s, struct err *err)
{
	char mark[PLACE_SIZE];

	state_mark(mark, s, s->folder);
	return place_write(mark, "", 0, err) && state_write(s, err);
}

bool
take_further(struct folder *folder, struct peer *peer, struct state *s, struct err *err)
{
	buf_reset(&peer->details);
	if (!*s->batch_id && !(store_again(folder, peer, s, err) && submit(peer, s, err)))
		return false;
	if (!move_to_sent(s, err))
		return false;
	s->moved = true;
	picks_clear(&s->files);
	return state_write(s, err);
}

/* ---- refused ---- */

bool
take_refuse(const char *name, const struct state *state, const struct err *why,
    const struct buf *details, struct err *err)
{
	char path[PLACE_SIZE], target[NAME_SIZE], quoted[2 * NAME_SIZE], reason[700];
	struct buf text = {0};
	bool well;

	buf_print(&text, "This folder was not submitted.\n\n%s\n%.*s%s", why->text, (int)details->size,
	    details->size ? (const char *)details->data : "", !strcmp(why->code, "deleted")
	    ? "\nTo have it rendered again, give the folder another name.\n" : "");
	buf_add_text(&text, "\nWhen that is mended, move the folder back to where it was.\n");
	snprintf(path, sizeof(path), "%s/" WHY, name);
	well = place_make(FAILED, err) && place_make(name, err) && !text.failed
	    && place_write(path, text.data, text.size, err)
	    && place_name(target, FAILED, name, err);
	snprintf(path, sizeof(path), FAILED "/%s", target);
	well = well && place_move(name, path, err);
	buf_clear(&text);
	if (!well)
		return false;
	if (state) {
		unmark(state, path);
		state_remove(state);
	}
	count(REFUSED);
	log_write(LOG_WARN, "refused", "folder=%s why=%s", log_quote(quoted, sizeof(quoted), name),
	    log_quote(reason, sizeof(reason), why->text));
	return true;
}
