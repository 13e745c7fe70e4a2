/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: a writer's schema as a tree that reading and writing walk. Built once by schema.c (the
 * only file that includes avro.h), walked by read.c and write.c, owned by codec.c.
 */
#ifndef WIRE_H
#define WIRE_H
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"
#include "event/fields.h"

enum wire_kind {
	WIRE_NULL, WIRE_BOOL, WIRE_INT, WIRE_LONG, WIRE_FLOAT, WIRE_DOUBLE, WIRE_STRING, WIRE_BYTES,
	WIRE_FIXED, WIRE_ENUM, WIRE_ARRAY, WIRE_MAP, WIRE_UNION, WIRE_RECORD,
};

struct wire {
	enum wire_kind kind;
	size_t n;			/* parts: fields, branches, or the one item type */
	struct wire **parts;
	const struct field **fields;	/* of a record: ours, or NULL to skip the part */
	char **names;			/* of a record: the writer's words for its parts */
	size_t fixed;			/* bytes of a fixed, symbols of an enum */
	size_t least;			/* bytes that a value takes at least */
	const struct shape *shape;	/* of a record that we know */
};

/* text: the schema as JSON; shape: what its record becomes. Checks that every field of ours that
 * the writer has is of a type we can take, and every one it lacks has a default of ours.
 * canonical: receives the Parsing Canonical Form. */
bool wire_new(struct wire **ret, const char *text, const struct shape *shape,
    struct buf *canonical, struct err *err);
void wire_free(struct wire *wire);		/* NULL is fine */
OWN_FREEP(struct wire, wire_free)

/* One datum, no frame: into *object (of the record's shape), with defaults where it is silent. */
struct arena;
bool wire_read(const struct wire *record, const void *bytes, size_t size, struct arena *arena,
    void *object, struct err *err);
void wire_write(const struct wire *record, const void *object, struct buf *ret);

/* CRC-64-AVRO (Avro specification, "Schema Fingerprints"). */
uint64_t wire_fingerprint(const void *bytes, size_t size);
#endif
