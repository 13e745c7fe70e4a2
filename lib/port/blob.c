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
#include "port/blob_folder.h"

#define SCHEME "file://"

bool
blob_system_err(struct err *err, const char *what)
{
	bool none = errno == ENOENT || errno == ENOTDIR;	/* a file is no folder: nothing is below it */

	return err_code(err, none ? ERR_REJECT : ERR_RETRY, none ? "blob_not_found" : "blob_store",
	    "%s: %s", what, strerror(errno));
}

int
blob_open_beneath(const struct blob_store *store, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? 0666 : 0,
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

	if (strncmp(uri, BLOB_PREFIX, strlen(BLOB_PREFIX)) || strlen(uri) >= BLOB_URI_MAX)
		return false;
	for (uri += strlen(BLOB_PREFIX);; uri++) {
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

bool
blob_path_of(const char *uri, const char **ret, struct err *err)
{
	if (!blob_uri_is_valid(uri))
		return err_code(err, ERR_REJECT, "bad_uri", "\"%.200s\" names no blob", uri);
	*ret = uri + strlen(BLOB_PREFIX);
	return true;
}

bool
blob_folder_sync(struct blob_store *store, const char *path, struct err *err)
{
	char folder[BLOB_URI_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	fd = blob_open_beneath(store, folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return blob_system_err(err, folder);
	rc = fsync(fd);
	close(fd);
	return rc == 0 || blob_system_err(err, folder);
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
	store->whole = blob_open_beneath(store, ".", O_RDONLY | O_DIRECTORY);
	if (store->whole < 0)
		return blob_system_err(err, store_uri);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		bool made = !mkdirat(store->dir, rooms[i], 0777);

		if (made ? !blob_folder_sync(store, rooms[i], err)
		    : errno != EEXIST && !blob_system_err(err, rooms[i]))
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

	if (!blob_path_of(uri, &path, err))
		return false;
	opened = blob_open_beneath(store, path, O_RDONLY);
	if (opened < 0)
		return blob_system_err(err, uri);
	if (fstat(opened, &st) || !S_ISREG(st.st_mode)) {
		close(opened);
		return err_code(err, ERR_REJECT, "blob_not_found", "%s: not a file", uri);
	}
	if (size)
		*size = st.st_size;
	*fd = opened;
	return true;
}

bool
blob_folder_of(const char *uri_prefix, char ret[BLOB_URI_MAX], const char **path, struct err *err)
{
	size_t size;

	snprintf(ret, BLOB_URI_MAX, "%s", uri_prefix);
	size = strlen(ret);
	if (size && ret[size - 1] == '/')
		ret[size - 1] = '\0';
	return blob_path_of(ret, path, err);
}

bool
blob_has_below(const struct blob_store *store, const char *uri_prefix, bool *ret, struct err *err)
{
	char folder[BLOB_URI_MAX];
	const char *path = NULL;
	DIR *list;
	int dir;

	if (!blob_folder_of(uri_prefix, folder, &path, err))
		return false;
	dir = blob_open_beneath(store, path, O_RDONLY | O_DIRECTORY);
	*ret = false;
	if (dir < 0)
		return errno == ENOENT || blob_system_err(err, uri_prefix);
	list = fdopendir(dir);
	if (!list) {
		close(dir);
		return blob_system_err(err, uri_prefix);
	}
	for (struct dirent *e; !*ret && (e = readdir(list));)
		*ret = strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(list);
	return true;
}
