/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A datum by a writer's schema that is not ours: fields in another order, unknown, missing; and
 * every defect that a datum can have. The schemas are made here, around a struct of the test's own.
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "event/codec.h"
#include "event/wire.h"

struct inner { const char *word; };

struct thing {
	struct uuid id;
	int32_t number, five;
	int64_t big;
	bool yes;
	const char *text, *maybe;
	struct bytes blob;
	const char **words;
	size_t n_words;
	struct inner *inners;
	size_t n_inners;
	struct inner *one;
};

#define AT(f, kind, nullable, fallback, items) \
	{ #f, kind, nullable, true, offsetof(struct thing, f), 0, fallback, 0, items, 0, 0 }
#define MANY(f, kind, items) { #f, kind, false, true, offsetof(struct thing, f), \
	offsetof(struct thing, n_##f), 0, 0, items, 0, 0 }

static const struct field inner_fields[] = { { "word", FIELD_TEXT, false, false, 0, 0, 0, 0, NULL, 0, 0 },
	{ .name = NULL } };
static const struct shape inner_shape = { "Inner", sizeof(struct inner), inner_fields };
static const struct field thing_fields[] = {
	AT(id, FIELD_UUID, false, 0, NULL), AT(number, FIELD_INT, true, EVENT_NULL_INT, NULL),
	AT(five, FIELD_INT, false, 5, NULL), AT(big, FIELD_LONG, true, EVENT_NULL_LONG, NULL),
	AT(yes, FIELD_BOOL, false, 0, NULL), AT(text, FIELD_TEXT, true, 0, NULL),
	AT(maybe, FIELD_TEXT, true, 0, NULL), AT(blob, FIELD_BYTES, true, 0, NULL),
	MANY(words, FIELD_TEXTS, NULL), MANY(inners, FIELD_RECORDS, &inner_shape),
	AT(one, FIELD_RECORD, true, 0, &inner_shape), { .name = NULL },
};
static const struct shape thing_shape = { "Thing", sizeof(struct thing), thing_fields };

static const struct field strict_fields[] = { { "text", FIELD_TEXT, false, false, 0, 0, 0, 0, NULL, 0, 0 },
	{ .name = NULL } };
static const struct shape strict_shape = { "Thing", sizeof(struct inner), strict_fields };

static struct wire *wire;
static struct arena *arena;
static struct err err;
static struct thing thing;

static void
begin(void)
{
	arena = arena_new(8 << 20);
	cr_assert_not_null(arena);
}

static void
end(void)
{
	wire_free(wire);
	arena_free(arena);
}

TestSuite(event_wire, .init = begin, .fini = end);

/* fields: the inside of the fields array. */
static bool
schema(const char *fields, const struct shape *shape)
{
	struct buf canonical = {0};
	char text[4096];
	bool well;

	snprintf(text, sizeof(text), "{\"type\":\"record\",\"name\":\"Thing\",\"fields\":[%s]}", fields);
	well = wire_new(&wire, text, shape, &canonical, &err);
	buf_clear(&canonical);
	return well;
}

static void
given(const char *fields)
{
	cr_assert(schema(fields, &thing_shape), "%s", err.text);
}

#define DATUM(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static bool
reads(const uint8_t *bytes, size_t size)
{
	return wire_read(wire, bytes, size, arena, &thing, &err);
}

static void
rejects(const uint8_t *bytes, size_t size, const char *why)
{
	memset(&err, 0, sizeof(err));
	cr_assert_not(reads(bytes, size), "taken, not: %s", why);
	cr_assert_eq(err.verdict, ERR_REJECT);
	cr_assert_str_eq(err.code, "bad_record");
	cr_assert_str_eq(err.text, why);
}

#define NUMBER "{\"name\":\"number\",\"type\":\"int\"}"
#define TEXT "{\"name\":\"text\",\"type\":\"string\"}"
#define MAYBE "{\"name\":\"maybe\",\"type\":[\"null\",\"string\"]}"
#define WORDS "{\"name\":\"words\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}"
#define INNERS "{\"name\":\"inners\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\"," \
	"\"name\":\"Inner\",\"fields\":[{\"name\":\"word\",\"type\":\"string\"}]}}}"

Test(event_wire, fields_are_found_by_name_in_any_order)
{
	given(TEXT "," NUMBER);

	cr_assert(reads(DATUM(2, 'x', 14)), "%s", err.text);

	cr_assert_str_eq(thing.text, "x");
	cr_assert_eq(thing.number, 7);
}

Test(event_wire, what_the_writer_lacks_has_our_default)
{
	given(TEXT);

	cr_assert(reads(DATUM(0)));

	cr_assert_eq(thing.five, 5);
	cr_assert_eq(thing.number, EVENT_NULL_INT);
	cr_assert_eq(thing.big, EVENT_NULL_LONG);
	cr_assert_null(thing.maybe);
	cr_assert_null(thing.blob.data);
	cr_assert_null(thing.one);
	cr_assert_eq(thing.n_words + thing.n_inners, 0);
}

Test(event_wire, unknown_fields_of_every_type_are_skipped)
{
	given("{\"name\":\"a\",\"type\":\"double\"},{\"name\":\"b\",\"type\":\"float\"},"
	    "{\"name\":\"c\",\"type\":{\"type\":\"map\",\"values\":\"long\"}},"
	    "{\"name\":\"d\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
	    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]}},"
	    "{\"name\":\"f\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":["
	    "{\"name\":\"g\",\"type\":{\"type\":\"array\",\"items\":\"bytes\"}}]}},"
	    "{\"name\":\"h\",\"type\":[\"null\",\"boolean\",\"string\"]}," NUMBER);

	cr_assert(reads(DATUM(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 'k', 8, 0, 1, 2, 3, 2,
	    4, 2, 'x', 0, 0, 2, 1, 84)), "%s", err.text);

	cr_assert_eq(thing.number, 42);
}

Test(event_wire, an_int_of_the_writer_goes_into_a_long)
{
	given("{\"name\":\"big\",\"type\":\"int\"}");

	cr_assert(reads(DATUM(3)));

	cr_assert_eq(thing.big, -2);
}

Test(event_wire, a_union_of_the_writer_goes_into_what_may_be_null)
{
	given("{\"name\":\"maybe\",\"type\":[\"string\",\"null\"]}," NUMBER);

	cr_assert(reads(DATUM(0, 2, 'y', 0)));
	cr_assert_str_eq(thing.maybe, "y");
	cr_assert(reads(DATUM(2, 0)));
	cr_assert_null(thing.maybe);
}

Test(event_wire, empty_bytes_are_not_null)
{
	given("{\"name\":\"blob\",\"type\":[\"null\",\"bytes\"]}");

	cr_assert(reads(DATUM(2, 0)));

	cr_assert_not_null(thing.blob.data);
	cr_assert_eq(thing.blob.size, 0);
}

Test(event_wire, an_array_may_come_in_blocks_with_and_without_their_size)
{
	given(WORDS);

	cr_assert(reads(DATUM(2, 2, 'a', 3, 8, 2, 'b', 2, 'c', 2, 2, 'd', 0)), "%s", err.text);

	cr_assert_eq(thing.n_words, 4);
	cr_assert_str_eq(thing.words[0], "a");
	cr_assert_str_eq(thing.words[2], "c");
	cr_assert_str_eq(thing.words[3], "d");
}

Test(event_wire, a_hundred_thousand_blocks_of_one_item_fit_into_little_memory)
{
	static uint8_t datum[2 * 100000 + 1];

	given(WORDS);
	for (size_t i = 0; i < 100000; i++)
		datum[2 * i] = 2;

	cr_assert(reads(datum, sizeof(datum)), "%s", err.text);

	cr_assert_eq(thing.n_words, 100000);
	cr_assert_str_eq(thing.words[99999], "");
}

Test(event_wire, more_items_than_the_limit_are_rejected)
{
	static uint8_t datum[2 * (EVENT_ITEMS_MAX + 1) + 1];

	given(WORDS);
	for (size_t i = 0; i < EVENT_ITEMS_MAX + 1; i++)
		datum[2 * i] = 2;

	rejects(datum, sizeof(datum), "words: too many items");
}

Test(event_wire, numbers_at_their_ends_are_read)
{
	given("{\"name\":\"number\",\"type\":\"int\"},{\"name\":\"big\",\"type\":\"long\"}");

	cr_assert(reads(DATUM(0xfe, 0xff, 0xff, 0xff, 0x0f, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0x01)), "%s", err.text);

	cr_assert_eq(thing.number, INT32_MAX);
	cr_assert_eq(thing.big, INT64_MIN + 1);
}

Test(event_wire, a_defect_is_rejected_and_named)
{
	given(NUMBER);
	rejects(DATUM(0x80), "number: cut short");
	rejects(DATUM(2, 0), "bytes are left behind its end");
	rejects(DATUM(0x80, 0x80, 0x80, 0x80, 0x10), "number: a number of more than 32 bits");
	rejects(DATUM(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02),
	    "number: a number of more than 64 bits");
	rejects(DATUM(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
	    "number: a number of more than 64 bits");
	wire_free(wire);
	given(TEXT);
	rejects(DATUM(4, 'x'), "text: a length beyond the end of the record");
	rejects(DATUM(1), "text: a length beyond the end of the record");
	rejects(DATUM(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
	    "text: a length beyond the end of the record");
	rejects(DATUM(2, 0), "text: holds U+0000");
	rejects(DATUM(2, 0xff), "text: not UTF-8");
	rejects(DATUM(4, 0xc0, 0xaf), "text: not UTF-8");
	rejects(DATUM(6, 0xed, 0xa0, 0x80), "text: not UTF-8");
	wire_free(wire);
	given("{\"name\":\"yes\",\"type\":\"boolean\"}");
	rejects(DATUM(2), "yes: neither true nor false");
	wire_free(wire);
	given("{\"name\":\"id\",\"type\":\"string\"}");
	rejects(DATUM(2, 'x'), "id: not a UUID");
	wire_free(wire);
	given(MAYBE);
	rejects(DATUM(4), "maybe: a branch that the union does not have");
	rejects(DATUM(1), "maybe: a branch that the union does not have");
	wire_free(wire);
	given("{\"name\":\"new\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"P\"]}}");
	rejects(DATUM(2), "new: a symbol that the enum does not have");
	rejects(DATUM(1), "new: a symbol that the enum does not have");
}

Test(event_wire, a_defect_deep_inside_is_named_with_its_way)
{
	given(INNERS);

	rejects(DATUM(4, 2, 'a', 2, 0xff, 0), "inners: [1]: word: not UTF-8");
}

Test(event_wire, a_count_that_lies_is_rejected_before_memory_is_taken)
{
	given(WORDS);
	rejects(DATUM(0xfe, 0xff, 0xff, 0xff, 0x0f, 0),
	    "words: more items than the record has room for");
	rejects(DATUM(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0),
	    "words: a count of more than 63 bits");
	rejects(DATUM(3, 8, 2), "words: more items than the record has room for");

	cr_assert_eq(arena_used(arena), 0);
}

Test(event_wire, a_schema_whose_types_are_not_ours_is_refused_at_start)
{
	static const struct { const char *fields, *why; } rows[] = {
		{ "{\"name\":\"number\",\"type\":\"long\"}",
		    "schema Thing: field number: not of the type we know" },
		{ "{\"name\":\"text\",\"type\":\"bytes\"}",
		    "schema Thing: field text: not of the type we know" },
		{ "{\"name\":\"five\",\"type\":[\"null\",\"int\"]}",
		    "schema Thing: field five: not of the type we know" },
		{ "{\"name\":\"words\",\"type\":{\"type\":\"array\",\"items\":\"int\"}}",
		    "schema Thing: field words: not of the type we know" },
		{ "{\"name\":\"z\",\"type\":{\"type\":\"array\",\"items\":\"null\"}}",
		    "schema Thing: field z: an array of nothing has no limit" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_not(schema(rows[i].fields, &thing_shape), "%s", rows[i].fields);
		cr_assert_eq(err.verdict, ERR_FATAL);
		cr_assert_str_eq(err.text, rows[i].why);
	}
}

Test(event_wire, a_schema_that_lacks_what_we_cannot_do_without_is_refused_at_start)
{
	cr_assert_not(schema(NUMBER, &strict_shape));

	cr_assert_str_eq(err.text, "schema Thing: field text: missing, and without a default");
}

Test(event_wire, an_invalid_schema_is_refused_at_start)
{
	cr_assert_not(schema("{\"name\":\"x\",\"type\":\"no such type\"}", &thing_shape));
	cr_assert_eq(err.verdict, ERR_FATAL);
}

Test(event_wire, the_canonical_form_keeps_what_the_specification_keeps)
{
	struct buf canonical = {0};

	cr_assert(wire_new(&wire, "{ \"type\" : \"record\", \"doc\":\"d\", \"namespace\":\"a.b\", "
	    "\"name\":\"Thing\", \"fields\": [ {\"type\": {\"type\":\"string\",\"logicalType\":\"uuid\"}, "
	    "\"name\":\"id\", \"doc\":\"d\"}, {\"name\":\"e\",\"default\":null,\"type\":[\"null\","
	    "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]}]}, {\"name\":\"f\",\"type\":"
	    "{\"size\":3,\"type\":\"fixed\",\"name\":\"F\"}}, {\"name\":\"m\",\"type\":{\"type\":\"map\","
	    "\"values\":{\"type\":\"array\",\"items\":\"long\"}}} ] }", &thing_shape, &canonical, &err),
	    "%s", err.text);

	cr_assert_str_eq(buf_text(&canonical), "{\"name\":\"a.b.Thing\",\"type\":\"record\",\"fields\":["
	    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"e\",\"type\":[\"null\",{\"name\":\"a.b.E\","
	    "\"type\":\"enum\",\"symbols\":[\"P\",\"Q\"]}]},{\"name\":\"f\",\"type\":{\"name\":\"a.b.F\","
	    "\"type\":\"fixed\",\"size\":3}},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":"
	    "{\"type\":\"array\",\"items\":\"long\"}}}]}");
	buf_clear(&canonical);
}

Test(event_wire, fingerprints_are_the_specification_s)
{
	/* apache/avro: share/test/data/schema-tests.txt */
	cr_assert_eq(wire_fingerprint("\"null\"", 6), UINT64_C(0x63dd24e7cc258f8a));
	cr_assert_eq(wire_fingerprint("\"int\"", 5), UINT64_C(0x7275d51a3f395c8f));
	cr_assert_eq(wire_fingerprint("\"string\"", 8), UINT64_C(0x8f014872634503c7));
	cr_assert_eq(wire_fingerprint("", 0), UINT64_C(0xc15d213aa4d7a795));
}
