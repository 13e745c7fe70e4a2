/* SPDX-License-Identifier: Apache-2.0 */
/* headers.c: fills the list; a step of a trace keeps its id and gets a new parent. */
#include "event/headers.h"
#include <stdio.h>
#include <string.h>
#include "base/date.h"

/* Two hex digits of version, 32 of trace, 16 of step, 2 of flags; neither id all zero. A version
 * after 00 may say more behind them (W3C Trace Context, 3.2.2 and 4.1). */
static bool
trace_is_valid(const char *text, size_t size)
{
	static const char shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
	static const char zeros[] = "00000000000000000000000000000000";

	if (size < sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '-' ? text[i] != '-'
		    : !text[i] || !strchr("0123456789abcdef", text[i]))
			return false;
	if (size > sizeof(shape) - 1 && (!memcmp(text, "00", 2) || text[sizeof(shape) - 1] != '-'))
		return false;
	return memcmp(text, "ff", 2) && memcmp(text + 3, zeros, 32) && memcmp(text + 36, zeros, 16);
}

void
headers_trace(char ret[TRACEPARENT_SIZE], const struct bus_record *record)
{
	const void *value;
	size_t size;

	ret[0] = '\0';
	if (!record || !bus_header_find(record, "traceparent", &value, &size)
	    || !value || !trace_is_valid(value, size))
		return;
	snprintf(ret, TRACEPARENT_SIZE, "00%.*s", TRACEPARENT_SIZE - 3, (const char *)value + 2);
}

static void
trace_step(char ret[TRACEPARENT_SIZE], const char *traceparent)
{
	struct uuid fresh = uuid_v7(), step = uuid_v7();
	const uint8_t *f = fresh.bytes, *s = step.bytes + 8;
	bool goes_on = traceparent && trace_is_valid(traceparent, strlen(traceparent));

	if (goes_on)
		snprintf(ret, TRACEPARENT_SIZE, "00%.34s", traceparent + 2);
	else
		snprintf(ret, TRACEPARENT_SIZE, "00-%02x%02x%02x%02x%02x%02x%02x%02x"
		    "%02x%02x%02x%02x%02x%02x%02x%02x-", f[0], f[1], f[2], f[3], f[4], f[5], f[6],
		    f[7], f[8], f[9], f[10], f[11], f[12], f[13], f[14], f[15]);
	snprintf(ret + 36, TRACEPARENT_SIZE - 36, "%02x%02x%02x%02x%02x%02x%02x%02x-%.2s",
	    s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], goes_on ? traceparent + 53 : "01");
}

void
headers_fill(struct event_headers *ret, const struct event *event, const char *service,
    const char *traceparent)
{
	const char *const rows[HEADERS_COUNT][2] = {
		{ "ce_specversion", "1.0" }, { "ce_id", ret->id }, { "ce_type", ret->type },
		{ "ce_source", ret->source }, { "ce_time", ret->time }, { "ce_subject", ret->subject },
		{ "content-type", "application/avro" }, { "traceparent", ret->traceparent },
	};

	uuid_print(ret->id, event->head.event_id);
	uuid_print(ret->subject, event->head.batch_id);
	snprintf(ret->type, sizeof(ret->type), "batchline.%s", event_type_name(event->type));
	snprintf(ret->source, sizeof(ret->source), "/batchline/%s", service);
	time_print(ret->time, event->head.occurred_at);
	trace_step(ret->traceparent, traceparent);
	for (size_t i = 0; i < HEADERS_COUNT; i++)
		ret->list[i] = (struct bus_header){ rows[i][0], rows[i][1], strlen(rows[i][1]) };
}
