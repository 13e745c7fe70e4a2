/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c: four characters are three bytes. */
#include "base/base64.h"
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Of each digit its value, and one. */
static const uint8_t digits_of[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* 0 to 63, or -1. */
static int
digit(char c)
{
	return digits_of[(uint8_t)c] - 1;
}

/* Groups of four digits, as many as there are in a row; returns of how many characters. */
static size_t
run_read(uint8_t *ret, const char *text, size_t size)
{
	size_t i = 0;

	for (; size - i >= 4; i += 4, ret += 3) {
		int a = digit(text[i]), b = digit(text[i + 1]), c = digit(text[i + 2]), d = digit(text[i + 3]);
		uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;

		if ((a | b | c | d) < 0)
			break;
		ret[0] = (uint8_t)(bits >> 16);
		ret[1] = (uint8_t)(bits >> 8);
		ret[2] = (uint8_t)bits;
	}
	return i;
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
	size_t run = run_read(ret, text, size), done = run / 4 * 3, wrong = 0;

	for (size_t i = run; i < size; i += 4) {
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
