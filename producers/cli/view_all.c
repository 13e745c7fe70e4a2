/* SPDX-License-Identifier: Apache-2.0 */
/* view_all.c: the counts of all batches, what is parked, and the pipelines. */
#include <stdio.h>
#include <string.h>
#include "base/words.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct counting { struct table *table; const char *what; bool well; };

static bool
add_row(struct counting *c, const char *what, const char *name, int64_t n)
{
	char words[WORDS_SIZE];

	return table_add(c->table, what, TONE_PLAIN)
	    && table_add(c->table, name, tone_of_status(name))
	    && table_add(c->table, words_of_count(words, n), TONE_PLAIN);
}

/* A state that nothing is in is not worth a row. */
static bool
add_state(void *state, const char *name, const struct doc_value *value)
{
	struct counting *c = state;
	int64_t n = 0;

	if (doc_int(value, &n) && (n || !strcmp(name, "total")))
		c->well = add_row(c, c->what, name, n);
	return c->well;
}

static bool
add_customers(struct counting *c, const struct doc_value *customers)
{
	for (size_t i = 0; i < doc_size(customers) && c->well; i++) {
		const struct doc_value *one = doc_item(customers, i);

		c->well = add_row(c, "batches of", text_in(one, "customer_prefix"),
		    int_in(one, "batches"));
	}
	return c->well;
}

/* The hours in which something ended; nothing of a day without any. */
static bool
view_hours(const struct cli *cli, const struct doc_value *hours, struct err *err)
{
	static const struct table_column columns[] = { { "HOUR, UTC", false, false },
		{ "RENDERED", true, false }, { "FAILED", true, false }, { "BATCHES", true, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	bool well = table != NULL;

	for (size_t i = 0; well && i < doc_size(hours); i++) {
		const struct doc_value *one = doc_item(hours, i);
		const int64_t n[] = { int_in(one, "jobs_completed"), int_in(one, "jobs_failed"),
			int_in(one, "batches") };
		char words[WORDS_SIZE];

		if (!n[0] && !n[1] && !n[2])
			continue;
		well = table_print(table, TONE_PLAIN, "%.16s", text_in(one, "hour"));
		for (size_t k = 0; well && k < COUNT(n); k++)
			well = table_add(table, words_of_count(words, n[k]), TONE_PLAIN);
	}
	if (!well)
		return err_set(err, ERR_FATAL, "out of memory");
	if (table_rows(table) == 0)
		return true;
	screen_say(cli, TONE_PLAIN, "%s", "");
	return screen_table(cli, table, err);
}

bool
view_stats(const struct cli *cli, const struct doc_value *stats, struct err *err)
{
	static const struct table_column columns[] = { { "OF", false, false },
		{ "WHICH", false, false }, { "COUNT", true, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	struct counting c = { table, "batches", table != NULL };
	char size[WORDS_SIZE];

	if (c.well)
		doc_members(doc_member(stats, "batches"), add_state, &c);
	c.what = "jobs";
	if (c.well)
		doc_members(doc_member(stats, "jobs"), add_state, &c);
	if (!c.well || !add_customers(&c, doc_member(stats, "customers")))
		return err_set(err, ERR_FATAL, "out of memory");
	if (!screen_table(cli, table, err))
		return false;
	screen_say(cli, TONE_PLAIN, "%s of pictures came in.",
	    words_of_size(size, int_in(stats, "total_size")));
	return view_hours(cli, doc_member(stats, "throughput"), err);
}

/* ---- what is parked ---- */

static bool
add_parked(struct table *table, const struct doc_value *row)
{
	const char *of = text_in(row, "job_id");

	of = *of ? of : text_in(row, "batch_id");
	return table_print(table, TONE_PLAIN, "%lld", (long long)int_in(row, "id"))
	    && table_add(table, text_in(row, "kind"), TONE_PLAIN)
	    && table_add(table, *of ? of : text_in(row, "topic"), TONE_PLAIN)
	    && table_add(table, text_in(row, "reason"), TONE_BAD)
	    && table_add(table, text_in(row, "parked_at"), TONE_FAINT);
}

bool
view_parked(const struct cli *cli, const struct doc_value *parked, struct err *err)
{
	static const struct table_column columns[] = { { "ROW", true, false },
		{ "KIND", false, false }, { "OF", false, false }, { "WHY", false, true },
		{ "SINCE", false, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	if (doc_size(parked) == 0) {
		screen_say(cli, TONE_PLAIN, "Nothing is parked.");
		return true;
	}
	for (size_t i = 0; table && i < doc_size(parked); i++)
		if (!add_parked(table, doc_item(parked, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}

/* ---- pipelines ---- */

/* "hero, square, thumbnail", and of a command its name. */
static void
add_views(struct buf *ret, const struct doc_value *definition)
{
	const struct doc_value *views = doc_member(definition, "views");
	const char *command = text_in(definition, "command");

	if (*command)
		buf_print(ret, "command %s: ", command);
	for (size_t i = 0; i < doc_size(views); i++)
		buf_print(ret, "%s%s (%s)", i ? ", " : "", text_in(doc_item(views, i), "name"),
		    text_in(doc_item(views, i), "format"));
}

static bool
add_pipeline(struct table *table, const struct doc_value *pipeline)
{
	bool enabled = false, well;
	struct buf views = {0};

	doc_bool(doc_member(pipeline, "enabled"), &enabled);
	add_views(&views, doc_member(pipeline, "definition"));
	well = table_print(table, TONE_PLAIN, "%lld", (long long)int_in(pipeline, "id"))
	    && table_add(table, text_in(pipeline, "name"), TONE_PLAIN)
	    && table_add(table, enabled ? "" : "switched off", TONE_FAINT)
	    && table_add(table, views.size ? buf_text(&views) : "", TONE_PLAIN);
	buf_clear(&views);
	return well;
}

bool
view_pipelines(const struct cli *cli, const struct doc_value *pipelines, struct err *err)
{
	static const struct table_column columns[] = { { "PIPELINE", true, false },
		{ "NAME", false, false }, { "STATE", false, false }, { "MAKES", false, true } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));

	for (size_t i = 0; table && i < doc_size(pipelines); i++)
		if (!add_pipeline(table, doc_item(pipelines, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	return table ? screen_table(cli, table, err) : err_set(err, ERR_FATAL, "out of memory");
}
