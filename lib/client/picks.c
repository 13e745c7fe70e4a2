/* SPDX-License-Identifier: Apache-2.0 */
/* picks.c: folders are walked depth first, each sorted by the bytes of its names. */
#include "picks.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "batch/name.h"

enum { DEPTH_MAX = 64 };

static bool
refuse(struct err *err, const char *path, const char *why)
{
	return err_code(err, ERR_REJECT, "file", "%s: %s", path, why);
}

static struct pick *
add_pick(struct picks *picks, const char *path)
{
	size_t capacity = picks->capacity ? picks->capacity * 2 : 64;
	struct pick *list;
	char *copy;

	if (picks->n == picks->capacity) {
		list = realloc(picks->list, capacity * sizeof(*list));
		if (!list)
			return NULL;
		picks->list = list;
		picks->capacity = capacity;
	}
	copy = strdup(path);
	if (!copy)
		return NULL;
	picks->list[picks->n] = (struct pick){ .path = copy, .name = copy };
	if (strrchr(copy, '/'))
		picks->list[picks->n].name = strrchr(copy, '/') + 1;
	return &picks->list[picks->n++];
}

static bool
add_file(struct picks *picks, const char *path, struct err *err)
{
	struct pick *pick = add_pick(picks, path);
	const char *defect;
	struct stat is;
	int fd;

	if (!pick)
		return err_set(err, ERR_FATAL, "out of memory");
	defect = file_name_defect(pick->name);
	if (defect)
		return err_code(err, ERR_REJECT, "file", "%s: its name %s", path, defect);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &is) != 0) {
		refuse(err, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	pick->size = is.st_size;
	picks->size += is.st_size;
	return true;
}

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct picks *picks, const char *path, int depth, struct err *err);

/* What is neither file nor folder is passed over; so is a link to a folder, which may be a ring. */
static bool
add_entry(struct picks *picks, const char *path, int depth, struct err *err)
{
	struct stat is, link;

	if (lstat(path, &link) != 0 || stat(path, &is) != 0)
		return refuse(err, path, strerror(errno));
	if (S_ISREG(is.st_mode))
		return add_file(picks, path, err);
	if (S_ISDIR(link.st_mode) && depth > 0)
		return add_folder(picks, path, depth - 1, err);
	return true;
}

static bool
add_folder(struct picks *picks, const char *path, int depth, struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_shown, by_bytes);
	size_t size = strlen(path);
	bool well = true;

	if (n < 0)
		return refuse(err, path, strerror(errno));
	while (size > 1 && path[size - 1] == '/')
		size--;
	for (int i = 0; i < n; i++) {
		struct buf inner = {0};

		if (well && buf_add(&inner, path, size) && (path[size - 1] == '/' || buf_add_byte(&inner, '/'))
		    && buf_add_text(&inner, entries[i]->d_name) && buf_text(&inner))
			well = add_entry(picks, buf_text(&inner), depth, err);
		buf_clear(&inner);
		free(entries[i]);
	}
	free(entries);
	return well;
}

bool
picks_add(struct picks *picks, const char *path, bool recursive, struct err *err)
{
	size_t before = picks->n;
	struct stat is;

	if (stat(path, &is) != 0)
		return refuse(err, path, strerror(errno));
	if (S_ISREG(is.st_mode))
		return add_file(picks, path, err);
	if (!S_ISDIR(is.st_mode))
		return refuse(err, path, "neither a file nor a folder");
	if (!add_folder(picks, path, recursive ? DEPTH_MAX : 0, err))
		return false;
	if (picks->n > before)
		return true;
	return refuse(err, path, recursive ? "there is no file in this folder"
	    : "there is no file in this folder (--recursive looks into the folders within)");
}

struct pick *
picks_add_known(struct picks *picks, const char *path, int64_t size)
{
	struct pick *pick = add_pick(picks, path);

	if (!pick)
		return NULL;
	pick->size = size;
	picks->size += size;
	return pick;
}

void
picks_clear(struct picks *picks)
{
	for (size_t i = 0; i < picks->n; i++)
		free(picks->list[i].path);
	free(picks->list);
	*picks = (struct picks){0};
}
