/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c: see json_write.h. */
#include "base/json_write.h"
#include <stdio.h>
#include <string.h>
#include "base/clock.h"

static void
before_value(struct put *put)
{
	if (put->comma)
		buf_add_byte(put->buf, ',');
	put->comma = true;
}

void
put_open(struct put *put, char bracket)
{
	before_value(put);
	buf_add_byte(put->buf, (uint8_t)bracket);
	put->comma = false;
}

void
put_close(struct put *put, char bracket)
{
	buf_add_byte(put->buf, (uint8_t)bracket);
	put->comma = true;
}

/* The run of bytes that need no escape, and then the one that does. */
static void
quoted(struct buf *buf, const char *text)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char escaped[] = "\"\\bfnrt";

	buf_add_byte(buf, '"');
	while (*text) {
		size_t run = 0;
		const char *which;

		while ((unsigned char)text[run] >= 0x20 && text[run] != '"' && text[run] != '\\')
			run++;
		buf_add(buf, text, run);
		text += run;
		if (!*text)
			break;
		which = strchr(plain, *text);
		if (which)
			buf_add(buf, (char[]){ '\\', escaped[which - plain] }, 2);
		else
			buf_print(buf, "\\u%04x", (unsigned)*text);
		text++;
	}
	buf_add_byte(buf, '"');
}

void
put_name(struct put *put, const char *name)
{
	before_value(put);
	quoted(put->buf, name);
	buf_add_byte(put->buf, ':');
	put->comma = false;
}

void
put_text(struct put *put, const char *text)
{
	if (!text) {
		put_null(put);
		return;
	}
	before_value(put);
	quoted(put->buf, text);
}

void
put_int(struct put *put, int64_t number)
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char text[24], *first = text + sizeof(text);

	before_value(put);
	do
		*--first = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--first = '-';
	buf_add(put->buf, first, (size_t)(text + sizeof(text) - first));
}

void
put_bool(struct put *put, bool truth)
{
	before_value(put);
	buf_add_text(put->buf, truth ? "true" : "false");
}

void
put_null(struct put *put)
{
	before_value(put);
	buf_add_text(put->buf, "null");
}

void
put_raw(struct put *put, const char *json)
{
	before_value(put);
	buf_add_text(put->buf, json);
}

void
put_uuid(struct put *put, struct uuid uuid)
{
	char text[UUID_TEXT_SIZE];

	put_text(put, uuid_print(text, uuid));
}

void
put_time(struct put *put, int64_t time_us)
{
	char text[CLOCK_TEXT_SIZE];

	put_text(put, time_us == INT64_MIN ? NULL : clock_print(text, time_us));
}

void
put_date(struct put *put, int32_t days)
{
	char text[DATE_TEXT_SIZE];

	put_text(put, date_print(text, days));
}

void
put_text_of(struct put *put, const char *name, const char *text)
{
	put_name(put, name);
	put_text(put, text);
}

void
put_int_of(struct put *put, const char *name, int64_t number)
{
	put_name(put, name);
	put_int(put, number);
}

void
put_uuid_of(struct put *put, const char *name, struct uuid uuid)
{
	put_name(put, name);
	put_uuid(put, uuid);
}

/* ---- dates: the proleptic Gregorian calendar, counted in years that begin in March ---- */

enum { DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 };	/* 400 years; 0000-03-01 to 1970-01-01 */

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
