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
 */
#ifndef LETTER_H
#define LETTER_H
#include "base/arena.h"
#include "base/err.h"
#include "port/bus.h"

struct letter {
	struct bus_header headers[BUS_HEADERS_MAX + 10];
	size_t n_headers;
};

/* Fills the headers; all bytes live in the arena or with the record. */
bool letter_fill(struct letter *ret, const struct bus_record *record, const char *topic,
    const char *group, const char *stage, const struct err *why, struct arena *arena,
    struct err *err);

/* Publishes the record as a dead letter and waits for the broker's word. */
bool letter_publish(struct bus *bus, const struct bus_record *record, const char *group,
    const char *stage, const struct err *why, struct err *err);
#endif
