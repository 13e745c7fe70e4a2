/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.h: bytes made smaller for the wire. */
#ifndef GZIP_H
#define GZIP_H
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

enum gzip_care { GZIP_QUICK = 1, GZIP_BEST = 9 };

/* The same bytes make the same file. False, and nothing added: it would not be smaller, or no memory. */
bool gzip_add(struct buf *ret, const void *bytes, size_t size, enum gzip_care care);
/* Does who sent this Accept-Encoding (NULL: none) take gzip? Pure. */
bool gzip_is_accepted(const char *accept_encoding);
#endif
