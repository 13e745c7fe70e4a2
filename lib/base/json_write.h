/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_write.h: writing JSON straight into a buffer. The writer sets commas; the caller opens and
 * closes in pairs. A name comes before each value of an object: put_name(), or the put_*_of() which
 * do both. A buffer that is full stays failed: ask it once at the end.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/uuid.h"

struct put { struct buf *buf; bool comma; };	/* comma: something stands before the next value */

void put_open(struct put *put, char bracket);	/* '{' or '[' */
void put_close(struct put *put, char bracket);	/* '}' or ']' */
void put_name(struct put *put, const char *name);

void put_text(struct put *put, const char *text);	/* NULL is null; must be UTF-8 */
void put_int(struct put *put, int64_t number);
void put_bool(struct put *put, bool truth);
void put_null(struct put *put);
void put_raw(struct put *put, const char *json);	/* JSON already */
void put_uuid(struct put *put, struct uuid uuid);
void put_time(struct put *put, int64_t time_us);	/* RFC 3339 UTC; INT64_MIN is null */
void put_date(struct put *put, int32_t days);		/* since 1970-01-01: YYYY-MM-DD */

void put_text_of(struct put *put, const char *name, const char *text);
void put_int_of(struct put *put, const char *name, int64_t number);
void put_uuid_of(struct put *put, const char *name, struct uuid uuid);
#endif
