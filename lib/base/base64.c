/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c: four characters are three bytes. */
#include "base/base64.h"
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0 to 63, or -1. */
static int
digit(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A'
	    : c >= 'a' && c <= 'z'  ? c - 'a' + 26
	    : c >= '0' && c <= '9'  ? c - '0' + 52
	    : c == '+'              ? 62
	    : c == '/'              ? 63
	                            : -1;
}

/* One group with n digits (2, 3 or 4); what does not fill a byte must be zero. */
static bool
group_read(uint8_t *ret, const char *text, size_t n, size_t *wrong)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < n ? digit(text[i]) : 0;

		if (value < 0) {
			*wrong = i;
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
	}
	*wrong = n - 1;
	if ((n == 2 && bits & 0xffff) || (n == 3 && bits & 0xff))
		return false;
	for (size_t i = 0; i < n - 1; i++)
		ret[i] = (uint8_t)(bits >> (16 - 8 * i));
	return true;
}

bool
base64_read(uint8_t *ret, size_t *ret_size, const char *text, size_t size, size_t *at)
{
	size_t done = 0, wrong = 0;

	for (size_t i = 0; i < size; i += 4) {
		size_t n = size - i < 4 ? 0 : 4;

		while (n > 2 && i + 4 == size && text[i + n - 1] == '=')
			n--;
		if (n == 0 || !group_read(ret + done, text + i, n, &wrong)) {
			*at = n ? i + wrong : size;
			return false;
		}
		done += n - 1;
	}
	*ret_size = done;
	return true;
}

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool
write_digits(struct buf *ret, const char *digits, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t bits = (uint32_t)b[i] << 16 | (n > 1 ? (uint32_t)b[i + 1] << 8 : 0)
		    | (n > 2 ? b[i + 2] : 0);

		for (size_t k = 0; k <= n; k++)
			buf_add_byte(ret, (uint8_t)digits[bits >> (18 - 6 * k) & 63]);
	}
	return !ret->failed;
}

bool
base64_write(struct buf *ret, const void *bytes, size_t size)
{
	write_digits(ret, alphabet, bytes, size);
	for (size_t i = size; i % 3; i++)
		buf_add_byte(ret, '=');
	return !ret->failed;
}

bool
base64url_write(struct buf *ret, const void *bytes, size_t size)
{
	return write_digits(ret, url_alphabet, bytes, size);
}

bool
base64url_read(struct buf *ret, const char *text)
{
	for (size_t size = strlen(text), i = 0; i < size; i += 4) {
		size_t n = size - i < 4 ? size - i : 4, wrong;
		char group[4];
		uint8_t bytes[3];

		for (size_t k = 0; k < n; k++) {
			const char *which = text[i + k] ? strchr(url_alphabet, text[i + k]) : NULL;

			if (!which)
				return false;
			group[k] = alphabet[which - url_alphabet];
		}
		if (n < 2 || !group_read(bytes, group, n, &wrong) || !buf_add(ret, bytes, n - 1))
			return false;
	}
	return true;
}
