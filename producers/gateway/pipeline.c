/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c: what can be done with a picture, shown, made, and switched off and on. An id never
 * changes its meaning: a changed pipeline is a new row of the same name, and what is queued keeps
 * its own. A definition is checked by the renderer's code, so that what is taken here can be done.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/utf8.h"
#include "gateway.h"
#include "port/named.h"
#include "pipeline/definition.h"
#include "query.h"
#include "sql.h"

enum {
	FIELD_SIZE = 300, NUMBER_SIZE = 16, NAME_MAX_SIZE = 100,
	ENABLED_MAX = 1000,		/* the projector keeps a few more */
};

static const struct shown_member pipeline_members[] = {
	{ "id", SHOWN_INT }, { "name", SHOWN_TEXT }, { "enabled", SHOWN_BOOL },
	{ "definition", SHOWN_JSON }, { "created_at", SHOWN_TIME },
};
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static bool
may_change(struct call *call)
{
	return caller_is_of_all(call, "Pipelines are");
}

/* ---- showing ---- */

static bool
rows_read(struct call *call, struct db_arg id, struct db_rows **ret)
{
	struct err err = {0};

	return db_call_run(call, ret, &err, sql_gateway_pipelines, id)
	    || problem_err(call, &err);
}

static bool
answer_pipeline(struct call *call, int status, int32_t id)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!rows_read(call, db_int4(id), &rows))
		return false;
	if (db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no pipeline %d.", (int)id);
	const struct shown shown = shown_table(rows, pipeline_members);

	return answer_row(call, status, &shown);
}

bool
serve_pipelines(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!rows_read(call, db_null(DB_INT4), &rows))
		return false;
	const struct shown shown = shown_table(rows, pipeline_members);

	return answer_rows(call, &shown);
}

static bool
id_read(struct call *call, int32_t *ret)
{
	int64_t id;

	if (!number_read(&id, call->arguments[0], 1, INT32_MAX))
		return problem(call, &problem_not_found, "No pipeline has such a number.");
	*ret = (int32_t)id;
	return true;
}

bool
serve_pipeline(struct call *call)
{
	int32_t id = 0;

	return id_read(call, &id) && answer_pipeline(call, 200, id);
}

/* ---- what is wished ---- */

struct wish {
	struct call *call;
	bool only_checked;
	const char *name;		/* of the body */
	struct buf definition;
	bool enabled;
};

/* Printable, no blank at its ends, and no number: those are ids. */
static bool
is_pipeline_name(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > NAME_MAX_SIZE || *text == ' ' || text[size - 1] == ' '
	    || !text[strspn(text, "0123456789")])
		return false;
	for (size_t at = 0, n; at < size; at += n) {
		n = utf8_length(text + at, size - at);
		if (n == 0 || !utf8_is_printable(text + at, n))
			return false;
	}
	return true;
}

static void
read_name(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->name = doc_text(value);
	if (!wish->name || !is_pipeline_name(wish->name))
		problem_field(wish->call, "name", "is not 1 to %d bytes of printable text, no blank at its "
		    "ends, and not a number", NAME_MAX_SIZE);
}

/* "views[0].format: is not .." is of the member definition.views[0].format. */
static void
refuse_definition(struct call *call, const struct err *err)
{
	const char *colon = strstr(err->text, ": ");
	char field[FIELD_SIZE];

	if (!colon || !strncmp(err->text, "the definition", 14))
		problem_field(call, "definition", "%s", colon ? colon + 2 : err->text);
	else {
		snprintf(field, sizeof(field), "definition.%.*s", (int)(colon - err->text), err->text);
		problem_field(call, field, "%s", colon + 2);
	}
}

/* Named now: the sweep of old inputs passes it over. */
static bool
is_in_store(struct call *call, const char *sha256)
{
	char uri[BLOB_URI_MAX];
	struct err err = {0};

	snprintf(uri, sizeof(uri), "blob:sha256/%s", sha256);
	if (blob_touch(call->gateway->blobs, uri, &err))
		return true;
	if (strcmp(err.code, "blob_not_found"))
		problem_err(call, &err);
	return false;
}

static void
check_assets(struct call *call, const struct definition *d)
{
	for (size_t v = 0; v < d->n_views; v++)
		for (size_t s = 0; s < d->views[v].n_steps; s++) {
			const struct step *step = &d->views[v].steps[s];
			const struct argument *asset = argument_find(step->arguments, step->n_arguments, "asset");
			char field[FIELD_SIZE];

			if (!asset || is_in_store(call, asset->word))
				continue;
			snprintf(field, sizeof(field), "definition.views[%zu].operations[%zu].asset", v, s);
			problem_field(call, field, "is not in the store; POST /api/blobs puts it there");
		}
}

/* What is kept is what was checked: the value as JSON again, without blanks. */
static void
read_definition(void *state, const struct doc_value *value)
{
	struct wish *wish = state;
	own(definition_freep) struct definition *definition = NULL;
	struct err err = {0};

	wish->definition.limit = DEFINITION_MAX + 1;
	if (doc_kind(value) != DOC_OBJECT)
		problem_field(wish->call, "definition", "is not an object");
	else if (!doc_print(&wish->definition, value))
		problem_field(wish->call, "definition", "is longer than %d bytes", DEFINITION_MAX);
	else if (!definition_read(&definition, buf_text(&wish->definition), &err)
	    && err.verdict == ERR_REJECT)
		refuse_definition(wish->call, &err);
	else if (!definition)
		problem_err(wish->call, &err);
	else
		check_assets(wish->call, definition);
}

static void
read_enabled(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	if (!doc_bool(value, &wish->enabled))
		problem_field(wish->call, "enabled", "is not true or false");
}

static const struct member members[] = {
	{ "name", NEED_MUST, NEED_NOT, read_name }, { "definition", NEED_MUST, NEED_NOT, read_definition },
	{ "enabled", NEED_NOT, NEED_MUST, read_enabled },
};
static const struct body_rules pipeline_rules = { "a pipeline", members, COUNT(members),
	"is not said of a new one, which is enabled",
	"stays as it is; make another pipeline of the same name" };

/* ---- orders ---- */

static bool
refuse_many(struct call *call)
{
	return problem(call, &problem_not_possible, "%d pipelines are enabled, which is the most.",
	    ENABLED_MAX);
}

static void
audit_pipeline(struct call *call, const char *action, int32_t id)
{
	char number[NUMBER_SIZE];

	snprintf(number, sizeof(number), "%d", (int)id);
	audit(call, action, number, "done");
}

/* The same as the last one of its name is that one. */
static bool
pipeline_add(struct wish *wish)
{
	struct call *call = wish->call;
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};
	char path[FIELD_SIZE];
	int32_t id = 0;

	if (!db_call_run(call, &rows, &err, sql_gateway_pipeline_add,
	    db_text(wish->name), db_text(buf_text(&wish->definition)), db_int(ENABLED_MAX)))
		return problem_err(call, &err);
	if (db_count(rows) == 0)
		return refuse_many(call);
	id = (int32_t)db_int_of(rows, 0, "id");
	if (!db_bool_of(rows, 0, "is_new"))
		return answer_pipeline(call, 200, id);
	audit_pipeline(call, "pipeline_add", id);
	snprintf(path, sizeof(path), "/api/pipelines/%d", (int)id);
	httpd_answer_header(call->answer, "Location", path);
	return answer_pipeline(call, 201, id);
}

static bool
answer_checked(struct wish *wish)
{
	struct put put = answer_json(wish->call, 200);

	put_open(&put, '{');
	put_text_of(&put, "name", wish->name);
	put_name(&put, "definition");
	put_raw(&put, buf_text(&wish->definition));
	put_close(&put, '}');
	return true;
}

static bool
read_argument(void *state, const char *name, const char *value)
{
	struct wish *wish = state;

	(void)value;
	wish->only_checked |= !strcmp(name, "check");
	return true;
}

bool
serve_pipeline_add(struct call *call)
{
	struct wish wish = { .call = call };
	own(doc_freep) struct doc *doc = NULL;
	bool well = may_change(call) && jsonbody_read(call, &doc)
	    && members_read(call, &pipeline_rules, true, doc_root(doc), &wish);

	httpd_query_each(call->request, read_argument, &wish);
	well = well && (wish.only_checked ? answer_checked(&wish) : pipeline_add(&wish));
	buf_clear(&wish.definition);
	return well;
}

static bool
pipeline_turn(struct call *call, int32_t id, bool enabled)
{
	own(db_rows_freep) struct db_rows *rows = NULL, *found = NULL;
	struct err err = {0};

	if (!db_call_run(call, &rows, &err, sql_gateway_pipeline_turn, db_int4(id),
	    db_bool(enabled), db_int(ENABLED_MAX)))
		return problem_err(call, &err);
	if (db_affected(rows) > 0)
		audit_pipeline(call, enabled ? "pipeline_enable" : "pipeline_disable", id);
	else if (!rows_read(call, db_int4(id), &found))
		return false;
	else if (db_count(found) > 0 && db_bool_of(found, 0, "enabled") != enabled)
		return refuse_many(call);
	return answer_pipeline(call, 200, id);
}

bool
serve_pipeline_change(struct call *call)
{
	struct wish wish = { .call = call };
	own(doc_freep) struct doc *doc = NULL;
	int32_t id = 0;

	return may_change(call) && id_read(call, &id) && jsonbody_read(call, &doc)
	    && members_read(call, &pipeline_rules, false, doc_root(doc), &wish)
	    && pipeline_turn(call, id, wish.enabled);
}
