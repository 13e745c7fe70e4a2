/* SPDX-License-Identifier: Apache-2.0 */
/* state.c: see state.h. */
#include "state.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "place.h"

enum { READ_SIZE = 64 * 1024 };

static void
path_of(char ret[PLACE_SIZE], const char *id)
{
	snprintf(ret, PLACE_SIZE, STATES "/%s.json", id);
}

void
state_free(struct state *state)
{
	if (state)
		picks_clear(&state->files);
	free(state);
}

bool
state_is_there(const char *id)
{
	char path[PLACE_SIZE];

	path_of(path, id);
	return place_is_there(path);
}

void
state_remove(const struct state *state)
{
	char path[PLACE_SIZE];
	struct err ignored = {0};

	path_of(path, state->id);
	unlink(path);
	place_sync(STATES, &ignored);
}

void
state_mark(char ret[PLACE_SIZE], const struct state *state, const char *folder)
{
	snprintf(ret, PLACE_SIZE, "%s/" STATES "-%s", folder, state->id);
}

bool
state_name(struct state *state, struct err *err)
{
	own(hash_freep) struct hash *hash = hash_new();
	struct buf json = {0};
	struct put put = { &json, false };
	uint8_t sha256[SHA256_SIZE];

	if (!hash)
		return err_set(err, ERR_RETRY, "out of memory");
	put_open(&put, '{');
	put_text_of(&put, "folder", state->folder);
	want_put(&put, &state->want);
	put_close(&put, '}');
	hash_add(hash, json.data, json.size);
	for (size_t i = 0; i < state->files.n; i++) {
		const struct pick *file = &state->files.list[i];

		hash_add(hash, file->name, strlen(file->name) + 1);
		hash_add(hash, file->uri, strlen(file->uri) + 1);
	}
	hash_end(hash, sha256);
	hash_print(state->key, sha256);
	snprintf(state->id, sizeof(state->id), "%.*s", ID_SIZE - 1, state->key);
	buf_clear(&json);
	return true;
}

/* ---- writing ---- */

static void
put_files(struct put *put, const struct picks *files)
{
	put_name(put, "files");
	put_open(put, '[');
	for (size_t i = 0; i < files->n; i++) {
		put_open(put, '{');
		put_text_of(put, "name", files->list[i].name);
		put_text_of(put, "uri", files->list[i].uri);
		put_int_of(put, "size", files->list[i].size);
		put_close(put, '}');
	}
	put_close(put, ']');
}

static void
put_state(struct put *put, const struct state *s)
{
	put_open(put, '{');
	put_text_of(put, "key", s->key);
	put_text_of(put, "folder", s->folder);
	put_int_of(put, "stored_us", s->stored_us);
	put_name(put, "want");
	put_open(put, '{');
	want_put(put, &s->want);
	put_close(put, '}');
	put_text_of(put, "batch_id", s->batch_id);
	put_text_of(put, "batch_name", s->batch_name);
	put_text_of(put, "sent", s->sent);
	put_text_of(put, "done", s->done);
	put_text_of(put, "failed", s->failed);
	put_int_of(put, "moved", s->moved);
	put_files(put, &s->files);
	put_close(put, '}');
}

bool
state_write(const struct state *state, struct err *err)
{
	struct buf json = {0};
	struct put put = { &json, false };
	char path[PLACE_SIZE];
	bool well;

	path_of(path, state->id);
	put_state(&put, state);
	well = json.failed ? err_set(err, ERR_RETRY, "out of memory")
	                   : place_write(path, json.data, json.size, err);
	buf_clear(&json);
	return well;
}

/* ---- reading ---- */

static void
take_text(char *ret, size_t size, const struct doc_value *object, const char *name)
{
	snprintf(ret, size, "%s", text_in(object, name));
}

static bool
take_files(struct state *s, const struct doc_value *files)
{
	char path[PLACE_SIZE];

	for (size_t i = 0; i < doc_size(files); i++) {
		const struct doc_value *file = doc_item(files, i);
		struct pick *pick;

		snprintf(path, sizeof(path), "%s/%s", s->folder, text_in(file, "name"));
		pick = picks_add_known(&s->files, path, int_in(file, "size"));
		if (!pick)
			return false;
		take_text(pick->uri, sizeof(pick->uri), file, "uri");
	}
	return true;
}

static bool
take_state(struct state *s, const struct doc_value *root, struct err *err)
{
	take_text(s->key, sizeof(s->key), root, "key");
	take_text(s->folder, sizeof(s->folder), root, "folder");
	s->stored_us = int_in(root, "stored_us");
	take_text(s->batch_id, sizeof(s->batch_id), root, "batch_id");
	take_text(s->batch_name, sizeof(s->batch_name), root, "batch_name");
	take_text(s->sent, sizeof(s->sent), root, "sent");
	take_text(s->done, sizeof(s->done), root, "done");
	take_text(s->failed, sizeof(s->failed), root, "failed");
	s->moved = int_in(root, "moved");
	if (!hash_is_hex(s->key) || strncmp(s->key, s->id, strlen(s->id)) || !*s->folder
	    || strchr(s->folder, '/'))
		return err_code(err, ERR_RETRY, "file", "is no state of a batch");
	return want_take(&s->want, doc_member(root, "want"), err)
	    && (take_files(s, doc_member(root, "files")) || err_set(err, ERR_RETRY, "out of memory"));
}

static bool
read_all(struct buf *ret, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = malloc(READ_SIZE);
	ssize_t n = -1;
	bool there = fd >= 0 || errno != ENOENT;

	while (fd >= 0 && bytes && (n = read(fd, bytes, READ_SIZE)) > 0 && buf_add(ret, bytes, (size_t)n))
		;
	if (n != 0 && there)
		err_code(err, ERR_RETRY, "file", "%s: %s", path, strerror(errno));
	free(bytes);
	if (fd >= 0)
		close(fd);
	return n == 0;
}

bool
state_read(struct state **ret, const char *id, struct err *err)
{
	own(state_freep) struct state *s = calloc(1, sizeof(*s));
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	char path[PLACE_SIZE];
	bool well;

	err_clear(err);
	if (!s)
		return err_set(err, ERR_RETRY, "out of memory");
	path_of(path, id);
	snprintf(s->id, sizeof(s->id), "%s", id);
	if (!read_all(&json, path, err)) {
		buf_clear(&json);
		return false;
	}
	well = (doc_read(&doc, json.data, json.size, err) && take_state(s, doc_root(doc), err))
	    || err_at(err, "%s", path);
	buf_clear(&json);
	if (well)
		*ret = state_free_hand_over(&s);
	return well;
}

static int
is_state(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return *entry->d_name != '.' && end - entry->d_name == ID_SIZE - 1 && !strcmp(end, ".json");
}

bool
states_list(bool (*each)(void *state, const char *id), void *state, struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(STATES, &entries, is_state, alphasort);
	bool well = true;

	if (n < 0)
		return err_code(err, ERR_RETRY, "file", STATES ": %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		char id[ID_SIZE];

		snprintf(id, sizeof(id), "%.*s", ID_SIZE - 1, entries[i]->d_name);
		well = well && each(state, id);
		free(entries[i]);
	}
	free(entries);
	return true;
}

bool
state_settle(struct state *state, char field[NAME_SIZE], const char *folder, const char *name,
    struct err *err)
{
	char from[PLACE_SIZE], to[PLACE_SIZE];

	snprintf(from, sizeof(from), "%s/.%s", folder, state->id);
	while (place_is_there(from)) {
		if (!place_name(field, folder, name, err) || !state_write(state, err))
			return false;
		snprintf(to, sizeof(to), "%s/%s", folder, field);
		if (!place_move(from, to, err) && strcmp(err->code, "taken"))
			return false;
	}
	return true;
}
