/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: two clocks. The wall's, in microseconds since 1970 UTC, for what is recorded; the
 * monotonic one, in milliseconds, for waiting and time-outs. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

int64_t clock_now_us(void);		/* wall clock */
int64_t clock_monotonic_ms(void);
void clock_sleep_ms(int64_t ms);	/* ends early on a signal */

/* RFC 3339 in UTC with milliseconds: 2025-11-05T10:15:00.250Z. Returns text. */
char *clock_print(char text[CLOCK_TEXT_SIZE], int64_t time_us);
#endif
