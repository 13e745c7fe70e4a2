/* SPDX-License-Identifier: Apache-2.0 */
/* date.c: the proleptic Gregorian calendar, counted in years that begin in March. */
#include "base/date.h"
#include <stdio.h>
#include <string.h>

enum { DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 };	/* 400 years; 0000-03-01 to 1970-01-01 */

/* The last n of them, without an end. */
static void
digits_print(char *text, int n, unsigned number)
{
	for (; n > 0; number /= 10)
		text[--n] = (char)('0' + number % 10);
}

char *
date_print(char text[DATE_TEXT_SIZE], int32_t days)
{
	int64_t z = (int64_t)days + DAYS_TO_1970;
	int64_t era = (z >= 0 ? z : z - DAYS_OF_ERA + 1) / DAYS_OF_ERA;
	int64_t doe = z - era * DAYS_OF_ERA;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t march = (5 * doy + 2) / 153, month = march < 10 ? march + 3 : march - 9;

	strcpy(text, "0000-00-00");
	digits_print(text, 4, (unsigned)(yoe + era * 400 + (month <= 2)));
	digits_print(text + 5, 2, (unsigned)month);
	digits_print(text + 8, 2, (unsigned)(doy - (153 * march + 2) / 5 + 1));
	return text;
}

bool
date_read(int32_t *ret_days, const char *text)
{
	static const char shape[] = "dddd-dd-dd";
	char again[DATE_TEXT_SIZE];
	int year, month, day;

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	sscanf(text, "%d-%d-%d", &year, &month, &day);
	int y = year - (month <= 2), era = y / 400, yoe = y % 400;
	int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int32_t days = era * DAYS_OF_ERA + yoe * 365 + yoe / 4 - yoe / 100 + doy - DAYS_TO_1970;

	if (year < 1 || month < 1 || month > 12 || strcmp(date_print(again, days), text))
		return false;
	*ret_days = days;
	return true;
}

/* Without gmtime_r(), which takes a lock that all threads have in common. */
char *
time_print(char text[TIME_TEXT_SIZE], int64_t time_us)
{
	int64_t ms = time_us / 1000 - (time_us % 1000 < 0);
	int64_t day = ms / 86400000 - (ms % 86400000 < 0);
	unsigned of_day = (unsigned)(ms - day * 86400000);

	strcpy(date_print(text, (int32_t)day) + strlen("YYYY-MM-DD"), "T00:00:00.000Z");
	digits_print(text + 11, 2, of_day / 3600000);
	digits_print(text + 14, 2, of_day / 60000 % 60);
	digits_print(text + 17, 2, of_day / 1000 % 60);
	digits_print(text + 20, 3, of_day % 1000);
	return text;
}

bool
time_read(int64_t *ret_us, const char *text)
{
	int hour, minute, end = 0;
	char day[DATE_TEXT_SIZE];
	int32_t days;
	double second;

	if (!text || strlen(text) < sizeof("YYYY-MM-DDThh:mm:ssZ") - 1)
		return false;
	snprintf(day, sizeof(day), "%.10s", text);
	if (!date_read(&days, day)
	    || sscanf(text + 10, "T%2d:%2d:%lfZ%n", &hour, &minute, &second, &end) != 3
	    || end == 0 || text[10 + end])
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 61))
		return false;
	*ret_us = ((int64_t)days * 86400 + hour * 3600 + minute * 60) * 1000000 + (int64_t)(second * 1e6 + 0.5);
	return true;
}
