/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter.h: dead letters. What a consumer gives up on goes to <topic>.dlq: the original key, bytes
 * and headers, and beside them why. The headers of the reason replace those of an earlier death.
 *
 *	dlq_topic dlq_partition dlq_offset dlq_timestamp	where the record stood (timestamp: ms)
 *	dlq_group dlq_stage		who gave up, and at what: decode, validate, apply
 *	dlq_code dlq_message		a word for programs, a sentence for people
 *	dlq_failed_at			RFC 3339
 *	dlq_replays			how often it was put back before, from 0
 *	dlq_replay_reason		what was said to be mended when it was put back last
 *
 * A letter always fits its topic. What does not fit is cut, and the letter says so:
 *
 *	dlq_cut				what is not whole: "value", "key", "headers", or several
 *	dlq_value_size dlq_value_sha256	of the whole value, when that was cut to its first part
 */
#ifndef LETTER_H
#define LETTER_H
#include "base/arena.h"
#include "base/err.h"
#include "port/bus.h"

enum {
	LETTER_VALUE_PART = 256 * 1024,	/* bytes that are kept of a value that does not fit */
	LETTER_KEY_MAX = 4096, LETTER_HEADER_MAX = 4096, LETTER_HEADERS_MAX = 65536,	/* bytes */
};

struct letter {
	struct bus_header headers[BUS_HEADERS_MAX + 13];
	size_t n_headers;
	const void *key, *value;	/* NULL: none */
	size_t key_size, value_size;
};

/* The letter of a record; originals are its headers. All bytes live in the arena, with the record
 * or with the originals. */
bool letter_fill(struct letter *ret, const struct bus_record *record,
    const struct bus_header *originals, size_t n_originals, const char *group, const char *stage,
    const struct err *why, struct arena *arena, struct err *err);

/* Publishes the record as a dead letter and waits for the broker's word. */
bool letter_publish(struct bus *bus, const struct bus_record *record, const char *group,
    const char *stage, const struct err *why, struct err *err);
#endif
