/* SPDX-License-Identifier: Apache-2.0 */
/* view_target.c: where batches go, as people read it. */
#include <stdio.h>
#include <string.h>
#include "base/words.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool
is_on(const struct doc_value *target)
{
	bool enabled = false;

	return doc_bool(doc_member(target, "enabled"), &enabled) && enabled;
}

/* What it does just now, and the tone of that. */
static const char *
state_of(const struct doc_value *target, enum tone *tone)
{
	bool waits = is_in(target, "held_until"), ill = is_in(target, "attention");

	*tone = ill ? TONE_BAD : !is_on(target) ? TONE_FAINT : waits ? TONE_BUSY : TONE_GOOD;
	return ill && is_on(target) ? "needs attention"
	    : ill                   ? "switched off"
	    : !is_on(target)        ? "paused"
	    : waits                 ? "waits"
	                            : "on";
}

/* "completed, partial of PL, DE" */
static void
add_list(struct buf *ret, const char *between, const struct doc_value *texts)
{
	for (size_t i = 0; i < doc_size(texts); i++)
		buf_print(ret, "%s%s", i ? ", " : between, doc_text(doc_item(texts, i)));
}

static void
wanted_add(struct buf *ret, const struct doc_value *target)
{
	add_list(ret, "", doc_member(target, "states"));
	add_list(ret, " of ", doc_member(target, "customers"));
}

static bool
add_target(struct table *table, const struct doc_value *target)
{
	enum tone tone;
	const char *state = state_of(target, &tone);
	struct buf wanted = {0};
	bool well;

	wanted_add(&wanted, target);
	well = table_add(table, text_in(target, "name"), TONE_PLAIN)
	    && table_add(table, text_in(target, "service"), TONE_PLAIN)
	    && table_add(table, state, tone)
	    && table_print(table, TONE_PLAIN, "%lld", (long long)int_in(target, "open"))
	    && table_print(table, int_in(target, "failed") ? TONE_BAD : TONE_PLAIN, "%lld",
	        (long long)int_in(target, "failed"))
	    && table_add(table, buf_text(&wanted), TONE_PLAIN)
	    && table_add(table, text_in(target, "attention"), TONE_BAD);
	buf_clear(&wanted);
	return well;
}

bool
view_targets(const struct cli *cli, const struct doc_value *targets, struct err *err)
{
	static const struct table_column columns[] = { { "TARGET", false, false },
		{ "SERVICE", false, false }, { "STATE", false, false }, { "OPEN", true, false },
		{ "FAILED", true, false }, { "BATCHES", false, false }, { "WHY", false, true } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	if (doc_size(targets) == 0) {
		screen_say(cli, TONE_PLAIN, "Batches go nowhere yet. `batchline help targets add` tells how.");
		return true;
	}
	for (size_t i = 0; table && i < doc_size(targets); i++)
		if (!add_target(table, doc_item(targets, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}

/* ---- one target ---- */

static bool
say_setting(void *state, const char *name, const struct doc_value *value)
{
	struct buf json = {0};
	const char *text = doc_text(value);

	if (!text && doc_print(&json, value))
		text = buf_text(&json);
	say_of(state, name, "%s", text ? text : "");
	buf_clear(&json);
	return true;
}

void
view_target(const struct cli *cli, const struct doc_value *target)
{
	const struct doc_value *settings = doc_member(target, "settings");
	struct buf wanted = {0};
	enum tone tone;

	wanted_add(&wanted, target);
	screen_say(cli, TONE_PLAIN, "%s", text_in(target, "name"));
	say_of(cli, "service", "%s", text_in(target, "service"));
	say_of(cli, "state", "%s", state_of(target, &tone));
	say_of(cli, "attention", "%s", text_in(target, "attention"));
	say_time(cli, "since", text_in(target, "attention_at"));
	say_of(cli, "waits until", "%s", text_in(target, "held_until"));
	say_of(cli, "batches", "%s", buf_text(&wanted));
	say_of(cli, "deliveries", "%lld open, %lld failed", (long long)int_in(target, "open"),
	    (long long)int_in(target, "failed"));
	say_time(cli, "created", text_in(target, "created_at"));
	doc_members(settings, say_setting, (void *)(uintptr_t)cli);
	buf_clear(&wanted);
}
