/* SPDX-License-Identifier: Apache-2.0 */
/* labels.c: a few files in memory, the oldest given up for the newest. */
#include "consumers/renderer/labels.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KEPT = 64, DRAW_MS = 60 * 1000 };

struct label { char key[SHA256_TEXT_SIZE]; int fd; };

struct labels {
	pthread_mutex_t mutex;
	struct label kept[KEPT];	/* an empty key: none */
	size_t next;
};

struct labels *
labels_new(void)
{
	struct labels *labels = calloc(1, sizeof(*labels));

	if (labels)
		pthread_mutex_init(&labels->mutex, NULL);
	return labels;
}

void
labels_free(struct labels *labels)
{
	if (!labels)
		return;
	for (size_t i = 0; i < KEPT; i++)
		if (*labels->kept[i].key)
			close(labels->kept[i].fd);
	pthread_mutex_destroy(&labels->mutex);
	free(labels);
}

/* A file of its own: readers have no place in common, and none may write. */
static bool
reopen(int fd, int *ret, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret >= 0 || err_set(err, ERR_RETRY, "%s: %s", path, strerror(errno));
}

static bool
draw(struct worker *worker, const char *json, size_t place, int64_t pixels_max, int fd,
    struct err *err)
{
	struct order order = { .pixels_max = pixels_max, .n_outputs = 1, .label = (uint32_t)place,
		.definition_size = (uint32_t)strlen(json) };
	struct answer answer;

	return worker_ask(worker, ROLE_LABEL, &order, json, &fd, DRAW_MS, &answer, err)
	    && worker_judge(&answer, err);
}

/* Whether it is at hand; *well: it could be opened. */
static bool
find(struct labels *labels, const char *key, int *ret, bool *well, struct err *err)
{
	size_t i = 0;

	pthread_mutex_lock(&labels->mutex);
	while (i < KEPT && strcmp(labels->kept[i].key, key))
		i++;
	if (i < KEPT)
		*well = reopen(labels->kept[i].fd, ret, err);
	pthread_mutex_unlock(&labels->mutex);
	return i < KEPT;
}

/* Two that draw the same at once both keep it: it goes as the oldest. */
static void
keep(struct labels *labels, const char *key, int fd)
{
	struct label *label;

	pthread_mutex_lock(&labels->mutex);
	label = &labels->kept[labels->next++ % KEPT];
	if (*label->key)
		close(label->fd);
	snprintf(label->key, sizeof(label->key), "%s", key);
	label->fd = fd;
	pthread_mutex_unlock(&labels->mutex);
}

bool
labels_open(struct labels *labels, struct worker *worker, const struct definition *d,
    const char *json, size_t place, int64_t pixels_max, int *ret, struct err *err)
{
	const char *key = d->assets[place].key;
	bool well = false;
	int fd;

	if (find(labels, key, ret, &well, err))
		return well;
	fd = memfd_create("label", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_RETRY, "memfd: %s", strerror(errno));
	if (!draw(worker, json, place, pixels_max, fd, err) || !reopen(fd, ret, err)) {
		close(fd);
		return false;
	}
	keep(labels, key, fd);
	return true;
}
