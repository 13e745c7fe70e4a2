/* SPDX-License-Identifier: Apache-2.0 */
/* dropbox_test.c: what Dropbox wants of hashes and headers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "consumers/dropbox/dropbox.h"

/* In pieces of step bytes. */
static void
hash_of(char ret[SHA256_TEXT_SIZE], const char *bytes, size_t size, size_t step)
{
	struct content_hash hash = {0};

	for (size_t at = 0; at < size; at += step)
		content_hash_add(&hash, bytes + at, size - at < step ? size - at : step);
	cr_assert(content_hash_end(&hash, ret));
}

Test(dropbox, a_content_hash_is_that_of_the_hashes_of_its_blocks)
{
	char *zeros = calloc(1, CONTENT_BLOCK + 1);
	const struct { const char *bytes; size_t size; const char *hash; } rows[] = {
		{ "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 3, "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358" },
		{ zeros, CONTENT_BLOCK + 1,
		    "14a4d47f23a30177885d9820122f17d2d3a55fe63f7f5c27b95f689e0b2accd6" },
	};
	static const size_t steps[] = { 1000, 65536, CONTENT_BLOCK, CONTENT_BLOCK + 1 };
	char hash[SHA256_TEXT_SIZE];

	cr_assert(zeros);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
			hash_of(hash, rows[i].bytes, rows[i].size, steps[s]);
			cr_expect_str_eq(hash, rows[i].hash, "%zu bytes by %zu", rows[i].size,
			    steps[s]);
		}
	free(zeros);
}

Test(dropbox, an_argument_in_a_header_is_ascii)
{
	static const struct { const char *json, *safe; } rows[] = {
		{ "{\"path\":\"/a b\"}", "{\"path\":\"/a b\"}" },
		{ "\"\u00e4\"", "\"\\u00e4\"" },
		{ "\"\u5199\u771f\"", "\"\\u5199\\u771f\"" },
		{ "\"\U0001f5bc\"", "\"\\ud83d\\uddbc\"" },
		{ "\"a\x7f\"", "\"a\\u007f\"" },
		{ "\"\\n\\\"\"", "\"\\n\\\"\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf buf = {0};

		cr_expect(arg_add(&buf, rows[i].json));
		cr_expect_str_eq(buf_text(&buf), rows[i].safe);
		buf_clear(&buf);
	}
}

Test(dropbox, what_is_no_utf8_is_no_argument)
{
	struct buf buf = {0};

	cr_expect_not(arg_add(&buf, "\"\xff\""));
	buf_clear(&buf);
}

Test(dropbox, an_error_s_tags_are_told_whatever_way_it_is_built)
{
	static const struct { const char *json, *tags; } rows[] = {
		{ "{\".tag\":\"path\",\"reason\":{\".tag\":\"conflict\",\"conflict\":{\".tag\":\"file\"}},"
		  "\"upload_session_id\":\"sid\"}", "path/conflict/file" },
		{ "{\".tag\":\"path\",\"path\":{\".tag\":\"conflict\",\"conflict\":{\".tag\":\"file\"}}}",
		  "path/conflict/file" },
		{ "{\".tag\":\"lookup_failed\",\"lookup_failed\":{\".tag\":\"incorrect_offset\","
		  "\"correct_offset\":7}}", "lookup_failed/incorrect_offset" },
		{ "{\".tag\":\"expired_access_token\"}", "expired_access_token" },
		{ "{\".tag\":\"invalid_root\",\"invalid_root\":{\".tag\":\"user\",\"root_namespace_id\":\"1\"}}",
		  "invalid_root/user" },
		{ "{\"reason\":{\".tag\":\"too_many_requests\"},\"retry_after\":3}", "too_many_requests" },
		{ "\"other\"", "other" }, { "{}", "" }, { "7", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf text = {0};
		struct err err = {0};
		struct doc *doc = NULL;
		char tags[TAGS_MAX];

		buf_print(&text, "{\"error\":%s}", rows[i].json);
		cr_assert(doc_read(&doc, text.data, text.size, &err), "%s", err.text);
		api_tags(tags, doc_member(doc_root(doc), "error"));
		cr_expect_str_eq(tags, rows[i].tags);
		doc_free(doc);
		buf_clear(&text);
	}
}

Test(dropbox, tags_are_found_as_wholes)
{
	cr_expect(api_has_tag("path/conflict/folder", "conflict"));
	cr_expect(api_has_tag("path/team_folder/folder", "folder"));
	cr_expect_not(api_has_tag("path/team_folder", "folder"));
	cr_expect_not(api_has_tag("path/closed_now", "closed"));
	cr_expect_not(api_has_tag("", "closed"));
}
