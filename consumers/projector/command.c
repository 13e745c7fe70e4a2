/* SPDX-License-Identifier: Apache-2.0 */
/* command.c: a command is a word and what it adds to the transaction. */
#include "command.h"
#include <string.h>

static bool
cancel(struct rows *rows, const struct batch_commanded *c, struct err *err)
{
	(void)err;
	rows_set(rows, ROWS_CANCEL, db_uuid(c->batch_id), db_time(c->occurred_at));
	return true;
}

static bool
pause(struct rows *rows, const struct batch_commanded *c, struct err *err)
{
	(void)err;
	rows_set(rows, ROWS_PAUSE, db_uuid(c->batch_id),
	    db_text(strcmp(c->command, "pause") ? "run" : "pause"), db_time(c->occurred_at));
	return true;
}

static bool
prioritise(struct rows *rows, const struct batch_commanded *c, struct err *err)
{
	if (c->priority < 0 || c->priority > 9)
		return err_code(err, ERR_REJECT, "bad_priority", "priority is not from 0 to 9");
	rows_set(rows, ROWS_PRIORITY, db_uuid(c->batch_id), db_int4(c->priority), db_time(c->occurred_at));
	return true;
}

static bool
retry(struct rows *rows, const struct batch_commanded *c, struct err *err)
{
	struct uuid job_id;

	for (size_t i = 0; i < c->n_job_ids; i++)
		if (!uuid_read(&job_id, c->job_ids[i], strlen(c->job_ids[i])))
			return err_code(err, ERR_REJECT, "bad_job_id", "job_ids[%zu] is not a UUID", i);
	for (size_t i = 0; i < c->n_job_ids; i++) {
		uuid_read(&job_id, c->job_ids[i], strlen(c->job_ids[i]));
		rows_add(rows, ROWS_RETRY, db_uuid(job_id));
	}
	rows_set(rows, ROWS_RETRY, db_uuid(c->batch_id), db_time(c->occurred_at));
	return true;
}

static bool
delete(struct rows *rows, const struct batch_commanded *c, struct err *err)
{
	(void)err;
	rows_set(rows, ROWS_DELETE_BATCH, db_uuid(c->batch_id), db_time(c->occurred_at));
	rows_set(rows, ROWS_DELETE_JOBS, db_uuid(c->batch_id));
	rows_set(rows, ROWS_DELETE_DELIVERIES, db_uuid(c->batch_id));
	return true;
}

static const struct {
	const char *word;
	bool (*add)(struct rows *rows, const struct batch_commanded *c, struct err *err);
} commands[] = {
	{ "cancel", cancel }, { "pause", pause }, { "resume", pause }, { "retry", retry },
	{ "delete", delete }, { "priority", prioritise },
};

bool
command_rows(struct plan *plan, const struct batch_commanded *c, struct err *err)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(c->command, commands[i].word))
			return commands[i].add(&plan->rows, c, err);
	return err_code(err, ERR_REJECT, "unknown_command", "command \"%.40s\" is not known",
	    c->command);
}
