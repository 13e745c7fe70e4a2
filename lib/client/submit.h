/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.h: pictures become a batch. The files come first, each into the gateway's store, by its
 * content's name, so that doing it twice changes nothing; then one request makes the batch of them.
 * That one carries an idempotency key: sent again after an answer that was lost, it is the same batch.
 */
#ifndef SUBMIT_H
#define SUBMIT_H
#include "peer.h"
#include "picks.h"

/* What a batch shall be. */
struct submission {
	int64_t pipeline_id;
	const char *description, *customer_prefix;	/* NULL: not said, like the two that follow */
	const int64_t *priority, *failures_tolerated;
};

/* Told some times a second while files are sent, from the thread that asked for it; false ends it, with
 * the code "stopped". */
typedef bool files_progress(void *state, size_t files, int64_t bytes);

/* Sends the files that have no uri yet, a few at once, each a few times; what a problem says of
 * fields is added to `details`. One that was sent keeps its uri whatever becomes of the others. */
bool files_send(const struct peer *peer, struct picks *picks, files_progress *progress, void *state,
    struct buf *details, struct err *err);

/* A few tries; the answer is in `peer`. Every file has its uri. */
bool batch_post(struct peer *peer, const struct submission *submission, const struct picks *picks,
    const char *key, struct err *err);
#endif
