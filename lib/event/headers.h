/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.h: what stands beside an event on the bus: CloudEvents 1.0 in Kafka's binary mode and
 * W3C trace context.
 *
 *	ce_specversion ce_id ce_type ce_source ce_time ce_subject content-type traceparent
 *
 * They are for others: nothing of ours decides by a header what a record is.
 */
#ifndef HEADERS_H
#define HEADERS_H
#include "event/event.h"
#include "port/bus.h"

enum { TRACEPARENT_SIZE = 56, HEADERS_COUNT = 8 };

struct event_headers {
	char id[UUID_TEXT_SIZE], subject[UUID_TEXT_SIZE], type[64], source[64], time[32];
	char traceparent[TRACEPARENT_SIZE];
	struct bus_header list[HEADERS_COUNT];	/* points into this struct: do not copy it */
};

/* service: "renderer" becomes ce_source /batchline/renderer. traceparent: of the record that led to
 * this one, whose trace is gone on with; NULL, "" or malformed: a new trace is begun. */
void headers_fill(struct event_headers *ret, const struct event *event, const char *service,
    const char *traceparent);

/* The trace of a record, or "" when it has none that is well-formed. */
void headers_trace(char ret[TRACEPARENT_SIZE], const struct bus_record *record);
#endif
