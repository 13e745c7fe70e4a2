/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c: grows by doubling; one byte is always kept free for buf_text()'s NUL. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_clear(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ .limit = buf->limit };
}

void
buf_reset(struct buf *buf)
{
	buf->size = 0;
	buf->failed = false;
}

static bool
buf_room(struct buf *buf, size_t more)
{
	size_t limit = buf->limit ? buf->limit : BUF_LIMIT_DEFAULT;
	size_t capacity = buf->capacity ? buf->capacity : 256;
	uint8_t *data;

	if (buf->failed || more > limit - buf->size) {
		buf->failed = true;
		return false;
	}
	if (buf->capacity > buf->size + more)
		return true;
	while (capacity <= buf->size + more)
		capacity *= 2;
	data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

bool
buf_add(struct buf *buf, const void *bytes, size_t size)
{
	if (!buf_room(buf, size))
		return false;
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	return true;
}

bool
buf_add_byte(struct buf *buf, uint8_t byte)
{
	return buf_add(buf, &byte, 1);
}

bool
buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool
buf_print(struct buf *buf, const char *fmt, ...)
{
	va_list ap, again;
	bool fits;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	fits = n >= 0 && buf_room(buf, (size_t)n);
	if (fits) {
		vsnprintf((char *)buf->data + buf->size, (size_t)n + 1, fmt, again);
		buf->size += (size_t)n;
	}
	va_end(again);
	return fits;
}

const char *
buf_text(struct buf *buf)
{
	if (!buf_room(buf, 0))
		return NULL;
	buf->data[buf->size] = '\0';
	return (const char *)buf->data;
}
