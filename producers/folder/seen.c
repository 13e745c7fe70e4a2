/* SPDX-License-Identifier: Apache-2.0 */
/* seen.c: the folders as they were at the last look. */
#include "watch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include "base/clock.h"

static struct seen *
find(struct watch *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->list[i].name, name))
			return &w->list[i];
	return NULL;
}

static struct seen *
add(struct watch *w, const char *name)
{
	size_t capacity = w->capacity ? w->capacity * 2 : 64;
	struct seen *list = w->list;
	char *copy = strdup(name);

	if (copy && w->n == w->capacity) {
		list = realloc(list, capacity * sizeof(*list));
		w->list = list ? list : w->list;
		w->capacity = list ? capacity : w->capacity;
	}
	if (!copy || !list) {
		free(copy);
		return NULL;
	}
	list[w->n] = (struct seen){ .name = copy, .watch = -1 };
	if (w->inotify >= 0)
		list[w->n].watch = inotify_add_watch(w->inotify, name, WATCH_NEWS | IN_ONLYDIR);
	return &list[w->n++];
}

void
watch_forget(struct watch *w, size_t i)
{
	struct seen *s = &w->list[i];

	if (s->watch >= 0)
		inotify_rm_watch(w->inotify, s->watch);
	look_clear(&s->look);
	picks_clear(&s->files);
	free(s->name);
	*s = w->list[--w->n];
}

static bool
is_ours(const char *name)
{
	return !strcmp(name, SENT) || !strcmp(name, DONE) || !strcmp(name, FAILED);
}

static void
look_at(struct watch *w, const char *name)
{
	struct seen *s = find(w, name);
	struct look look = {0};
	struct err err = {0};

	if ((!s && !(s = add(w, name))) || !look_read(&look, name, &err)) {
		if (strcmp(err.code, "gone"))
			watch_say(w, name, &err);
		return;
	}
	if (!s->quiet_ms || memcmp(look.mark, s->look.mark, sizeof(look.mark))) {
		s->quiet_ms = clock_monotonic_ms();
		s->due_ms = s->failures = 0;
		picks_clear(&s->files);
	}
	look_clear(&s->look);
	s->look = look;
	s->here = true;
}

void
watch_look(struct watch *w)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	struct stat is;
	struct err err = {0};

	if (!dir) {
		err_code(&err, ERR_RETRY, "file", "%s: %s", w->folder->root, strerror(errno));
		watch_say(w, w->folder->root, &err);
		return;
	}
	for (size_t i = 0; i < w->n; i++)
		w->list[i].here = false;
	while ((entry = readdir(dir)))
		if (!is_ours(entry->d_name) && kind_of(entry->d_name, S_IFDIR) == KIND_FOLDER
		    && fstatat(dirfd(dir), entry->d_name, &is, AT_SYMLINK_NOFOLLOW) == 0
		    && S_ISDIR(is.st_mode) && !is_going(w, entry->d_name))
			look_at(w, entry->d_name);
	closedir(dir);
	for (size_t i = w->n; i-- > 0;)
		if (!w->list[i].here)
			watch_forget(w, i);
}

bool
is_a_batch(const struct look *look)
{
	return look->pictures || look_find(look, KIND_FOLDER) || look_find(look, KIND_STRANGE);
}
