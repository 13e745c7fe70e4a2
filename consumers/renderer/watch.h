/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h: a thread that follows `batches` and tells the pool which batches were cancelled or deleted,
 * so that their children need not finish. Only a hint: what it misses is rendered for nothing, and the
 * projector passes over the answer. So it never fails the service: a topic that cannot be read is tried
 * again, and said once in the log.
 */
#ifndef WATCH_H
#define WATCH_H
#include "base/err.h"
#include "base/own.h"
#include "consumers/renderer/pool.h"
#include "port/bus.h"

struct watch;

/* What the options point to, and the pool, must outlive it. False: no memory, no thread. */
bool watch_start(struct watch **ret, struct bus_options options, struct pool *pool, struct err *err);
void watch_free(struct watch *watch);		/* NULL is fine */
OWN_FREEP(struct watch, watch_free)
#endif
