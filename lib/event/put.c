/* SPDX-License-Identifier: Apache-2.0 */
/* put.c: the tables of fields.h, walked once more. */
#include "event/put.h"
#include <string.h>
#include "event/fields.h"

static void put_record(struct put *put, const struct shape *shape, const uint8_t *object);

static void
put_number(struct put *put, const struct field *field, int64_t number)
{
	if (field->nullable && number == field->fallback)
		put_null(put);
	else
		put_int(put, number);
}

static void
put_bytes(struct put *put, struct bytes bytes)
{
	if (!bytes.data) {
		put_null(put);
		return;
	}
	put_open(put, '{');
	put_int_of(put, "bytes", (int64_t)bytes.size);
	put_close(put, '}');
}

static void
put_items(struct put *put, const struct field *field, const uint8_t *object)
{
	const uint8_t *items;
	size_t n;

	memcpy(&items, object + field->offset, sizeof(items));
	memcpy(&n, object + field->count_offset, sizeof(n));
	put_open(put, '[');
	for (size_t i = 0; i < n; i++) {
		const char *text;

		if (field->kind == FIELD_RECORDS) {
			put_record(put, field->items, items + i * field->items->size);
			continue;
		}
		memcpy(&text, items + i * sizeof(text), sizeof(text));
		put_text(put, text);
	}
	put_close(put, ']');
}

/* A null record is null; there is none that may not be. */
static void
put_inner(struct put *put, const struct field *field, const uint8_t *inner)
{
	if (inner)
		put_record(put, field->items, inner);
	else
		put_null(put);
}

static void
put_value(struct put *put, const struct field *field, const uint8_t *object)
{
	const uint8_t *at = object + field->offset;
	union { struct uuid uuid; int32_t narrow; int64_t wide; const char *text; struct bytes bytes;
		const uint8_t *inner; } is;

	switch (field->kind) {
	case FIELD_UUID:
		memcpy(&is.uuid, at, sizeof(is.uuid));
		put_uuid(put, is.uuid);
		return;
	case FIELD_INT:
		memcpy(&is.narrow, at, sizeof(is.narrow));
		put_number(put, field, is.narrow);
		return;
	case FIELD_LONG:
		memcpy(&is.wide, at, sizeof(is.wide));
		put_number(put, field, is.wide);
		return;
	case FIELD_BOOL:
		put_bool(put, *at != 0);
		return;
	case FIELD_TEXT:
		memcpy(&is.text, at, sizeof(is.text));
		put_text(put, is.text);
		return;
	case FIELD_BYTES:
		memcpy(&is.bytes, at, sizeof(is.bytes));
		put_bytes(put, is.bytes);
		return;
	case FIELD_TEXTS:
	case FIELD_RECORDS:
		put_items(put, field, object);
		return;
	case FIELD_RECORD:
		memcpy(&is.inner, at, sizeof(is.inner));
		put_inner(put, field, is.inner);
		return;
	}
}

static void
put_record(struct put *put, const struct shape *shape, const uint8_t *object)
{
	put_open(put, '{');
	for (const struct field *field = shape->fields; field->name; field++) {
		put_name(put, field->name);
		put_value(put, field, object);
	}
	put_close(put, '}');
}

void
event_put(struct put *put, const struct event *event)
{
	put_record(put, &event_shapes[event->type], (const uint8_t *)&event->head);
}
