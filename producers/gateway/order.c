/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c: a person's word about deliveries: again (replay), or not at all (skip). The ledger is the
 * services'; two functions of the database take the order, and the view says of each delivery what
 * cannot be done with it.
 */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "filter.h"
#include "port/named.h"
#include "sql.h"

enum { IDS_MAX = 1000, ORDER_MAX = 10000, SHOWN_MAX = 100 };
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static bool
is_skip(const struct call *call)
{
	return !strcmp(strrchr(call->request->path, '/'), "/skip");
}

/* *ret: the ids of those with which it was done. */
static bool
order(struct call *call, struct db_array *ids, struct db_rows **ret)
{
	struct err err = {0};
	bool well = is_skip(call)
	    ? db_call_run(call, ret, &err, sql_gateway_deliveries_skip, db_array(ids),
	        db_text(call->caller.name))
	    : db_call_run(call, ret, &err, sql_gateway_deliveries_replay, db_array(ids));

	return well || problem_err(call, &err);
}

static bool
order_one(struct call *call)
{
	struct db_array ids = { .type = DB_UUID };
	own(db_rows_freep) struct db_rows *done = NULL;
	char id[UUID_TEXT_SIZE];
	bool well;

	db_array_add(&ids, db_uuid(call->id));
	well = order(call, &ids, &done);
	db_array_clear(&ids);
	if (!well)
		return false;
	if (db_count(done) == 0)
		return problem(call, &problem_not_possible, "That cannot be done: it has just been taken.");
	audit(call, is_skip(call) ? "delivery_skip" : "delivery_replay", uuid_print(id, call->id), "done");
	return true;
}

bool
serve_delivery_order(struct call *call)
{
	const char *column = is_skip(call) ? "no_skip" : "no_replay";
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!delivery_read(call, &rows))
		return false;
	if (!db_is_null_of(rows, 0, column))
		return problem(call, &problem_not_possible, "That cannot be done: %s.",
		    db_text_of(rows, 0, column));
	return order_one(call) && serve_delivery(call);
}

/* ---- by a filter ---- */

static void
read_ids(struct filter *filter, const struct doc_value *list)
{
	char field[32];

	filter->has_ids = true;
	if (doc_kind(list) != DOC_ARRAY || doc_size(list) == 0 || doc_size(list) > IDS_MAX) {
		problem_field(filter->call, "ids", "is not an array of 1 to %d ids", IDS_MAX);
		return;
	}
	for (size_t i = 0; i < doc_size(list); i++) {
		const char *text = doc_text(doc_item(list, i));
		struct uuid id;

		snprintf(field, sizeof(field), "ids[%zu]", i);
		if (text && uuid_read(&id, text, strlen(text)))
			db_array_add(&filter->ids, db_uuid(id));
		else
			problem_field(filter->call, field, "is not the id of a delivery");
	}
}

static bool
read_member(void *state, const char *name, const struct doc_value *value)
{
	struct filter *filter = state;
	enum term t = term_named(name);

	if (t < TERMS)
		term_set(filter, t, doc_text(value));
	else if (!strcmp(name, "ids"))
		read_ids(filter, value);
	else if (strcmp(name, "preview"))
		problem_field(filter->call, name, "is no member of this order");
	else if (!doc_bool(value, &filter->preview))
		problem_field(filter->call, name, "is not true or false");
	return true;
}

/* What failed is meant by a replay that names no phase: nobody sends all that is delivered again by
 * having forgotten a word. */
static bool
order_read(struct filter *filter, const struct doc_value *root)
{
	struct call *call = filter->call;
	bool says;

	if (doc_kind(root) != DOC_OBJECT)
		return problem(call, &problem_invalid, "The body is no object.");
	doc_members(root, read_member, filter);
	says = filter->has_ids;
	for (enum term t = 0; t < TERMS; t++)
		says = says || *filter->terms[t];
	if (!problem_is_set(call) && !says)
		problem(call, &problem_invalid, "Say which: by ids, target, service, phase, state, batch_id or "
		    "customer_prefix.");
	if (!is_skip(call) && !filter->has_ids && !*filter->terms[TERM_PHASE])
		snprintf(filter->terms[TERM_PHASE], TERM_SIZE, "failed");
	return !problem_is_set(call);
}

static bool
choose(struct filter *filter, struct db_rows **ret)
{
	struct db_arg args[FILTER_ARGS + 2];
	struct err err = {0};

	filter_args(filter, args);
	args[8] = db_bool(is_skip(filter->call));
	args[9] = db_int(ORDER_MAX + 1);
	return db_call_run_args(filter->call, ret, &err, sql_gateway_deliveries_chosen, args,
	    COUNT(args)) || problem_err(filter->call, &err);
}

static void
take_ids(struct db_array *ret, const struct db_rows *rows, int most)
{
	db_array_reset(ret);
	for (int i = 0; i < db_count(rows) && i < most; i++)
		db_array_add(ret, db_uuid(db_uuid_at(rows, i, 0)));
}

static bool
answer_order(struct filter *filter, struct db_array *ids, const struct db_rows *rows, bool more)
{
	own(db_rows_freep) struct db_rows *shown = NULL;
	int n = db_count(rows) > ORDER_MAX ? ORDER_MAX : db_count(rows);
	struct put put;

	take_ids(ids, rows, SHOWN_MAX);
	if (!deliveries_of_ids(filter->call, ids, &shown))
		return false;
	put = answer_json(filter->call, 200);
	put_open(&put, '{');
	put_name(&put, "preview");
	put_bool(&put, filter->preview);
	put_int_of(&put, "count", n);
	put_name(&put, "more");
	put_bool(&put, more);
	put_deliveries(&put, shown, db_count(shown));
	put_close(&put, '}');
	return true;
}

static void
audit_order(struct filter *filter, int n)
{
	struct buf which = {0};
	char outcome[32];

	for (enum term t = 0; t < TERMS; t++)
		if (*filter->terms[t])
			buf_print(&which, "%s%s=%s", which.size ? " " : "", term_names[t], filter->terms[t]);
	if (filter->has_ids)
		buf_print(&which, "%s%d ids", which.size ? " " : "", (int)filter->ids.n);
	snprintf(outcome, sizeof(outcome), "done to %d", n);
	audit(filter->call, is_skip(filter->call) ? "deliveries_skip" : "deliveries_replay",
	    buf_text(&which), outcome);
	buf_clear(&which);
}

static bool
order_all(struct filter *filter)
{
	own(db_rows_freep) struct db_rows *chosen = NULL, *done = NULL;
	struct db_array ids = { .type = DB_UUID };
	bool well = choose(filter, &chosen), more = well && db_count(chosen) > ORDER_MAX;

	if (well && !filter->preview) {
		take_ids(&ids, chosen, ORDER_MAX);
		well = order(filter->call, &ids, &done);
	}
	if (well && done)
		audit_order(filter, db_count(done));
	well = well && answer_order(filter, &ids, done ? done : chosen, more);
	db_array_clear(&ids);
	return well;
}

bool
serve_delivery_orders(struct call *call)
{
	struct filter filter = { .call = call, .ids = { .type = DB_UUID } };
	own(doc_freep) struct doc *doc = NULL;
	bool well = jsonbody_read(call, &doc) && order_read(&filter, doc_root(doc)) && order_all(&filter);

	db_array_clear(&filter.ids);
	return well;
}
