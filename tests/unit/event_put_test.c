/* SPDX-License-Identifier: Apache-2.0 */
/* event_put_test.c: an event as JSON has the schema's fields, by their names. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/buf.h"
#include "event/put.h"

static void
expect_json(const struct event *event, const char *json)
{
	struct buf text = {0};
	struct put put = { &text, false };

	event_put(&put, event);
	cr_expect_str_eq(buf_text(&text), json);
	buf_clear(&text);
}

Test(event_put, of_a_submission_tells_the_size_of_its_bytes_and_what_is_null)
{
	struct submitted_file files[] = {
		{ .file_name = "a.jpg", .data = { (const uint8_t *)"abc", 3 }, .size = 3 },
		{ .file_name = "b\".jpg", .source_uri = "blob:x", .size = EVENT_NULL_LONG },
	};
	const struct event event = { .type = EVENT_BATCH_SUBMITTED, .submitted = { .occurred_at = 7,
		.submitted_by = "me", .pipeline_id = 1, .files = files, .n_files = 2, .priority = 5,
		.failures_tolerated = EVENT_NULL_INT } };

	expect_json(&event, "{\"event_id\":\"00000000-0000-0000-0000-000000000000\",\"occurred_at\":7,"
	    "\"batch_id\":\"00000000-0000-0000-0000-000000000000\",\"submitted_by\":\"me\","
	    "\"pipeline_id\":1,\"files\":[{\"file_name\":\"a.jpg\",\"source_uri\":null,"
	    "\"data\":{\"bytes\":3},\"size\":3,\"sha256\":null},{\"file_name\":\"b\\\".jpg\","
	    "\"source_uri\":\"blob:x\",\"data\":null,\"size\":null,\"sha256\":null}],"
	    "\"customer_prefix\":null,\"render_description\":null,\"priority\":5,"
	    "\"failures_tolerated\":null}");
}

Test(event_put, of_a_command_tells_its_texts)
{
	const char *ids[] = { "one", "two" };
	const struct event event = { .type = EVENT_BATCH_COMMANDED, .commanded = { .command = "retry",
		.requested_by = "me", .job_ids = ids, .n_job_ids = 2, .priority = EVENT_NULL_INT } };

	expect_json(&event, "{\"event_id\":\"00000000-0000-0000-0000-000000000000\",\"occurred_at\":0,"
	    "\"batch_id\":\"00000000-0000-0000-0000-000000000000\",\"command\":\"retry\","
	    "\"requested_by\":\"me\",\"job_ids\":[\"one\",\"two\"],\"priority\":null}");
}

Test(event_put, of_a_failed_job_tells_what_is_true)
{
	const struct event event = { .type = EVENT_JOB_FAILED, .failed = { .run_no = 1, .attempt = 2,
		.worker = "w", .error_code = "e", .error_message = "m", .retryable = true,
		.duration_ms = 9 } };
	struct buf text = {0};
	struct put put = { &text, false };

	event_put(&put, &event);
	cr_expect(strstr(buf_text(&text), "\"retryable\":true,\"duration_ms\":9}"));
	buf_clear(&text);
}
