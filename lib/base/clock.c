/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the only file that asks the system for the time. */
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool zone_is_set;

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

/* tzset() takes an unknown name for UTC and says nothing, so the database is asked first. */
bool
clock_zone_set(const char *zone)
{
	char path[300];
	int n = snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);

	if (strcmp(zone, "UTC") && (!*zone || *zone == '/' || strstr(zone, "..")
	    || n >= (int)sizeof(path) || access(path, R_OK)))
		return false;
	setenv("TZ", zone, 1);
	tzset();
	zone_is_set = true;
	return true;
}

int32_t
clock_day(int64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000 - (time_us % 1000000 < 0));
	struct tm tm;

	if (zone_is_set)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return (int32_t)(timegm(&tm) / 86400);
}
