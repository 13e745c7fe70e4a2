/* SPDX-License-Identifier: Apache-2.0 */
/* blob_write.c: a blob is written under a temporary name, and has its own once it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/uuid.h"
#include "port/blob_folder.h"

enum { COPY_SIZE = 256 * 1024 };

struct blob_writer {
	struct blob_store *store;
	char uri[BLOB_URI_MAX];		/* "" : by content */
	char temp[BLOB_TEMP_SIZE];
	int fd;
	struct hash *hash;
	int64_t size;			/* written by blob_write() */
	bool (*go_on)(void *state, struct err *err);
	void *state;
};

bool
blob_write_open(struct blob_store *store, struct blob_writer **ret, const char *uri,
    struct err *err)
{
	own(blob_writer_freep) struct blob_writer *w = NULL;
	const char *path = NULL;
	char name[UUID_TEXT_SIZE];

	if (uri && !blob_path_of(uri, &path, err))
		return false;
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, ERR_FATAL, "out of memory");
	w->fd = -1;
	w->store = store;
	snprintf(w->uri, sizeof(w->uri), "%s", uri ? uri : "");
	w->hash = hash_new();
	if (!w->hash)
		return err_set(err, ERR_FATAL, "out of memory");
	snprintf(w->temp, sizeof(w->temp), "tmp/%s", uuid_print(name, uuid_v7()));
	w->fd = blob_open_beneath(store, w->temp, O_RDWR | O_CREAT | O_EXCL);
	if (w->fd < 0)
		return blob_system_err(err, w->temp);
	*ret = blob_writer_free_hand_over(&w);
	return true;
}

bool
blob_write(struct blob_writer *w, const void *bytes, size_t size, struct err *err)
{
	const char *at = bytes;

	hash_add(w->hash, bytes, size);
	w->size += (int64_t)size;
	while (size > 0) {
		ssize_t n = write(w->fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return blob_system_err(err, "write");
		at += n;
		size -= (size_t)n;
	}
	return true;
}

int
blob_writer_fd(struct blob_writer *w)
{
	return w->fd;
}

void
blob_writer_ask(struct blob_writer *w, bool (*go_on)(void *state, struct err *err), void *state)
{
	w->go_on = go_on;
	w->state = state;
}

/* Bytes that went straight to the descriptor are read again for the hash. */
static bool
hash_again(struct blob_writer *w, int64_t size, struct err *err)
{
	char *piece = malloc(COPY_SIZE);
	bool well = piece || err_set(err, ERR_FATAL, "out of memory");

	hash_free(w->hash);
	w->hash = hash_new();
	if (!w->hash)
		well = err_set(err, ERR_FATAL, "out of memory");
	for (int64_t at = 0; well && at < size;) {
		ssize_t n = pread(w->fd, piece, COPY_SIZE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			well = blob_system_err(err, "read back");
		else
			hash_add(w->hash, piece, (size_t)n);
		at += n;
		well = well && (!w->go_on || w->go_on(w->state, err));
	}
	free(piece);
	return well;
}

/* The folders of a path, made where they are missing; whether one was. */
static bool
folders_make(struct blob_store *store, const char *path, bool *made, struct err *err)
{
	char part[BLOB_URI_MAX];

	*made = false;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (!mkdirat(store->dir, part, 0777))
			*made = true;
		else if (errno != EEXIST)
			return blob_system_err(err, part);
	}
	return true;
}

/* Every name on the way is put on the disk: folders that were there may be somebody's who has not
 * come to that yet. */
static bool
folders_sync(struct blob_store *store, const char *path, struct err *err)
{
	char part[BLOB_URI_MAX];
	bool well = true;

	for (const char *slash = path; well && (slash = strchr(slash, '/')); slash++) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		well = blob_folder_sync(store, part, err);
	}
	return well;
}

/* Its hash, and with it the name that it will have. */
static bool
writer_name(struct blob_writer *w, struct blob_done *ret, const char **path, struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	struct stat st;

	if (fstat(w->fd, &st))
		return blob_system_err(err, "fstat");
	if (st.st_size != w->size && !hash_again(w, st.st_size, err))
		return false;
	hash_end(w->hash, sha256);
	hash_print(ret->sha256, sha256);
	ret->size = st.st_size;
	if (*w->uri)
		snprintf(ret->uri, sizeof(ret->uri), "%s", w->uri);
	else
		snprintf(ret->uri, sizeof(ret->uri), BLOB_PREFIX "sha256/%s", ret->sha256);
	*path = ret->uri + strlen(BLOB_PREFIX);
	return true;
}

static bool
writer_rename(struct blob_writer *w, const char *path, struct err *err)
{
	if (renameat(w->store->dir, w->temp, w->store->dir, path))
		return blob_system_err(err, path);
	w->temp[0] = '\0';
	return true;
}

bool
blob_write_finish(struct blob_writer *w, struct blob_done *ret, struct err *err)
{
	const char *path = NULL;
	bool made;

	if (fsync(w->fd))
		return blob_system_err(err, "fsync");
	return writer_name(w, ret, &path, err) && folders_make(w->store, path, &made, err)
	    && (!made || folders_sync(w->store, path, err)) && writer_rename(w, path, err)
	    && blob_folder_sync(w->store, path, err);
}

bool
blob_write_place(struct blob_writer *w, struct blob_done *ret, struct err *err)
{
	const char *path = NULL;
	bool made;

	if (!writer_name(w, ret, &path, err))
		return false;
	if (!renameat(w->store->dir, w->temp, w->store->dir, path)) {	/* beside others, mostly */
		w->temp[0] = '\0';
		return true;
	}
	return folders_make(w->store, path, &made, err) && writer_rename(w, path, err);
}

/* The whole filesystem: what sync() promises, and that is what fsync() of every file would. It
 * tells a write that failed since it was called last, by this descriptor, whoever's that was. */
bool
blob_sync(struct blob_store *store, struct err *err)
{
	return !syncfs(store->whole) || blob_system_err(err, "sync");
}

void
blob_writer_free(struct blob_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->temp[0])
		unlinkat(w->store->dir, w->temp, 0);
	hash_free(w->hash);
	free(w);
}

bool
blob_put(struct blob_store *store, const void *bytes, size_t size, struct blob_done *ret,
    struct err *err)
{
	own(blob_writer_freep) struct blob_writer *w = NULL;
	uint8_t sha256[SHA256_SIZE];
	struct stat st;

	hash_sha256(sha256, bytes, size);
	hash_print(ret->sha256, sha256);
	snprintf(ret->uri, sizeof(ret->uri), BLOB_PREFIX "sha256/%s", ret->sha256);
	ret->size = (int64_t)size;
	if (!fstatat(store->dir, ret->uri + strlen(BLOB_PREFIX), &st, AT_SYMLINK_NOFOLLOW)
	    && st.st_size == ret->size) {
		/* There, perhaps since just now; a fresh time keeps the sweep of old inputs away. */
		if (!utimensat(store->dir, ret->uri + strlen(BLOB_PREFIX), NULL, AT_SYMLINK_NOFOLLOW))
			return blob_folder_sync(store, ret->uri + strlen(BLOB_PREFIX), err);
	}
	return blob_write_open(store, &w, NULL, err) && blob_write(w, bytes, size, err)
	    && blob_write_finish(w, ret, err);
}
