/* SPDX-License-Identifier: Apache-2.0 */
/* view_delivery.c: what became of deliveries, as people read it. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/words.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool
is_phase(const struct doc_value *delivery, const char *phase)
{
	return !strcmp(text_in(delivery, "phase"), phase);
}

static enum tone
tone_of(const struct doc_value *delivery)
{
	return is_phase(delivery, "done")                                       ? TONE_GOOD
	    : is_phase(delivery, "failed") || is_in(delivery, "attention") ? TONE_BAD
	    : is_phase(delivery, "passed")                                 ? TONE_FAINT
	                                                                   : TONE_BUSY;
}

/* "3 min ago" of when it was settled, else of when it was to be. */
static const char *
when(char words[WORDS_SIZE], const struct doc_value *delivery)
{
	const char *time = text_in(delivery, is_in(delivery, "settled_at") ? "settled_at" : "created_at");
	int64_t us;

	return time_read(&us, time) ? words_of_ago(words, us, clock_now_us()) : time;
}

static bool
add_delivery(struct table *table, const struct doc_value *delivery)
{
	char words[WORDS_SIZE];
	struct buf why = {0};
	bool well;

	if (is_in(delivery, "attention"))
		buf_print(&why, "needs attention: %s", text_in(delivery, "attention"));
	else
		why_add(&why, delivery);
	well = table_add(table, text_in(delivery, "id"), TONE_FAINT)
	    && table_add(table, is_in(delivery, "base_directory_name")
	        ? text_in(delivery, "base_directory_name") : text_in(delivery, "batch_id"), TONE_PLAIN)
	    && table_add(table, text_in(delivery, "state"), tone_of_status(text_in(delivery, "state")))
	    && table_add(table, text_in(delivery, "target"), TONE_PLAIN)
	    && table_add(table, text_in(delivery, "phase"), tone_of(delivery))
	    && table_print(table, TONE_PLAIN, "%lld", (long long)int_in(delivery, "attempts"))
	    && table_add(table, when(words, delivery), TONE_PLAIN)
	    && table_add(table, why.size ? buf_text(&why) : "", TONE_PLAIN);
	buf_clear(&why);
	return well;
}

bool
view_deliveries(const struct cli *cli, const struct doc_value *deliveries, struct err *err)
{
	static const struct table_column columns[] = { { "DELIVERY", false, false },
		{ "BATCH", false, false }, { "STATE", false, false }, { "TARGET", false, false },
		{ "PHASE", false, false }, { "CALLS", true, false }, { "WHEN", false, false },
		{ "WHY", false, true } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	if (table && doc_size(deliveries) == 0)
		return true;
	for (size_t i = 0; table && i < doc_size(deliveries); i++)
		if (!add_delivery(table, doc_item(deliveries, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}

/* ---- one ---- */

/* What it is at, in a sentence. */
static const char *
phase_of(const struct doc_value *delivery)
{
	bool skipped = !strcmp(text_in(delivery, "error_code"), "skipped");

	return is_phase(delivery, "done")           ? "delivered"
	    : is_phase(delivery, "failed")          ? "not tried any more"
	    : is_phase(delivery, "called")          ? "a call is under way"
	    : is_phase(delivery, "passed")          ? (skipped ? "skipped" :
	        "the batch went on before it was sent")
	    : is_in(delivery, "attention")          ? "waits until somebody has looked at the target"
	    : int_in(delivery, "attempts")          ? "waits to be tried again"
	                                            : "waits for its first call";
}

void
view_delivery(const struct cli *cli, const struct doc_value *delivery)
{
	struct buf why = {0};

	why_add(&why, delivery);
	screen_say(cli, TONE_PLAIN, "%s: %s in run %lld of %s", text_in(delivery, "target"),
	    text_in(delivery, "state"), (long long)int_in(delivery, "run_no"),
	    is_in(delivery, "base_directory_name") ? text_in(delivery, "base_directory_name")
	                                           : text_in(delivery, "batch_id"));
	say_of(cli, "service", "%s", text_in(delivery, "service"));
	say_of(cli, "phase", "%s (%s)", text_in(delivery, "phase"), phase_of(delivery));
	say_of(cli, "attention", "%s", text_in(delivery, "attention"));
	say_of(cli, "error", "%s", why.size ? buf_text(&why) : "");
	say_of(cli, "calls", "%lld", (long long)int_in(delivery, "attempts"));
	say_of(cli, "next try", "%s", text_in(delivery, "next_try_at"));
	say_of(cli, "link", "%s", text_in(delivery, "link"));
	say_of(cli, "theirs", "%s", text_in(delivery, "external_id"));
	say_time(cli, "wanted", text_in(delivery, "created_at"));
	say_time(cli, "settled", text_in(delivery, "settled_at"));
	if (is_in(delivery, "no_replay"))
		say_of(cli, "no replay", "%s", text_in(delivery, "no_replay"));
	say_of(cli, "id", "%s", text_in(delivery, "id"));
	buf_clear(&why);
}
