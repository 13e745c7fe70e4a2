/* SPDX-License-Identifier: Apache-2.0 */
/* The frame: which schema a record names, and what is said when it names none. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "event/codec.h"
#include "schemas.h"

static struct codec *codec;
static struct arena *arena;
static struct buf buf;
static struct err err;
static struct event event;

static void
begin(void)
{
	cr_assert(codec_open(&codec, &err), "%s", err.text);
	arena = arena_new(1 << 20);
	cr_assert_not_null(arena);
}

static void
end(void)
{
	codec_free(codec);
	arena_free(arena);
	buf_clear(&buf);
}

TestSuite(event_codec, .init = begin, .fini = end);

static struct event
a_submission(struct submitted_file *files, size_t n)
{
	return (struct event){ .type = EVENT_BATCH_SUBMITTED, .submitted = {
		.event_id = uuid_v7(), .occurred_at = 1762337700250123, .batch_id = uuid_v7(),
		.submitted_by = "webshop", .pipeline_id = 2, .files = files, .n_files = n,
		.priority = 5, .failures_tolerated = EVENT_NULL_INT } };
}

static void
rejects(const void *bytes, size_t size, const char *code, const char *why)
{
	cr_assert_not(codec_read(codec, bytes, size, arena, &event, &err));
	cr_assert_eq(err.verdict, ERR_REJECT);
	cr_assert_str_eq(err.code, code);
	cr_assert_str_eq(err.text, why);
}

Test(event_codec, what_is_written_is_read_as_the_same)
{
	struct submitted_file files[] = {
		{ .file_name = "a.png", .source_uri = "blob:sha256/00", .size = 7, .sha256 = "00" },
		{ .file_name = "b.png", .data = { (const uint8_t *)"\0\1", 2 }, .size = EVENT_NULL_LONG },
	};
	struct event sent = a_submission(files, 2);

	cr_assert(codec_write(codec, &sent, &buf, &err), "%s", err.text);
	cr_assert(codec_read(codec, buf.data, buf.size, arena, &event, &err), "%s", err.text);

	cr_assert_eq(event.type, EVENT_BATCH_SUBMITTED);
	cr_assert_eq(uuid_order(event.submitted.batch_id, sent.submitted.batch_id), 0);
	cr_assert_eq(event.submitted.occurred_at, 1762337700250123);
	cr_assert_eq(event.submitted.n_files, 2);
	cr_assert_str_eq(event.submitted.files[0].source_uri, "blob:sha256/00");
	cr_assert_eq(event.submitted.files[1].data.size, 2);
	cr_assert_eq(event.submitted.files[1].size, EVENT_NULL_LONG);
	cr_assert_null(event.submitted.customer_prefix);
	cr_assert_eq(event.submitted.failures_tolerated, EVENT_NULL_INT);
}

/* The first version of JobCompleted was today's without the last field, under a name of its own. */
Test(event_codec, a_record_of_an_older_version_is_read_and_what_it_lacks_is_null)
{
	static const uint8_t first[] = { 0x61, 0x18, 0xf0, 0x63, 0x72, 0x9d, 0x64, 0x60 };
	struct event sent = { .type = EVENT_JOB_COMPLETED, .completed = { .worker = "w",
		.duration_ms = 7, .input_size = EVENT_NULL_LONG } };

	cr_assert(codec_write(codec, &sent, &buf, &err), "%s", err.text);
	memcpy((uint8_t *)buf.data + 2, first, sizeof(first));
	cr_assert(codec_read(codec, buf.data, buf.size - 1, arena, &event, &err), "%s", err.text);

	cr_expect_eq(event.completed.duration_ms, 7);
	cr_expect_eq(event.completed.input_size, EVENT_NULL_LONG);
}

Test(event_codec, what_was_read_outlives_the_bytes)
{
	struct submitted_file file = { .file_name = "a.png", .size = EVENT_NULL_LONG,
		.data = { (const uint8_t *)"picture", 7 } };
	struct event sent = a_submission(&file, 1);

	cr_assert(codec_write(codec, &sent, &buf, &err));
	cr_assert(codec_read(codec, buf.data, buf.size, arena, &event, &err));
	memset(buf.data, 0xee, buf.size);

	cr_assert_str_eq(event.submitted.files[0].file_name, "a.png");
	cr_assert_eq(memcmp(event.submitted.files[0].data.data, "picture", 7), 0);
}

Test(event_codec, ten_thousand_and_one_files_can_be_read_so_that_their_sender_is_told)
{
	struct submitted_file *files = calloc(10001, sizeof(*files));
	struct event sent = a_submission(files, 10001);

	for (size_t i = 0; i < 10001; i++)
		files[i].file_name = "x";
	arena_free(arena);
	arena = arena_new(4 << 20);
	cr_assert(codec_write(codec, &sent, &buf, &err));

	cr_assert(codec_read(codec, buf.data, buf.size, arena, &event, &err), "%s", err.text);

	cr_assert_eq(event.submitted.n_files, 10001);
	free(files);
}

Test(event_codec, bytes_without_a_frame_are_rejected)
{
	static const char why[] = "not an Avro single object: C3 01 and a fingerprint must stand first";

	rejects("", 0, "not_framed", why);
	rejects("{\"batch_id\":1}", 14, "not_framed", why);
	rejects("\xc3\x01\x13\x3b\x4f\xcb\x52\x02\xba", 9, "not_framed", why);
	rejects("\xc3\x02\x13\x3b\x4f\xcb\x52\x02\xba\xbd", 10, "not_framed", why);
}

Test(event_codec, a_foreign_schema_is_rejected_by_its_fingerprint)
{
	rejects("\xc3\x01\x8a\x8f\x25\xcc\xe7\x24\xdd\x63", 10, "unknown_schema",
	    "the fingerprint 8a8f25cce724dd63 is of no schema that we know");
}

Test(event_codec, a_registry_s_frame_is_rejected_while_there_is_no_registry)
{
	rejects("\x00\x00\x00\x00\x01rest", 9, "unknown_schema",
	    "framed for a schema registry, and none is configured");
}

Test(event_codec, a_defect_names_record_and_field)
{
	struct submitted_file file = { .file_name = "\xff", .size = EVENT_NULL_LONG };
	struct event sent = a_submission(&file, 1);

	cr_assert(codec_write(codec, &sent, &buf, &err));

	rejects(buf.data, buf.size, "bad_record", "BatchSubmitted: files: [0]: file_name: not UTF-8");
}

Test(event_codec, bytes_behind_the_record_are_rejected)
{
	struct event sent = a_submission(NULL, 0);

	cr_assert(codec_write(codec, &sent, &buf, &err));
	buf_add_byte(&buf, 0);

	rejects(buf.data, buf.size, "bad_record", "BatchSubmitted: bytes are left behind its end");
}

Test(event_codec, a_reject_leaves_the_result_alone)
{
	event.type = EVENT_JOB_FAILED;

	cr_assert_not(codec_read(codec, "\xc3\x01", 2, arena, &event, &err));

	cr_assert_eq(event.type, EVENT_JOB_FAILED);
}

Test(event_codec, a_record_larger_than_the_buffer_s_limit_is_refused)
{
	struct event sent = a_submission(NULL, 0);

	buf.limit = 64;

	cr_assert_not(codec_write(codec, &sent, &buf, &err));
	cr_assert_eq(err.verdict, ERR_REJECT);
	cr_assert_str_eq(err.text, "BatchSubmitted: larger than 64 bytes");
}

Test(event_codec, every_record_has_a_frame_of_its_own)
{
	for (int a = 0; a < EVENT_TYPES; a++)
		for (int b = 0; b < a; b++)
			cr_assert_neq(memcmp(codec_frame(codec, (enum event_type)a),
			    codec_frame(codec, (enum event_type)b), EVENT_FRAME_SIZE), 0);
}
