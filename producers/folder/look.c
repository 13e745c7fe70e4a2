/* SPDX-License-Identifier: Apache-2.0 */
/* look.c: see look.h. */
#include "look.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mark { int64_t kind, size, s, ns; };

void
look_clear(struct look *look)
{
	for (size_t i = 0; i < look->n; i++)
		free(look->list[i].name);
	free(look->list);
	*look = (struct look){0};
}

const struct thing *
look_find(const struct look *look, enum kind kind)
{
	for (size_t i = 0; i < look->n; i++)
		if (look->list[i].kind == kind)
			return &look->list[i];
	return NULL;
}

static bool
add(struct look *look, const char *name, enum kind kind, int64_t size)
{
	size_t capacity = look->capacity ? look->capacity * 2 : 64;
	struct thing *list = look->list;
	char *copy = strdup(name);

	if (copy && look->n == look->capacity) {
		list = realloc(list, capacity * sizeof(*list));
		look->list = list ? list : look->list;
		look->capacity = list ? capacity : look->capacity;
	}
	if (!copy || !list) {
		free(copy);
		return false;
	}
	look->list[look->n++] = (struct thing){ copy, kind, size };
	look->pictures += kind == KIND_PICTURE;
	return true;
}

/* What went between being listed and being looked at is not there. */
static bool
add_entry(struct look *look, int fd, const char *name, struct hash *hash, struct err *err)
{
	struct stat is;
	struct mark mark;
	enum kind kind;

	if (fstatat(fd, name, &is, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT
		    || err_code(err, ERR_RETRY, "file", "%s: %s", name, strerror(errno));
	kind = kind_of(name, is.st_mode);
	if (kind == KIND_JUNK)
		return true;
	mark = (struct mark){ kind, is.st_size, is.st_mtim.tv_sec, is.st_mtim.tv_nsec };
	hash_add(hash, name, strlen(name) + 1);
	hash_add(hash, &mark, sizeof(mark));
	return add(look, name, kind, is.st_size) || err_set(err, ERR_RETRY, "out of memory");
}

static bool
add_all(struct look *look, int fd, struct err *err)
{
	own(hash_freep) struct hash *hash = hash_new();
	struct dirent **entries = NULL;
	int n = scandirat(fd, ".", &entries, NULL, alphasort);
	bool well = hash && n >= 0;

	if (!well)
		err_code(err, ERR_RETRY, "file", "%s", strerror(n < 0 ? errno : ENOMEM));
	for (int i = 0; i < n; i++) {
		well = well && add_entry(look, fd, entries[i]->d_name, hash, err);
		free(entries[i]);
	}
	free(entries);
	if (well)
		hash_end(hash, look->mark);
	return well;
}

bool
look_read(struct look *ret, const char *folder, struct err *err)
{
	struct look look = {0};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool well;

	if (fd < 0)
		return err_code(err, errno == ENOENT ? ERR_REJECT : ERR_RETRY,
		    errno == ENOENT ? "gone" : "file", "%s: %s", folder, strerror(errno));
	well = add_all(&look, fd, err) || err_at(err, "%s", folder);
	close(fd);
	if (!well)
		look_clear(&look);
	else
		*ret = look;
	return well;
}
