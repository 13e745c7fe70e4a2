/* SPDX-License-Identifier: Apache-2.0 */
/* JSON with long texts, which are read by another way than short ones: what comes out is the same. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/json_texts.h"

enum { LONG = JSON_TEXT_LONG + 7 };

/* Every # becomes a text of its own, so long, of one letter after the other. */
static struct buf
with_long(const char *pattern, size_t size)
{
	struct buf ret = { 0 };
	char letter = 'a';

	for (const char *c = pattern; *c; c++)
		if (*c != '#')
			buf_add_byte(&ret, (uint8_t)*c);
		else {
			buf_add_byte(&ret, '"');
			for (size_t i = 0; i < size; i++)
				buf_add_byte(&ret, (uint8_t)letter);
			buf_add_byte(&ret, '"');
			letter++;
		}
	return ret;
}

static bool
is_long(const struct doc_value *value, char letter)
{
	const char *text = doc_text(value);

	return text && doc_text_size(value) == LONG && strlen(text) == LONG && *text == letter
	    && strspn(text, (char[]){ letter, 0 }) == LONG;
}

Test(json, a_long_text_is_at_its_place_whatever_stands_around_it)
{
	struct buf json = with_long("{\"a\": #, # : 1, \"b\":{\"c\":[#,\"short\",#,[]],\"\\\"\\\\\":#},\"d\":\"\"}", LONG);
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *root, *b;
	struct err err = { 0 };

	cr_assert(doc_read(&doc, json.data, json.size, &err), "%s", err.text);
	root = doc_root(doc);
	b = doc_member(root, "b");
	cr_assert(is_long(doc_member(root, "a"), 'a'));
	cr_assert(is_long(doc_item(doc_member(b, "c"), 0), 'c'));
	cr_assert_str_eq(doc_text(doc_item(doc_member(b, "c"), 1)), "short");
	cr_assert(is_long(doc_item(doc_member(b, "c"), 2), 'd'));
	cr_assert(is_long(doc_member(b, "\"\\"), 'e'));
	cr_assert_str_eq(doc_text(doc_member(root, "d")), "");
	cr_assert_eq(doc_size(root), 4);
	buf_clear(&json);
}

Test(json, a_text_alone_may_be_long)
{
	struct buf json = with_long(" # ", LONG);
	own(doc_freep) struct doc *doc = NULL;
	struct err err = { 0 };

	cr_assert(doc_read(&doc, json.data, json.size, &err), "%s", err.text);
	cr_assert(is_long(doc_root(doc), 'a'));
	buf_clear(&json);
}

/* Where a defect is said to be, and that it is one, depends on no text's length. */
Test(json, defects_around_long_texts_are_told_as_ever)
{
	static const struct { const char *json, *says; } cases[] = {
		{ "{\"a\": #, \"a\": #}", "duplicate" },
		{ "{\"a\": #, \"b\": nope}", "column 1050" },
		{ "{\"a\": #", "expected" },
		{ "[#, #", "expected" },
		{ "[#]]", "end of file expected" },
		{ "# #", "end of file expected" },
		{ "{\"a\": #, \"b\": \"\\u0000\"}", "\\u0000" },
		{ "{\"a\": #, \"b\": \"\xff\"}", "unable to decode byte 0xff" },
		{ "{#: #, #: #, \"x\"}", "':' expected" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf json = with_long(cases[i].json, LONG);
		struct doc *doc = NULL;
		struct err err = { 0 };

		cr_assert_not(doc_read(&doc, json.data, json.size, &err), "%s", cases[i].json);
		cr_assert_str_eq(err.code, "malformed_json");
		cr_assert(strstr(err.text, cases[i].says), "%s: %s", cases[i].json, err.text);
		buf_clear(&json);
	}
}

Test(json, what_is_not_plain_goes_the_way_of_all_texts)
{
	static const char *const odd[] = { "\\n", "\\\"", "\\\\", "\xc3\xa4", "\\u00e4", "\x7f", "12345678\x7f" };

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct buf json = with_long("[#", LONG);
		own(doc_freep) struct doc *doc = NULL;
		struct err err = { 0 };

		json.size--;			/* its quote */
		buf_add_text(&json, odd[i]);
		buf_add_text(&json, "\", \"b\"]");
		cr_assert(doc_read(&doc, json.data, json.size, &err), "%s: %s", odd[i], err.text);
		cr_assert(doc_text_size(doc_item(doc_root(doc), 0)) > LONG, "%s", odd[i]);
		cr_assert_str_eq(doc_text(doc_item(doc_root(doc), 1)), "b");
		buf_clear(&json);
	}
}

Test(json, each_byte_but_a_printable_one_is_seen_wherever_it_stands)
{
	char json[JSON_TEXT_LONG + 40];

	for (int byte = 0; byte < 256; byte++)
		for (size_t at = JSON_TEXT_LONG; at < sizeof(json) - 2; at++) {
			bool plain = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
			struct json_texts found = { 0 };

			memset(json, '~', sizeof(json));
			json[0] = json[sizeof(json) - 1] = '"';
			json[at] = (char)byte;
			cr_assert(json_texts_find(&found, json, sizeof(json)));
			cr_expect_eq(found.n == 1 && found.list[0].size == sizeof(json) - 2, plain,
			    "%d at %zu", byte, at);
			json_texts_clear(&found);
		}
}

/* A stranger's text of escapes alone costs each byte a look or two, not a look at all that follows. */
Test(json, a_text_of_escapes_is_gone_through_once)
{
	enum { MANY = 2 << 20 };
	struct json_texts found = { 0 };
	char *json = malloc(MANY);

	for (size_t i = 0; i < MANY; i += 2)
		memcpy(json + i, i % 4 ? "\\\"" : "\\n", 2);
	json[0] = '"';
	json[1] = 'x';
	cr_assert(json_texts_find(&found, json, MANY));
	cr_assert_eq(found.n, 0);
	json_texts_clear(&found);
	free(json);
}

/* Any bytes, cut anywhere: nothing is read beyond the end (the sanitizers look), and what is found is
 * long, plain, and between quotes. */
Test(json, of_nonsense_it_finds_something_or_nothing)
{
	enum { SIZE = 8192 };
	static const char marks[] = "\"\"\\:, x{[\n\x01\xff";

	srand(20261128);
	for (int round = 0; round < 400; round++) {
		size_t size = (size_t)(rand() % SIZE);
		struct json_texts found = { 0 };
		char *json = malloc(size + 1);

		memset(json, 'x', size);
		for (int n = rand() % 12; size > 0 && n > 0; n--)
			json[(size_t)rand() % size] = marks[(size_t)rand() % (sizeof(marks) - 1)];
		json = realloc(json, size ? size : 1);
		cr_assert(json_texts_find(&found, json, size));
		for (size_t i = 0; i < found.n; i++) {
			const struct json_text *t = &found.list[i];

			cr_assert(t->size >= JSON_TEXT_LONG && t->at > json);
			cr_assert(t->at[-1] == '"' && t->at[t->size] == '"');
			cr_assert(!memchr(t->at, '"', t->size) && !memchr(t->at, '\\', t->size));
		}
		json_texts_clear(&found);
		free(json);
	}
}
