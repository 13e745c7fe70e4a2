/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c: which folders are quiet. inotify says when to look, and a look every few seconds finds what it
 * missed or, on a mount of a network, cannot see; what counts is that two looks are the same for so long.
 *
 *	look at every folder -> quiet ones become batches -> those under way go on -> wait for news
 */
#include "watch.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"

enum { EVENTS_SIZE = 16 * 1024 };

void
watch_say(struct watch *w, const char *what, const struct err *err)
{
	folder_say(w->folder, HALF_WATCH, what, err);
	w->unwell = true;
}

static int64_t
wait_of(const struct watch *w)
{
	int64_t now = clock_monotonic_ms(), wait = SCAN_MS;

	for (size_t i = 0; i < w->n; i++)
		if (is_a_batch(&w->list[i].look) && due_of(w, &w->list[i]) - now < wait)
			wait = due_of(w, &w->list[i]) - now;
	for (size_t i = 0; i < w->n_going; i++)
		if (w->going[i].due_ms - now < wait)
			wait = w->going[i].due_ms - now;
	return wait > NEWS_REST_MS ? wait : NEWS_REST_MS;
}

/* Until there is news, or it is time; what comes right behind it is the same news. */
static void
wait_for_news(struct watch *w)
{
	struct pollfd poll_fd = { .fd = w->inotify, .events = POLLIN };
	int64_t until = clock_monotonic_ms() + wait_of(w);
	char events[EVENTS_SIZE];
	int n = 0;

	while (n == 0 && !folder_is_ending(w->folder) && clock_monotonic_ms() < until)
		n = poll(&poll_fd, 1, NEWS_REST_MS);
	if (n <= 0)
		return;
	clock_sleep_ms(NEWS_REST_MS);
	while (read(w->inotify, events, sizeof(events)) > 0)
		;
}

static void
check_root(struct watch *w)
{
	struct stat here, there;
	struct err err = {0};

	if (stat(".", &here) == 0 && stat(w->folder->root, &there) == 0 && here.st_ino == there.st_ino
	    && here.st_dev == there.st_dev)
		return;
	err_set(&err, ERR_FATAL, "is another folder than it was, or none");
	watch_say(w, w->folder->root, &err);
	atomic_store(&w->folder->lost, true);
}

static void
round_of(struct watch *w)
{
	w->unwell = false;
	check_root(w);
	watch_go(w);
	watch_look(w);
	watch_take(w);
	watch_go(w);
	if (!w->unwell)
		folder_say(w->folder, HALF_WATCH, NULL, NULL);
	wait_for_news(w);
}

void *
watch_run(void *folder)
{
	struct watch w = { .folder = folder, .inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	struct err err = {0};

	if (!peer_open(&w.peer, w.folder->url, w.folder->key, &err) || !going_open(&w, &err)) {
		watch_say(&w, w.folder->root, &err);
		atomic_store(&w.folder->lost, true);
	}
	if (w.inotify >= 0)
		inotify_add_watch(w.inotify, ".", WATCH_NEWS | IN_ONLYDIR);
	while (!folder_is_ending(w.folder))
		round_of(&w);
	while (w.n)
		watch_forget(&w, w.n - 1);
	going_close(&w);
	free(w.list);
	if (w.inotify >= 0)
		close(w.inotify);
	peer_close(&w.peer);
	return NULL;
}
