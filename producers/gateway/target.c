/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.c: where finished batches go, shown and changed. A target concerns every customer's
 * batches, so that a key that is limited to some has no business here. Whether settings are right is
 * said by the database, which refuses wrong ones from psql, too.
 */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "filter.h"
#include "port/named.h"
#include "sql.h"

enum { FIELD_SIZE = 100, STATES_MAX = 7, SETTINGS_MAX = 16384 };

static const struct shown_member target_members[] = {
	{ "id", SHOWN_ID }, { "service", SHOWN_TEXT }, { "name", SHOWN_TEXT },
	{ "customers", SHOWN_JSON }, { "states", SHOWN_JSON }, { "settings", SHOWN_JSON },
	{ "enabled", SHOWN_BOOL }, { "attention", SHOWN_TEXT }, { "attention_at", SHOWN_TIME },
	{ "held_until", SHOWN_TIME }, { "created_at", SHOWN_TIME }, { "open", SHOWN_INT },
	{ "failed", SHOWN_INT },
};
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static bool
may_be_here(struct call *call)
{
	return caller_is_of_all(call, "Targets are");
}

bool
target_may_be_asked(struct call *call)
{
	return may_be_here(call) && (is_target_name(call->arguments[0])
	    || problem(call, &problem_not_found, "No target is called like that."));
}

/* ---- showing ---- */

static bool
rows_read(struct call *call, const char *name, struct db_rows **ret)
{
	struct err err = {0};

	return db_call_run(call, ret, &err, sql_gateway_targets, db_text(name))
	    || problem_err(call, &err);
}

/* The one that the path names; without one: 404. *ret is the caller's. */
static bool
row_read(struct call *call, struct db_rows **ret)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!target_may_be_asked(call) || !rows_read(call, call->arguments[0], &rows))
		return false;
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no target of this name.");
	*ret = db_rows_free_hand_over(&rows);
	return true;
}

static bool
answer_target(struct call *call, int status, const char *name)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!rows_read(call, name, &rows))
		return false;
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no target of this name.");
	const struct shown shown = shown_table(rows, target_members);

	return answer_row(call, status, &shown);
}

bool
serve_targets(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!may_be_here(call) || !rows_read(call, NULL, &rows))
		return false;
	const struct shown shown = shown_table(rows, target_members);

	return answer_rows(call, &shown);
}

bool
serve_target(struct call *call)
{
	return target_may_be_asked(call) && answer_target(call, 200, call->arguments[0]);
}

/* ---- what is wished ---- */

struct wish {
	struct call *call;
	const char *service, *name;	/* of the body */
	bool has_customers;
	struct db_array customers, states;
	struct buf settings;
	const struct doc_value *enabled;
};

static void
wish_clear(struct wish *wish)
{
	db_array_clear(&wish->customers);
	db_array_clear(&wish->states);
	buf_clear(&wish->settings);
}

static void
read_service(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->service = doc_text(value);
	if (!wish->service)
		problem_field(wish->call, "service", "is not a text");
}

static void
read_name(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->name = members_name(wish->call, value);
}

/* An array of 1 to `most` texts that are well; each defect is told by its place. */
static void
read_texts(struct wish *wish, const char *name, const struct doc_value *value, size_t most,
    bool (*is_well)(const char *text), const char *what, struct db_array *ret)
{
	char field[FIELD_SIZE];

	if (doc_kind(value) != DOC_ARRAY || doc_size(value) == 0 || doc_size(value) > most) {
		problem_field(wish->call, name, "is not an array of 1 to %zu of them", most);
		return;
	}
	ret->type = DB_TEXT;
	for (size_t i = 0; i < doc_size(value); i++) {
		const char *text = doc_text(doc_item(value, i));

		snprintf(field, sizeof(field), "%s[%zu]", name, i);
		if (text && is_well(text))
			db_array_add(ret, db_text(text));
		else
			problem_field(wish->call, field, "is not %s", what);
	}
}

static void
read_customers(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->has_customers = true;
	if (doc_kind(value) != DOC_NULL)
		read_texts(wish, "customers", value, CUSTOMERS_MAX, prefix_is_valid,
		    "one to four tokens of capitals and digits, joined by _", &wish->customers);
}

static void
read_states(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	read_texts(wish, "states", value, STATES_MAX, is_delivered_state,
	    "one of queued, processing, completed, partial, failed, cancelled, deleted", &wish->states);
}

static void
read_settings(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->settings.limit = SETTINGS_MAX;
	if (doc_kind(value) != DOC_OBJECT)
		problem_field(wish->call, "settings", "is not an object");
	else if (!doc_print(&wish->settings, value))
		problem_field(wish->call, "settings", "is longer than %d bytes", SETTINGS_MAX);
}

static void
read_enabled(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->enabled = value;
	if (doc_kind(value) != DOC_BOOL)
		problem_field(wish->call, "enabled", "is not true or false");
}

static const struct member members[] = {
	{ "service", NEED_MUST, NEED_NOT, read_service }, { "name", NEED_MUST, NEED_NOT, read_name },
	{ "settings", NEED_MUST, NEED_MAY, read_settings },
	{ "customers", NEED_MAY, NEED_MAY, read_customers },
	{ "states", NEED_MAY, NEED_MAY, read_states }, { "enabled", NEED_MAY, NEED_MAY, read_enabled },
};
static const struct body_rules target_rules = { "a target", members, COUNT(members), NULL,
	"stays as it is; make another target" };

/* Whether the service takes these settings. The defect begins with the one that is meant:
 * "url: not https://host/path". */
static bool
settings_fit(struct wish *wish, const char *service)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	const char *defect, *colon;
	char field[FIELD_SIZE];
	struct err err = {0};

	if (!wish->settings.size)
		return true;
	if (!db_call_run(wish->call, &rows, &err, sql_gateway_target_defect,
	    db_text(service), db_text(buf_text(&wish->settings))))
		return problem_err(wish->call, &err);
	if (db_is_null(rows, 0, 0))
		return true;
	defect = db_text_at(rows, 0, 0);
	colon = strstr(defect, ": ");
	if (!colon)
		return problem_field(wish->call, "settings", "%s", defect);
	snprintf(field, sizeof(field), "%s%.*s", strncmp(defect, "service: ", 9)
	    && strncmp(defect, "settings: ", 10) ? "settings." : "", (int)(colon - defect), defect);
	return problem_field(wish->call, field, "%s", colon + 2);
}

/* ---- arguments ---- */

static struct db_arg
texts_arg(struct db_array *array)
{
	return array->n ? db_array(array) : db_null_array(DB_TEXT);
}

static struct db_arg
settings_arg(struct wish *wish)
{
	return db_text(wish->settings.size ? buf_text(&wish->settings) : NULL);
}

static struct db_arg
enabled_arg(const struct wish *wish)
{
	bool enabled = false;

	return doc_bool(wish->enabled, &enabled) ? db_bool(enabled) : db_null(DB_BOOL);
}

/* ---- orders ---- */

/* What every value by itself did not show: a service that is not told of every state. */
static bool
refuse(struct call *call, const struct err *err)
{
	if (!strcmp(err->code, "23514"))
		return problem_field(call, "states", "one of them is none that this service delivers");
	return problem_err(call, err);
}

static bool
target_add(struct wish *wish)
{
	struct call *call = wish->call;
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};
	char path[FIELD_SIZE];

	if (!db_call_run(call, &rows, &err, sql_gateway_target_add,
	    db_text(wish->service), db_text(wish->name), texts_arg(&wish->customers),
	    texts_arg(&wish->states), settings_arg(wish), enabled_arg(wish)))
		return refuse(call, &err);
	if (db_affected(rows) == 0)
		return problem(call, &problem_taken, "There is a target \"%s\" already.", wish->name);
	audit(call, "target_add", wish->name, "done");
	snprintf(path, sizeof(path), "/api/targets/%s", wish->name);
	httpd_answer_header(call->answer, "Location", path);
	return answer_target(call, 201, wish->name);
}

static bool
target_change(struct wish *wish)
{
	struct call *call = wish->call;
	const char *name = call->arguments[0];
	struct err err = {0};

	if (!db_call_run(call, NULL, &err, sql_gateway_target_change, db_text(name),
	    db_bool(wish->has_customers), texts_arg(&wish->customers), texts_arg(&wish->states),
	    settings_arg(wish), enabled_arg(wish)))
		return refuse(call, &err);
	audit(call, "target_change", name, "done");
	return answer_target(call, 200, name);
}

bool
serve_target_add(struct call *call)
{
	struct wish wish = { .call = call };
	own(doc_freep) struct doc *doc = NULL;
	bool well = may_be_here(call) && jsonbody_read(call, &doc)
	    && members_read(call, &target_rules, true, doc_root(doc), &wish)
	    && settings_fit(&wish, wish.service) && target_add(&wish);

	wish_clear(&wish);
	return well;
}

bool
serve_target_change(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct wish wish = { .call = call };
	own(doc_freep) struct doc *doc = NULL;
	bool well = row_read(call, &rows) && jsonbody_read(call, &doc)
	    && members_read(call, &target_rules, false, doc_root(doc), &wish)
	    && settings_fit(&wish, db_text_of(rows, 0, "service")) && target_change(&wish);

	wish_clear(&wish);
	return well;
}

bool
serve_target_remove(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!target_may_be_asked(call))
		return false;
	if (!db_call_run(call, &rows, &err, sql_gateway_target_remove,
	    db_text(call->arguments[0])))
		return problem_err(call, &err);
	if (db_affected(rows) == 0)
		return problem(call, &problem_not_found, "There is no target of this name.");
	audit(call, "target_remove", call->arguments[0], "done");
	call->answer->status = 204;
	return true;
}
