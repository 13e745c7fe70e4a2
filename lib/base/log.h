/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line on stderr for each thing an operator wants to know.
 *
 * A line is a sentence and pairs: log_write(LOG_INFO, "claimed", "partition=%d epoch=%lld", ..).
 * In logfmt the pairs stand as they are; in JSON they become members. Values are printed by the
 * caller without blanks, or between double quotes with log_quote(). Library code does not log:
 * it returns errors, and the loops and mains write them.
 */
#ifndef LOG_H
#define LOG_H
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* service: stands in every line and must outlive the last one. */
void log_open(const char *service, bool json, enum log_level lowest);
bool log_level_read(enum log_level *ret, const char *text);

/* message: a sentence; pairs: printf format of "key=value key=\"value\"", may be "". */
void log_write(enum log_level level, const char *message, const char *pairs, ...)
	__attribute__((format(printf, 3, 4)));

/* value between double quotes, with quotes, backslashes and controls escaped; cut to fit. */
char *log_quote(char *ret, size_t size, const char *value);
#endif
