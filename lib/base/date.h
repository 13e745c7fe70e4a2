/* SPDX-License-Identifier: Apache-2.0 */
/* date.h: days and times as text, in UTC, and back. The writers return text. */
#ifndef DATE_H
#define DATE_H
#include <stdbool.h>
#include <stdint.h>

enum { DATE_TEXT_SIZE = 16, TIME_TEXT_SIZE = 32 };

/* Days since 1970-01-01 as YYYY-MM-DD. */
char *date_print(char text[DATE_TEXT_SIZE], int32_t days);
/* Exactly YYYY-MM-DD, a day that exists. */
bool date_read(int32_t *ret_days, const char *text);

/* Microseconds since 1970 as RFC 3339 with milliseconds: 2025-11-05T10:15:00.250Z. */
char *time_print(char text[TIME_TEXT_SIZE], int64_t time_us);
/* As time_print() writes it, with or without a part of a second. */
bool time_read(int64_t *ret_us, const char *text);
#endif
