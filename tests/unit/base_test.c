/* SPDX-License-Identifier: Apache-2.0 */
/* base_test.c: the small parts that everything stands on. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/program.h"
#include "base/utf8.h"
#include "base/uuid.h"

/* ---- err ---- */

Test(err, places_are_told_outermost_first)
{
	struct err err = {0};

	cr_expect(!err_code(&err, ERR_REJECT, "bad_name", "%s", "holds a slash"));
	cr_expect(!err_at(&err, "files[%d]", 3));
	cr_expect(!err_at(&err, "submission"));
	cr_expect_str_eq(err.text, "submission: files[3]: holds a slash");
	cr_expect_str_eq(err.code, "bad_name");
	cr_expect_eq(err.verdict, ERR_REJECT);
	err_clear(&err);
	cr_expect(err.verdict == ERR_NONE && !*err.code && !*err.text);
}

Test(err, a_sentence_that_is_too_long_is_cut)
{
	struct err err = {0};
	char sentence[2000];

	memset(sentence, 'x', sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = '\0';
	err_set(&err, ERR_RETRY, "%s", sentence);
	err_at(&err, "%s", sentence);
	cr_expect_lt(strlen(err.text), sizeof(err.text));
}

Test(err, what_is_no_text_in_it_is_told_with_question_marks)
{
	struct err err = {0};

	err_code(&err, ERR_REJECT, "bad", "%.3s: %s", "\u00e9\u00e9", "\xff and \u00fc");

	cr_expect_str_eq(err.text, "\u00e9?: ? and \u00fc");
}

Test(err, a_sentence_is_cut_behind_a_character_not_in_it)
{
	char sentence[1200];
	struct err err = {0};

	for (size_t start = 0; start < 4; start++) {
		memset(sentence, 'x', start);
		for (size_t i = start; i + 4 < sizeof(sentence); i += 4)
			memcpy(sentence + i, "\xf0\x9f\x93\xb7", 5);
		err_code(&err, ERR_REJECT, "bad", "%s", sentence);
		cr_expect(utf8_is_valid(err.text, strlen(err.text)), "%zu", start);
		err_at(&err, "place");
		cr_expect(utf8_is_valid(err.text, strlen(err.text)), "%zu", start);
		cr_expect_gt(strlen(err.text), 500);
	}
}

/* ---- buf ---- */

Test(buf, at_its_limit_it_takes_nothing_more_and_keeps_what_it_has)
{
	struct buf buf = { .limit = 8 };

	cr_expect(buf_add_text(&buf, "12345"));
	cr_expect(!buf_add_text(&buf, "6789"));
	cr_expect(!buf_add_byte(&buf, 'x'), "failed is for good");
	cr_expect(buf.failed && buf.size == 5);
	cr_expect_null(buf_text(&buf));
	buf_clear(&buf);
	cr_expect(buf_print(&buf, "%d-%s", 7, "a"));
	cr_expect_str_eq(buf_text(&buf), "7-a");
	buf_clear(&buf);
}

/* ---- arena ---- */

Test(arena, pieces_are_zeroed_aligned_and_limited)
{
	struct arena *arena = arena_new(1 << 20);

	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 4000; size += 37) {
			unsigned char *piece = arena_take(arena, size);

			cr_assert(piece && (uintptr_t)piece % 16 == 0);
			for (size_t i = 0; i < size; i++)
				cr_assert_eq(piece[i], 0);
			memset(piece, 0xff, size);
		}
		arena_clear(arena);
		cr_expect_eq(arena_used(arena), 0);
	}
	cr_expect_null(arena_take(arena, 2 << 20));
	cr_expect_null(arena_take(arena, SIZE_MAX));
	cr_expect_str_eq(arena_text(arena, "abcdef", 3), "abc");
	cr_expect_str_eq(arena_print(arena, "%s/%d", "a", 1), "a/1");
	arena_free(arena);
}

Test(arena, what_was_taken_since_a_mark_can_be_taken_back_again_and_again)
{
	struct arena *arena = arena_new(1 << 20);
	const struct arena_mark empty = arena_mark(arena);
	struct arena_mark mark;
	char *kept;

	kept = arena_text(arena, "kept", 4);
	mark = arena_mark(arena);
	for (int round = 0; round < 100; round++) {
		cr_assert(arena_take(arena, 10) && arena_take(arena, 900000));
		arena_rewind(arena, mark);
		cr_assert_str_eq(kept, "kept");
	}
	arena_rewind(arena, empty);
	cr_expect_eq(arena_used(arena), 0);
	cr_expect(arena_take(arena, 1 << 20));
	arena_free(arena);
}

/* ---- utf8 ---- */

Test(utf8, is_valid_only_in_its_shortest_form_and_within_unicode)
{
	static const struct { const char *bytes; size_t size; bool valid; } rows[] = {
		{ "plain", 5, true }, { "", 0, true }, { "a\0b", 3, true },
		{ "\xc3\xa9", 2, true }, { "\xe2\x82\xac", 3, true }, { "\xf0\x9f\x98\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "\xc3", 1, false }, { "\xa9", 1, false }, { "\xff", 1, false },
		{ "\xc0\xaf", 2, false }, { "\xe0\x80\xaf", 3, false },		/* too long for a slash */
		{ "\xed\xa0\x80", 3, false },					/* a surrogate */
		{ "\xf4\x90\x80\x80", 4, false }, { "\xe2\x82", 2, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(utf8_is_valid(rows[i].bytes, rows[i].size), rows[i].valid, "row %zu", i);
	cr_expect(utf8_is_printable("a b\xc3\xa9", 5));
	cr_expect(!utf8_is_printable("a\tb", 3) && !utf8_is_printable("\x7f", 1));
}

/* ---- base64 (RFC 4648, section 10) ---- */

Test(utf8, is_cut_at_a_character)
{
	static const struct { const char *text; size_t size, cut; } rows[] = {
		{ "abc", 2, 2 }, { "abc", 0, 0 }, { "a\xc3\xa9", 2, 1 }, { "a\xc3\xa9", 3, 3 },
		{ "\xe5\x86\x99", 1, 0 }, { "\xe5\x86\x99", 2, 0 }, { "\xe5\x86\x99", 3, 3 },
		{ "\xf0\x9f\x93\xb7", 3, 0 }, { "\xf0\x9f\x93\xb7", 4, 4 },
		{ "\x80\x80\x80\x80", 3, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(utf8_cut(rows[i].text, rows[i].size), rows[i].cut, "row %zu", i);
}

Test(base64, reads_the_vectors_of_the_standard_and_nothing_else)
{
	static const struct { const char *text, *bytes; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" },
	};
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9", "Z g=", "Zm9v\n",
		"Zm9-", "Zg==Zg==", "====" };
	struct buf written = {0};
	uint8_t bytes[16];
	size_t n, at;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_expect(base64_read(bytes, &n, good[i].text, strlen(good[i].text), &at));
		cr_expect(n == strlen(good[i].bytes) && !memcmp(bytes, good[i].bytes, n), "row %zu", i);
		cr_expect(base64_write(&written, good[i].bytes, n));
		cr_expect_str_eq(buf_text(&written), good[i].text);
		buf_reset(&written);
	}
	buf_clear(&written);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!base64_read(bytes, &n, bad[i], strlen(bad[i]), &at), "%s", bad[i]);
	cr_expect(!base64_read(bytes, &n, "Zm9vY?Fy", 8, &at));
	cr_expect_eq(at, 5, "the wrong character is told");
}

/* ---- program ---- */

Test(program, another_is_looked_for_where_this_one_lies)
{
	char self[PROGRAM_PATH_SIZE] = "", beside[PROGRAM_PATH_SIZE];

	cr_assert(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	cr_assert(program_beside(beside, strrchr(self, '/') + 1));
	cr_expect_str_eq(beside, self);
	cr_assert(program_beside(beside, "other"));
	cr_expect_str_eq(strrchr(beside, '/'), "/other");
}

/* ---- hash (FIPS 180-4) ---- */

Test(hash, a_file_is_read_whole_from_wherever_it_stands)
{
	enum { SIZE = 200000 };
	uint8_t whole[SHA256_SIZE], read_back[SHA256_SIZE];
	char *bytes = calloc(1, SIZE);
	int fd = memfd_create("file", 0);
	int64_t size = -1;

	memset(bytes + SIZE / 2, 'x', SIZE / 2);
	cr_assert(write(fd, bytes, SIZE) == SIZE);
	hash_sha256(whole, bytes, SIZE);
	cr_assert(hash_file(read_back, fd, &size));
	cr_expect(size == SIZE && !memcmp(whole, read_back, SHA256_SIZE));
	cr_expect_eq(lseek(fd, 0, SEEK_CUR), SIZE);
	cr_expect_not(hash_file(read_back, -1, &size));
	close(fd);
	free(bytes);
}

Test(hash, sha256_and_sha1_are_those_of_the_standard)
{
	static const uint8_t abc1[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	uint8_t sha256[SHA256_SIZE], sha1[SHA1_SIZE], pieces[SHA256_SIZE];
	struct hash *hash = hash_new();
	char text[SHA256_TEXT_SIZE];

	hash_sha256(sha256, "abc", 3);
	cr_expect_str_eq(hash_print(text, sha256),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	cr_expect(hash_is_hex(text) && !hash_is_hex("ABC") && !hash_is_hex(text + 1));
	hash_add(hash, "a", 1);
	hash_add(hash, "bc", 2);
	hash_end(hash, pieces);
	cr_expect_arr_eq(pieces, sha256, SHA256_SIZE);
	hash_free(hash);
	hash_sha1(sha1, "abc", 3);
	cr_expect_arr_eq(sha1, abc1, SHA1_SIZE);
}

Test(hash, hmac_is_that_of_rfc_4231)
{
	uint8_t mac[SHA256_SIZE];
	char text[SHA256_TEXT_SIZE];

	hash_hmac_sha256(mac, "Jefe", 4, "what do ya want for nothing?", 28);
	cr_expect_str_eq(hash_print(text, mac),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* ---- uuid ---- */

Test(uuid, reads_exactly_36_characters_and_writes_them_in_lower_case)
{
	static const char good[] = "018f3c5e-7a10-7b3c-9d2e-0123456789ab";
	static const char *const bad[] = { "", "018f3c5e7a107b3c9d2e0123456789ab",
		"018f3c5e-7a10-7b3c-9d2e-0123456789a",
		"018f3c5e-7a10-7b3c-9d2e-0123456789abc", "018f3c5e-7a10-7b3c-9d2e-0123456789ag",
		"{18f3c5e-7a10-7b3c-9d2e-0123456789a}", "018f3c5e+7a10-7b3c-9d2e-0123456789ab" };
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	cr_assert(uuid_read(&id, good, strlen(good)));
	cr_expect_str_eq(uuid_print(text, id), good);
	cr_assert(uuid_read(&id, "018F3C5E-7A10-7B3C-9D2E-0123456789AB", 36));
	cr_expect_str_eq(uuid_print(text, id), good);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!uuid_read(&id, bad[i], strlen(bad[i])), "%s", bad[i]);
}

Test(uuid, version_5_is_that_of_the_standard)
{
	struct uuid dns, id;
	char text[UUID_TEXT_SIZE];

	uuid_read(&dns, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 36);
	id = uuid_v5(dns, "www.example.com", 15);
	cr_expect_str_eq(uuid_print(text, id), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

Test(uuid, version_7_is_of_its_version_and_rises_with_time)
{
	struct uuid early = uuid_v7(), late;

	cr_expect_eq(early.bytes[6] >> 4, 7);
	cr_expect_eq(early.bytes[8] >> 6, 2);
	clock_sleep_ms(3);
	late = uuid_v7();
	cr_expect_lt(uuid_order(early, late), 0);
	cr_expect(!uuid_is_nil(early) && uuid_is_nil((struct uuid){ { 0 } }));
}

/* ---- times ---- */

Test(clock, prints_rfc_3339_with_milliseconds)
{
	char text[TIME_TEXT_SIZE];

	cr_expect_str_eq(time_print(text, 0), "1970-01-01T00:00:00.000Z");
	cr_expect_str_eq(time_print(text, 1762337700250999), "2025-11-05T10:15:00.250Z");
	cr_expect_str_eq(time_print(text, -1), "1969-12-31T23:59:59.999Z");
	cr_expect_str_eq(time_print(text, 1709210096789000), "2024-02-29T12:34:56.789Z");
}

Test(clock, a_day_is_that_of_its_zone)
{
	const int64_t late = 1762383600000000;		/* 2025-11-05T23:00:00Z */
	static const struct { const char *zone; int32_t day; } rows[] = {
		{ "UTC", 20397 }, { "Europe/Warsaw", 20398 }, { "America/New_York", 20397 },
		{ "Pacific/Kiritimati", 20398 },
	};

	cr_expect_eq(clock_day(late), 20397);
	cr_expect_eq(clock_day(-1), -1);
	cr_expect_eq(clock_day(0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(clock_zone_set(rows[i].zone), "%s", rows[i].zone);
		cr_expect_eq(clock_day(late), rows[i].day, "%s: %d", rows[i].zone,
		    (int)clock_day(late));
	}
	cr_expect(!clock_zone_set("Mars/Olympus") && !clock_zone_set("") && !clock_zone_set("../x"));
}

Test(date, goes_there_and_back)
{
	static const struct { int32_t days; const char *text; } rows[] = {
		{ 0, "1970-01-01" }, { -1, "1969-12-31" }, { 11016, "2000-02-29" }, { 20397, "2025-11-05" },
		{ 47540, "2100-02-28" }, { 47541, "2100-03-01" },
	};
	static const char *const bad[] = { "", "2025-11-5", "2025-02-29", "2025-13-01", "2025-00-10",
		"2025-11-05x", "2025/11/05", "20251105", "2100-02-29", " 2025-11-05" };
	char text[DATE_TEXT_SIZE];
	int32_t days;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_str_eq(date_print(text, rows[i].days), rows[i].text);
		cr_expect(date_read(&days, rows[i].text) && days == rows[i].days, "%s", rows[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!date_read(&days, bad[i]), "%s", bad[i]);
}

/* ---- JSON ---- */

Test(json, a_value_is_printed_as_it_was_read_but_for_blanks)
{
	static const char text[] = "{ \"b\": [1, 2.5, null], \"a\": {\"\u00e9\": \"\\n\"}, \"c\": true }";
	own(doc_freep) struct doc *doc = NULL;
	struct buf buf = {0};
	struct err err = {0};

	cr_assert(doc_read(&doc, text, sizeof(text) - 1, &err), "%s", err.text);
	cr_assert(doc_print(&buf, doc_root(doc)));

	cr_assert_str_eq(buf_text(&buf),
	    "{\"b\":[1,2.5,null],\"a\":{\"\u00e9\":\"\\n\"},\"c\":true}");
	buf_clear(&buf);
}

Test(json, what_is_written_is_read_again)
{
	static const char odd[] = "quote\" slash\\ tab\t line\n bell\x01 \xc3\xa9 \xf0\x9f\x98\x80";
	struct buf buf = {0};
	struct put put = { .buf = &buf };
	struct doc *doc = NULL;
	struct err err = {0};
	int64_t number;

	put_open(&put, '{');
	put_text_of(&put, "text", odd);
	put_text_of(&put, "none", NULL);
	put_int_of(&put, "least", INT64_MIN);
	put_int_of(&put, odd, 7);	/* names are strangers', too: the columns of a board, --setting KEY */
	put_name(&put, "list");
	put_open(&put, '[');
	put_bool(&put, true);
	put_null(&put);
	put_raw(&put, "{\"raw\":1}");
	put_close(&put, ']');
	put_close(&put, '}');
	cr_assert(doc_read(&doc, buf.data, buf.size, &err), "%s", err.text);
	cr_expect_str_eq(doc_text(doc_member(doc_root(doc), "text")), odd);
	cr_expect_eq(doc_kind(doc_member(doc_root(doc), "none")), DOC_NULL);
	cr_expect(doc_int(doc_member(doc_root(doc), "least"), &number) && number == INT64_MIN);
	cr_expect(doc_int(doc_member(doc_root(doc), odd), &number) && number == 7);
	cr_expect_eq(doc_size(doc_member(doc_root(doc), "list")), 3);
	cr_expect_eq(doc_kind(doc_item(doc_member(doc_root(doc), "list"), 9)), DOC_ABSENT);
	doc_free(doc);
	buf_clear(&buf);
}

Test(json, a_defect_is_rejected_with_its_place)
{
	static const char *const bad[] = { "", "{", "{\"a\":}", "[1,]", "{\"a\":1}x", "\"\xff\"", "nul",
		"{\"a\":1,\"a\":2}", "{'a':1}", "[01]", "\"\\ud800\"" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct doc *doc = NULL;
		struct err err = {0};

		cr_expect(!doc_read(&doc, bad[i], strlen(bad[i]), &err), "%s", bad[i]);
		cr_expect_eq(err.verdict, ERR_REJECT, "%s", bad[i]);
		cr_expect_str_eq(err.code, "malformed_json");
		cr_expect(strstr(err.text, "line"), "%s: %s", bad[i], err.text);
		doc_free(doc);
	}
}

Test(json, nesting_without_end_is_refused)
{
	static char deep[200000];
	struct doc *doc = NULL;
	struct err err = {0};

	memset(deep, '[', sizeof(deep));
	cr_expect(!doc_read(&doc, deep, sizeof(deep), &err));
	cr_expect_eq(err.verdict, ERR_REJECT);
}

/* ---- log and metrics ---- */

Test(log, a_quoted_value_stays_on_its_line_and_in_its_room)
{
	char quoted[64], small[8];

	cr_expect_str_eq(log_quote(quoted, sizeof(quoted), "a \"b\"\n\\c\x1b"),
	    "\"a \\\"b\\\"\\u000a\\\\c\\u001b\"");
	log_quote(small, sizeof(small), "abcdefghijkl");
	cr_expect_lt(strlen(small), sizeof(small));
	cr_expect_eq(small[strlen(small) - 1], '"');
}

Test(metrics, are_printed_as_prometheus_reads_them)
{
	static struct metric metrics[] = {
		{ "test_things_total", "kind=\"a\"", "Things.", METRIC_COUNTER, 0 },
		{ "test_things_total", "kind=\"b\"", "Things.", METRIC_COUNTER, 0 },
		{ "test_depth", NULL, "Depth.", METRIC_GAUGE, 0 },
	};
	struct buf buf = {0};
	const char *text;

	metrics_add(metrics, 3);
	metric_count(&metrics[0], 2);
	metric_set(&metrics[2], -5);
	cr_assert(metrics_print(&buf));
	text = buf_text(&buf);
	cr_expect(strstr(text, "# TYPE test_things_total counter\n"));
	cr_expect(strstr(text, "test_things_total{kind=\"a\"} 2\n"));
	cr_expect(strstr(text, "test_things_total{kind=\"b\"} 0\n"));
	cr_expect(strstr(text, "# TYPE test_depth gauge\n") && strstr(text, "test_depth -5\n"));
	cr_expect_null(strstr(strstr(text, "# TYPE test_things_total") + 5, "# TYPE test_things_total"),
	    "a name is described once");
	buf_clear(&buf);
}
