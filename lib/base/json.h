/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h: reading JSON. Only json.c includes jansson (whose names begin with json_).
 *
 * A text is read whole into a document; its values live as long as that. What is asked of a value
 * of another kind, or of NULL (an absent member), answers as if it were not there, so that a
 * caller asks on and complains once. Strict: UTF-8, no name twice in an object, no NUL in a text,
 * nothing behind the end.
 */
#ifndef JSON_H
#define JSON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"

enum doc_kind { DOC_ABSENT, DOC_NULL, DOC_BOOL, DOC_INT, DOC_REAL, DOC_TEXT, DOC_ARRAY, DOC_OBJECT };

struct doc;
struct doc_value;

/* A defect rejects, code "malformed_json"; the text says what and at which line and column. */
bool doc_read(struct doc **ret, const void *bytes, size_t size, struct err *err);
void doc_free(struct doc *doc);				/* NULL is fine */
const struct doc_value *doc_root(const struct doc *doc);

enum doc_kind doc_kind(const struct doc_value *value);	/* NULL is DOC_ABSENT */
const char *doc_kind_name(enum doc_kind kind);		/* "a text", "an array" */

const struct doc_value *doc_member(const struct doc_value *object, const char *name);
/* Every member, in the order of the text; false from `each` ends it. */
void doc_members(const struct doc_value *object,
    bool (*each)(void *state, const char *name, const struct doc_value *value), void *state);
size_t doc_size(const struct doc_value *array_or_object);
const struct doc_value *doc_item(const struct doc_value *array, size_t i);

const char *doc_text(const struct doc_value *value);		/* NULL: not a text */
size_t doc_text_size(const struct doc_value *value);		/* bytes */
bool doc_int(const struct doc_value *value, int64_t *ret);	/* false: not a whole number */
bool doc_real(const struct doc_value *value, double *ret);	/* of an int, too */
bool doc_bool(const struct doc_value *value, bool *ret);
/* The value as JSON again, without blanks. False: out of memory. */
bool doc_print(struct buf *ret, const struct doc_value *value);

OWN_FREEP(struct doc, doc_free)
#endif
