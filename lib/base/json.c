/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c: jansson behind json.h. A doc is jansson's root, a value any of its nodes.
 *
 * jansson takes 12 ns for a byte of a text, so a picture in base64 would cost more than all that is done
 * with it. Long plain texts (json_texts.h) are taken out, the rest is read, and they are put in again:
 * what comes out is what jansson alone would have made.
 */
#include "base/json.h"
#include <jansson.h>
#include <stdlib.h>
#include "base/json_texts.h"

enum { READING = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };

static const json_t *
node(const struct doc_value *value)
{
	return (const json_t *)value;
}

static const struct doc_value *
value_of(const json_t *json)
{
	return (const struct doc_value *)json;
}

/* ---- long texts, out and in again ---- */

/* The same JSON with each of them empty. */
static bool
cut_out(struct buf *ret, const struct json_texts *texts, const char *json, size_t size)
{
	const char *from = json;

	ret->limit = size + 1;
	for (size_t i = 0; i < texts->n; i++) {
		buf_add(ret, from, (size_t)(texts->list[i].at - from));
		from = texts->list[i].at + texts->list[i].size;
	}
	return buf_add(ret, from, size - (size_t)(from - json));
}

struct putting { const struct json_text *next, *end; size_t place; };

/* jansson keeps members in the order in which they came, and so the texts are met in theirs. */
static bool
put_in(json_t *json, struct putting *p)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_string(json) && p->next < p->end && p->place++ == p->next->place) {
		const struct json_text *text = p->next++;

		return !json_string_setn_nocheck(json, text->at, text->size);
	}
	json_object_foreach (json, name, value) {
		p->place++;
		if (!put_in(value, p))
			return false;
	}
	json_array_foreach (json, i, value)
		if (!put_in(value, p))
			return false;
	return true;
}

/* NULL: there is none of them, or it is no JSON, or there is no memory; jansson has the word. */
static json_t *
read_around(const char *bytes, size_t size)
{
	struct json_texts texts = {0};
	struct buf rest = {0};
	json_t *json = NULL;

	if (size >= JSON_TEXT_LONG && json_texts_find(&texts, bytes, size) && texts.n > 0
	    && cut_out(&rest, &texts, bytes, size))
		json = json_loadb((const char *)rest.data, rest.size, READING, NULL);
	if (json && !put_in(json, &(struct putting){ texts.list, texts.list + texts.n, 0 })) {
		json_decref(json);
		json = NULL;
	}
	buf_clear(&rest);
	json_texts_clear(&texts);
	return json;
}

bool
doc_read(struct doc **ret, const void *bytes, size_t size, struct err *err)
{
	json_error_t why;
	json_t *json = read_around(bytes, size);

	if (!json)
		json = json_loadb(size ? bytes : "", size, READING, &why);
	if (!json)
		return err_code(err, ERR_REJECT, "malformed_json",
		    "not JSON: line %d, column %d (byte %d): %s", why.line, why.column, why.position,
		    why.text);
	*ret = (struct doc *)json;
	return true;
}

void
doc_free(struct doc *doc)
{
	json_decref((json_t *)doc);
}

const struct doc_value *
doc_root(const struct doc *doc)
{
	return (const struct doc_value *)doc;
}

enum doc_kind
doc_kind(const struct doc_value *value)
{
	static const enum doc_kind kinds[] = {
		[JSON_OBJECT] = DOC_OBJECT, [JSON_ARRAY] = DOC_ARRAY, [JSON_STRING] = DOC_TEXT,
		[JSON_INTEGER] = DOC_INT,   [JSON_REAL] = DOC_REAL,   [JSON_TRUE] = DOC_BOOL,
		[JSON_FALSE] = DOC_BOOL,    [JSON_NULL] = DOC_NULL,
	};

	return value ? kinds[json_typeof(node(value))] : DOC_ABSENT;
}

const char *
doc_kind_name(enum doc_kind kind)
{
	static const char *const names[] = {
		[DOC_ABSENT] = "nothing",     [DOC_NULL] = "null",     [DOC_BOOL] = "true or false",
		[DOC_INT] = "a whole number", [DOC_REAL] = "a number", [DOC_TEXT] = "a text",
		[DOC_ARRAY] = "an array",     [DOC_OBJECT] = "an object",
	};

	return names[kind];
}

const struct doc_value *
doc_member(const struct doc_value *object, const char *name)
{
	return value_of(json_object_get(node(object), name));
}

void
doc_members(const struct doc_value *object,
    bool (*each)(void *state, const char *name, const struct doc_value *value), void *state)
{
	json_t *json = (json_t *)(uintptr_t)node(object);

	for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at))
		if (!each(state, json_object_iter_key(at), value_of(json_object_iter_value(at))))
			return;
}

size_t
doc_size(const struct doc_value *value)
{
	return doc_kind(value) == DOC_OBJECT ? json_object_size(node(value))
	    : json_array_size(node(value));
}

const struct doc_value *
doc_item(const struct doc_value *array, size_t i)
{
	return value_of(json_array_get(node(array), i));
}

const char *
doc_text(const struct doc_value *value)
{
	return json_string_value(node(value));
}

size_t
doc_text_size(const struct doc_value *value)
{
	return json_string_length(node(value));
}

bool
doc_int(const struct doc_value *value, int64_t *ret)
{
	if (doc_kind(value) != DOC_INT)
		return false;
	*ret = json_integer_value(node(value));
	return true;
}

bool
doc_real(const struct doc_value *value, double *ret)
{
	if (doc_kind(value) != DOC_INT && doc_kind(value) != DOC_REAL)
		return false;
	*ret = json_number_value(node(value));
	return true;
}

bool
doc_bool(const struct doc_value *value, bool *ret)
{
	if (doc_kind(value) != DOC_BOOL)
		return false;
	*ret = json_is_true(node(value));
	return true;
}

bool
doc_print(struct buf *ret, const struct doc_value *value)
{
	char *text = json_dumps(node(value), JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	bool well = text && buf_add_text(ret, text);

	free(text);
	return well;
}
