/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h: an answer as the bytes of HTTP/1.1, for one that the server's library would send too late. */
#ifndef REPLY_H
#define REPLY_H
#include <stdbool.h>
#include "base/buf.h"
#include "port/httpd.h"

/* The last of its connection. reason: the words of the status; is_head: the body stays here. Pure, but
 * for the clock. */
void reply_print(struct buf *ret, const struct httpd_answer *answer, const char *reason, bool is_head);
#endif
