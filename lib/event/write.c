/* SPDX-License-Identifier: Apache-2.0 */
/* write.c: our struct as a datum. Our promises are asserted; the buffer's limit is the caller's. */
#include <assert.h>
#include <string.h>
#include "event/wire.h"

static void
write_long(struct buf *b, int64_t value)
{
	uint64_t raw = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);

	for (; raw > 0x7f; raw >>= 7)
		buf_add_byte(b, (uint8_t)(raw | 0x80));
	buf_add_byte(b, (uint8_t)raw);
}

static void
write_bytes(struct buf *b, const void *bytes, size_t size)
{
	write_long(b, (int64_t)size);
	buf_add(b, bytes, size);
}

static const char *
text_at(const uint8_t *object, const struct field *field)
{
	const char *text;

	memcpy(&text, object + field->offset, sizeof(text));
	return text;
}

static int64_t
number_at(const uint8_t *object, const struct field *field)
{
	int32_t narrow;
	int64_t wide;

	if (field->kind == FIELD_INT) {
		memcpy(&narrow, object + field->offset, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, object + field->offset, sizeof(wide));
	return wide;
}

static bool
is_null(const uint8_t *object, const struct field *field)
{
	switch (field->kind) {
	case FIELD_INT:
	case FIELD_LONG:   return number_at(object, field) == field->fallback;
	case FIELD_TEXT:
	case FIELD_BYTES:	/* both begin with a pointer */
	case FIELD_RECORD: return !text_at(object, field);
	default:           return false;
	}
}

static void write_value(struct buf *b, const struct wire *wire, const struct field *field,
    const uint8_t *object);

static void
write_record(struct buf *b, const struct wire *wire, const uint8_t *object)
{
	for (size_t i = 0; i < wire->n; i++) {
		assert(wire->fields[i]);	/* today's schemas hold only fields of ours */
		write_value(b, wire->parts[i], wire->fields[i], object);
	}
}

static void
write_items(struct buf *b, const struct wire *wire, const struct field *field,
    const uint8_t *object)
{
	const uint8_t *items;
	size_t n;

	memcpy(&items, object + field->offset, sizeof(items));
	memcpy(&n, object + field->count_offset, sizeof(n));
	if (n)
		write_long(b, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		const char *text;

		if (field->kind == FIELD_RECORDS) {
			write_record(b, wire->parts[0], items + i * field->items->size);
			continue;
		}
		memcpy(&text, items + i * sizeof(text), sizeof(text));
		write_bytes(b, text, strlen(text));
	}
	write_long(b, 0);
}

static void
write_union(struct buf *b, const struct wire *wire, const struct field *field,
    const uint8_t *object)
{
	bool null = field->nullable && is_null(object, field);
	size_t branch = 0;

	while (branch < wire->n && (wire->parts[branch]->kind == WIRE_NULL) != null)
		branch++;
	assert(branch < wire->n);
	write_long(b, (int64_t)branch);
	if (!null)
		write_value(b, wire->parts[branch], field, object);
}

static void
write_string(struct buf *b, const struct field *field, const uint8_t *object)
{
	char text[UUID_TEXT_SIZE];
	struct uuid uuid;

	if (field->kind != FIELD_UUID) {
		assert(text_at(object, field));
		write_bytes(b, text_at(object, field), strlen(text_at(object, field)));
		return;
	}
	memcpy(&uuid, object + field->offset, sizeof(uuid));
	uuid_print(text, uuid);
	write_bytes(b, text, UUID_TEXT_SIZE - 1);
}

static void
write_value(struct buf *b, const struct wire *wire, const struct field *field,
    const uint8_t *object)
{
	struct bytes bytes;
	const uint8_t *inner;

	switch (wire->kind) {
	case WIRE_BOOL:
		buf_add_byte(b, object[field->offset] != 0);
		return;
	case WIRE_INT:
	case WIRE_LONG:
		write_long(b, number_at(object, field));
		return;
	case WIRE_STRING:
		write_string(b, field, object);
		return;
	case WIRE_BYTES:
		memcpy(&bytes, object + field->offset, sizeof(bytes));
		write_bytes(b, bytes.data, bytes.size);
		return;
	case WIRE_ARRAY:
		write_items(b, wire, field, object);
		return;
	case WIRE_UNION:
		write_union(b, wire, field, object);
		return;
	case WIRE_RECORD:
		memcpy(&inner, object + field->offset, sizeof(inner));
		write_record(b, wire, inner);
		return;
	default:
		assert(!"our schemas have no other types");
	}
}

void
wire_write(const struct wire *record, const void *object, struct buf *ret)
{
	write_record(ret, record, object);
}
