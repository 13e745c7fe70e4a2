/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c: avro-c parses a schema; here it becomes a tree of struct wire and its Parsing
 * Canonical Form. avro-c 1.11 has neither canonical form nor fingerprint, and its own resolution
 * is not used: it copies enum indexes and refuses defaults.
 */
#include <avro.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "event/wire.h"

/* Avro's word for each kind that is one, and the least bytes of a value. */
static const struct { avro_type_t type; enum wire_kind kind; const char *word; size_t least; }
kinds[] = {
	{ AVRO_NULL, WIRE_NULL, "null", 0 },	   { AVRO_BOOLEAN, WIRE_BOOL, "boolean", 1 },
	{ AVRO_INT32, WIRE_INT, "int", 1 },	   { AVRO_INT64, WIRE_LONG, "long", 1 },
	{ AVRO_FLOAT, WIRE_FLOAT, "float", 4 },	   { AVRO_DOUBLE, WIRE_DOUBLE, "double", 8 },
	{ AVRO_STRING, WIRE_STRING, "string", 1 }, { AVRO_BYTES, WIRE_BYTES, "bytes", 1 },
	{ AVRO_FIXED, WIRE_FIXED, NULL, 0 },	   { AVRO_ENUM, WIRE_ENUM, NULL, 1 },
	{ AVRO_ARRAY, WIRE_ARRAY, NULL, 1 },	   { AVRO_MAP, WIRE_MAP, NULL, 1 },
	{ AVRO_UNION, WIRE_UNION, NULL, 1 },	   { AVRO_RECORD, WIRE_RECORD, NULL, 0 },
};

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "out of memory");
}

void
wire_free(struct wire *wire)
{
	if (!wire)
		return;
	for (size_t i = 0; wire->parts && i < wire->n; i++)
		wire_free(wire->parts[i]);
	for (size_t i = 0; wire->names && i < wire->n; i++)
		free(wire->names[i]);
	free(wire->parts);
	free(wire->fields);
	free(wire->names);
	free(wire);
}

static const struct field *
field_named(const struct shape *shape, const char *name)
{
	for (const struct field *f = shape ? shape->fields : NULL; f && f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* Can values of this writer's type go into that field of ours? */
static bool
is_taken_by(const struct wire *wire, const struct field *field)
{
	if (wire->kind == WIRE_UNION) {
		for (size_t i = 0; i < wire->n; i++)
			if (wire->parts[i]->kind == WIRE_NULL ? !field->nullable
			    : !is_taken_by(wire->parts[i], field))
				return false;
		return true;
	}
	switch (field->kind) {
	case FIELD_UUID:
	case FIELD_TEXT:    return wire->kind == WIRE_STRING;
	case FIELD_INT:     return wire->kind == WIRE_INT;
	case FIELD_LONG:    return wire->kind == WIRE_INT || wire->kind == WIRE_LONG;
	case FIELD_BOOL:    return wire->kind == WIRE_BOOL;
	case FIELD_BYTES:   return wire->kind == WIRE_BYTES;
	case FIELD_TEXTS:   return wire->kind == WIRE_ARRAY && wire->parts[0]->kind == WIRE_STRING;
	case FIELD_RECORDS: return wire->kind == WIRE_ARRAY && wire->parts[0]->kind == WIRE_RECORD;
	case FIELD_RECORD:  return wire->kind == WIRE_RECORD;
	}
	return false;
}

static bool build(struct wire **ret, avro_schema_t schema, const struct shape *shape,
    struct buf *canonical, struct err *err);

static bool
parts_new(struct wire *wire, size_t n, struct err *err)
{
	wire->n = n;
	wire->parts = calloc(n + 1, sizeof(struct wire *));
	wire->fields = calloc(n + 1, sizeof(struct field *));
	wire->names = calloc(n + 1, sizeof(char *));
	return (wire->parts && wire->fields && wire->names) || no_memory(err);
}

/* What the writer lacks must have a default of ours. */
static bool
has_all(const struct wire *wire, struct err *err)
{
	for (const struct field *f = wire->shape ? wire->shape->fields : NULL; f && f->name; f++) {
		bool found = f->optional;

		for (size_t i = 0; i < wire->n && !found; i++)
			found = wire->fields[i] == f;
		if (!found)
			return err_set(err, ERR_FATAL, "field %s: missing, and without a default",
			    f->name);
	}
	return true;
}

static void
name_print(struct buf *canonical, avro_schema_t schema, const char *type)
{
	const char *space = avro_schema_namespace(schema);

	buf_print(canonical, "{\"name\":\"%s%s%s\",\"type\":\"%s\"", space ? space : "",
	    space && *space ? "." : "", avro_schema_name(schema), type);
}

static bool
build_record(struct wire *wire, avro_schema_t schema, const struct shape *shape,
    struct buf *canonical, struct err *err)
{
	if (!parts_new(wire, avro_schema_record_size(schema), err))
		return false;
	wire->shape = shape;
	name_print(canonical, schema, "record");
	buf_add_text(canonical, ",\"fields\":[");
	for (size_t i = 0; i < wire->n; i++) {
		const char *name = avro_schema_record_field_name(schema, (int)i);
		const struct field *field = field_named(shape, name);

		wire->names[i] = strdup(name);
		if (!wire->names[i])
			return no_memory(err);
		buf_print(canonical, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", name);
		if (!build(&wire->parts[i],
		    avro_schema_record_field_get_by_index(schema, (int)i),
		    field ? field->items : NULL, canonical, err))
			return err_at(err, "field %s", name);
		buf_add_byte(canonical, '}');
		if (field && !is_taken_by(wire->parts[i], field))
			return err_set(err, ERR_FATAL, "field %s: not of the type we know", name);
		wire->fields[i] = field;
		wire->least += wire->parts[i]->least;
	}
	buf_add_text(canonical, "]}");
	return has_all(wire, err);
}

static bool
build_union(struct wire *wire, avro_schema_t schema, const struct shape *shape,
    struct buf *canonical, struct err *err)
{
	if (!parts_new(wire, avro_schema_union_size(schema), err))
		return false;
	buf_add_byte(canonical, '[');
	for (size_t i = 0; i < wire->n; i++) {
		if (i)
			buf_add_byte(canonical, ',');
		if (!build(&wire->parts[i], avro_schema_union_branch(schema, (int)i), shape,
		    canonical, err))
			return false;
	}
	buf_add_byte(canonical, ']');
	return true;
}

static bool
build_items(struct wire *wire, avro_schema_t items, const char *open, const struct shape *shape,
    struct buf *canonical, struct err *err)
{
	if (!parts_new(wire, 1, err))
		return false;
	buf_add_text(canonical, open);
	if (!build(&wire->parts[0], items, shape, canonical, err))
		return false;
	buf_add_byte(canonical, '}');
	if (wire->kind == WIRE_ARRAY && wire->parts[0]->least == 0)
		return err_set(err, ERR_FATAL, "an array of nothing has no limit");
	return true;
}

static void
build_enum(struct wire *wire, avro_schema_t schema, struct buf *canonical)
{
	wire->fixed = (size_t)avro_schema_enum_number_of_symbols(schema);
	name_print(canonical, schema, "enum");
	buf_add_text(canonical, ",\"symbols\":[");
	for (size_t i = 0; i < wire->fixed; i++)
		buf_print(canonical, "%s\"%s\"", i ? "," : "", avro_schema_enum_get(schema, (int)i));
	buf_add_text(canonical, "]}");
}

static bool
build(struct wire **ret, avro_schema_t schema, const struct shape *shape, struct buf *canonical,
    struct err *err)
{
	own(wire_freep) struct wire *wire = calloc(1, sizeof(*wire));
	bool well = true;
	size_t k = 0;

	if (!wire)
		return no_memory(err);
	while (k < sizeof(kinds) / sizeof(*kinds) && kinds[k].type != avro_typeof(schema))
		k++;
	if (k == sizeof(kinds) / sizeof(*kinds))
		return err_set(err, ERR_FATAL, "a schema that refers to itself is not supported");
	wire->kind = kinds[k].kind;
	wire->least = kinds[k].least;
	if (kinds[k].word)
		buf_print(canonical, "\"%s\"", kinds[k].word);
	if (wire->kind == WIRE_RECORD)
		well = build_record(wire, schema, shape, canonical, err);
	if (wire->kind == WIRE_UNION)
		well = build_union(wire, schema, shape, canonical, err);
	if (wire->kind == WIRE_ARRAY)
		well = build_items(wire, avro_schema_array_items(schema),
		    "{\"type\":\"array\",\"items\":", shape, canonical, err);
	if (wire->kind == WIRE_MAP)
		well = build_items(wire, avro_schema_map_values(schema),
		    "{\"type\":\"map\",\"values\":", NULL, canonical, err);
	if (wire->kind == WIRE_ENUM)
		build_enum(wire, schema, canonical);
	if (wire->kind == WIRE_FIXED) {
		wire->fixed = wire->least = (size_t)avro_schema_fixed_size(schema);
		name_print(canonical, schema, "fixed");
		buf_print(canonical, ",\"size\":%zu}", wire->fixed);
	}
	if (well)
		*ret = wire_free_hand_over(&wire);
	return well;
}

bool
wire_new(struct wire **ret, const char *text, const struct shape *shape, struct buf *canonical,
    struct err *err)
{
	avro_schema_t schema;
	bool well;

	if (avro_schema_from_json_length(text, strlen(text), &schema))
		return err_set(err, ERR_FATAL, "schema %s: %s", shape->name, avro_strerror());
	well = build(ret, schema, shape, canonical, err);
	avro_schema_decref(schema);
	return well || err_at(err, "schema %s", shape->name);
}

#define FINGERPRINT_EMPTY UINT64_C(0xc15d213aa4d7a795)

uint64_t
wire_fingerprint(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	uint64_t fp = FINGERPRINT_EMPTY;

	for (size_t i = 0; i < size; i++) {
		fp ^= b[i];
		for (int bit = 0; bit < 8; bit++)
			fp = (fp >> 1) ^ (FINGERPRINT_EMPTY & -(fp & 1));
	}
	return fp;
}
