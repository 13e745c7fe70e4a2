/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h: which Avro field is which member of our structs. For the codec alone. */
#ifndef FIELDS_H
#define FIELDS_H
#include "event/event.h"

enum field_kind {
	FIELD_UUID, FIELD_INT, FIELD_LONG, FIELD_BOOL, FIELD_TEXT, FIELD_BYTES,
	FIELD_TEXTS,		/* array of string: pointer, then count */
	FIELD_RECORDS,		/* array of record: pointer, then count */
	FIELD_RECORD,		/* null or record: pointer */
};

struct field {
	const char *name;		/* NULL ends a table */
	enum field_kind kind;
	bool nullable;
	bool optional;			/* a writer may lack it: then null, fallback, no items */
	size_t offset, count_offset;	/* count_offset: of arrays */
	int64_t fallback;		/* of a number; of a nullable one its null */
	size_t most;			/* bytes of a text, or of each of several; else 0 */
	const struct shape *items;	/* of records */
	int64_t from, to;		/* of a number; both 0: any */
};

struct shape {
	const char *name;
	size_t size;			/* of the C struct */
	const struct field *fields;
};

extern const struct shape event_shapes[EVENT_TYPES];
#endif
