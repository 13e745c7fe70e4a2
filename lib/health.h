/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h: what a service says of itself over HTTP, on a port of its own.
 *
 *	/healthz	200 while the loop turns, 503 when it has not for 30 s
 *	/readyz		200 or 503, and the words of the last beat
 *	/metrics	Prometheus
 */
#ifndef HEALTH_H
#define HEALTH_H
#include "base/err.h"
#include "base/own.h"

struct health;

/* listen: host:port; "" answers nothing, and *ret is NULL, which every call here takes. */
bool health_start(struct health **ret, const char *listen, struct err *err);
void health_free(struct health *health);

/* From now on /readyz asks this, on a thread of its own, and not the last beat. */
void health_ask(struct health *health, bool (*is_ready)(void *state), void *state);

/* The loop is alive, for the service manager too (notify.h). words is copied. */
void health_beat(struct health *health, bool ready, const char *words);

OWN_FREEP(struct health, health_free)
#endif
