/* SPDX-License-Identifier: Apache-2.0 */
/* history.c: what happened to a batch, all pages of it as one table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* "2 rendered, 1 failed" of a state; the target of a delivery; what became of an order. */
static bool
add_detail(struct table *table, const struct doc_value *entry)
{
	const char *code = text_in(entry, "error_code"), *target = text_in(entry, "target");
	const char *outcome = text_in(entry, "outcome");
	int64_t done = int_in(entry, "jobs_completed"), failed = int_in(entry, "jobs_failed");
	int64_t cancelled = int_in(entry, "jobs_cancelled");
	struct buf text = {0};
	bool well;

	if (*target)
		buf_print(&text, "%s to %s by %s", outcome, target, text_in(entry, "service"));
	else if (*outcome)
		buf_print(&text, "%s", outcome);
	if (done)
		buf_print(&text, "%lld rendered", (long long)done);
	if (failed)
		buf_print(&text, "%s%lld failed", text.size ? ", " : "", (long long)failed);
	if (cancelled)
		buf_print(&text, "%s%lld cancelled", text.size ? ", " : "", (long long)cancelled);
	if (*code)
		buf_print(&text, "%s%s (%s)", text.size ? ": " : "", text_in(entry, "error_message"), code);
	well = !text.failed && table_add(table, text.size ? buf_text(&text) : "", TONE_PLAIN);
	buf_clear(&text);
	return well;
}

static bool
add_entry(struct table *table, const struct doc_value *entry)
{
	const char *kind = text_in(entry, "kind"), *what = text_in(entry, "what");
	int64_t run = int_in(entry, "run_no");
	char run_text[24] = "";

	if (run)
		snprintf(run_text, sizeof(run_text), "%lld", (long long)run);
	return table_print(table, TONE_PLAIN, "%.19s", text_in(entry, "at"))
	    && table_add(table, kind, TONE_FAINT)
	    && table_add(table, what, strcmp(kind, "state") ? TONE_PLAIN : tone_of_status(what))
	    && table_add(table, run_text, TONE_PLAIN)
	    && table_add(table, text_in(entry, "who"), TONE_PLAIN) && add_detail(table, entry)
	    && table_add(table, text_in(entry, "source"), TONE_FAINT);
}

static bool
add_page(struct table *table, const struct doc_value *entries, struct err *err)
{
	for (size_t i = 0; i < doc_size(entries); i++)
		if (!add_entry(table, doc_item(entries, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return true;
}

/* The pages behind the first one. */
static bool
add_more(struct cli *cli, struct table *table, const char *id, const char *cursor, struct err *err)
{
	char *next = strdup(cursor);
	struct buf path = {0};
	bool well = next != NULL || err_set(err, ERR_FATAL, "out of memory");

	while (well && *next) {
		own(doc_freep) struct doc *doc = NULL;

		buf_print(&path, "/api/batches/%s/history?limit=500", id);
		path_add(&path, "cursor", next);
		free(next);
		next = NULL;
		well = buf_text(&path) && peer_read(&cli->peer, buf_text(&path), &doc, err)
		    && add_page(table, doc_member(doc_root(doc), "data"), err)
		    && (next = strdup(text_in(doc_root(doc), "next_cursor"))) != NULL;
		buf_clear(&path);
	}
	free(next);
	return well || err->verdict != ERR_NONE || err_set(err, ERR_FATAL, "out of memory");
}

bool
run_history(struct cli *cli, struct err *err)
{
	static const struct table_column columns[] = { { "WHEN, UTC", false, false },
		{ "KIND", false, false }, { "WHAT", false, false }, { "RUN", true, false },
		{ "WHO", false, false }, { "DETAIL", false, true }, { "FROM", false, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	own(doc_freep) struct doc *doc = NULL;
	char path[PATH_SIZE];
	struct named batch;

	if (!table)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	snprintf(path, sizeof(path), "/api/batches/%s/history?limit=500", batch.id);
	if (!read_to_show(cli, path, &doc, err))
		return false;
	return cli->json || (add_page(table, doc_member(doc_root(doc), "data"), err)
	    && add_more(cli, table, batch.id, text_in(doc_root(doc), "next_cursor"), err)
	    && screen_table(cli, table, err));
}
