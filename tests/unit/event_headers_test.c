/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside an event: CloudEvents in Kafka's binary mode, and the trace. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "event/headers.h"

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct event
a_fact(void)
{
	struct event event = { .type = EVENT_JOB_STARTED };

	cr_assert(uuid_read(&event.head.event_id, "5f2c1a90-3b4d-5e6f-8a7b-9c0d1e2f3a4b", 36));
	cr_assert(uuid_read(&event.head.batch_id, "018f3c5e-7a10-7b3c-9d2e-0123456789ab", 36));
	event.head.occurred_at = 1762337700250123;
	return event;
}

static const char *
value_of(const struct event_headers *headers, const char *name)
{
	for (size_t i = 0; i < HEADERS_COUNT; i++)
		if (!strcmp(headers->list[i].name, name)) {
			cr_assert_eq(headers->list[i].size, strlen(headers->list[i].value));
			return headers->list[i].value;
		}
	cr_assert_fail("no header %s", name);
	return NULL;
}

Test(event_headers, say_what_cloudevents_asks_for)
{
	struct event_headers headers;
	struct event fact = a_fact();

	headers_fill(&headers, &fact, "renderer", NULL);

	cr_assert_str_eq(value_of(&headers, "ce_specversion"), "1.0");
	cr_assert_str_eq(value_of(&headers, "ce_id"), "5f2c1a90-3b4d-5e6f-8a7b-9c0d1e2f3a4b");
	cr_assert_str_eq(value_of(&headers, "ce_type"), "batchline.JobStarted");
	cr_assert_str_eq(value_of(&headers, "ce_source"), "/batchline/renderer");
	cr_assert_str_eq(value_of(&headers, "ce_time"), "2025-11-05T10:15:00.250Z");
	cr_assert_str_eq(value_of(&headers, "ce_subject"), "018f3c5e-7a10-7b3c-9d2e-0123456789ab");
	cr_assert_str_eq(value_of(&headers, "content-type"), "application/avro");
}

Test(event_headers, a_trace_goes_on_with_a_step_of_its_own)
{
	struct event_headers headers;
	struct event fact = a_fact();
	const char *trace;

	headers_fill(&headers, &fact, "renderer", TRACE);

	trace = value_of(&headers, "traceparent");
	cr_assert_eq(memcmp(trace, TRACE, 36), 0);
	cr_assert_neq(memcmp(trace + 36, &TRACE[36], 16), 0);
	cr_assert_str_eq(trace + 52, "-01");
}

Test(event_headers, without_a_trace_one_is_begun)
{
	struct event_headers one, two;
	struct event fact = a_fact();
	char trace[33], step[17];
	unsigned flags;

	headers_fill(&one, &fact, "renderer", "");
	headers_fill(&two, &fact, "renderer", NULL);

	cr_assert_eq(sscanf(value_of(&one, "traceparent"), "00-%32[0-9a-f]-%16[0-9a-f]-%2x", trace,
	    step, &flags), 3);
	cr_assert_eq(strlen(trace) + strlen(step), 48);
	cr_assert_str_neq(value_of(&one, "traceparent"), value_of(&two, "traceparent"));
}

Test(event_headers, a_trace_that_is_not_well_formed_is_not_gone_on_with)
{
	static const char *const bad[] = {
		"garbage",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
	};
	struct event fact = a_fact();

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct event_headers headers;

		headers_fill(&headers, &fact, "renderer", bad[i]);

		cr_assert_null(strstr(value_of(&headers, "traceparent"), "4bf92f35"), "%s", bad[i]);
	}
}

Test(event_headers, a_trace_of_a_later_version_goes_on_as_the_version_we_know)
{
	struct event_headers headers;
	struct event fact = a_fact();

	headers_fill(&headers, &fact, "renderer",
	    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes");

	cr_assert_eq(memcmp(value_of(&headers, "traceparent"), TRACE, 36), 0);
	cr_assert_eq(strlen(value_of(&headers, "traceparent")), TRACEPARENT_SIZE - 1);
}
