/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c: walks an event by the table of its fields. */
#include "event/texts.h"
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "event/fields.h"

/* The place grows leftwards while we return: source_uri: .., files[3].source_uri: .. */
static bool
inside(struct err *err, const char *place)
{
	char was[sizeof(err->text)];

	memcpy(was, err->text, sizeof(was));
	snprintf(err->text, sizeof(err->text), "%.100s%.400s", place, was);
	return false;
}

static bool
text_check(const char *text, const struct field *f, struct err *err)
{
	size_t size = strlen(text);

	return size <= f->most || err_code(err, ERR_REJECT, "text_too_long",
	    ": %zu bytes; at most %zu are taken", size, f->most);
}

static bool
number_check(const uint8_t *object, const struct field *f, struct err *err)
{
	int32_t narrow;
	int64_t n;

	if (f->from == 0 && f->to == 0)
		return true;
	if (f->kind == FIELD_INT) {
		memcpy(&narrow, object + f->offset, sizeof(narrow));
		n = narrow;
	} else {
		memcpy(&n, object + f->offset, sizeof(n));
	}
	if ((f->nullable && n == f->fallback) || (n >= f->from && n <= f->to))
		return true;
	return err_code(err, ERR_REJECT, "out_of_range", ": %" PRId64 " is not from %" PRId64
	    " to %" PRId64, n, f->from, f->to);
}

static bool record_check(const uint8_t *object, const struct shape *shape, struct err *err);

static bool
items_check(const uint8_t *object, const struct field *f, struct err *err)
{
	const uint8_t *items;
	char place[100];
	size_t n;

	memcpy(&items, object + f->offset, sizeof(items));
	memcpy(&n, object + f->count_offset, sizeof(n));
	for (size_t i = 0; i < n; i++) {
		bool texts = f->kind == FIELD_TEXTS;

		if (texts ? text_check(((const char *const *)(const void *)items)[i], f, err)
		    : record_check(items + i * f->items->size, f->items, err))
			continue;
		snprintf(place, sizeof(place), "%s[%zu]%s", f->name, i, texts ? "" : ".");
		return inside(err, place);
	}
	return true;
}

static bool
field_check(const uint8_t *object, const struct field *f, struct err *err)
{
	const void *pointer = NULL;

	if (f->kind == FIELD_TEXTS || f->kind == FIELD_RECORDS)
		return items_check(object, f, err);
	if (f->kind == FIELD_INT || f->kind == FIELD_LONG)
		return number_check(object, f, err) || inside(err, f->name);
	if (f->kind != FIELD_TEXT && f->kind != FIELD_RECORD)
		return true;
	memcpy(&pointer, object + f->offset, sizeof(pointer));
	if (!pointer)
		return true;
	if (f->kind == FIELD_TEXT)
		return text_check(pointer, f, err) || inside(err, f->name);
	return record_check(pointer, f->items, err) || inside(err, ".") || inside(err, f->name);
}

static bool
record_check(const uint8_t *object, const struct shape *shape, struct err *err)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (!field_check(object, f, err))
			return false;
	return true;
}

bool
texts_check(enum event_type type, const void *record, struct err *err)
{
	return record_check(record, &event_shapes[type], err);
}

size_t
texts_most(enum event_type type, const char *field)
{
	const struct field *f = event_shapes[type].fields;

	while (f->name && strcmp(f->name, field))
		f++;
	assert(f->name && f->most);
	return f->most;
}
