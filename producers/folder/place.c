/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: see place.h. */
#include "place.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/utf8.h"

enum { NUMBERS = 100000, NUMBER_SIZE = 16 };

static bool
refuse(struct err *err, const char *path)
{
	return err_code(err, ERR_RETRY, errno == EEXIST || errno == ENOTEMPTY ? "taken" : "file",
	    "%s: %s", path, strerror(errno));
}

bool
place_is_there(const char *path)
{
	struct stat is;

	return lstat(path, &is) == 0;
}

bool
place_make(const char *folder, struct err *err)
{
	struct stat is;

	if (mkdir(folder, 0777) == 0)
		return true;
	if (errno != EEXIST || stat(folder, &is) != 0)
		return refuse(err, folder);
	errno = ENOTDIR;
	return S_ISDIR(is.st_mode) || refuse(err, folder);
}

static bool
sync_by(int (*sync_fd)(int fd), const char *folder, struct err *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool well = fd >= 0 && (sync_fd(fd) == 0 || errno == EINVAL);	/* not every network has that */

	if (!well)
		refuse(err, folder);
	if (fd >= 0)
		close(fd);
	return well;
}

bool
place_sync(const char *folder, struct err *err)
{
	return sync_by(fsync, folder, err);
}

bool
place_sync_all(const char *folder, struct err *err)
{
	return sync_by(syncfs, folder, err);
}

/* The folder that a path leads into. */
static void
folder_of(char ret[PLACE_SIZE], const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(ret, PLACE_SIZE, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static bool
write_all(const char *path, const uint8_t *bytes, size_t size, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool well = fd >= 0;

	while (well && size > 0) {
		ssize_t n = write(fd, bytes, size);

		well = n > 0 || (n < 0 && errno == EINTR);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	well = well && fsync(fd) == 0;
	if (!well)
		refuse(err, path);
	if (fd >= 0 && close(fd) != 0 && well)
		well = refuse(err, path);
	return well;
}

bool
place_write(const char *path, const void *bytes, size_t size, struct err *err)
{
	char folder[PLACE_SIZE], fresh[PLACE_SIZE + NUMBER_SIZE];
	const char *slash = strrchr(path, '/');

	folder_of(folder, path);
	snprintf(fresh, sizeof(fresh), "%s/.%s.part", folder, slash ? slash + 1 : path);
	if (!write_all(fresh, bytes, size, err)) {
		unlink(fresh);
		return false;
	}
	return (rename(fresh, path) == 0 || refuse(err, path)) && place_sync(folder, err);
}

/* Where the file system knows no such rename, it is looked first. */
static bool
move(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (place_is_there(to)) {
		errno = EEXIST;
		return false;
	}
	return rename(from, to) == 0;
}

bool
place_move(const char *from, const char *to, struct err *err)
{
	char folder[PLACE_SIZE];
	struct err ignored = {0};

	if (!move(from, to))
		return refuse(err, to);
	folder_of(folder, to);	/* moved it is; a disk that forgets it again is seen at the next start */
	place_sync(folder, &ignored);
	folder_of(folder, from);
	place_sync(folder, &ignored);
	return true;
}

bool
place_name(char ret[NAME_SIZE], const char *folder, const char *name, struct err *err)
{
	char path[PLACE_SIZE], number[NUMBER_SIZE] = "";

	for (int i = 2; i < NUMBERS; i++) {
		size_t room = NAME_SIZE - 1 - strlen(number), size = strlen(name);

		size = size > room ? utf8_cut(name, room) : size;
		snprintf(ret, NAME_SIZE, "%.*s%s", (int)size, name, number);
		snprintf(path, sizeof(path), "%s/%s", folder, ret);
		if (!place_is_there(path))
			return true;
		snprintf(number, sizeof(number), "-%d", i);
	}
	return err_code(err, ERR_RETRY, "file", "%s/%s is there %d times", folder, name, NUMBERS);
}

void
place_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}
