/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h: events as bytes. Avro single-object encoding: C3 01, the schema's CRC-64-AVRO
 * fingerprint (8 bytes, little-endian), the datum (Avro 1.11 specification, "Single-object
 * encoding" and "Parsing Canonical Form").
 *
 * At start avro-c parses every schema that was compiled in, today's and the released ones. Each
 * becomes a program of operations: the writer's fields in their order, matched to our struct by
 * name, skipped when we do not know them; a field the writer lacks keeps our default. Reading
 * checks every length before it is used and allocates only in the arena.
 */
#ifndef CODEC_H
#define CODEC_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"
#include "event/event.h"

enum {
	EVENT_ITEMS_MAX = 100001,	/* elements of one array */
	EVENT_FRAME_SIZE = 10,
};

struct codec;

/* Reads the compiled-in schemas. A schema we cannot use is our defect: ERR_FATAL. */
bool codec_open(struct codec **ret, struct err *err);
void codec_free(struct codec *codec);		/* NULL is fine */

/* A defect rejects, with a code (unknown_schema, not_framed, bad_record) and the field's name; so does
 * a record that the arena has no room for (record_too_large). */
bool codec_read(const struct codec *codec, const void *bytes, size_t size, struct arena *arena,
    struct event *ret, struct err *err);

/* Appends the framed record, by today's schema. A NULL for a text that may not be null is ours:
 * asserted. Fails only when the buffer is full. */
bool codec_write(const struct codec *codec, const struct event *event, struct buf *ret,
    struct err *err);

/* The first ten bytes of every record of this type. */
const uint8_t *codec_frame(const struct codec *codec, enum event_type type);

OWN_FREEP(struct codec, codec_free)
#endif
