/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas as documents: our rules for them, the defaults they promise, and what today's may not
 * change against what was released (schemas/released/NAME-N.avsc): readers of then must read what
 * is written now, and readers of now what was written then.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "event/codec.h"
#include "event/fields.h"
#include "schemas.h"

/* ---- what changed ---- */

static char reason[256];

static const char *
because(const char *name, const char *what)
{
	snprintf(reason, sizeof(reason), "%s %s", name, what);
	return reason;
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

static const json_t *
field_of(const json_t *record, const char *name)
{
	size_t i;
	json_t *field;

	json_array_foreach(json_object_get(record, "fields"), i, field)
		if (!strcmp(text_of(field, "name"), name))
			return field;
	return NULL;
}

static const char *record_change(const json_t *then, const json_t *now);

/* NULL: readers on both sides read the other's. */
static const char *
type_change(const char *name, const json_t *then, const json_t *now)
{
	const char *change = NULL;

	if (json_typeof(then) != json_typeof(now))
		return because(name, "changed its type");
	if (json_is_string(then))
		return json_equal(then, now) ? NULL : because(name, "changed its type");
	if (json_is_array(then)) {
		if (json_array_size(then) != json_array_size(now))
			return because(name, "changed its branches");
		for (size_t i = 0; i < json_array_size(then) && !change; i++)
			change = type_change(name, json_array_get(then, i), json_array_get(now, i));
		return change;
	}
	if (strcmp(text_of(then, "logicalType"), text_of(now, "logicalType")))
		return because(name, "changed its meaning");
	if (strcmp(text_of(then, "type"), text_of(now, "type")))
		return because(name, "changed its type");
	if (!strcmp(text_of(then, "type"), "record"))
		return record_change(then, now);
	if (!strcmp(text_of(then, "type"), "array"))
		return type_change(name, json_object_get(then, "items"),
		    json_object_get(now, "items"));
	return NULL;
}

static const char *
record_change(const json_t *then, const json_t *now)
{
	size_t i;
	json_t *field;

	if (strcmp(text_of(then, "name"), text_of(now, "name"))
	    || strcmp(text_of(then, "namespace"), text_of(now, "namespace")))
		return because(text_of(then, "name"), "was renamed");
	json_array_foreach(json_object_get(then, "fields"), i, field) {
		const char *name = text_of(field, "name"), *change;
		const json_t *other = field_of(now, name), *fallback = json_object_get(field, "default");

		if (!other && !fallback)
			return because(name, "is gone, and older readers have no default for it");
		change = other ? type_change(name, json_object_get(field, "type"),
		    json_object_get(other, "type")) : NULL;
		if (change)
			return change;
		if (other && fallback && !json_equal(fallback, json_object_get(other, "default")))
			return because(name, "changed its default");
	}
	json_array_foreach(json_object_get(now, "fields"), i, field)
		if (!field_of(then, text_of(field, "name")) && !json_object_get(field, "default"))
			return because(text_of(field, "name"), "is new, and has no default");
	return NULL;
}

static json_t *
parsed(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	cr_assert_not_null(json, "%s in %s", error.text, text);
	return json;
}

static json_t *
today(const char *name)
{
	for (size_t i = 0; i < n_schema_texts; i++)
		if (!schema_texts[i].released && !strcmp(schema_texts[i].name, name))
			return parsed(schema_texts[i].text);
	return NULL;
}

Test(event_schemas, nothing_that_was_released_is_broken)
{
	for (size_t i = 0; i < n_schema_texts; i++) {
		json_t *then, *now;
		const char *change;

		if (!schema_texts[i].released)
			continue;
		then = parsed(schema_texts[i].text);
		now = today(schema_texts[i].name);
		change = now ? record_change(then, now) : "it is gone";
		cr_assert_null(change, "%s: %s", schema_texts[i].name, change);
		json_decref(then);
		json_decref(now);
	}
}

Test(event_schemas, every_record_has_a_released_version)
{
	for (int type = 0; type < EVENT_TYPES; type++) {
		size_t n = 0;

		for (size_t i = 0; i < n_schema_texts; i++)
			n += schema_texts[i].released
			    && !strcmp(schema_texts[i].name, event_type_name((enum event_type)type));
		cr_assert_gt(n, 0, "%s", event_type_name((enum event_type)type));
	}
}

Test(event_schemas, a_breaking_change_is_found)
{
	static const struct { const char *fields, *change; } rows[] = {
		{ "{\"name\":\"a\",\"type\":\"int\"}", NULL },
		{ "{\"name\":\"a\",\"type\":\"int\",\"doc\":\"more words\"}", NULL },
		{ "{\"name\":\"b\",\"type\":\"int\",\"default\":1},{\"name\":\"a\",\"type\":\"int\"}", NULL },
		{ "{\"name\":\"b\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}",
		    "b is new, and has no default" },
		{ "", "a is gone, and older readers have no default for it" },
		{ "{\"name\":\"A\",\"type\":\"int\"}", "a is gone, and older readers have no default for it" },
		{ "{\"name\":\"a\",\"type\":\"long\"}", "a changed its type" },
		{ "{\"name\":\"a\",\"type\":[\"null\",\"int\"],\"default\":null}", "a changed its type" },
	};
	json_t *then = parsed("{\"type\":\"record\",\"name\":\"R\",\"fields\":["
	    "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"o\",\"type\":\"int\",\"default\":7}]}");

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[512];
		const char *change;
		json_t *now;

		snprintf(text, sizeof(text), "{\"type\":\"record\",\"name\":\"R\",\"fields\":[%s]}",
		    rows[i].fields);
		now = parsed(text);
		change = record_change(then, now);
		cr_assert_str_eq(change ? change : "", rows[i].change ? rows[i].change : "");
		json_decref(now);
	}
	json_decref(then);
}

Test(event_schemas, a_breaking_change_deep_inside_is_found)
{
	static const struct { const char *then, *now, *change; } rows[] = {
		{ "{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"array\",\"items\":\"long\"}",
		    "f changed its type" },
		{ "[\"null\",\"int\"]", "[\"int\",\"null\"]", "f changed its type" },
		{ "[\"null\",\"int\"]", "[\"null\",\"int\",\"long\"]", "f changed its branches" },
		{ "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
		    "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "f changed its meaning" },
		{ "[\"null\",{\"type\":\"record\",\"name\":\"I\",\"fields\":[]}]",
		    "[\"null\",{\"type\":\"record\",\"name\":\"I\",\"fields\":["
		    "{\"name\":\"x\",\"type\":\"int\"}]}]",
		    "x is new, and has no default" },
		{ "{\"type\":\"record\",\"name\":\"I\",\"fields\":[]}",
		    "{\"type\":\"record\",\"name\":\"J\",\"fields\":[]}", "I was renamed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *then = parsed(rows[i].then), *now = parsed(rows[i].now);

		cr_assert_str_eq(type_change("f", then, now), rows[i].change);
		cr_assert_null(type_change("f", then, then));
		json_decref(then);
		json_decref(now);
	}
}

/* ---- our rules ---- */

/* 65,536 as people write it. */
static const char *
limit_word(size_t most)
{
	static char word[32];

	if (most < 1000)
		snprintf(word, sizeof(word), "%zu ", most);
	else
		snprintf(word, sizeof(word), "%zu,%03zu ", most / 1000, most % 1000);
	return word;
}

static void record_by_the_rules(const json_t *record, const struct shape *shape);

static void
type_by_the_rules(const json_t *type, const struct field *f)
{
	static const char *const plain[] = { "int", "long", "string", "bytes", "boolean" };
	const char *word = json_is_string(type) ? json_string_value(type) : text_of(type, "type");
	bool is_plain = false;

	if (json_is_array(type)) {
		cr_assert(f->nullable, "%s", f->name);
		cr_assert_eq(json_array_size(type), 2, "%s: a union is null and one type", f->name);
		cr_assert_str_eq(json_string_value(json_array_get(type, 0)), "null");
		type_by_the_rules(json_array_get(type, 1), f);
		return;
	}
	if (!strcmp(word, "record")) {
		record_by_the_rules(type, f->items);
		return;
	}
	if (!strcmp(word, "array") && f->kind == FIELD_RECORDS) {
		record_by_the_rules(json_object_get(type, "items"), f->items);
		return;
	}
	if (!strcmp(word, "array"))
		word = json_string_value(json_object_get(type, "items"));
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		is_plain |= !strcmp(word, plain[i]);
	cr_assert(is_plain, "%s: %s", f->name, word);
	cr_assert_eq(!strcmp(text_of(type, "logicalType"), "uuid"), f->kind == FIELD_UUID, "%s",
	    f->name);
}

static void
default_by_the_rules(const json_t *fallback, const struct field *f)
{
	cr_assert_eq(fallback != NULL, f->optional, "%s: default here, or in fields.c, not both",
	    f->name);
	if (!fallback)
		return;
	cr_assert_eq(json_is_null(fallback), f->nullable, "%s", f->name);
	if (json_is_integer(fallback))
		cr_assert_eq(json_integer_value(fallback), f->fallback, "%s", f->name);
	if (json_is_array(fallback))
		cr_assert_eq(json_array_size(fallback), 0, "%s", f->name);
	cr_assert(json_is_null(fallback) || json_is_integer(fallback) || json_is_array(fallback),
	    "%s: fields.c has no default of this type", f->name);
}

static void
record_by_the_rules(const json_t *record, const struct shape *shape)
{
	const json_t *fields = json_object_get(record, "fields");
	const struct field *f = shape->fields;
	size_t i;
	json_t *field;

	cr_assert_str_eq(text_of(record, "name"), shape->name);
	cr_assert_gt(strlen(text_of(record, "doc")), 8, "%s is not documented", shape->name);
	cr_assert_null(json_object_get(record, "aliases"));
	json_array_foreach(fields, i, field) {
		cr_assert_not_null(f->name, "%s: %s is not in fields.c", shape->name,
		    text_of(field, "name"));
		cr_assert_str_eq(text_of(field, "name"), f->name);
		cr_assert_gt(strlen(text_of(field, "doc")), 3, "%s is not documented", f->name);
		cr_assert_null(json_object_get(field, "aliases"));
		if (f->most)
			cr_assert(strstr(text_of(field, "doc"), limit_word(f->most)),
			    "%s: its words do not tell its limit, %zu", f->name, f->most);
		type_by_the_rules(json_object_get(field, "type"), f);
		default_by_the_rules(json_object_get(field, "default"), f);
		f++;
	}
	cr_assert_null(f->name, "%s lacks %s", shape->name, f->name);
}

Test(event_schemas, follow_our_rules_and_our_table)
{
	for (int type = 0; type < EVENT_TYPES; type++) {
		json_t *record = today(event_shapes[type].name);

		cr_assert_not_null(record);
		cr_assert_str_eq(text_of(record, "namespace"), "batchline");
		record_by_the_rules(record, &event_shapes[type]);
		json_decref(record);
	}
}

Test(event_schemas, every_one_of_today_is_a_record_that_we_know)
{
	for (size_t i = 0; i < n_schema_texts; i++) {
		int type = 0;

		while (type < EVENT_TYPES && strcmp(event_shapes[type].name, schema_texts[i].name))
			type++;
		cr_assert_lt(type, EVENT_TYPES, "%s", schema_texts[i].name);
	}
}

Test(event_schemas, the_documents_print_the_frame_of_every_record)
{
	static char page[256 * 1024];
	struct codec *codec;
	struct err err = {0};
	FILE *f = fopen("docs/events.md", "r");

	cr_assert_not_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	cr_assert(codec_open(&codec, &err), "%s", err.text);
	for (int type = 0; type < EVENT_TYPES; type++) {
		const uint8_t *b = codec_frame(codec, (enum event_type)type);
		char row[128];

		snprintf(row, sizeof(row), "| `%s` | `%02x%02x %02x%02x%02x%02x%02x%02x%02x%02x` |",
		    event_type_name((enum event_type)type), b[0], b[1], b[2], b[3], b[4], b[5], b[6],
		    b[7], b[8], b[9]);
		cr_assert_not_null(strstr(page, row), "docs/events.md has no row %s", row);
	}
	codec_free(codec);
}
