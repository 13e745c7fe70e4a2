/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: who did what, by hand. */
#include <stdio.h>
#include <string.h>
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
enum { TEXT_SIZE = 64 };

static void
add(struct buf *path, const char *name, const char *value)
{
	if (value)
		path_add(path, name, value);
}

/* A day is the whole of it. */
static void
add_day(struct buf *path, const char *name, const char *day, const char *rest)
{
	char text[TEXT_SIZE];

	if (!day)
		return;
	snprintf(text, sizeof(text), "%s%s", day, strchr(day, 'T') ? "" : rest);
	path_add(path, name, text);
}

static bool
path_fill(struct cli *cli, struct buf *path, struct err *err)
{
	const struct args *args = &cli->args;
	char limit[TEXT_SIZE];
	struct named batch;

	if (args->texts[ARG_BATCH] && args->texts[ARG_OBJECT])
		return err_code(err, ERR_FATAL, "usage", "--batch has no place beside --object");
	if (args->texts[ARG_BATCH] && !find_batch(cli, args->texts[ARG_BATCH], &batch, err))
		return false;
	buf_add_text(path, "/api/audit");
	add(path, "actor", args->texts[ARG_ACTOR]);
	add(path, "action", args->texts[ARG_ACTION]);
	add(path, "object", args->texts[ARG_BATCH] ? batch.id : args->texts[ARG_OBJECT]);
	add_day(path, "from", args->texts[ARG_FROM], "T00:00:00Z");
	add_day(path, "to", args->texts[ARG_TO], "T23:59:59.999999Z");
	snprintf(limit, sizeof(limit), "%lld", (long long)args->numbers[ARG_LIMIT]);
	add(path, "limit", args->texts[ARG_LIMIT] ? limit : NULL);
	return buf_text(path) || err_set(err, ERR_FATAL, "out of memory");
}

static bool
add_act(struct table *table, const struct doc_value *act)
{
	return table_print(table, TONE_PLAIN, "%.19s", text_in(act, "at"))
	    && table_add(table, text_in(act, "actor"), TONE_PLAIN)
	    && table_add(table, text_in(act, "action"), TONE_PLAIN)
	    && table_add(table, text_in(act, "object"), TONE_PLAIN)
	    && table_add(table, text_in(act, "outcome"), TONE_FAINT)
	    && table_add(table, text_in(act, "source"), TONE_FAINT);
}

static bool
view_acts(struct cli *cli, const struct doc_value *acts, struct err *err)
{
	static const struct table_column columns[] = { { "WHEN, UTC", false, false },
		{ "WHO", false, false }, { "DID", false, false }, { "TO", false, true },
		{ "OUTCOME", false, false }, { "FROM", false, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	if (doc_size(acts) == 0) {
		screen_say(cli, TONE_PLAIN, "Nothing of that was done.");
		return true;
	}
	for (size_t i = 0; table && i < doc_size(acts); i++)
		if (!add_act(table, doc_item(acts, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}

bool
run_audit(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf path = {0};
	bool well = path_fill(cli, &path, err) && read_to_show(cli, buf_text(&path), &doc, err)
	    && (cli->json || view_acts(cli, doc_member(doc_root(doc), "data"), err));

	buf_clear(&path);
	return well;
}
