/* SPDX-License-Identifier: Apache-2.0 */
/* arg.c: outside its texts JSON is ASCII: what is none stands in a text, and may be escaped. */
#include <string.h>
#include "base/utf8.h"
#include "dropbox.h"

static void
escape(struct buf *ret, const uint8_t *bytes, size_t size)
{
	static const uint8_t heads[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = bytes[0] & heads[size];

	for (size_t i = 1; i < size; i++)
		c = c << 6 | (bytes[i] & 0x3f);
	if (c < 0x10000) {
		buf_print(ret, "\\u%04x", (unsigned)c);
		return;
	}
	c -= 0x10000;
	buf_print(ret, "\\u%04x\\u%04x", (unsigned)(0xd800 + (c >> 10)),
	    (unsigned)(0xdc00 + (c & 0x3ff)));
}

bool
arg_add(struct buf *ret, const char *json)
{
	size_t size = strlen(json), n;

	for (const char *at = json; size > 0; at += n, size -= n) {
		n = utf8_length(at, size);
		if (n == 0)
			return false;
		if (n > 1 || *at == 0x7f)
			escape(ret, (const uint8_t *)at, n);
		else
			buf_add_byte(ret, (uint8_t)*at);
	}
	return !ret->failed;
}
