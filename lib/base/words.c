/* SPDX-License-Identifier: Apache-2.0 */
/* words.c: numbers and times as people say them, and what of a text may be shown. */
#include "base/words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include "base/date.h"
#include "base/utf8.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, OLD_DAYS = 30, NOW_S = 5 };
#define SECOND_US INT64_C(1000000)

char *
words_of_size(char ret[WORDS_SIZE], int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 999.5 && unit < sizeof(units) / sizeof(*units) - 1) {
		size /= 1000;
		unit++;
	}
	snprintf(ret, WORDS_SIZE, "%.*f %s", unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2,
	    size, units[unit]);
	return ret;
}

char *
words_of_duration(char ret[WORDS_SIZE], int64_t ms)
{
	int64_t s = (ms + 500) / 1000;

	if (ms < 9950)
		snprintf(ret, WORDS_SIZE, "%.1f s", (double)ms / 1000);
	else if (s < MINUTE)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " s", s);
	else if (s < HOUR)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " min %" PRId64 " s", s / MINUTE, s % MINUTE);
	else if (s < DAY)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " h %" PRId64 " min", s / HOUR, s % HOUR / MINUTE);
	else
		snprintf(ret, WORDS_SIZE, "%" PRId64 " d %" PRId64 " h", s / DAY, s % DAY / HOUR);
	return ret;
}

/* A clock that runs behind the gateway's is no reason to speak of the future. */
char *
words_of_ago(char ret[WORDS_SIZE], int64_t time_us, int64_t now_us)
{
	int64_t s = (now_us - time_us) / SECOND_US;

	if (s < NOW_S)
		snprintf(ret, WORDS_SIZE, "just now");
	else if (s < MINUTE)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " s ago", s);
	else if (s < HOUR)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " min ago", s / MINUTE);
	else if (s < DAY)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " h ago", s / HOUR);
	else if (s < (int64_t)OLD_DAYS * DAY)
		snprintf(ret, WORDS_SIZE, "%" PRId64 " d ago", s / DAY);
	else
		date_print(ret, (int32_t)(time_us / SECOND_US / DAY));
	return ret;
}

char *
words_of_count(char ret[WORDS_SIZE], int64_t count)
{
	char digits[24], *to = ret;
	int n = snprintf(digits, sizeof(digits), "%" PRId64, count);

	for (int i = 0; i < n; i++) {
		*to++ = digits[i];
		if ((n - i) % 3 == 1 && i < n - 1 && digits[i] != '-')
			*to++ = ',';
	}
	*to = '\0';
	return ret;
}

/* ---- texts ---- */

/* The character of n bytes (as utf8_length() says) that starts here. */
static uint32_t
character_at(const char *text, size_t n)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t)*text & masks[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)text[i] & 0x3f);
	return c;
}

/* Neither a control nor what turns the direction of writing or breaks the line. */
static bool
may_be_shown(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0x061c && c != 0x200e && c != 0x200f
	    && (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069) && c != 0xfeff;
}

bool
words_add_printable(struct buf *ret, const char *text)
{
	for (size_t left = text ? strlen(text) : 0, n; left > 0; left -= n, text += n) {
		bool shown;

		n = utf8_length(text, left);
		shown = n > 0 && may_be_shown(character_at(text, n));
		n = n ? n : 1;
		if (!buf_add(ret, shown ? text : "?", shown ? n : 1))
			return false;
	}
	return true;
}

/* One character's columns; what the C library does not know takes one. */
static size_t
columns_at(const char *text, size_t left, size_t *n)
{
	int width;

	*n = utf8_length(text, left);
	if (*n == 0) {
		*n = 1;
		return 1;
	}
	width = wcwidth((wchar_t)character_at(text, *n));
	return width < 0 ? 1 : (size_t)width;
}

size_t
words_columns(const char *text)
{
	size_t columns = 0;

	for (size_t left = strlen(text), n; left > 0; left -= n, text += n)
		columns += columns_at(text, left, &n);
	return columns;
}

size_t
words_fitting(const char *text, size_t *columns)
{
	size_t taken = 0, left_columns = *columns;

	for (size_t left = strlen(text), n; left > 0; left -= n) {
		size_t width = columns_at(text + taken, left, &n);

		if (width > left_columns)
			break;
		left_columns -= width;
		taken += n;
	}
	*columns -= left_columns;
	return taken;
}
