/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c: POST /api/targets/:/test. The row asks, the target's service looks and says in the row. */
#include "base/log.h"
#include "filter.h"
#include "port/named.h"
#include "sql.h"

enum { TRIAL_MS = 30000 };

struct trial { struct call *call; int64_t asked_us; struct db_rows *said; };

static bool
is_said(void *state, bool *done, struct err *err)
{
	struct trial *trial = state;
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!db_call_run(trial->call, &rows, err, sql_gateway_target_said,
	    db_text(trial->call->arguments[0]), db_time(trial->asked_us)))
		return false;
	*done = db_count(rows) > 0;
	if (*done)
		trial->said = db_rows_free_hand_over(&rows);
	return true;
}

static bool
refuse_late(struct trial *trial, const char *service)
{
	struct err err = {0};

	if (!db_call_run(trial->call, NULL, &err, sql_gateway_target_unask,
	    db_text(trial->call->arguments[0]), db_time(trial->asked_us)))
		log_write(LOG_WARN, "still asked", "code=%s", err.code);
	return problem(trial->call, &problem_unavailable, "batchline-%s does not answer.", service);
}

static void
put_said(struct call *call, const struct db_rows *said)
{
	static const struct shown_member members[] = { { "well", SHOWN_BOOL }, { "code", SHOWN_TEXT },
		{ "words", SHOWN_TEXT } };
	const struct shown shown = shown_table(said, members);

	answer_row(call, 200, &shown);
}

/* 30 s, unless Prefer says otherwise. */
static int64_t
patience_ms(struct call *call)
{
	const char *prefer = httpd_header(call->request, "Prefer");
	char applied[PREFER_SIZE];
	int64_t wait_ms = prefer_wait_ms(prefer, applied);

	if (*applied)
		httpd_answer_header(call->answer, "Preference-Applied", applied);
	return *applied ? wait_ms : TRIAL_MS;
}

bool
serve_target_test(struct call *call)
{
	const char *name = call->arguments[0];
	own(db_rows_freep) struct db_rows *asked = NULL;
	struct trial trial = { .call = call };
	struct err err = {0};
	bool late;

	if (!target_may_be_asked(call))
		return false;
	if (!db_call_run(call, &asked, &err, sql_gateway_target_ask, db_text(name)))
		return problem_err(call, &err);
	if (db_count(asked) == 0)
		return problem(call, &problem_not_found, "There is no target of this name.");
	trial.asked_us = db_time_of(asked, 0, "test_asked_at");
	audit(call, "target_test", name, "asked");
	if (!wait_for(patience_ms(call), is_said, &trial, &late, &err))
		return problem_err(call, &err);
	if (!trial.said)
		return refuse_late(&trial, db_text_of(asked, 0, "service"));
	put_said(call, trial.said);
	db_rows_free(trial.said);
	return true;
}
