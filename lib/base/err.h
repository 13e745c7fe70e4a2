/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h: what went wrong, and what the loop should do about it.
 *
 * Every function that can fail returns bool and takes `struct err *` last (before the tail when
 * variadic). The callee says what happened, each caller may add where, and only the loop writes
 * it to the log, once. On false no `*ret` was touched.
 */
#ifndef ERR_H
#define ERR_H
#include <stdbool.h>

enum err_verdict {
	ERR_NONE,	/* nothing went wrong */
	ERR_RETRY,	/* the world is unwell: wait, then the same message again */
	ERR_REJECT,	/* the message is unwell: dead letter, then the next one */
	ERR_FATAL,	/* we are unwell: stop, let the supervisor restart us */
};

struct err {
	enum err_verdict verdict;
	char code[32];		/* a word for programs, "unknown_pipeline"; may be empty */
	char text[512];		/* a sentence for people, outermost place first */
};

/* All three always return false, so a failing function ends in one line. */
bool err_set(struct err *err, enum err_verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool err_code(struct err *err, enum err_verdict verdict, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool err_at(struct err *err, const char *fmt, ...)	/* prefix: "page 3: " */
	__attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);
const char *err_verdict_name(enum err_verdict verdict);
#endif
