/* SPDX-License-Identifier: Apache-2.0 */
/* put.h: an event as JSON, for people who look at it. Its members are the schema's fields. */
#ifndef EVENT_PUT_H
#define EVENT_PUT_H
#include "base/json_write.h"
#include "event/event.h"

/* One object. Bytes are told by their number alone: {"bytes": 12}; times are microseconds. */
void event_put(struct put *put, const struct event *event);
#endif
