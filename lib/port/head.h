/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h: what may stand in the head of a request only once, and where the request goes.
 *
 * A proxy and we must find the same end of a body and the same host; a head that can be read in two
 * ways is refused, not understood (RFC 9112, 3.2 and 6.3). Pure.
 */
#ifndef HEAD_H
#define HEAD_H
#include <stddef.h>

enum { HEAD_SINGLES = 8, HEAD_HOST_SIZE = 256 };

struct head {
	const char *seen[HEAD_SINGLES]; /* values of those that stand once */
	const char *twice; /* the name of one that does not */
	char host[HEAD_HOST_SIZE]; /* where the target names it, that one */
	char why[100];
};

/* One header of the request; its value lives as long as the head is used. */
void head_take(struct head *head, const char *name, const char *value);

/* The path of a target in either form, /a or http://host/a. */
const char *head_path(const char *target);

/* All headers are taken: finds the host. NULL, or what is wrong. */
const char *head_finish(struct head *head, const char *target);
#endif
