/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c: outside of texts each { [ and comma announces one more value. */
#include "tally.h"
#include <string.h>

enum { WINDOW = 512 };

static void
take_in_text(struct tally *t, char c)
{
	if (t->is_escaped)
		t->is_escaped = false;
	else if (c == '\\')
		t->is_escaped = true;
	else if (c == '"')
		t->in_text = false;
	if (t->in_text && t->depth == 1 && t->word_size < sizeof(t->word))
		t->word[t->word_size++] = c;
}

static void
open(struct tally *t)
{
	t->in_files |= t->is_files && t->depth == 1;
	t->files = t->in_files && t->depth == 1 ? 1 : t->files;
	t->depth++;
	t->values++;
}

static void
take_mark(struct tally *t, char c)
{
	if (c == '"') {
		t->in_text = true;
		t->word_size = t->depth == 1 ? 0 : t->word_size;
	} else if (c == ':' && t->depth == 1) {
		t->is_files = t->word_size == 5 && !memcmp(t->word, "files", 5);
	} else if (c == '{' || c == '[') {
		open(t);
	} else if (c == '}' || c == ']') {
		t->depth -= t->depth > 0;
		t->in_files &= t->depth > 1;
	} else if (c == ',') {
		t->values++;
		t->files += t->in_files && t->depth == 2;
	}
}

/* Within a text that says nothing to us: its next byte that does. A short window, so that a text of escapes
 * costs no look at all that is behind it for each of them. */
static const char *
pass(const struct tally *t, const char *at, const char *end)
{
	size_t size = end - at < WINDOW ? (size_t)(end - at) : WINDOW;
	const char *quote, *back;

	if (!t->in_text || t->is_escaped || (t->depth == 1 && t->word_size < sizeof(t->word)))
		return at;
	quote = memchr(at, '"', size);
	size = quote ? (size_t)(quote - at) : size;
	back = memchr(at, '\\', size);
	return back ? back : at + size;
}

enum tally_verdict
tally_take(struct tally *t, const void *bytes, size_t size)
{
	const char *at = bytes;

	for (const char *end = at + size; (at = pass(t, at, end)) < end; at++) {
		if (t->in_text)
			take_in_text(t, *at);
		else
			take_mark(t, *at);
		if (t->depth > t->limits.depth)
			return TALLY_DEEP;
		if (t->files > t->limits.files)
			return TALLY_FILES;
		if (t->values > t->limits.values)
			return TALLY_VALUES;
	}
	return TALLY_WELL;
}
