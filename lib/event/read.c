/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c: a datum into our struct. The bytes are a stranger's: every length is checked against
 * what is left before it is used, and an error names the field on its way up.
 */
#include <string.h>
#include "base/arena.h"
#include "base/utf8.h"
#include "event/codec.h"
#include "event/wire.h"

struct reader {
	const uint8_t *at, *end;
	struct arena *arena;
	struct err *err;
};

static bool
bad(struct reader *r, const char *what)
{
	return err_code(r->err, ERR_REJECT, "bad_record", "%s", what);
}

/* The reader's memory is all that a turn has: what does not fit is the record's fault. */
static bool
too_large(struct reader *r)
{
	return err_code(r->err, ERR_REJECT, "record_too_large", "takes more memory than a turn has");
}

static void *
take(struct reader *r, size_t size)
{
	void *piece = arena_take(r->arena, size);

	if (!piece)
		too_large(r);
	return piece;
}

/* Zig-zag variable-length, at most 64 bits in 10 bytes. */
static bool
read_long(struct reader *r, int64_t *ret)
{
	uint64_t raw = 0;

	for (int shift = 0; shift < 70; shift += 7) {
		uint8_t b;

		if (r->at == r->end)
			return bad(r, "cut short");
		b = *r->at++;
		if (shift == 63 && b > 1)
			break;
		raw |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*ret = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
			return true;
		}
	}
	return bad(r, "a number of more than 64 bits");
}

static bool
read_int(struct reader *r, int64_t *ret)
{
	if (!read_long(r, ret))
		return false;
	return (*ret >= INT32_MIN && *ret <= INT32_MAX) || bad(r, "a number of more than 32 bits");
}

/* A length prefix and so many bytes; *ret points into the record. */
static bool
read_bytes(struct reader *r, struct bytes *ret)
{
	int64_t size;

	if (!read_long(r, &size))
		return false;
	if (size < 0 || size > r->end - r->at)
		return bad(r, "a length beyond the end of the record");
	*ret = (struct bytes){ r->at, (size_t)size };
	r->at += size;
	return true;
}

static bool
read_text(struct reader *r, const char **ret)
{
	struct bytes bytes;

	if (!read_bytes(r, &bytes))
		return false;
	if (!utf8_is_valid(bytes.data, bytes.size))
		return bad(r, "not UTF-8");
	if (memchr(bytes.data, 0, bytes.size))
		return bad(r, "holds U+0000");
	*ret = arena_text(r->arena, (const char *)bytes.data, bytes.size);
	return *ret || too_large(r);
}

static bool
read_uuid(struct reader *r, struct uuid *ret)
{
	struct bytes bytes;

	if (!read_bytes(r, &bytes))
		return false;
	return uuid_read(ret, (const char *)bytes.data, bytes.size) || bad(r, "not a UUID");
}

static void
fill_defaults(void *object, const struct shape *shape)
{
	for (const struct field *f = shape->fields; f->name; f++) {
		uint8_t *member = (uint8_t *)object + f->offset;

		if (f->kind == FIELD_INT)
			memcpy(member, &(int32_t){ (int32_t)f->fallback }, sizeof(int32_t));
		if (f->kind == FIELD_LONG)
			memcpy(member, &f->fallback, sizeof(int64_t));
	}
}

static bool read_value(struct reader *r, const struct wire *wire, const struct field *field,
    uint8_t *object);

static bool
read_record(struct reader *r, const struct wire *wire, uint8_t *object)
{
	if (object)
		fill_defaults(object, wire->shape);
	for (size_t i = 0; i < wire->n; i++)
		if (!read_value(r, wire->parts[i], object ? wire->fields[i] : NULL, object))
			return err_at(r->err, "%s", wire->names[i]);
	return true;
}

/* The count of an array's or map's next block; 0 ends it. */
static bool
read_count(struct reader *r, const struct wire *items, size_t *ret)
{
	int64_t count, size;

	if (!read_long(r, &count))
		return false;
	if (count < 0) {		/* then the block's size in bytes follows */
		if (!read_long(r, &size))
			return false;
		if (count == INT64_MIN)
			return bad(r, "a count of more than 63 bits");
		count = -count;
	}
	/* items->least is 1 or more for every array of ours, checked at start */
	if ((uint64_t)count > (size_t)(r->end - r->at) / (items->least ? items->least : 1))
		return bad(r, "more items than the record has room for");
	*ret = (size_t)count;
	return true;
}

static size_t
item_size(const struct field *field)
{
	return field->kind == FIELD_TEXTS ? sizeof(const char *) : field->items->size;
}

/* Room for n more items behind those that are there. It doubles, so that a sender of tiny blocks
 * does not make us copy without end: a power of two is the room, the count tells which. */
static bool
items_grow(struct reader *r, const struct field *field, uint8_t *object, size_t n, uint8_t **ret)
{
	size_t have, room = 1, size = item_size(field);
	uint8_t *items;

	memcpy(&have, object + field->count_offset, sizeof(have));
	memcpy(&items, object + field->offset, sizeof(items));
	if (n > EVENT_ITEMS_MAX - have)
		return bad(r, "too many items");
	while (room < have)
		room *= 2;
	if (!items || have + n > room) {
		const uint8_t *was = items;

		while (room < have + n)
			room *= 2;
		items = take(r, room * size);
		if (!items)
			return false;
		if (have)
			memcpy(items, was, have * size);
	}
	*ret = items + have * size;
	have += n;
	memcpy(object + field->offset, &items, sizeof(items));
	memcpy(object + field->count_offset, &have, sizeof(have));
	return true;
}

static bool
read_item(struct reader *r, const struct wire *wire, const struct field *field, uint8_t *item)
{
	if (!field)
		return read_value(r, wire, NULL, NULL);
	if (field->kind == FIELD_TEXTS)
		return read_text(r, (const char **)(void *)item);
	return read_record(r, wire, item);
}

static bool
read_items(struct reader *r, const struct wire *wire, const struct field *field, uint8_t *object)
{
	uint8_t *items = NULL;
	size_t n = 0, done = 0;

	do {
		if (!read_count(r, wire->parts[0], &n))
			return false;
		if (n && field && !items_grow(r, field, object, n, &items))
			return false;
		for (size_t i = 0; i < n; i++, done++) {
			struct bytes key;

			if (wire->kind == WIRE_MAP && !read_bytes(r, &key))
				return false;
			if (!read_item(r, wire->parts[0], field,
			    field ? items + i * item_size(field) : NULL))
				return err_at(r->err, "[%zu]", done);
		}
	} while (n);
	return true;
}

static bool
read_union(struct reader *r, const struct wire *wire, const struct field *field, uint8_t *object)
{
	int64_t branch;

	if (!read_long(r, &branch))
		return false;
	if (branch < 0 || (uint64_t)branch >= wire->n)
		return bad(r, "a branch that the union does not have");
	return read_value(r, wire->parts[branch], field, object);
}

static bool
read_fixed(struct reader *r, size_t size)
{
	if (size > (size_t)(r->end - r->at))
		return bad(r, "cut short");
	r->at += size;
	return true;
}

static bool
read_number(struct reader *r, const struct wire *wire, const struct field *field, uint8_t *object)
{
	int64_t n;

	if (!(wire->kind == WIRE_LONG ? read_long(r, &n) : read_int(r, &n)))
		return false;
	if (wire->kind == WIRE_ENUM && (n < 0 || (uint64_t)n >= wire->fixed))
		return bad(r, "a symbol that the enum does not have");
	if (field && field->kind == FIELD_INT)
		memcpy(object + field->offset, &(int32_t){ (int32_t)n }, sizeof(int32_t));
	else if (field)
		memcpy(object + field->offset, &n, sizeof(n));
	return true;
}

static bool
read_bool(struct reader *r, const struct field *field, uint8_t *object)
{
	if (r->at == r->end)
		return bad(r, "cut short");
	if (*r->at > 1)
		return bad(r, "neither true nor false");
	if (field)
		memcpy(object + field->offset, &(bool){ *r->at }, sizeof(bool));
	r->at++;
	return true;
}

static bool
read_string(struct reader *r, const struct field *field, uint8_t *object)
{
	struct bytes skipped;

	if (!field)
		return read_bytes(r, &skipped);
	if (field->kind == FIELD_UUID)
		return read_uuid(r, (struct uuid *)(void *)(object + field->offset));
	return read_text(r, (const char **)(void *)(object + field->offset));
}

static bool
read_blob(struct reader *r, const struct field *field, uint8_t *object)
{
	struct bytes bytes;
	void *copy;

	if (!read_bytes(r, &bytes))
		return false;
	if (!field)
		return true;
	copy = take(r, bytes.size + 1);		/* an empty one is still not null */
	if (!copy)
		return false;
	memcpy(copy, bytes.data, bytes.size);
	bytes.data = copy;
	memcpy(object + field->offset, &bytes, sizeof(bytes));
	return true;
}

static bool
read_value(struct reader *r, const struct wire *wire, const struct field *field, uint8_t *object)
{
	void *inner;

	switch (wire->kind) {
	case WIRE_NULL:   return true;
	case WIRE_BOOL:   return read_bool(r, field, object);
	case WIRE_INT:
	case WIRE_ENUM:
	case WIRE_LONG:   return read_number(r, wire, field, object);
	case WIRE_FLOAT:  return read_fixed(r, 4);
	case WIRE_DOUBLE: return read_fixed(r, 8);
	case WIRE_FIXED:  return read_fixed(r, wire->fixed);
	case WIRE_STRING: return read_string(r, field, object);
	case WIRE_BYTES:  return read_blob(r, field, object);
	case WIRE_ARRAY:
	case WIRE_MAP:    return read_items(r, wire, field, object);
	case WIRE_UNION:  return read_union(r, wire, field, object);
	case WIRE_RECORD: break;
	}
	if (!field)
		return read_record(r, wire, NULL);
	inner = take(r, field->items->size);
	if (!inner)
		return false;
	memcpy(object + field->offset, &inner, sizeof(inner));
	return read_record(r, wire, inner);
}

bool
wire_read(const struct wire *record, const void *bytes, size_t size, struct arena *arena,
    void *object, struct err *err)
{
	struct reader r = { bytes, (const uint8_t *)bytes + size, arena, err };

	memset(object, 0, record->shape->size);
	if (!read_record(&r, record, object))
		return false;
	return r.at == r.end || bad(&r, "bytes are left behind its end");
}
