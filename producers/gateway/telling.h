/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling.h: some records of the topic of batches, read once and told to all streams.
 *
 * A stream gets what it wants of them in one piece, so that who falls behind a busy topic reads more at a
 * time and pays a system call a client for it all, not one a record. Used by one thread.
 */
#ifndef TELLING_H
#define TELLING_H
#include "news.h"

enum { TELLING_MAX = 64 };		/* records at a time */

struct telling {
	struct heard {
		int32_t partition;
		int64_t offset;
		struct news news;
		struct position position;	/* of whom the id was printed last: mostly the next one's too */
		char id[POSITION_TEXT_SIZE];	/* "": of nobody yet */
	} heard[TELLING_MAX];
	size_t n;
	int64_t second;			/* of the ids */
	struct buf piece;		/* for one stream */
};

/* Adds a record. False: it cannot be told now, nor what is behind it. */
bool telling_take(struct telling *telling, const struct news_source *source, const struct bus_record *record,
    struct err *err);
/* To a stream, what it has not heard yet and wants. One without room is behind after that. */
void telling_hear(struct telling *telling, struct stream *stream);
void telling_reset(struct telling *telling);	/* empty for the next ones; keeps its memory */
void telling_clear(struct telling *telling);
#endif
