/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro-c as oracle: random generic values of every schema, written by avro-c, must come out of our
 * codec byte for byte, and avro-c must read what we wrote as the same value.
 */
#include <avro.h>
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event/codec.h"
#include "schemas.h"

enum { ROUNDS = 200, DATUM_MAX = 1 << 20 };

static uint64_t seed = 20251105;

static uint64_t
random_bits(void)	/* xorshift: the same values on every machine */
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void
set_text(avro_value_t *value, const char *field)
{
	static const char *const texts[] = { "", "a", "PL_DXB_image.png", "\u00fc\u65e5\U0001f5bc",
		"tab\tand\nline" };
	struct uuid uuid = uuid_v5((struct uuid){{0}}, &seed, sizeof(seed));
	char text[UUID_TEXT_SIZE];

	if (strcmp(field, "event_id") && strcmp(field, "batch_id") && strcmp(field, "job_id"))
		cr_assert_eq(avro_value_set_string(value, texts[random_bits() % 5]), 0);
	else
		cr_assert_eq(avro_value_set_string(value, uuid_print(text, uuid)), 0);
}

static int64_t
random_number(int bits)
{
	int64_t number = (int64_t)(random_bits() << (64 - bits)) >> (64 - bits);

	number >>= random_bits() % (uint64_t)bits;
	/* the least number of each width is our null */
	return number == (bits == 32 ? INT32_MIN : INT64_MIN) ? 0 : number;
}

static void set_random(avro_value_t *value, const char *field);

static void
set_parts(avro_value_t *value, const char *field)
{
	avro_value_t part;
	size_t n = random_bits() % 5;

	if (avro_value_get_type(value) == AVRO_UNION) {
		cr_assert_eq(avro_value_set_branch(value, (int)(random_bits() % 2), &part), 0);
		set_random(&part, field);
		return;
	}
	for (size_t i = 0; avro_value_get_type(value) == AVRO_ARRAY && i < n; i++) {
		cr_assert_eq(avro_value_append(value, &part, NULL), 0);
		set_random(&part, field);
	}
	if (avro_value_get_type(value) != AVRO_RECORD)
		return;
	cr_assert_eq(avro_value_get_size(value, &n), 0);
	for (size_t i = 0; i < n; i++) {
		const char *name;

		cr_assert_eq(avro_value_get_by_index(value, i, &part, &name), 0);
		set_random(&part, name);
	}
}

static void
set_random(avro_value_t *value, const char *field)
{
	uint64_t bits = random_bits();

	switch (avro_value_get_type(value)) {
	case AVRO_NULL:	   avro_value_set_null(value); return;
	case AVRO_BOOLEAN: avro_value_set_boolean(value, random_bits() & 1); return;
	case AVRO_INT32:   avro_value_set_int(value, (int32_t)random_number(32)); return;
	case AVRO_INT64:   avro_value_set_long(value, random_number(64)); return;
	case AVRO_STRING:  set_text(value, field); return;
	case AVRO_BYTES:   avro_value_set_bytes(value, &bits, bits % 9); return;
	case AVRO_UNION:
	case AVRO_ARRAY:
	case AVRO_RECORD:  set_parts(value, field); return;
	default:	   cr_assert_fail("%s: a type that our rules do not allow", field);
	}
}

static void
framed_by_avro(struct buf *ret, const uint8_t *frame, avro_value_t *value)
{
	static char datum[DATUM_MAX];
	avro_writer_t writer = avro_writer_memory(datum, sizeof(datum));

	cr_assert_eq(avro_value_write(writer, value), 0, "%s", avro_strerror());
	buf_reset(ret);
	buf_add(ret, frame, EVENT_FRAME_SIZE);
	buf_add(ret, datum, (size_t)avro_writer_tell(writer));
	avro_writer_free(writer);
}

static bool
avro_reads_the_same(const struct buf *framed, avro_value_iface_t *iface, avro_value_t *want)
{
	avro_value_t got;
	avro_reader_t reader = avro_reader_memory((const char *)framed->data + EVENT_FRAME_SIZE,
	    (int64_t)(framed->size - EVENT_FRAME_SIZE));
	bool same;

	avro_generic_value_new(iface, &got);
	same = !avro_value_read(reader, &got) && avro_value_equal(&got, want);
	avro_value_decref(&got);
	avro_reader_free(reader);
	return same;
}

static void
round_trip(const struct codec *codec, const uint8_t *frame, avro_value_iface_t *iface)
{
	own(arena_freep) struct arena *arena = arena_new(DATUM_MAX);
	struct buf theirs = {0}, ours = {0};
	struct event event;
	struct err err = {0};
	avro_value_t value;

	avro_generic_value_new(iface, &value);
	set_random(&value, "");
	framed_by_avro(&theirs, frame, &value);

	cr_assert(codec_read(codec, theirs.data, theirs.size, arena, &event, &err), "%s", err.text);
	cr_assert(codec_write(codec, &event, &ours, &err), "%s", err.text);

	cr_assert_eq(ours.size, theirs.size);
	cr_assert_eq(memcmp(ours.data, theirs.data, ours.size), 0);
	cr_assert(avro_reads_the_same(&ours, iface, &value));
	avro_value_decref(&value);
	buf_clear(&theirs);
	buf_clear(&ours);
}

static const char *
today(enum event_type type)
{
	for (size_t i = 0; i < n_schema_texts; i++)
		if (!schema_texts[i].released
		    && !strcmp(schema_texts[i].name, event_type_name(type)))
			return schema_texts[i].text;
	cr_assert_fail("no schema %s", event_type_name(type));
	return NULL;
}

Test(event_oracle, random_values_of_avro_c_come_back_byte_for_byte)
{
	struct codec *codec;
	struct err err = {0};

	cr_assert(codec_open(&codec, &err), "%s", err.text);
	for (int type = 0; type < EVENT_TYPES; type++) {
		const char *text = today((enum event_type)type);
		avro_schema_t schema;
		avro_value_iface_t *iface;

		cr_assert_eq(avro_schema_from_json_length(text, strlen(text), &schema), 0);
		iface = avro_generic_class_from_schema(schema);
		for (int i = 0; i < ROUNDS; i++)
			round_trip(codec, codec_frame(codec, (enum event_type)type), iface);
		avro_value_iface_decref(iface);
		avro_schema_decref(schema);
	}
	codec_free(codec);
}
