/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c: what goes into which column of a board, and what a column must be to take it. */
#include "monday.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/utf8.h"

/* UTF-16 units, as Monday counts them in a column of long text. */
enum { DESCRIPTION_MOST = 2000 };

/* ---- values ---- */

typedef void value_write(struct put *put, const struct doc_value *settings, const struct told *told);

static void
put_key(struct put *put, const struct doc_value *settings, const struct told *told)
{
	(void)settings;
	put_text(put, told->id);
}

static void
put_status(struct put *put, const struct doc_value *settings, const struct told *told)
{
	char label[LABEL_MAX];

	put_open(put, '{');
	put_text_of(put, "label", columns_label(label, settings, told->state));
	put_close(put, '}');
}

static void
put_number(struct put *put, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	put_text(put, text);
}

static void
put_files(struct put *put, const struct doc_value *settings, const struct told *told)
{
	(void)settings;
	put_number(put, told->files);
}

static void
put_failures(struct put *put, const struct doc_value *settings, const struct told *told)
{
	(void)settings;
	put_number(put, told->failures);
}

static void
put_link(struct put *put, const struct doc_value *settings, const struct told *told)
{
	(void)settings;
	put_open(put, '{');
	put_text_of(put, "url", told->page);
	put_text_of(put, "text", told->name);
	put_close(put, '}');
}

static void
put_day(struct put *put, const struct doc_value *settings, const struct told *told)
{
	char text[DATE_TEXT_SIZE];

	(void)settings;
	put_open(put, '{');
	put_text_of(put, "date", date_print(text, told->day));
	put_close(put, '}');
}

/* A plain text is what columns of text and of long text both take. */
static void
put_description(struct put *put, const struct doc_value *settings, const struct told *told)
{
	const char *text = told->description ? told->description : "";
	size_t size = 0, units = 0, left = strlen(text);
	struct buf cut = {0};

	(void)settings;
	while (size < left) {
		size_t n = utf8_length(text + size, left - size);

		units += n > 3 ? 2 : 1;
		if (n == 0 || units > DESCRIPTION_MOST)
			break;
		size += n;
	}
	buf_add(&cut, text, size);
	put_text(put, buf_text(&cut));
	buf_clear(&cut);
}

/* ---- the table ---- */

static const struct column {
	const char *setting, *types[2];
	value_write *write;		/* NULL: it is no value */
} columns[] = {
	{ "key", { "text" }, put_key },
	{ "status", { "status" }, put_status },
	{ "files", { "numbers" }, put_files },
	{ "failures", { "numbers" }, put_failures },
	{ "link", { "link" }, put_link },
	{ "date", { "date" }, put_day },
	{ "description", { "text", "long_text" }, put_description },
	{ "archive", { "file" }, NULL },
};
enum { N_COLUMNS = sizeof(columns) / sizeof(*columns) };

static const char *
id_of(const struct doc_value *settings, const char *setting)
{
	return doc_text(doc_member(doc_member(settings, "columns"), setting));
}

const char *
columns_setting(const struct doc_value *settings, const char *column_id)
{
	for (int i = 0; column_id && i < N_COLUMNS; i++) {
		const char *id = id_of(settings, columns[i].setting);

		if (id && !strcmp(id, column_id))
			return columns[i].setting;
	}
	return NULL;
}

const char *
columns_label(char ret[LABEL_MAX], const struct doc_value *settings, const char *state)
{
	const char *label = doc_text(doc_member(doc_member(settings, "labels"), state));

	snprintf(ret, LABEL_MAX, "%s", label ? label : state);
	if (!label)
		*ret = (char)toupper((unsigned char)*ret);
	return ret;
}

static bool
is_known(const struct column *column, const struct told *told)
{
	return column->write && (column->write != put_link || *told->page)
	    && (column->write != put_day || told->has_day);
}

void
columns_write(struct buf *ret, const struct doc_value *settings, const struct told *told)
{
	struct put put = { ret, false };

	put_open(&put, '{');
	for (int i = 0; i < N_COLUMNS; i++) {
		const char *id = id_of(settings, columns[i].setting);

		if (!id || !is_known(&columns[i], told))
			continue;
		put_name(&put, id);
		columns[i].write(&put, settings, told);
	}
	put_close(&put, '}');
}

void
columns_write_key(struct buf *ret, const struct doc_value *settings, const char *batch_id)
{
	struct put put = { ret, false };

	put_open(&put, '{');
	put_text_of(&put, id_of(settings, "key"), batch_id);
	put_close(&put, '}');
}

/* ---- does the board fit ---- */

static void
defect(struct buf *ret, const char *setting, const char *id)
{
	buf_print(ret, "%scolumns.%s: ", ret->size ? "; " : "", setting);
	buf_print(ret, "the board's column '%s' ", id);
}

static const struct doc_value *
column_of(const struct doc_value *board, const char *id)
{
	const struct doc_value *all = doc_member(board, "columns");

	for (size_t i = 0; i < doc_size(all); i++) {
		const char *one = doc_text(doc_member(doc_item(all, i), "id"));

		if (one && !strcmp(one, id))
			return doc_item(all, i);
	}
	return NULL;
}

void
columns_check(struct buf *ret, const struct doc_value *settings, const struct doc_value *board)
{
	for (int i = 0; i < N_COLUMNS; i++) {
		const struct column *c = &columns[i];
		const char *id = id_of(settings, c->setting);
		const struct doc_value *found = id ? column_of(board, id) : NULL;
		const char *type = doc_text(doc_member(found, "type"));

		if (!id || (type && (!strcmp(type, c->types[0])
		                        || (c->types[1] && !strcmp(type, c->types[1])))))
			continue;
		if (!found) {
			buf_print(ret, "%scolumns.%s: the board has no column '%s'", ret->size ? "; " : "",
			    c->setting, id);
			continue;
		}
		defect(ret, c->setting, id);
		buf_print(ret, "is of type %s, not %s%s%s", type ? type : "none", c->types[0],
		    c->types[1] ? " or " : "", c->types[1] ? c->types[1] : "");
	}
}

struct search { const char *label; bool found; };

/* {"labels": {"0": "Done"}}; newer answers are a list of {"label": "Done"}. */
static bool
look(void *state, const char *name, const struct doc_value *value)
{
	struct search *search = state;
	const char *text = doc_text(value);

	(void)name;
	search->found = text && !strcmp(text, search->label);
	return !search->found;
}

static bool
has_label(const struct doc_value *labels, const char *label)
{
	struct search search = { label, false };

	doc_members(labels, look, &search);
	for (size_t i = 0; doc_kind(labels) == DOC_ARRAY && !search.found && i < doc_size(labels); i++)
		look(&search, "", doc_member(doc_item(labels, i), "label"));
	return search.found;
}

void
columns_check_labels(struct buf *ret, const struct doc_value *settings, const char *states,
    const struct doc_value *labels)
{
	static const char *const all[] = { "queued", "processing", "completed", "partial", "failed",
		"cancelled" };
	char label[LABEL_MAX];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!strstr(states, all[i])
		    || has_label(doc_member(labels, "labels"), columns_label(label, settings, all[i])))
			continue;
		defect(ret, "status", id_of(settings, "status"));
		buf_print(ret, "has no label '%s' for batches that are %s", label, all[i]);
	}
}
