/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c: see json_write.h. */
#include "base/json_write.h"
#include <string.h>
#include "base/date.h"

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
	char text[TIME_TEXT_SIZE];

	put_text(put, time_us == INT64_MIN ? NULL : time_print(text, time_us));
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
