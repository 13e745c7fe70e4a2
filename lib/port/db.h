/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h: the Postgres side. The only module that includes libpq-fe.h.
 *
 * Statements come from sql/queries as constants (sql_<service>_<file>); each is prepared once for
 * a connection, arguments and rows travel in binary. A transaction is a table of steps that goes
 * over in one round trip; it counts only when the answer to COMMIT is tagged COMMIT.
 *
 * Errors: err->code holds the SQLSTATE. Classes 08, 40, 53, 55, 57 and 25006 ask for a retry, 22 and
 * 23 reject (and 54000 of our own: an array that is too large to be sent), the rest is fatal. A
 * connection that was lost is broken for good (db_is_broken()): free it and open another.
 */
#ifndef DB_H
#define DB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"
#include "base/uuid.h"

struct db;
struct db_rows;

enum { DB_ARGS_MAX = 48, DB_STEPS_MAX = 40 };

enum db_type { DB_TEXT, DB_INT4, DB_INT8, DB_BOOL, DB_UUID, DB_BYTES, DB_TIME, DB_DATE };

/* One $n. Values that are pointed to must live until the call returns. */
struct db_arg {
	enum db_type type;
	bool is_array, is_null;
	const void *bytes;		/* of text, bytes and arrays */
	size_t size;
	uint8_t fixed[16];		/* of the rest, in network order */
	uint8_t fixed_size;
};

struct db_arg db_null(enum db_type type);
struct db_arg db_null_array(enum db_type type);
struct db_arg db_text(const char *text);			/* NULL is SQL null */
struct db_arg db_int(int64_t value);				/* int8 */
struct db_arg db_int4(int32_t value);
struct db_arg db_bool(bool value);
struct db_arg db_uuid(struct uuid value);
struct db_arg db_bytes(const void *bytes, size_t size);		/* NULL is SQL null */
struct db_arg db_time(int64_t time_us);				/* timestamptz; INT64_MIN is null */
struct db_arg db_date(int32_t days);				/* days since 1970-01-01 */

/* Arrays, one element after the other. */
struct db_array { enum db_type type; int32_t n; bool has_null; struct buf elements; };
void db_array_add(struct db_array *array, struct db_arg element);
void db_array_reset(struct db_array *array);			/* empties it, keeps the memory */
void db_array_clear(struct db_array *array);
struct db_arg db_array(struct db_array *array);			/* lives as long as the array */

/* Whether libpq reads it: the form, the words, their values. False: code "option", fatal. */
bool db_conninfo_check(const char *conninfo, struct err *err);
bool db_open(struct db **ret, const char *conninfo, const char *application, struct err *err);
void db_free(struct db *db);					/* NULL is fine */
bool db_is_broken(const struct db *db);

/* One statement in its own transaction. rows may be NULL; else the caller's on success. */
#define db_run(db, rows, err, sql, ...)                                              \
	db_run_args(db, rows, err, sql, (const struct db_arg[]){ __VA_ARGS__ },      \
	    sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
bool db_run_args(struct db *db, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args);

struct db_step { const char *sql; const struct db_arg *args; size_t n_args; };
/* Several that only read, one round trip: rows[i] is the answer to steps[i], the caller's on success. */
bool db_steps_run(struct db *db, struct db_rows **rows, struct err *err, const struct db_step *steps,
    size_t n);

/* Several statements, one transaction, one round trip. rows[i] is the answer to steps[i], or NULL
 * (also when rows is NULL); on failure all are NULL and nothing was done, except: with
 * *unknown true the connection was lost after COMMIT was sent and the outcome is not known. */
/* Whether the steps can be sent: what every call asks first. False: 54000, nothing was sent. */
bool db_steps_check(const struct db_step *steps, size_t n_steps, struct err *err);
bool db_transaction(struct db *db, const struct db_step *steps, size_t n_steps,
    struct db_rows **rows, bool *unknown, struct err *err);

/* Where a result has the column of this name. It has one: our statements name what we read. */
int db_column(const struct db_rows *rows, const char *name);

/* Reading rows: row and column from 0; by name: named.h. A null answers 0, NULL or the nil uuid. */
int db_count(const struct db_rows *rows);
int64_t db_affected(const struct db_rows *rows);	/* rows inserted, updated, deleted */
bool db_is_null(const struct db_rows *rows, int row, int column);
const char *db_text_at(const struct db_rows *rows, int row, int column);	/* lives with rows */
int64_t db_int_at(const struct db_rows *rows, int row, int column);	/* int2, int4, int8, bool */
struct uuid db_uuid_at(const struct db_rows *rows, int row, int column);
const void *db_bytes_at(const struct db_rows *rows, int row, int column, size_t *size);
int64_t db_time_at(const struct db_rows *rows, int row, int column);	/* us since 1970; null: INT64_MIN */
int32_t db_date_at(const struct db_rows *rows, int row, int column);	/* days since 1970-01-01 */
void db_rows_free(struct db_rows *rows);		/* NULL is fine */

OWN_FREEP(struct db, db_free)
OWN_FREEP(struct db_rows, db_rows_free)
#endif
