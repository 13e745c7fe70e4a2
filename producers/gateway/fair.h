/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair.h: no client takes what is for all. A client is an address (IPv6: its /64) or an API key, and
 * has so many requests in work and so many a second; as many as of four seconds may come at once.
 *
 * The clients stand in a table that does not grow: who asked longest ago gives way, unless it has
 * something in work. Where all have, a newcomer is not limited.
 */
#ifndef FAIR_H
#define FAIR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/own.h"

enum { FAIR_BURST_S = 4 };

struct fair;
struct fair_client; /* a row of the table while something of it is in work */

struct fair_limits {
	int64_t in_flight, rate, submissions; /* the last two a second; 0: any number */
};

enum fair_why { FAIR_WELL, FAIR_IN_FLIGHT, FAIR_RATE, FAIR_SUBMISSIONS };

bool fair_new(struct fair **ret); /* false: out of memory */
void fair_free(struct fair *fair); /* NULL is fine */

/* A request of a client; submits: it counts as a submission, too. When all is well, *ret is to be given
 * to fair_leave(); NULL: nobody to be left. */
enum fair_why fair_enter(struct fair *fair, const void *who, size_t size,
    const struct fair_limits *limits, bool submits, int64_t now_ms, struct fair_client **ret);
void fair_leave(struct fair *fair, struct fair_client *client); /* NULL is fine */

OWN_FREEP(struct fair, fair_free)
#endif
