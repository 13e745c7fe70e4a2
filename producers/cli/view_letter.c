/* SPDX-License-Identifier: Apache-2.0 */
/* view_letter.c: dead letters, as people read them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/words.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
enum { MEMBER_MOST = 2000, HEX_ROW = 16 };

static bool
add_letter(struct table *table, const struct doc_value *letter)
{
	char words[WORDS_SIZE];
	int64_t us;

	return table_add(table, text_in(letter, "id"), TONE_PLAIN)
	    && table_add(table, time_read(&us, text_in(letter, "written_at"))
	        ? words_of_ago(words, us, clock_now_us()) : "", TONE_PLAIN)
	    && table_add(table, text_in(letter, "code"), TONE_BAD)
	    && table_add(table, text_in(letter, "key"), TONE_PLAIN)
	    && table_add(table, strcmp(text_in(letter, "state"), "open") ? text_in(letter, "state") : "",
	        TONE_FAINT)
	    && (int_in(letter, "replays")
	        ? table_print(table, TONE_PLAIN, "%lld", (long long)int_in(letter, "replays"))
	        : table_add(table, "", TONE_PLAIN))
	    && table_add(table, text_in(letter, "message"), TONE_FAINT);
}

bool
view_letters(const struct cli *cli, const struct doc_value *letters, struct err *err)
{
	static const struct table_column columns[] = { { "LETTER", false, false },
		{ "DIED", false, false }, { "CODE", false, false }, { "KEY", false, false }, { "STATE", false, false },
		{ "REPLAYS", true, false }, { "WHY", false, true } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	if (table && doc_size(letters) == 0)
		return true;
	for (size_t i = 0; table && i < doc_size(letters); i++)
		if (!add_letter(table, doc_item(letters, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}

/* ---- one ---- */

/* 0000  c3 01 5e ..   ..^ */
static void
say_hex(const struct cli *cli, const char *hex)
{
	size_t size = strlen(hex) / 2;

	for (size_t row = 0; row < size; row += HEX_ROW) {
		char bytes[3 * HEX_ROW + 1] = "", shown[HEX_ROW + 1] = "";

		for (size_t i = 0; i < HEX_ROW && row + i < size; i++) {
			const char *at = hex + 2 * (row + i);
			char two[3] = { at[0], at[1], '\0' };
			int byte = (int)strtol(two, NULL, 16);

			snprintf(bytes + 3 * i, 4, "%s ", two);
			shown[i] = (char)(byte < 0x7f && isprint(byte) ? byte : '.');
		}
		screen_say(cli, TONE_FAINT, "  %04zx  %-48s %s", row, bytes, shown);
	}
}

static bool
say_member(void *state, const char *name, const struct doc_value *value)
{
	const struct cli *cli = state;
	struct buf text = {0};

	if (doc_text(value))
		screen_say(cli, TONE_PLAIN, "  %s: %.*s", name, MEMBER_MOST, doc_text(value));
	else if (doc_print(&text, value) && buf_text(&text))
		screen_say(cli, TONE_PLAIN, "  %s: %.*s%s", name, MEMBER_MOST, buf_text(&text),
		    text.size > MEMBER_MOST ? "..." : "");
	buf_clear(&text);
	return true;
}

static void
say_value(const struct cli *cli, const struct doc_value *letter)
{
	char words[WORDS_SIZE];

	screen_say(cli, TONE_PLAIN, "%s", "");
	if (is_in(letter, "decoded")) {
		screen_say(cli, TONE_PLAIN, "Value: %s, %s", text_in(letter, "record"),
		    words_of_size(words, int_in(letter, "value_size")));
		doc_members(doc_member(letter, "decoded"), say_member, (void *)(uintptr_t)cli);
		return;
	}
	screen_say(cli, TONE_PLAIN, "Value: %s, not readable: %s",
	    words_of_size(words, int_in(letter, "value_size")), text_in(letter, "not_decoded"));
	say_hex(cli, text_in(letter, "value_head"));
}

void
view_letter(const struct cli *cli, const struct doc_value *letter)
{
	const struct doc_value *headers = doc_member(letter, "headers");

	say_of(cli, "letter", "%s", text_in(letter, "id"));
	say_of(cli, "why", "%s%s(%s)", text_in(letter, "message"), *text_in(letter, "message") ? " " : "",
	    text_in(letter, "code"));
	say_of(cli, "given up by", "%s, at %s", text_in(letter, "group"), text_in(letter, "stage"));
	say_time(cli, "died", text_in(letter, "written_at"));
	if (is_in(letter, "partition") && is_in(letter, "offset"))
		say_of(cli, "came from", "%s, partition %lld, offset %lld", text_in(letter, "topic"),
		    (long long)int_in(letter, "partition"), (long long)int_in(letter, "offset"));
	if (is_in(letter, "key"))
		say_of(cli, "key", "%s", text_in(letter, "key"));
	else if (is_in(letter, "key_head"))
		say_of(cli, "key", "0x%s", text_in(letter, "key_head"));
	if (is_in(letter, "settled_by"))
		say_of(cli, "state", "%s by %s, %.19s UTC: %s", text_in(letter, "state"),
		    text_in(letter, "settled_by"), text_in(letter, "settled_at"),
		    text_in(letter, "settled_for"));
	say_of(cli, "replays", "%lld", (long long)int_in(letter, "replays"));
	say_of(cli, "replayed for", "%s", text_in(letter, "replay_reason"));
	say_of(cli, "not whole", "%s", text_in(letter, "cut"));
	screen_say(cli, TONE_PLAIN, "%s", "");
	screen_say(cli, TONE_PLAIN, "Headers:");
	for (size_t i = 0; i < doc_size(headers); i++)
		screen_say(cli, TONE_FAINT, "  %s: %s", text_in(doc_item(headers, i), "name"),
		    is_in(doc_item(headers, i), "value") ? text_in(doc_item(headers, i), "value") : "(no text)");
	say_value(cli, letter);
}
