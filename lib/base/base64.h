/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h: RFC 4648, strict: the right alphabet, padding as it must be, no blanks, no stray bits. */
#ifndef BASE64_H
#define BASE64_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

/* Bytes that `size` characters decode to, at most. */
#define BASE64_BYTES(size) ((size) / 4 * 3)

/* ret has room for BASE64_BYTES(size). False: not base64; *at is the first wrong character. */
bool base64_read(uint8_t *ret, size_t *ret_size, const char *text, size_t size, size_t *at);

bool base64_write(struct buf *ret, const void *bytes, size_t size);

/* The URL alphabet, without padding; what is read must be just what would be written. */
bool base64url_write(struct buf *ret, const void *bytes, size_t size);
bool base64url_read(struct buf *ret, const char *text);
#endif
