/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c: what is asked of a batch that is there. The command goes to the batch's home
 * partition, and the answer waits a little for the projection to have obeyed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/json.h"
#include "gateway.h"
#include "sql.h"
#include "port/named.h"

enum { JOB_IDS_MAX = 10000 };

struct command {
	const char *word;
	bool of_finished;	/* wants a finished batch, not an open one */
};

static const struct command commands[] = {
	{ "cancel", false }, { "pause", false }, { "resume", false }, { "retry", true },
	{ "priority", false },
};

/* What the body says: the jobs that a retry is of, none: all; the priority that is to be. */
struct asked {
	const char *job_ids[JOB_IDS_MAX];
	size_t n;
	struct db_array array;		/* of job_ids */
	int64_t priority;
};

/* ---- waiting ---- */

struct turned { struct call *call; const char *word; int64_t run_no, priority; };

/* Has the projection obeyed? A row that is gone or final by itself has nothing left to obey. */
static bool
has_turned(void *state, bool *done, struct err *err)
{
	struct turned *t = state;
	own(db_rows_freep) struct db_rows *rows = NULL;
	const char *control, *status;
	bool is_gone, is_final;

	if (!db_call_run(t->call, &rows, err, sql_gateway_turned, db_uuid(t->call->id)))
		return false;
	is_gone = db_count(rows) == 0 || db_bool_of(rows, 0, "is_deleted");
	control = is_gone ? NULL : db_text_of(rows, 0, "control");
	status = is_gone ? NULL : db_text_of(rows, 0, "status");
	is_final = is_gone || status_is_final(status);
	if (!strcmp(t->word, "delete"))
		*done = is_gone;
	else if (!strcmp(t->word, "retry"))
		*done = is_gone || db_int_of(rows, 0, "run_no") > t->run_no;
	else if (!strcmp(t->word, "cancel"))
		*done = is_final;
	else if (!strcmp(t->word, "priority"))
		*done = is_final || db_int_of(rows, 0, "priority") == t->priority;
	else
		*done = is_final || !strcmp(control, strcmp(t->word, "pause") ? "run" : "pause");
	return true;
}

/* ---- sending ---- */

/* Sends the command and waits. asked may be NULL. *late: it is on its way. */
static bool
command(struct call *call, const char *word, const struct db_rows *batch, struct asked *asked, bool *late)
{
	bool says_priority = !strcmp(word, "priority");
	struct event event = { .type = EVENT_BATCH_COMMANDED, .commanded = { .event_id = uuid_v7(),
		.occurred_at = clock_now_us(), .batch_id = call->id, .command = word,
		.requested_by = call->caller.name, .job_ids = asked && asked->n ? asked->job_ids : NULL,
		.n_job_ids = asked ? asked->n : 0,
		.priority = says_priority ? (int32_t)asked->priority : EVENT_NULL_INT } };
	struct turned turned = { call, word, db_int_of(batch, 0, "run_no"), event.commanded.priority };
	char applied[PREFER_SIZE];
	int64_t wait_ms = prefer_wait_ms(httpd_header(call->request, "Prefer"), applied);
	struct err err = {0};
	char id[UUID_TEXT_SIZE];
	bool sent = publish(call, TOPIC_EVENTS, (int32_t)db_int_of(batch, 0, "partition"), &event);

	audit(call, word, uuid_print(id, call->id), sent ? "asked" : "not sent");
	if (!sent)
		return false;
	if (*applied)
		httpd_answer_header(call->answer, "Preference-Applied", applied);
	*late = true;
	return wait_ms == 0 || wait_for(wait_ms, has_turned, &turned, late, &err)
	    || problem_err(call, &err);
}

bool
serve_delete(struct call *call)
{
	own(db_rows_freep) struct db_rows *batch = NULL;
	bool late;

	if (!item_batch_read(call, &batch) || !command(call, "delete", batch, NULL, &late))
		return false;
	call->answer->status = late ? 202 : 204;
	if (late)
		answer_location(call, call->id);
	return true;
}

/* ---- cancel, pause, resume, retry, priority ---- */

/* {"job_ids": [..]}, which may be left out */
static bool
job_ids_read(struct call *call, const struct doc_value *root, struct asked *asked)
{
	const struct doc_value *list = doc_member(root, "job_ids");
	char field[32];

	if (doc_kind(list) <= DOC_NULL)
		return true;
	if (doc_kind(list) != DOC_ARRAY || doc_size(list) == 0 || doc_size(list) > JOB_IDS_MAX)
		return problem_field(call, "job_ids", "is not an array of 1 to %d ids", JOB_IDS_MAX);
	for (size_t i = 0; i < doc_size(list); i++) {
		const char *text = doc_text(doc_item(list, i));
		struct uuid id;

		if (!text || !uuid_read(&id, text, strlen(text))) {
			snprintf(field, sizeof(field), "job_ids[%zu]", i);
			return problem_field(call, field, "is not the id of a job");
		}
		asked->job_ids[asked->n++] = text;
		db_array_add(&asked->array, db_uuid(id));
	}
	return true;
}

/* {"priority": 8} */
static bool
priority_read(struct call *call, const struct doc_value *root, struct asked *asked)
{
	const struct doc_value *value = doc_member(root, "priority");

	if (!value)
		return problem_field(call, "priority", "is missing");
	return (doc_int(value, &asked->priority) && asked->priority >= 0 && asked->priority <= 9)
	    || problem_field(call, "priority", "is not a whole number from 0 to 9");
}

static bool
asked_read(struct call *call, const struct command *c, const struct doc *doc, struct asked *asked)
{
	const struct doc_value *root = doc ? doc_root(doc) : NULL;

	if (doc && doc_kind(root) != DOC_OBJECT)
		return problem(call, &problem_invalid, "The body is no object.");
	return !strcmp(c->word, "priority") ? priority_read(call, root, asked)
	    : job_ids_read(call, root, asked);
}

static bool
check_retry(struct call *call, const struct db_rows *batch, struct asked *asked)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};

	if (!db_is_null_of(batch, 0, "error_code"))
		return problem(call, &problem_not_possible,
		    "The batch was not accepted (%s): submit it again.",
		    db_text_of(batch, 0, "error_code"));
	if (!db_call_run(call, &rows, &err, sql_gateway_retryable, db_uuid(call->id),
	    db_array(&asked->array)))
		return problem_err(call, &err);
	return db_int_at(rows, 0, 0) > 0 || problem(call, &problem_not_possible,
	    asked->n ? "None of these jobs failed or was cancelled in this batch."
	           : "No job of it failed or was cancelled.");
}

static bool
check_state(struct call *call, const struct command *c, const struct db_rows *batch)
{
	const char *status = db_text_of(batch, 0, "status");

	if (c->of_finished == status_is_final(status))
		return true;
	return problem(call, &problem_not_possible, c->of_finished
	    ? "The batch is %s; only what is finished can be tried again."
	    : "The batch is %s already.", status);
}

static bool
turn(struct call *call, const struct command *c, const struct doc *doc, struct asked *asked)
{
	own(db_rows_freep) struct db_rows *batch = NULL, *after = NULL;
	struct put put;
	bool late;

	if (!item_batch_read(call, &batch) || !asked_read(call, c, doc, asked) || !check_state(call, c, batch)
	    || (c->of_finished && !check_retry(call, batch, asked))
	    || !command(call, c->word, batch, asked, &late)
	    || !item_batch_read(call, &after))
		return false;
	const struct shown batch_after = shown_batches(after);

	put = answer_json(call, late ? 202 : 200);
	answer_location(call, call->id);
	put_open(&put, '{');
	shown_batch(&put, &batch_after, 0);
	put_close(&put, '}');
	return true;
}

bool
serve_command(struct call *call)
{
	const char *word = strrchr(call->request->path, '/') + 1;
	own(doc_freep) struct doc *doc = NULL;
	struct asked *asked = NULL;
	bool well = false;
	size_t i = 0;

	while (strcmp(commands[i].word, word))
		i++;		/* the routes name no other */
	if (call->body.size && !jsonbody_read(call, &doc))
		return false;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return problem(call, &problem_internal, "out of memory");
	asked->array.type = DB_UUID;
	well = turn(call, &commands[i], doc, asked);
	db_array_clear(&asked->array);
	free(asked);
	return well;
}
