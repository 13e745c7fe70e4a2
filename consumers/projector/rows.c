/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c: the one table of what a transaction of the projector can hold. */
#include "rows.h"
#include <assert.h>
#include <string.h>
#include "sql.h"

/* Types of the columns and of the single arguments behind them, a letter each:
 * t text, i int4, l int8, b bool, u uuid, y bytes, z time, d date, A an array of int4. */
static const struct kind { const char *sql, *columns, *singles; } kinds[ROWS_KINDS] = {
	[ROWS_FENCE] = { sql_projector_fence, "tillll", "t" },
	[ROWS_BATCHES] = { sql_projector_batches_insert, "utdttiiiliiiyttzt", "" },
	[ROWS_JOBS] = { sql_projector_jobs_insert, "uuitttlzt", "" },
	[ROWS_FACTS] = { sql_projector_facts_apply, "uitzzttbtiult", "iz" },
	[ROWS_ATTEMPTS] = { sql_projector_attempts_insert, "uuiitzttbi", "" },
	[ROWS_OUTPUTS] = { sql_projector_outputs_insert, "uittttiiltlu", "" },
	[ROWS_ARCHIVES] = { sql_projector_archives_apply, "uitltiz", "" },
	[ROWS_DELIVERIES] = { sql_projector_deliveries_apply, "uittttittz", "" },
	[ROWS_CANCEL] = { sql_projector_cancel, "", "uz" },
	[ROWS_PAUSE] = { sql_projector_pause, "", "utz" },
	[ROWS_PRIORITY] = { sql_projector_prioritise, "", "uiz" },
	[ROWS_RETRY] = { sql_projector_retry, "u", "uz" },
	[ROWS_DELETE_BATCH] = { sql_projector_delete_batch, "", "uz" },
	[ROWS_DELETE_JOBS] = { sql_projector_delete_jobs, "", "u" },
	[ROWS_DELETE_DELIVERIES] = { sql_projector_delete_deliveries, "", "u" },
	[ROWS_EARLY] = { sql_projector_park, "tiluyyy", "" },
	[ROWS_UNPARK] = { sql_projector_unpark, "til", "" },
	[ROWS_LETTERS] = { sql_projector_letters_insert, "tiyyy", "" },
	[ROWS_ACKED] = { sql_projector_outbox_delete, "l", "" },
	[ROWS_REFUSED] = { sql_projector_outbox_park, "lt", "" },
	[ROWS_RETRIES_DUE] = { sql_projector_retries_due, "", "A" },
	[ROWS_LEASES] = { sql_projector_leases_expire, "", "Aiuii" },
	[ROWS_STALE] = { sql_projector_outbox_stale, "", "A" },
	[ROWS_DISPATCH] = { sql_projector_dispatch, "", "Aiz" },
	[ROWS_AGAIN] = { sql_projector_reannounce, "", "Azi" },
	[ROWS_ANNOUNCE] = { sql_projector_announce, "", "A" },
	[ROWS_OUT_JOBS] = { sql_projector_outbox_jobs, "", "Al" },
	[ROWS_OUT_BATCHES] = { sql_projector_outbox_batches, "", "Al" },
	[ROWS_OUT_LETTERS] = { sql_projector_outbox_letters, "", "Al" },
};

static enum db_type
type_of(char letter)
{
	static const char letters[] = "tilbuyzdA";
	static const enum db_type types[] = { DB_TEXT, DB_INT4, DB_INT8, DB_BOOL, DB_UUID, DB_BYTES,
		DB_TIME, DB_DATE, DB_INT4 };
	const char *at = strchr(letters, letter);

	assert(at);
	return types[at - letters];
}

void
rows_open(struct rows *rows)
{
	static_assert((int)ROWS_KINDS <= (int)DB_STEPS_MAX, "a transaction holds every kind");
	for (int k = 0; k < ROWS_KINDS; k++)
		for (size_t c = 0; kinds[k].columns[c]; c++)
			rows->columns[k][c].type = type_of(kinds[k].columns[c]);
}

static void
answers_free(struct rows *rows)
{
	for (int k = 0; k < ROWS_KINDS; k++) {
		db_rows_free(rows->answers[k]);
		rows->answers[k] = NULL;
	}
}

void
rows_close(struct rows *rows)
{
	answers_free(rows);
	for (int k = 0; k < ROWS_KINDS; k++)
		for (size_t c = 0; kinds[k].columns[c]; c++)
			db_array_clear(&rows->columns[k][c]);
}

void
rows_reset(struct rows *rows)
{
	answers_free(rows);
	memset(rows->set, 0, sizeof(rows->set));
	for (int k = 0; k < ROWS_KINDS; k++)
		for (size_t c = 0; kinds[k].columns[c]; c++)
			db_array_reset(&rows->columns[k][c]);
}

void
rows_add_values(struct rows *rows, enum row_kind kind, const struct db_arg *values, size_t n)
{
	assert(n == strlen(kinds[kind].columns));
	for (size_t c = 0; c < n; c++)
		db_array_add(&rows->columns[kind][c], values[c]);
}

void
rows_set_values(struct rows *rows, enum row_kind kind, const struct db_arg *values, size_t n)
{
	assert(n == strlen(kinds[kind].singles));
	for (size_t i = 0; i < n; i++) {
		assert(values[i].type == type_of(kinds[kind].singles[i])
		    && values[i].is_array == (kinds[kind].singles[i] == 'A'));
		rows->singles[kind][i] = values[i];
	}
	rows->set[kind] = true;
}

size_t
rows_count(const struct rows *rows, enum row_kind kind)
{
	return *kinds[kind].columns ? (size_t)rows->columns[kind][0].n : 0;
}

struct db_arg
rows_column(struct rows *rows, enum row_kind kind, size_t column)
{
	assert(column < strlen(kinds[kind].columns));
	return db_array(&rows->columns[kind][column]);
}

static size_t
args_fill(struct rows *rows, int kind, struct db_arg *args)
{
	size_t n = 0;

	for (size_t c = 0; kinds[kind].columns[c]; c++)
		args[n++] = db_array(&rows->columns[kind][c]);
	for (size_t i = 0; kinds[kind].singles[i]; i++)
		args[n++] = rows->singles[kind][i];
	return n;
}

bool
rows_run(struct rows *rows, struct db *db, struct err *err)
{
	struct db_arg args[ROWS_KINDS][ROWS_COLUMNS_MAX + ROWS_SINGLES_MAX];
	struct db_step steps[ROWS_KINDS];
	struct db_rows *answers[ROWS_KINDS] = { NULL };
	enum row_kind ran[ROWS_KINDS];
	bool unknown;
	size_t n = 0;

	answers_free(rows);
	for (int k = 0; k < ROWS_KINDS; k++) {
		if (!rows->set[k] && rows_count(rows, (enum row_kind)k) == 0)
			continue;
		steps[n] = (struct db_step){ kinds[k].sql, args[n], args_fill(rows, k, args[n]) };
		ran[n++] = (enum row_kind)k;
	}
	if (!db_transaction(db, steps, n, answers, &unknown, err))
		return false;
	for (size_t i = 0; i < n; i++)
		rows->answers[ran[i]] = answers[i];
	return true;
}

const struct db_rows *
rows_answer(const struct rows *rows, enum row_kind kind)
{
	return rows->answers[kind];
}
