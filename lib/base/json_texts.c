/* SPDX-License-Identifier: Apache-2.0 */
/* json_texts.c: from quote to quote, as memchr() goes. */
#include "base/json_texts.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void
json_texts_clear(struct json_texts *texts)
{
	free(texts->list);
	*texts = (struct json_texts){0};
}

/* The quote that ends a text which begins here, or `end`. Each byte is looked at twice at most, however many
 * escapes there are. */
static const char *
text_end(const char *at, const char *end, bool *escapes)
{
	const char *quote = NULL, *back;

	for (;; at = back + 2) {
		if (!quote || quote < at)
			quote = memchr(at, '"', (size_t)(end - at));
		quote = quote ? quote : end;
		back = memchr(at, '\\', (size_t)(quote - at));
		if (!back)
			return quote;
		*escapes = true;
		if (end - back < 2)
			return end;
	}
}

/* Eight at a time. A byte below a blank borrows into its highest bit, one above the tilde has it or gets it. */
static bool
is_plain(const char *at, size_t size)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t strange = 0, eight;

	for (; size >= sizeof(eight); at += sizeof(eight), size -= sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		strange |= (eight - ones * ' ') | eight | (eight + ones);
	}
	for (; size > 0; at++, size--)
		strange |= *at < ' ' || *at > '~' ? 0x80 : 0;
	return !(strange & ones * 0x80);
}

static bool
is_name(const char *behind, const char *end)
{
	while (behind < end && strchr(" \t\r\n", *behind) && *behind)
		behind++;
	return behind < end && *behind == ':';
}

static bool
add(struct json_texts *texts, struct json_text text)
{
	size_t capacity = texts->capacity ? texts->capacity * 2 : 16;
	struct json_text *more;

	if (texts->n == texts->capacity) {
		more = realloc(texts->list, capacity * sizeof(*more));
		if (!more)
			return false;
		texts->list = more;
		texts->capacity = capacity;
	}
	texts->list[texts->n++] = text;
	return true;
}

bool
json_texts_find(struct json_texts *ret, const char *json, size_t size)
{
	const char *end = json + size, *at = json, *to;

	for (size_t place = 0; (at = memchr(at, '"', (size_t)(end - at))); place++) {
		bool escapes = false;

		to = text_end(++at, end, &escapes);
		if (to == end)
			return true;
		if (to - at >= JSON_TEXT_LONG && !escapes && !is_name(to + 1, end)
		    && is_plain(at, (size_t)(to - at))
		    && !add(ret, (struct json_text){ at, (size_t)(to - at), place }))
			return false;
		at = to + 1;
	}
	return true;
}
