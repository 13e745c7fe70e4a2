/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec against event_vectors.jsonl: each line has a record as fastavro wrote it, in hex, and
 * its fields as JSON (bytes in hex). tests/flow/test_event_vectors.py holds the file to fastavro.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event/codec.h"
#include "event/fields.h"

enum { LINE_MAX_SIZE = 64 * 1024 };

static struct codec *codec;
static struct arena *arena;

static void
given_a_codec(void)
{
	struct err err = {0};

	cr_assert(codec_open(&codec, &err), "%s", err.text);
	arena = arena_new(1 << 20);
	cr_assert_not_null(arena);
}

static void
after(void)
{
	codec_free(codec);
	arena_free(arena);
}

TestSuite(event_vectors, .init = given_a_codec, .fini = after);

static size_t
hex_read(uint8_t *ret, const char *hex)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte = 0;

		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		ret[i] = (uint8_t)byte;
	}
	return n;
}

static void
bytes_equal(const struct bytes *bytes, const json_t *json, const char *name)
{
	static uint8_t want[LINE_MAX_SIZE];
	size_t n;

	cr_assert_eq(!bytes->data, json_is_null(json), "%s", name);
	if (!bytes->data)
		return;
	n = hex_read(want, json_string_value(json));
	cr_assert_eq(bytes->size, n, "%s", name);
	cr_assert_eq(memcmp(bytes->data, want, n), 0, "%s", name);
}

static void
text_equal(const char *text, const json_t *json, const char *name)
{
	cr_assert_eq(!text, json_is_null(json), "%s", name);
	if (text)
		cr_assert_str_eq(text, json_string_value(json), "%s", name);
}

static void
number_equal(int64_t number, int64_t null, const json_t *json, const char *name)
{
	cr_assert_eq(number, json_is_null(json) ? null : json_integer_value(json), "%s", name);
}

static void record_equal(const uint8_t *object, const struct shape *shape, const json_t *json);

static void
items_equal(const uint8_t *object, const struct field *f, const json_t *json)
{
	const uint8_t *items = *(const uint8_t *const *)(const void *)(object + f->offset);
	size_t n = *(const size_t *)(const void *)(object + f->count_offset);

	cr_assert_eq(n, json_array_size(json), "%s", f->name);
	for (size_t i = 0; i < n; i++) {
		if (f->kind == FIELD_RECORDS)
			record_equal(items + i * f->items->size, f->items, json_array_get(json, i));
		else
			text_equal(((const char *const *)(const void *)items)[i],
			    json_array_get(json, i), f->name);
	}
}

static void
field_equal(const uint8_t *object, const struct field *f, const json_t *json)
{
	const void *at = object + f->offset;
	char text[UUID_TEXT_SIZE];

	switch (f->kind) {
	case FIELD_UUID:
		cr_assert_str_eq(uuid_print(text, *(const struct uuid *)at),
		    json_string_value(json), "%s", f->name);
		return;
	case FIELD_INT:
		number_equal(*(const int32_t *)at, EVENT_NULL_INT, json, f->name);
		return;
	case FIELD_LONG:
		number_equal(*(const int64_t *)at, EVENT_NULL_LONG, json, f->name);
		return;
	case FIELD_BOOL:
		cr_assert_eq(*(const bool *)at, json_is_true(json), "%s", f->name);
		return;
	case FIELD_TEXT:
		text_equal(*(const char *const *)at, json, f->name);
		return;
	case FIELD_BYTES:
		bytes_equal(at, json, f->name);
		return;
	case FIELD_TEXTS:
	case FIELD_RECORDS:
		items_equal(object, f, json);
		return;
	case FIELD_RECORD:
		cr_assert_eq(!*(void *const *)at, json_is_null(json), "%s", f->name);
		if (*(void *const *)at)
			record_equal(*(const uint8_t *const *)at, f->items, json);
		return;
	}
}

static void
record_equal(const uint8_t *object, const struct shape *shape, const json_t *json)
{
	size_t n = 0;

	for (const struct field *f = shape->fields; f->name; f++, n++) {
		const json_t *member = json_object_get(json, f->name);

		cr_assert_not_null(member, "%s has no %s", shape->name, f->name);
		field_equal(object, f, member);
	}
	cr_assert_eq(n, json_object_size(json), "%s has fields that we do not know", shape->name);
}

/* Calls with each line's record, frame and datum together, and its fields. */
static void
each_vector(void (*look)(const char *record, const uint8_t *framed, size_t size,
    const json_t *value))
{
	static char line[LINE_MAX_SIZE];
	static uint8_t framed[LINE_MAX_SIZE];
	FILE *f = fopen("tests/unit/event_vectors.jsonl", "r");
	size_t n = 0;

	cr_assert_not_null(f);
	for (; fgets(line, sizeof(line), f); n++) {
		json_error_t error;
		json_t *json = json_loads(line, 0, &error);

		cr_assert_not_null(json, "line %zu: %s", n + 1, error.text);
		look(json_string_value(json_object_get(json, "record")), framed,
		    hex_read(framed, json_string_value(json_object_get(json, "hex"))),
		    json_object_get(json, "value"));
		json_decref(json);
	}
	cr_assert_gt(n, EVENT_TYPES);
	fclose(f);
}

static void
read_equal(const char *record, const uint8_t *framed, size_t size, const json_t *value)
{
	struct event event;
	struct err err = {0};

	cr_assert(codec_read(codec, framed, size, arena, &event, &err), "%s", err.text);
	cr_assert_str_eq(event_type_name(event.type), record);
	record_equal((const uint8_t *)&event.head, &event_shapes[event.type], value);
}

Test(event_vectors, what_fastavro_wrote_is_read_field_for_field)
{
	each_vector(read_equal);
}

static void
written_equal(const char *record, const uint8_t *framed, size_t size, const json_t *value)
{
	struct buf buf = {0};
	struct event event;
	struct err err = {0};

	(void)value;
	cr_assert(codec_read(codec, framed, size, arena, &event, &err), "%s", err.text);

	cr_assert(codec_write(codec, &event, &buf, &err), "%s", err.text);

	cr_assert_eq(buf.size, size, "%s", record);
	cr_assert_eq(memcmp(buf.data, framed, size), 0, "%s", record);
	buf_clear(&buf);
}

Test(event_vectors, what_was_read_is_written_byte_for_byte)
{
	each_vector(written_equal);
}

static void
cut_rejected(const char *record, const uint8_t *framed, size_t size, const json_t *value)
{
	(void)value;
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut + 1);	/* so that a read behind the end is seen */
		struct event event;
		struct err err = {0};

		memcpy(exact, framed, cut);
		arena_clear(arena);
		cr_assert_not(codec_read(codec, exact, cut, arena, &event, &err), "%s cut at %zu",
		    record, cut);
		cr_assert_eq(err.verdict, ERR_REJECT, "%s cut at %zu: %s", record, cut, err.text);
		free(exact);
	}
}

Test(event_vectors, a_record_cut_short_anywhere_is_rejected)
{
	each_vector(cut_rejected);
}

static void
bent_survived(const char *record, const uint8_t *framed, size_t size, const json_t *value)
{
	static const uint8_t bends[] = { 0x01, 0x80, 0xff };
	uint8_t *bent = malloc(size);

	(void)value;
	for (size_t i = 0; i < size * sizeof(bends); i++) {
		struct event event;
		struct err err = {0};

		memcpy(bent, framed, size);
		bent[i / sizeof(bends)] ^= bends[i % sizeof(bends)];
		arena_clear(arena);
		if (!codec_read(codec, bent, size, arena, &event, &err))
			cr_assert_eq(err.verdict, ERR_REJECT, "%s byte %zu: %s", record,
			    i / sizeof(bends), err.text);
	}
	free(bent);
}

Test(event_vectors, a_bent_byte_is_at_worst_a_reject)
{
	each_vector(bent_survived);
}
