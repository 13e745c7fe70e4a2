/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c: who did what, and from where. Every submission and every order is an act: asked, done, or
 * not sent. Acts are of all customers, so that a key that is limited to some does not see them.
 */
#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gateway.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

enum { TOLD_SIZE = 80, QUOTED_SIZE = 400 };

static const struct shown_member act_members[] = {
	{ "id", SHOWN_INT }, { "at", SHOWN_TIME }, { "actor", SHOWN_TEXT }, { "action", SHOWN_TEXT },
	{ "object", SHOWN_TEXT }, { "outcome", SHOWN_TEXT }, { "source", SHOWN_TEXT },
};

/* ---- writing ---- */

/* The address that asked. What stands last in X-Forwarded-For was put there by who asked us, all
 * before it by anybody. */
char *
audit_source(struct call *call, char ret[AUDIT_SOURCE_SIZE])
{
	const char *list = httpd_header(call->request, "X-Forwarded-For"), *last;
	char address[HTTPD_ADDRESS_SIZE], told[TOLD_SIZE];

	httpd_address(call->request, address);
	snprintf(ret, AUDIT_SOURCE_SIZE, "%s", address);
	if (!list)
		return ret;
	last = strrchr(list, ',') ? strrchr(list, ',') + 1 : list;
	last += strspn(last, " \t");
	snprintf(told, sizeof(told), "%s", last);
	utf8_mend(told);
	snprintf(ret, AUDIT_SOURCE_SIZE, "%s for %s", address, told);
	return ret;
}

static void
write_act(struct call *call, const char *sql, const char *action, const char *object, const char *outcome)
{
	char source[AUDIT_SOURCE_SIZE], who[QUOTED_SIZE], what[QUOTED_SIZE], where[QUOTED_SIZE];
	struct err err = {0};

	audit_source(call, source);
	if (db_call_run(call, NULL, &err, sql, db_text(caller_word(&call->caller)),
	    db_text(action), db_text(object), db_text(outcome), db_text(source), db_time(call->begun_us)))
		return;
	log_write(LOG_WARN, "not in the audit", "code=%s actor=%s action=%s object=%s outcome=%s source=%s",
	    err.code, log_quote(who, sizeof(who), call->caller.name), action,
	    log_quote(what, sizeof(what), object), outcome, log_quote(where, sizeof(where), source));
}

void
audit(struct call *call, const char *action, const char *object, const char *outcome)
{
	write_act(call, sql_gateway_audit, action, object, outcome);
}

void
audit_refused(struct call *call, const char *action, const char *object)
{
	write_act(call, sql_gateway_audit_refused, action, object, "refused");
}

/* ---- showing ---- */

struct wanted { struct call *call; const char *actor, *action, *object; int64_t from_us, to_us, before, limit; };

static void
read_time(struct call *call, const char *name, const char *value, int64_t *ret)
{
	if (!time_read(ret, value))
		problem_field(call, name, "is not a time like 2026-12-31T00:00:00Z");
}

static bool
read_parameter(void *state, const char *name, const char *value)
{
	struct wanted *w = state;
	const char **text = !strcmp(name, "actor") ? &w->actor : !strcmp(name, "action") ? &w->action
	    : !strcmp(name, "object") ? &w->object : NULL;

	if (text) {
		*text = value && *value ? value : NULL;
		if (*text && !utf8_is_valid(*text, strlen(*text)))
			problem_field(w->call, name, "is no UTF-8");
	} else if (!strcmp(name, "from")) {
		read_time(w->call, name, value, &w->from_us);
	} else if (!strcmp(name, "to")) {
		read_time(w->call, name, value, &w->to_us);
	} else if (!strcmp(name, "limit")) {
		if (!value || !number_read(&w->limit, value, 1, LIMIT_MOST))
			problem_field(w->call, name, "is not a whole number from 1 to %d", LIMIT_MOST);
	} else if (!strcmp(name, "before")) {
		if (!value || !number_read(&w->before, value, 1, INT64_MAX))
			problem_field(w->call, name, "is not the id of an act");
	}
	return true;
}

static void
answer_page(struct call *call, const struct wanted *w, const struct db_rows *rows)
{
	int n = db_count(rows) > w->limit ? (int)w->limit : db_count(rows);
	const struct shown shown = shown_table(rows, act_members);
	struct put put = answer_json(call, 200);

	put_open(&put, '{');
	put_rows(&put, "data", &shown, n);
	put_name(&put, "next_before");
	if (n < db_count(rows))
		put_int(&put, db_int_of(rows, n - 1, "id"));
	else
		put_null(&put);
	put_close(&put, '}');
}

bool
serve_audit(struct call *call)
{
	struct wanted w = { .call = call, .from_us = INT64_MIN, .to_us = INT64_MIN, .before = INT64_MAX,
		.limit = LIMIT_DEFAULT };
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!caller_is_of_all(call, "The audit is"))
		return false;
	httpd_query_each(call->request, read_parameter, &w);
	if (problem_is_set(call))
		return false;
	if (!db_call_run(call, &rows, &err, sql_gateway_audit_page, db_text(w.actor),
	    db_text(w.action), db_text(w.object), db_time(w.from_us), db_time(w.to_us), db_int(w.before),
	    db_int(w.limit + 1)))
		return problem_err(call, &err);
	answer_page(call, &w, rows);
	return true;
}
