/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h: bytes that grow, up to a named limit.
 *
 * A buffer that met its limit (or found no memory) is marked failed and takes nothing more, so
 * that a writer may add piece by piece and ask once at the end.
 */
#ifndef BUF_H
#define BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t size, capacity;
	size_t limit;		/* bytes; 0 means BUF_LIMIT_DEFAULT */
	bool failed;
};

#define BUF_LIMIT_DEFAULT ((size_t)64 << 20)

void buf_clear(struct buf *buf);	/* frees the bytes; the limit stays */
void buf_reset(struct buf *buf);	/* empties it and keeps the memory */

/* False once the limit is met; the bytes added before stay as they were. */
bool buf_add(struct buf *buf, const void *bytes, size_t size);
bool buf_add_byte(struct buf *buf, uint8_t byte);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_print(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a C string; a NUL is kept behind them. NULL when the buffer failed. */
const char *buf_text(struct buf *buf);
#endif
