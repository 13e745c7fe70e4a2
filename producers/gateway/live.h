/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h: the clients of GET /api/events, one reader of the topic and one thread for all of them.
 *
 * The reader is at one place of the topic; each client has its own. A client takes the records at
 * its place or after it and passes over the others. So one that comes back, or was too slow, is
 * served by going back with the one reader: never before it is at the front again, so that nobody
 * waits for another's past for long. Nothing is kept in memory, and a restart loses nothing.
 */
#ifndef LIVE_H
#define LIVE_H
#include "base/err.h"
#include "base/own.h"
#include "port/bus.h"
#include "stream.h"

struct live;
struct db_pool;

/* most: clients; fewer where the system gives fewer descriptors. idle_s: how long a session lasts unused. */
bool live_start(struct live **ret, struct bus_options options, struct db_pool *pool, size_t most,
    int64_t idle_s, struct err *err);
void live_free(struct live *live);		/* NULL is fine; the clients' sockets are closed */
void live_metrics_add(void);
bool live_is_well(struct live *live);		/* the topic can be read */
/* A place for one more; false: there is none. Each is given back, or joins. */
bool live_place(struct live *live);
void live_place_back(struct live *live);
/* The stream is live's, with its socket. */
void live_join(struct live *live, struct stream *stream);

OWN_FREEP(struct live, live_free)
#endif
