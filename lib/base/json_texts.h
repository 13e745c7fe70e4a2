/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_texts.h: the long plain texts of a JSON text, found without reading it: a picture in base64, say.
 * Only json.c calls it, which has them by memcpy() where jansson goes from byte to byte. Pure.
 *
 * Plain: printable ASCII without an escape, so its bytes are its value. A member's name is never one.
 * Of a text that is no JSON it finds something or nothing, and reads nothing beyond its end.
 */
#ifndef JSON_TEXTS_H
#define JSON_TEXTS_H
#include <stdbool.h>
#include <stddef.h>

enum { JSON_TEXT_LONG = 1024 };		/* bytes; from here on it pays */

struct json_text {
	const char *at;			/* behind its quote */
	size_t size;
	size_t place;			/* among all texts, names too, in the order of the text: from 0 */
};

struct json_texts { struct json_text *list; size_t n, capacity; };

bool json_texts_find(struct json_texts *ret, const char *json, size_t size);	/* false: out of memory */
void json_texts_clear(struct json_texts *texts);
#endif
