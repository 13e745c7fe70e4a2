/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.h: batchline-folder, a watched folder. What the files of the program share.
 *
 *	DIR/NAME/ ── quiet for a while ──> files to the store ──> one submission ──> DIR/sent/NAME/
 *	                                                              │
 *	DIR/done/BATCH/ and, where something failed, DIR/failed/NAME/why.txt <── its end
 *
 *   watch.c    which folders are quiet; take.c    they become batches, and move to sent/ or failed/
 *   give.c     which batches have ended; bring.c  their outputs to done/, their failures to failed/
 *   look.c     what lies in a folder, now; want.c    what the batch of it shall be (pure)
 *   state.c    what is under way, in DIR/.batchline/ID.json; place.c    files that are whole or not there
 *
 * The process stands in DIR, so every path is relative to it. Two threads work, and share nothing but
 * DIR/.batchline: `watch` writes a state before it submits, and `give` takes over those that moved.
 * What must hold at every kill: a folder is either still there, with no state or with one that says
 * under which key it was or will be submitted; or its state says how far it has come.
 */
#ifndef FOLDER_H
#define FOLDER_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "client/peer.h"

enum { NAME_SIZE = 256, PLACE_SIZE = 2 * NAME_SIZE + 32, SAID_SIZE = 512, SCAN_MS = 5000 };
#define STATES ".batchline"
#define SENT "sent"
#define DONE "done"
#define FAILED "failed"
#define WHY "why.txt"
#define SETTINGS "batch.json"

enum half { HALF_WATCH, HALF_GIVE, HALVES };

struct folder {
	const char *root;		/* DIR as it was given */
	const char *url, *key, *customer;	/* key NULL: none; customer "": none */
	int64_t settle_ms, pipeline;	/* pipeline 0: none */
	pthread_mutex_t lock;		/* of what is said */
	char said[HALVES][SAID_SIZE];	/* what is not well; "": all is */
	atomic_bool lost;		/* DIR is another one now: begin anew */
};

enum outcome { SUBMITTED, REFUSED, WRITTEN, COMPLAINED };
extern struct metric folder_metrics[];
static inline void
count(enum outcome outcome)
{
	metric_count(&folder_metrics[outcome], 1);
}

/* Says it to /readyz, and to the log when it is news; NULL: all is well. what: the name of a folder or
 * of a batch. */
void folder_say(struct folder *folder, enum half half, const char *what, const struct err *err);
bool folder_is_ending(const struct folder *folder);

void *watch_run(void *folder);
void *give_run(void *folder);

/* How long to wait after this many failures, or as long as the last answer asks for. */
int64_t wait_after(const struct peer *peer, int failures);
#endif
