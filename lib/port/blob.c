/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.c: the directory backend. A URI's path is opened beneath the store's own descriptor, with
 * no symbolic links on the way (openat2), so that no name leads out of it.
 */
#include "port/blob.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/uuid.h"

#define SCHEME "file://"
#define PREFIX "blob:"
enum { COPY_SIZE = 256 * 1024, TEMP_SIZE = 64 };

struct blob_store {
	int dir;		/* O_PATH: names begin here */
	int whole;		/* the same, for blob_sync() */
};

struct blob_writer {
	struct blob_store *store;
	char uri[BLOB_URI_MAX];		/* "" : by content */
	char temp[TEMP_SIZE];
	int fd;
	struct hash *hash;
	int64_t size;			/* written by blob_write() */
	bool (*go_on)(void *state, struct err *err);
	void *state;
};

static bool
system_err(struct err *err, const char *what)
{
	bool none = errno == ENOENT || errno == ENOTDIR;	/* a file is no folder: nothing is below it */

	return err_code(err, none ? ERR_REJECT : ERR_RETRY, none ? "blob_not_found" : "blob_store",
	    "%s: %s", what, strerror(errno));
}

static int
open_beneath(const struct blob_store *store, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, store->dir, path, &how, sizeof(how));
}

/* ---- names ---- */

static bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	    || c == '.' || c == '_' || c == '-';
}

bool
blob_uri_is_valid(const char *uri)
{
	size_t part = 0;
	bool dots = true;	/* the component so far is only dots */

	if (strncmp(uri, PREFIX, strlen(PREFIX)) || strlen(uri) >= BLOB_URI_MAX)
		return false;
	for (uri += strlen(PREFIX);; uri++) {
		if (*uri && *uri != '/') {
			if (!is_safe(*uri))
				return false;
			dots &= *uri == '.';
			part++;
			continue;
		}
		if (part == 0 || dots || part > 255)
			return false;
		if (!*uri)
			return true;
		part = 0;
		dots = true;
	}
}

static bool
path_of(const char *uri, const char **ret, struct err *err)
{
	if (!blob_uri_is_valid(uri))
		return err_code(err, ERR_REJECT, "bad_uri", "\"%.200s\" names no blob", uri);
	*ret = uri + strlen(PREFIX);
	return true;
}

/* Puts the name of what lies at that path on the disk. */
static bool
folder_sync(struct blob_store *store, const char *path, struct err *err)
{
	char folder[BLOB_URI_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	fd = open_beneath(store, folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return system_err(err, folder);
	rc = fsync(fd);
	close(fd);
	return rc == 0 || system_err(err, folder);
}

/* ---- life ---- */

bool
blob_open(struct blob_store **ret, const char *store_uri, struct err *err)
{
	own(blob_freep) struct blob_store *store = NULL;
	static const char *const rooms[] = { "sha256", "outputs", "archives", "tmp" };

	if (strncmp(store_uri, SCHEME "/", strlen(SCHEME) + 1))
		return err_code(err, ERR_FATAL, "option",
		    "BLOB_URI is \"%s\": not file:///absolute/folder", store_uri);
	store = calloc(1, sizeof(*store));
	if (!store)
		return err_set(err, ERR_FATAL, "out of memory");
	store->whole = -1;
	store->dir = open(store_uri + strlen(SCHEME), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		return err_code(err, ERR_RETRY, "blob_store", "BLOB_URI %s: %s", store_uri,
		    strerror(errno));
	store->whole = open_beneath(store, ".", O_RDONLY | O_DIRECTORY);
	if (store->whole < 0)
		return system_err(err, store_uri);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		bool made = !mkdirat(store->dir, rooms[i], 0755);

		if (made ? !folder_sync(store, rooms[i], err)
		    : errno != EEXIST && !system_err(err, rooms[i]))
			return false;
	}
	*ret = blob_free_hand_over(&store);
	return true;
}

void
blob_free(struct blob_store *store)
{
	if (!store)
		return;
	if (store->dir >= 0)
		close(store->dir);
	if (store->whole >= 0)
		close(store->whole);
	free(store);
}

/* ---- reading ---- */

bool
blob_read_open(const struct blob_store *store, const char *uri, int *fd, int64_t *size,
    struct err *err)
{
	const char *path = NULL;
	struct stat st;
	int opened;

	if (!path_of(uri, &path, err))
		return false;
	opened = open_beneath(store, path, O_RDONLY);
	if (opened < 0)
		return system_err(err, uri);
	if (fstat(opened, &st) || !S_ISREG(st.st_mode)) {
		close(opened);
		return err_code(err, ERR_REJECT, "blob_not_found", "%s: not a file", uri);
	}
	if (size)
		*size = st.st_size;
	*fd = opened;
	return true;
}

/* A prefix is a path that may end with a slash. */
static bool
folder_of(const char *uri_prefix, char ret[BLOB_URI_MAX], const char **path, struct err *err)
{
	size_t size;

	snprintf(ret, BLOB_URI_MAX, "%s", uri_prefix);
	size = strlen(ret);
	if (size && ret[size - 1] == '/')
		ret[size - 1] = '\0';
	return path_of(ret, path, err);
}

bool
blob_has_below(const struct blob_store *store, const char *uri_prefix, bool *ret, struct err *err)
{
	char folder[BLOB_URI_MAX];
	const char *path = NULL;
	DIR *list;
	int dir;

	if (!folder_of(uri_prefix, folder, &path, err))
		return false;
	dir = open_beneath(store, path, O_RDONLY | O_DIRECTORY);
	*ret = false;
	if (dir < 0)
		return errno == ENOENT || system_err(err, uri_prefix);
	list = fdopendir(dir);
	if (!list) {
		close(dir);
		return system_err(err, uri_prefix);
	}
	for (struct dirent *e; !*ret && (e = readdir(list));)
		*ret = strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(list);
	return true;
}

/* ---- writing ---- */

bool
blob_write_open(struct blob_store *store, struct blob_writer **ret, const char *uri,
    struct err *err)
{
	own(blob_writer_freep) struct blob_writer *w = NULL;
	const char *path = NULL;
	char name[UUID_TEXT_SIZE];

	if (uri && !path_of(uri, &path, err))
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
	w->fd = open_beneath(store, w->temp, O_RDWR | O_CREAT | O_EXCL);
	if (w->fd < 0)
		return system_err(err, w->temp);
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
			return system_err(err, "write");
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
			well = system_err(err, "read back");
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
		if (!mkdirat(store->dir, part, 0755))
			*made = true;
		else if (errno != EEXIST)
			return system_err(err, part);
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
		well = folder_sync(store, part, err);
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
		return system_err(err, "fstat");
	if (st.st_size != w->size && !hash_again(w, st.st_size, err))
		return false;
	hash_end(w->hash, sha256);
	hash_print(ret->sha256, sha256);
	ret->size = st.st_size;
	if (*w->uri)
		snprintf(ret->uri, sizeof(ret->uri), "%s", w->uri);
	else
		snprintf(ret->uri, sizeof(ret->uri), PREFIX "sha256/%s", ret->sha256);
	*path = ret->uri + strlen(PREFIX);
	return true;
}

static bool
writer_rename(struct blob_writer *w, const char *path, struct err *err)
{
	if (renameat(w->store->dir, w->temp, w->store->dir, path))
		return system_err(err, path);
	w->temp[0] = '\0';
	return true;
}

bool
blob_write_finish(struct blob_writer *w, struct blob_done *ret, struct err *err)
{
	const char *path = NULL;
	bool made;

	if (fsync(w->fd))
		return system_err(err, "fsync");
	return writer_name(w, ret, &path, err) && folders_make(w->store, path, &made, err)
	    && (!made || folders_sync(w->store, path, err)) && writer_rename(w, path, err)
	    && folder_sync(w->store, path, err);
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

/* The whole filesystem: what sync() promises, and that is what fsync() of every file would. It tells
 * a write that failed since it was called last, by this descriptor, whoever's that was. */
bool
blob_sync(struct blob_store *store, struct err *err)
{
	return !syncfs(store->whole) || system_err(err, "sync");
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
	snprintf(ret->uri, sizeof(ret->uri), PREFIX "sha256/%s", ret->sha256);
	ret->size = (int64_t)size;
	if (!fstatat(store->dir, ret->uri + strlen(PREFIX), &st, AT_SYMLINK_NOFOLLOW)
	    && st.st_size == ret->size) {
		/* There, perhaps since just now; a fresh time keeps the sweep of old inputs away. */
		if (!utimensat(store->dir, ret->uri + strlen(PREFIX), NULL, AT_SYMLINK_NOFOLLOW))
			return folder_sync(store, ret->uri + strlen(PREFIX), err);
	}
	return blob_write_open(store, &w, NULL, err) && blob_write(w, bytes, size, err)
	    && blob_write_finish(w, ret, err);
}

/* ---- removing ---- */

bool
blob_remove(struct blob_store *store, const char *uri, struct err *err)
{
	const char *path = NULL;

	if (!path_of(uri, &path, err))
		return false;
	return !unlinkat(store->dir, path, 0) || errno == ENOENT || system_err(err, uri);
}

static bool remove_all(int dir, struct err *err);

static bool
remove_entry(int dir, const char *name, struct err *err)
{
	int inner;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return system_err(err, name);
	inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return errno == ENOENT || system_err(err, name);
	return remove_all(inner, err)
	    && (!unlinkat(dir, name, AT_REMOVEDIR) || errno == ENOENT || system_err(err, name));
}

/* Takes the descriptor: it is closed here. Depth is that of our own paths, at most four. */
static bool
remove_all(int dir, struct err *err)
{
	DIR *list = fdopendir(dir);
	bool well = true;

	if (!list) {
		close(dir);
		return system_err(err, "fdopendir");
	}
	for (struct dirent *e; well && (e = readdir(list));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			well = remove_entry(dirfd(list), e->d_name, err);
	closedir(list);
	return well;
}

bool
blob_remove_below(struct blob_store *store, const char *uri_prefix, struct err *err)
{
	char folder[BLOB_URI_MAX];
	const char *valid = NULL;
	int dir;

	if (!folder_of(uri_prefix, folder, &valid, err))
		return false;
	dir = open_beneath(store, valid, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return errno == ENOENT || system_err(err, uri_prefix);
	return remove_all(dir, err)
	    && (!unlinkat(store->dir, valid, AT_REMOVEDIR) || errno == ENOENT
	        || system_err(err, uri_prefix));
}

bool
blob_remove_stale(struct blob_store *store, int64_t age_s, size_t *n, struct err *err)
{
	int64_t oldest = clock_now_us() / 1000000 - age_s;
	int dir = open_beneath(store, "tmp", O_RDONLY | O_DIRECTORY);
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	struct stat st;

	*n = 0;
	if (!list) {
		if (dir >= 0)
			close(dir);
		return errno == ENOENT || system_err(err, "tmp");
	}
	for (struct dirent *e; (e = readdir(list));)
		if (!fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode)
		    && st.st_mtim.tv_sec < oldest && !unlinkat(dir, e->d_name, 0))
			++*n;
	closedir(list);
	return true;
}

/* ---- inputs that nothing names ---- */

bool
blob_touch(struct blob_store *store, const char *uri, struct err *err)
{
	const char *path = NULL;

	return path_of(uri, &path, err)
	    && (!utimensat(store->dir, path, NULL, AT_SYMLINK_NOFOLLOW) || system_err(err, uri));
}

static bool
is_old(int dir, const char *name, int64_t age_s)
{
	struct stat st;

	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode)
	    && st.st_mtim.tv_sec < clock_now_us() / 1000000 - age_s;
}

bool
blob_each_old(struct blob_store *store, int64_t age_s,
    bool (*see)(void *state, const char *uri, struct err *err), void *state, struct err *err)
{
	int dir = open_beneath(store, "sha256", O_RDONLY | O_DIRECTORY);
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	char uri[BLOB_URI_MAX];
	bool well = true;

	if (!list) {
		if (dir >= 0)
			close(dir);
		return errno == ENOENT || system_err(err, "sha256");
	}
	for (struct dirent *e; well && (e = readdir(list));) {
		if (!hash_is_hex(e->d_name) || !is_old(dir, e->d_name, age_s))
			continue;
		snprintf(uri, sizeof(uri), PREFIX "sha256/%.*s", SHA256_TEXT_SIZE - 1, e->d_name);
		well = see(state, uri, err);
	}
	closedir(list);
	return well;
}

bool
blob_remove_old(struct blob_store *store, const char *uri, int64_t age_s, bool *removed,
    struct err *err)
{
	char temp[TEMP_SIZE], name[UUID_TEXT_SIZE];
	const char *path = NULL;

	*removed = false;
	if (!path_of(uri, &path, err))
		return false;
	snprintf(temp, sizeof(temp), "tmp/%s", uuid_print(name, uuid_v7()));
	if (renameat(store->dir, path, store->dir, temp))
		return errno == ENOENT || system_err(err, uri);
	*removed = is_old(store->dir, temp, age_s);
	if (!*removed && linkat(store->dir, temp, store->dir, path, 0) && errno != EEXIST)
		return system_err(err, uri);
	return !unlinkat(store->dir, temp, 0) || system_err(err, temp);
}
