/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parting.h: the end of a connection whose client is still sending.
 *
 * A socket that is closed with bytes unread resets the connection, and the client may never see the
 * answer that it was sent. So after the last words the socket lives on for a while: what comes is read and
 * thrown away, until the client ends it, is silent, or has had its bytes and its time. One thread has
 * all these sockets, and they are a bounded number: the oldest gives way.
 */
#ifndef PARTING_H
#define PARTING_H
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"

struct parting;

bool parting_new(struct parting **ret, struct err *err);
void parting_free(struct parting *parting); /* NULL is fine; closes what is left */

/* The socket is taken, and so are the bytes of its last words. */
void parting_add(struct parting *parting, int fd, struct buf *words);

OWN_FREEP(struct parting, parting_free)
#endif
