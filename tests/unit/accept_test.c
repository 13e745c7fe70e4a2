/* SPDX-License-Identifier: Apache-2.0 */
/* accept_test.c: which submissions become batches, and what makes two of them the same. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "batch/accept.h"
#include "batch/name.h"

static const struct accept_limits limits = { 3, 100, 1000 };
static const uint8_t bytes[200];
static char long_name[300], long_uri[2050], long_text[4002];

static struct submitted_file
a_file(const char *name)
{
	return (struct submitted_file){ .file_name = name, .source_uri = "s3://b/x",
		.size = EVENT_NULL_LONG };
}

static struct batch_submitted
a_submission(struct submitted_file *files, size_t n)
{
	return (struct batch_submitted){ .submitted_by = "test", .pipeline_id = 1, .files = files,
		.n_files = n, .priority = 5, .failures_tolerated = EVENT_NULL_INT };
}

static const char *
verdict(const struct batch_submitted *s, size_t record_bytes)
{
	static struct err err;

	err_clear(&err);
	if (accept_submission(s, record_bytes, &limits, &err))
		return "accepted";
	cr_expect_eq(err.verdict, ERR_REJECT);
	cr_expect(*err.text);
	return err.code;
}

Test(accept, a_plain_submission_is_accepted)
{
	struct submitted_file files[] = { a_file("a.jpg"), a_file("b.jpg"), a_file("c.jpg") };
	const struct batch_submitted s = a_submission(files, 3);

	cr_assert_str_eq(verdict(&s, 1000), "accepted");
}

Test(accept, every_limit_of_a_submission_has_its_word)
{
	struct submitted_file files[4] = { a_file("a"), a_file("b"), a_file("c"), a_file("d") };
	struct batch_submitted s;

	s = a_submission(files, 3);
	cr_expect_str_eq(verdict(&s, 1001), "record_too_large");
	s = a_submission(files, 0);
	cr_expect_str_eq(verdict(&s, 10), "no_files");
	s = a_submission(files, 4);
	cr_expect_str_eq(verdict(&s, 10), "too_many_files");
	s = a_submission(files, 1);
	s.customer_prefix = "pl_dxb";
	cr_expect_str_eq(verdict(&s, 10), "bad_prefix");
	for (int priority = -1; priority <= 10; priority += 11) {
		s = a_submission(files, 1);
		s.priority = priority;
		cr_expect_str_eq(verdict(&s, 10), "bad_priority");
	}
	s = a_submission(files, 1);
	s.failures_tolerated = -1;
	cr_expect_str_eq(verdict(&s, 10), "bad_failures_tolerated");
	s.failures_tolerated = 0;
	cr_expect_str_eq(verdict(&s, 10), "accepted");
	s.render_description = memset(long_text, 'x', sizeof(long_text) - 1);
	cr_expect_str_eq(verdict(&s, 10), "text_too_long");
}

Test(accept, every_defect_of_a_file_has_its_word_and_the_sentence_its_place)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct submitted_file both = a_file("a"), neither = a_file("a"), large = a_file("a"),
	    hash = a_file("a"), size = a_file("a"), uri = a_file("a"),
	    output = a_file("a"), archive = a_file("a"), short_hash = a_file("a");
	const struct { struct submitted_file file; const char *code; } rows[] = {
		{ (both.data = (struct bytes){ bytes, 1 }, both), "bad_source" },
		{ (neither.source_uri = NULL, neither), "bad_source" },
		{ (large.source_uri = NULL, large.data = (struct bytes){ bytes, 101 }, large),
		    "data_too_large" },
		{ (hash.sha256 = "ABC", hash), "bad_sha256" },
		{ (size.size = -1, size), "bad_size" },
		{ (size.size = INT64_MAX, size), "bad_size" },
		{ (output.source_uri = "blob:outputs/a/b/1-c/d.jpg", output), "bad_source" },
		{ (archive.source_uri = "blob:archives/a/1.zip", archive), "bad_source" },
		{ (short_hash.source_uri = "blob:sha256/00", short_hash), "bad_source" },
		{ (uri.source_uri = memset(long_uri, 'x', sizeof(long_uri) - 1), uri), "text_too_long" },
		{ a_file("../../etc/passwd"), "bad_file_name" },
		{ a_file(""), "bad_file_name" },
		{ a_file(memset(long_name, 'x', sizeof(long_name) - 1)), "bad_file_name" },
		{ a_file("a\nb"), "bad_file_name" },
		{ a_file("\xff\xfe"), "bad_file_name" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct submitted_file files[] = { a_file("good"), rows[i].file };
		const struct batch_submitted s = a_submission(files, 2);
		struct err err = {0};

		cr_expect_str_eq(verdict(&s, 10), rows[i].code, "row %zu: %s", i, verdict(&s, 10));
		cr_expect(!accept_submission(&s, 10, &limits, &err));
		cr_expect(strstr(err.text, "files[1]"), "%s", err.text);
	}
	hash.sha256 = hex;
	cr_expect_str_eq(verdict(&(struct batch_submitted){ .files = &hash, .n_files = 1 }, 10),
	    "accepted");
}

Test(accept, what_makes_two_submissions_the_same_is_all_but_the_event_s_own_id_and_time)
{
	struct submitted_file files[] = { a_file("a"), a_file("b") }, swapped[] = { a_file("b"),
		a_file("a") };
	struct batch_submitted s = a_submission(files, 2), other;
	uint8_t one[32], two[32];

	accept_digest(one, &s);
	other = s;
	other.event_id.bytes[3] = 7;
	other.occurred_at = 99;
	accept_digest(two, &other);
	cr_expect_arr_eq(one, two, 32);

	struct batch_submitted changes[8];

	for (size_t i = 0; i < 8; i++)
		changes[i] = s;
	changes[0].pipeline_id = 2;
	changes[1].render_description = "";
	changes[2].customer_prefix = "A";
	changes[3].submitted_by = "else";
	changes[4].priority = 6;
	changes[5].failures_tolerated = 0;
	changes[6].n_files = 1;
	changes[7].files = swapped;

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		accept_digest(two, &changes[i]);
		cr_expect(memcmp(one, two, 32), "change %zu is not seen", i);
	}
}

/* ---- customers ---- */

Test(prefix, is_one_to_four_tokens_of_capitals_and_digits)
{
	static const char *const good[] = { "A", "PL_DXB", "A1_B2_C3_D4", "ABCDEFGHIJKLMNOP" };
	static const char *const bad[] = { "", "_", "A_", "_A", "A__B", "a", "1A", "A-B", "A_B_C_D_E",
		"ABCDEFGHIJKLMNOPQ", "A B", "\xc3\x84" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(prefix_is_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!prefix_is_valid(bad[i]), "%s", bad[i]);
}

Test(prefix, is_taken_from_the_leading_tokens_of_a_file_s_name)
{
	static const struct { const char *name; int most; const char *prefix; } rows[] = {
		{ "PL_DXB_image.png", 2, "PL_DXB" },
		{ "IMG_1234.jpg", 2, "IMG" },
		{ "PL_DXB_A1_image.png", 2, "PL_DXB" },
		{ "PL_DXB_A1_image.png", 4, "PL_DXB_A1" },
		{ "PL_DXB_image.png", 1, "PL" },
		{ "photo.jpg", 2, "UNSORTED" },
		{ "A.jpg", 2, "UNSORTED" },
		{ "pl_DXB_image.png", 2, "UNSORTED" },
		{ "PL_dxb_image.png", 2, "PL" },
		{ "1PL_x.png", 2, "UNSORTED" },
		{ "_x.png", 2, "UNSORTED" },
		{ "ABCDEFGHIJKLMNOPQ_x.png", 2, "UNSORTED" },
		{ "", 2, "UNSORTED" },
	};
	char prefix[PREFIX_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		prefix_of_file(prefix, rows[i].name, rows[i].most);
		cr_expect_str_eq(prefix, rows[i].prefix, "%s: %s", rows[i].name, prefix);
	}
}
