/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: a line is built whole and written by one write(), so that lines never mix. */
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/date.h"

enum { LOG_LINE_MAX = 4096 };

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *log_service = "batchline";
static bool log_json;
static enum log_level log_lowest = LOG_INFO;

void
log_open(const char *service, bool json, enum log_level lowest)
{
	log_service = service;
	log_json = json;
	log_lowest = lowest;
}

bool
log_level_read(enum log_level *ret, const char *text)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++)
		if (!strcmp(text, level_names[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

char *
log_quote(char *ret, size_t size, const char *value)
{
	size_t n = 0;

	ret[n++] = '"';
	for (; *value && n + 8 < size; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			ret[n++] = '\\';
		if (c < 0x20)
			n += (size_t)snprintf(ret + n, size - n, "\\u%04x", c);
		else
			ret[n++] = (char)c;
	}
	ret[n++] = '"';
	ret[n] = '\0';
	return ret;
}

/* The end of the value that starts here: a quoted one ends behind its quote. */
static const char *
value_end(const char *value)
{
	if (*value != '"')
		return value + strcspn(value, " ");
	for (value++; *value && *value != '"'; value++)
		if (*value == '\\' && value[1])
			value++;
	return *value ? value + 1 : value;
}

/* key=value key="value" -> ,"key":"value","key":"value" */
static size_t
pairs_to_json(char *line, size_t size, const char *pairs)
{
	size_t n = 0;

	while (*pairs == ' ')
		pairs++;
	while (*pairs && n < size) {
		const char *equals = strchr(pairs, '=');
		const char *end = equals ? value_end(equals + 1) : pairs + strlen(pairs);
		bool quoted = equals && equals[1] == '"';

		if (!equals)
			break;
		n += (size_t)snprintf(line + n, size - n, ",\"%.*s\":%s%.*s%s",
		    (int)(equals - pairs), pairs, quoted ? "" : "\"",
		    (int)(end - equals - 1), equals + 1, quoted ? "" : "\"");
		for (pairs = end; *pairs == ' '; pairs++)
			;
	}
	return n < size ? n : size - 1;
}

void
log_write(enum log_level level, const char *message, const char *pairs, ...)
{
	char line[LOG_LINE_MAX], given[LOG_LINE_MAX - 1024], said[512], now[TIME_TEXT_SIZE];
	va_list ap;
	size_t n;

	if (level < log_lowest)
		return;
	va_start(ap, pairs);
	vsnprintf(given, sizeof(given), pairs, ap);
	va_end(ap);
	time_print(now, clock_now_us());
	log_quote(said, sizeof(said), message);
	if (log_json) {
		n = (size_t)snprintf(line, sizeof(line),
		    "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"msg\":%s", now,
		    level_names[level], log_service, said);
		n += pairs_to_json(line + n, sizeof(line) - n - 3, given);
		n += (size_t)snprintf(line + n, sizeof(line) - n, "}\n");
	} else {
		n = (size_t)snprintf(line, sizeof(line), "time=%s level=%s service=%s msg=%s%s%s\n",
		    now, level_names[level], log_service, said, given[0] ? " " : "", given);
	}
	if (write(STDERR_FILENO, line, n) < 0)
		return;		/* nowhere left to say so */
}
