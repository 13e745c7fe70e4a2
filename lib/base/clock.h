/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: two clocks. The wall's, in microseconds since 1970 UTC, for what is recorded; the
 * monotonic one, in milliseconds, for waiting and time-outs. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdbool.h>
#include <stdint.h>

int64_t clock_now_us(void);		/* wall clock */
int64_t clock_monotonic_ms(void);
void clock_sleep_ms(int64_t ms);	/* ends early on a signal */

/* The zone of clock_day(), for the whole process: an IANA name, to be set before there are threads.
 * False: this system has no zone of that name. */
bool clock_zone_set(const char *zone);
int32_t clock_day(int64_t time_us);	/* days since 1970-01-01 in that zone; UTC until it is set */
#endif
