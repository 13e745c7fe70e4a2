/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.h: an event ready for the bus: its bytes, its key (the job's id of a JobDispatched, else
 * the batch's), its headers.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H
#include "event/codec.h"
#include "event/headers.h"

struct envelope {
	struct buf bytes;
	char key[UUID_TEXT_SIZE];
	struct event_headers headers;
	struct bus_outgoing outgoing;	/* points into this struct: do not copy it */
};

/* service, traceparent: as headers_fill() takes them. To be cleared, also after a failure. */
bool envelope_fill(struct envelope *ret, const struct codec *codec, const struct event *event,
    enum topic topic, int32_t partition, const char *service, const char *traceparent,
    struct err *err);
void envelope_clear(struct envelope *envelope);
#endif
