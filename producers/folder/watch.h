/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h: what the thread that watches knows. */
#ifndef WATCH_H
#define WATCH_H
#include "take.h"

enum { NEWS_REST_MS = 200 };	/* what comes so soon behind news is the same news */
#define WATCH_NEWS \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB)

struct seen {
	char *name;
	bool here;			/* at the last look */
	struct look look;
	struct picks files;		/* sent already, while the look is the same */
	int64_t quiet_ms, due_ms;	/* since when; not before */
	int failures, watch;		/* inotify's, or -1 */
};

struct watch {
	struct folder *folder;
	struct peer peer;
	int inotify;			/* -1: there is none */
	struct seen *list;
	size_t n, capacity;
	struct going { struct state *state; int64_t due_ms; int failures; } *going;	/* not yet moved */
	size_t n_going, going_capacity;
	bool unwell;			/* something was said in this round */
};

/* ---- seen.c ---- */

void watch_look(struct watch *watch);			/* at every folder */
void watch_forget(struct watch *watch, size_t i);
bool is_a_batch(const struct look *look);		/* or is to be refused: there is something in it */

/* ---- go.c ---- */

bool going_open(struct watch *watch, struct err *err);	/* what an earlier process left */
void going_close(struct watch *watch);
bool is_going(const struct watch *watch, const char *name);
void watch_go(struct watch *watch);			/* each one further, as far as it goes */
void watch_take(struct watch *watch);			/* those that are quiet */
int64_t due_of(const struct watch *watch, const struct seen *seen);

void watch_say(struct watch *watch, const char *what, const struct err *err);
#endif
