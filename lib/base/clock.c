/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the only file that asks the system for the time. */
#include "base/clock.h"
#include <stdio.h>
#include <time.h>

int64_t
clock_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

char *
clock_print(char text[CLOCK_TEXT_SIZE], int64_t time_us)
{
	int64_t floor_s = time_us / 1000000 - (time_us % 1000000 < 0);
	time_t seconds = (time_t)floor_s;
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, CLOCK_TEXT_SIZE - n, ".%03dZ", (int)((time_us - floor_s * 1000000) / 1000));
	return text;
}
