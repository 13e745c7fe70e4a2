/* SPDX-License-Identifier: Apache-2.0 */
/* blob_remove.c: what is gone is removed, whoever was first; what is old is found. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/uuid.h"
#include "port/blob_folder.h"

bool
blob_remove(struct blob_store *store, const char *uri, struct err *err)
{
	const char *path = NULL;

	if (!blob_path_of(uri, &path, err))
		return false;
	return !unlinkat(store->dir, path, 0) || errno == ENOENT || blob_system_err(err, uri);
}

static bool remove_all(int dir, struct err *err);

static bool
remove_entry(int dir, const char *name, struct err *err)
{
	int inner;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return blob_system_err(err, name);
	inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return errno == ENOENT || blob_system_err(err, name);
	return remove_all(inner, err)
	    && (!unlinkat(dir, name, AT_REMOVEDIR) || errno == ENOENT || blob_system_err(err, name));
}

/* Takes the descriptor: it is closed here. Depth is that of our own paths, at most four. */
static bool
remove_all(int dir, struct err *err)
{
	DIR *list = fdopendir(dir);
	bool well = true;

	if (!list) {
		close(dir);
		return blob_system_err(err, "fdopendir");
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

	if (!blob_folder_of(uri_prefix, folder, &valid, err))
		return false;
	dir = blob_open_beneath(store, valid, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return errno == ENOENT || blob_system_err(err, uri_prefix);
	return remove_all(dir, err)
	    && (!unlinkat(store->dir, valid, AT_REMOVEDIR) || errno == ENOENT
	        || blob_system_err(err, uri_prefix));
}

bool
blob_remove_stale(struct blob_store *store, int64_t age_s, size_t *n, struct err *err)
{
	int64_t oldest = clock_now_us() / 1000000 - age_s;
	int dir = blob_open_beneath(store, "tmp", O_RDONLY | O_DIRECTORY);
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	struct stat st;

	*n = 0;
	if (!list) {
		if (dir >= 0)
			close(dir);
		return errno == ENOENT || blob_system_err(err, "tmp");
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

	return blob_path_of(uri, &path, err)
	    && (!utimensat(store->dir, path, NULL, AT_SYMLINK_NOFOLLOW) || blob_system_err(err, uri));
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
	int dir = blob_open_beneath(store, "sha256", O_RDONLY | O_DIRECTORY);
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	char uri[BLOB_URI_MAX];
	bool well = true;

	if (!list) {
		if (dir >= 0)
			close(dir);
		return errno == ENOENT || blob_system_err(err, "sha256");
	}
	for (struct dirent *e; well && (e = readdir(list));) {
		if (!hash_is_hex(e->d_name) || !is_old(dir, e->d_name, age_s))
			continue;
		snprintf(uri, sizeof(uri), BLOB_PREFIX "sha256/%.*s", SHA256_TEXT_SIZE - 1, e->d_name);
		well = see(state, uri, err);
	}
	closedir(list);
	return well;
}

bool
blob_remove_old(struct blob_store *store, const char *uri, int64_t age_s, bool *removed,
    struct err *err)
{
	char temp[BLOB_TEMP_SIZE], name[UUID_TEXT_SIZE];
	const char *path = NULL;

	*removed = false;
	if (!blob_path_of(uri, &path, err))
		return false;
	snprintf(temp, sizeof(temp), "tmp/%s", uuid_print(name, uuid_v7()));
	if (renameat(store->dir, path, store->dir, temp))
		return errno == ENOENT || blob_system_err(err, uri);
	*removed = is_old(store->dir, temp, age_s);
	if (!*removed && linkat(store->dir, temp, store->dir, path, 0) && errno != EEXIST)
		return blob_system_err(err, uri);
	return !unlinkat(store->dir, temp, 0) || blob_system_err(err, temp);
}
