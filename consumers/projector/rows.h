/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h: what one transaction is to do, as rows. Each kind is one statement of sql/queries/projector
 * over arrays, one array a column, followed by single arguments; their order here is that of the
 * transaction. A kind runs when it has rows, or when its single arguments were set.
 */
#ifndef PROJECTOR_ROWS_H
#define PROJECTOR_ROWS_H
#include "port/db.h"

enum row_kind {
	ROWS_FENCE,
	ROWS_BATCHES, ROWS_JOBS, ROWS_FACTS, ROWS_ATTEMPTS, ROWS_OUTPUTS, ROWS_ARCHIVES, ROWS_DELIVERIES,
	ROWS_CANCEL, ROWS_PAUSE, ROWS_PRIORITY, ROWS_RETRY, ROWS_DELETE_BATCH,
	ROWS_DELETE_JOBS, ROWS_DELETE_DELIVERIES,
	ROWS_EARLY, ROWS_UNPARK, ROWS_LETTERS,
	ROWS_ACKED, ROWS_REFUSED,
	ROWS_RETRIES_DUE, ROWS_LEASES, ROWS_STALE,
	ROWS_DISPATCH, ROWS_AGAIN, ROWS_ANNOUNCE,
	ROWS_OUT_JOBS, ROWS_OUT_BATCHES, ROWS_OUT_LETTERS,
	ROWS_KINDS
};

enum { ROWS_COLUMNS_MAX = 17, ROWS_SINGLES_MAX = 5 };

struct rows {
	struct db_array columns[ROWS_KINDS][ROWS_COLUMNS_MAX];
	struct db_arg singles[ROWS_KINDS][ROWS_SINGLES_MAX];
	bool set[ROWS_KINDS];
	struct db_rows *answers[ROWS_KINDS];	/* of the last rows_run() that succeeded */
};

void rows_open(struct rows *rows);
void rows_close(struct rows *rows);
void rows_reset(struct rows *rows);	/* empty again; memory is kept */

/* Adds one row: a value for each column of the kind. Bytes are copied. */
#define rows_add(rows, kind, ...)                                             \
	rows_add_values(rows, kind, (const struct db_arg[]){ __VA_ARGS__ },   \
	    sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
void rows_add_values(struct rows *rows, enum row_kind kind, const struct db_arg *values, size_t n);

/* Sets the single arguments; what they point to must live until rows_run(). */
#define rows_set(rows, kind, ...)                                             \
	rows_set_values(rows, kind, (const struct db_arg[]){ __VA_ARGS__ },   \
	    sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
void rows_set_values(struct rows *rows, enum row_kind kind, const struct db_arg *values, size_t n);

size_t rows_count(const struct rows *rows, enum row_kind kind);
struct db_arg rows_column(struct rows *rows, enum row_kind kind, size_t column);

/* Everything in one transaction. On false nothing was done, or it is not known (ERR_RETRY, and the
 * connection is broken). */
bool rows_run(struct rows *rows, struct db *db, struct err *err);
const struct db_rows *rows_answer(const struct rows *rows, enum row_kind kind);	/* NULL: did not run */
#endif
