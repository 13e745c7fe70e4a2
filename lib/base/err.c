/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: fills and prefixes error texts; a text that does not fit is cut, never overrun. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

/* The text travels on, in records and rows, which must be UTF-8: what was cut ends with a whole
 * character, and what was cut before it came here, or never was text, shows question marks. */
static void
make_text(struct err *err)
{
	err->text[utf8_cut(err->text, strlen(err->text))] = '\0';
	utf8_mend(err->text);
}

__attribute__((format(printf, 4, 0)))
static void
err_fill(struct err *err, enum err_verdict verdict, const char *code, const char *fmt, va_list ap)
{
	err->verdict = verdict;
	snprintf(err->code, sizeof(err->code), "%s", code);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	make_text(err);
}

bool
err_set(struct err *err, enum err_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_fill(err, verdict, "", fmt, ap);
	va_end(ap);
	return false;
}

bool
err_code(struct err *err, enum err_verdict verdict, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_fill(err, verdict, code, fmt, ap);
	va_end(ap);
	return false;
}

bool
err_at(struct err *err, const char *fmt, ...)
{
	char was[sizeof(err->text)];
	va_list ap;
	size_t n;

	memcpy(was, err->text, sizeof(was));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", was);
	make_text(err);
	return false;
}

void
err_clear(struct err *err)
{
	*err = (struct err){0};
}

const char *
err_verdict_name(enum err_verdict verdict)
{
	switch (verdict) {
	case ERR_NONE:   return "none";
	case ERR_RETRY:  return "retry";
	case ERR_REJECT: return "reject";
	case ERR_FATAL:  return "fatal";
	}
	return "?";
}
