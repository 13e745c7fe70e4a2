/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c: one character at a time, by the table of RFC 3629 section 4. */
#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

/* first byte from .. to, bytes in all, limits of the second byte */
static const struct { uint8_t from, to, length, low, high; } forms[] = {
	{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t
utf8_length(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	size_t form = 0;

	if (size == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	while (form < sizeof(forms) / sizeof(*forms) && (b[0] < forms[form].from
	    || b[0] > forms[form].to))
		form++;
	if (form == sizeof(forms) / sizeof(*forms) || size < forms[form].length
	    || b[1] < forms[form].low || b[1] > forms[form].high)
		return 0;
	for (size_t i = 2; i < forms[form].length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return forms[form].length;
}

bool
utf8_is_valid(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t n; size > 0; b += n, size -= n) {
		n = utf8_length(b, size);
		if (n == 0)
			return false;
	}
	return true;
}

bool
utf8_is_printable(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++)
		if (b[i] < 0x20 || b[i] == 0x7f)
			return false;
	return true;
}

size_t
utf8_cut(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	size_t start = size;

	while (start > 0 && size - start < 3 && (b[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || b[start - 1] < 0xc0)
		return size;
	return utf8_length(b + start - 1, size - start + 1) ? size : start - 1;
}

void
utf8_mend(char *text)
{
	for (size_t left = strlen(text), n; left > 0; text += n, left -= n) {
		n = utf8_length(text, left);
		if (n == 0) {
			*text = '?';
			n = 1;
		}
	}
}
