/* SPDX-License-Identifier: Apache-2.0 */
/* texts_test.c: every text of an event has a limit, wherever in the record it stands. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "event/fields.h"
#include "event/texts.h"

static char text[70000];

static const char *
of_size(size_t size)
{
	memset(text, 'x', sizeof(text));
	text[size] = '\0';
	return text;
}

Test(texts, up_to_its_limit_a_text_is_taken_and_one_byte_more_is_named)
{
	struct submitted_file files[] = { { .file_name = "a" }, { .file_name = "b" } };
	struct batch_submitted s = { .submitted_by = "t", .files = files, .n_files = 2 };
	struct err err = {0};

	s.render_description = of_size(4000);
	cr_expect(texts_check(EVENT_BATCH_SUBMITTED, &s, &err), "%s", err.text);
	s.render_description = of_size(4001);
	cr_expect(!texts_check(EVENT_BATCH_SUBMITTED, &s, &err));
	cr_expect_eq(err.verdict, ERR_REJECT);
	cr_expect_str_eq(err.code, "text_too_long");
	cr_expect_str_eq(err.text, "render_description: 4001 bytes; at most 4000 are taken");
	s.render_description = NULL;
	files[1].source_uri = of_size(2049);
	cr_expect(!texts_check(EVENT_BATCH_SUBMITTED, &s, &err));
	cr_expect_str_eq(err.text, "files[1].source_uri: 2049 bytes; at most 2048 are taken");
}

Test(texts, of_lists_and_inner_records_are_looked_at_too)
{
	const char *ids[] = { "a", of_size(37) };
	const struct batch_commanded c = { .command = "retry", .requested_by = "t", .job_ids = ids,
		.n_job_ids = 2 };
	struct batch_archive archive = { .uri = of_size(2049), .sha256 = "" };
	const struct batch_changed b = { .archive = &archive };
	struct err err = {0};

	cr_expect(!texts_check(EVENT_BATCH_CHANGED, &b, &err));
	cr_expect_str_eq(err.text, "archive.uri: 2049 bytes; at most 2048 are taken");
	of_size(37);
	cr_expect(!texts_check(EVENT_BATCH_COMMANDED, &c, &err));
	cr_expect_str_eq(err.text, "job_ids[1]: 37 bytes; at most 36 are taken");
}

Test(texts, a_number_that_is_counted_on_from_is_within_its_range_and_one_beyond_is_named)
{
	static const struct { int32_t attempt; int64_t input_size; const char *text; } rows[] = {
		{ 1, 0, "" },
		{ 1000000, INT64_C(1) << 40, "" },
		{ 1, EVENT_NULL_LONG, "" },
		{ 0, 0, "attempt: 0 is not from 1 to 1000000" },
		{ INT32_MAX, 0, "attempt: 2147483647 is not from 1 to 1000000" },
		{ INT32_MIN, 0, "attempt: -2147483648 is not from 1 to 1000000" },
		{ 1, -1, "input_size: -1 is not from 0 to 1099511627776" },
		{ 1, INT64_MAX, "input_size: 9223372036854775807 is not from 0 to 1099511627776" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct job_completed c = { .attempt = rows[i].attempt,
			.input_size = rows[i].input_size, .worker = "w" };
		struct err err = {0};

		cr_expect_eq(texts_check(EVENT_JOB_COMPLETED, &c, &err), !*rows[i].text);
		cr_expect_str_eq(err.text, rows[i].text);
		cr_expect_str_eq(err.code, *rows[i].text ? "out_of_range" : "");
	}
}

static void
every_text_has_a_limit(const struct shape *shape)
{
	for (const struct field *f = shape->fields; f->name; f++) {
		if (f->items)
			every_text_has_a_limit(f->items);
		cr_expect_eq(f->most > 0, f->kind == FIELD_TEXT || f->kind == FIELD_TEXTS, "%s.%s",
		    shape->name, f->name);
	}
}

Test(texts, there_is_none_without_a_limit)
{
	for (int type = 0; type < EVENT_TYPES; type++)
		every_text_has_a_limit(&event_shapes[type]);
}
