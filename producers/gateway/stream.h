/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h: one client of GET /api/events: its socket, what it wants to hear, how far it has heard.
 *
 * What its socket does not take at once waits here, up to STREAM_WAITING_MAX and one event more. A
 * client without room hears nothing more: it is behind, at its position, and the topic keeps the
 * rest for it. One thread has them all (live.c).
 */
#ifndef STREAM_H
#define STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "position.h"
#include "query.h"

enum { STREAM_WAITING_MAX = 64 * 1024, STREAM_SOCKET_BYTES = 64 * 1024 };

/* One record of the topic as clients are told of it. */
struct news {
	const char *name;		/* "batch" or "deleted"; NULL: nothing to tell */
	char customer[PREFIX_SIZE];	/* "": not known */
	unsigned statuses;		/* its bit; all of them: deleted, which any status hears of */
	int32_t date, counter;
	struct buf data;		/* JSON, one line */
};

struct wanted {
	unsigned statuses;		/* bits; 0: all */
	char customer_prefix[PREFIX_SIZE];	/* "": all */
	int32_t date_from, date_to;	/* INT32_MIN: open */
	int32_t counter;		/* of the name; -1: any */
	char **customers;		/* of the key, to NULL; NULL: all */
};

struct stream {
	struct stream *next;
	int fd;				/* -1: gone */
	char *origin;			/* the other site whose page may read it; NULL: none */
	struct wanted wanted;
	uint8_t shown[SHA256_SIZE];	/* see struct caller */
	struct position position;
	int64_t second;			/* of its Last-Event-ID; 0: none was sent, -1: it cannot be read */
	bool behind;			/* it missed records that are to be read again */
	struct buf waiting;
	int64_t since_ms, said_ms, until_ms;	/* the socket takes nothing; last word; its end */
};

void stream_free(struct stream *stream);	/* NULL is fine; closes the socket */
bool stream_wants(const struct stream *stream, const struct news *news);
bool stream_has_room(const struct stream *stream);
/* What is told goes out now or waits. A socket that is gone: fd is -1 then. */
void stream_begin(struct stream *stream);
void stream_say(struct stream *stream, const struct buf *text);
void stream_tell(struct stream *stream, const char *name, const struct buf *data);
/* Appends it as the protocol has it. */
void stream_event(struct buf *ret, const char *name, const char *id, const struct buf *data);
void stream_mark(struct stream *stream);	/* where it is, without an event: the heartbeat */
void stream_flush(struct stream *stream);
void stream_end(struct stream *stream);		/* it is gone */

/* over.c: those whose key or session is over are gone, *n are. idle_s: how long a session lasts unused. */
struct db_pool;
bool streams_end_over(struct stream *streams, struct db_pool *pool, int64_t idle_s, size_t *n,
    struct err *err);
#endif
