/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c: libpq in pipeline mode, binary both ways.
 *
 * Every call is one pipeline with one Sync: the statements that this connection does not know
 * yet are prepared in it first. A statement is known by the address of its text, which is a
 * constant of the program.
 */
#include "port/db.h"
#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DB_STATEMENTS_MAX = 256,
	DB_NAME_MAX = 16,
	DB_WAIT_MS = 60000,		/* for one answer; statement_timeout of the role comes first */
};

/* Seconds between 1970 and 2000, the epochs of Unix and of Postgres. */
#define DB_EPOCH_S INT64_C(946684800)
#define DB_EPOCH_DAYS 10957

struct db {
	PGconn *pg;
	const char *known[DB_STATEMENTS_MAX];	/* prepared as s0, s1 .. */
	size_t n_known;
	bool broken;
};

/* Type and array type of each db_type, from Postgres' catalogue (pg_type.dat). */
static const struct { Oid one, array; } oids[] = {
	[DB_TEXT] = { 25, 1009 },   [DB_INT4] = { 23, 1007 },  [DB_INT8] = { 20, 1016 },
	[DB_BOOL] = { 16, 1000 },   [DB_UUID] = { 2950, 2951 }, [DB_BYTES] = { 17, 1001 },
	[DB_TIME] = { 1184, 1185 }, [DB_DATE] = { 1082, 1182 },
};

/* ---- arguments ---- */

struct db_arg
db_null(enum db_type type)
{
	return (struct db_arg){ .type = type, .is_null = true };
}

struct db_arg
db_null_array(enum db_type type)
{
	struct db_arg arg = db_null(type);

	arg.is_array = true;
	return arg;
}

struct db_arg
db_text(const char *text)
{
	return (struct db_arg){ .type = DB_TEXT, .is_null = !text, .bytes = text,
		.size = text ? strlen(text) : 0 };
}

struct db_arg
db_bytes(const void *bytes, size_t size)
{
	return (struct db_arg){ .type = DB_BYTES, .is_null = !bytes, .bytes = bytes, .size = size };
}

static struct db_arg
arg_fixed(enum db_type type, const void *bytes, uint8_t size)
{
	struct db_arg arg = { .type = type, .fixed_size = size };

	memcpy(arg.fixed, bytes, size);
	return arg;
}

struct db_arg
db_int(int64_t value)
{
	uint64_t order = htobe64((uint64_t)value);

	return arg_fixed(DB_INT8, &order, sizeof(order));
}

struct db_arg
db_int4(int32_t value)
{
	uint32_t order = htonl((uint32_t)value);

	return arg_fixed(DB_INT4, &order, sizeof(order));
}

struct db_arg
db_bool(bool value)
{
	return arg_fixed(DB_BOOL, &(uint8_t){ value }, 1);
}

struct db_arg
db_uuid(struct uuid value)
{
	return arg_fixed(DB_UUID, value.bytes, sizeof(value.bytes));
}

struct db_arg
db_time(int64_t time_us)
{
	uint64_t order = htobe64((uint64_t)(time_us - DB_EPOCH_S * 1000000));

	return time_us == INT64_MIN ? db_null(DB_TIME)
	    : arg_fixed(DB_TIME, &order, sizeof(order));
}

struct db_arg
db_date(int32_t days)
{
	uint32_t order = htonl((uint32_t)(days - DB_EPOCH_DAYS));

	return arg_fixed(DB_DATE, &order, sizeof(order));
}

/* On the wire: dimensions, has-null, type; for the one dimension its size and lower bound; then each
 * element with its length (src/backend/utils/adt/arrayfuncs.c, array_recv). */
enum { ARRAY_HEAD = 5 * 4 };

static void
array_add_word(struct db_array *array, int32_t word)
{
	uint32_t order = htonl((uint32_t)word);

	buf_add(&array->elements, &order, sizeof(order));
}

void
db_array_add(struct db_array *array, struct db_arg element)
{
	assert(element.type == array->type && !element.is_array);
	if (array->n++ == 0)
		buf_add(&array->elements, (uint8_t[ARRAY_HEAD]){0}, ARRAY_HEAD);
	if (element.is_null) {
		array->has_null = true;
		array_add_word(array, -1);
	} else if (element.fixed_size) {
		array_add_word(array, element.fixed_size);
		buf_add(&array->elements, element.fixed, element.fixed_size);
	} else {
		array_add_word(array, (int32_t)element.size);
		buf_add(&array->elements, element.bytes, element.size);
	}
}

void
db_array_reset(struct db_array *array)
{
	array->n = 0;
	array->has_null = false;
	buf_reset(&array->elements);
}

void
db_array_clear(struct db_array *array)
{
	db_array_reset(array);
	buf_clear(&array->elements);
}

struct db_arg
db_array(struct db_array *array)
{
	const uint32_t head[] = { htonl(array->n > 0), htonl(array->has_null),
		htonl(oids[array->type].one), htonl((uint32_t)array->n), htonl(1) };
	size_t size = array->n ? array->elements.size : 3 * 4;

	if (array->n == 0)
		buf_add(&array->elements, head, sizeof(head));
	else if (!array->elements.failed)
		memcpy(array->elements.data, head, sizeof(head));
	return (struct db_arg){ .type = array->type, .is_array = true,
		.bytes = array->elements.failed ? NULL : array->elements.data, .size = size };
}

/* ---- errors ---- */

/* SQLSTATE to verdict: the world, the values, or us. */
static const struct { const char *prefix; enum err_verdict verdict; } verdicts[] = {
	{ "08", ERR_RETRY }, { "40", ERR_RETRY }, { "53", ERR_RETRY }, { "55", ERR_RETRY },
	{ "57", ERR_RETRY }, { "25006", ERR_RETRY }, { "22", ERR_REJECT }, { "23", ERR_REJECT },
	{ "FN", ERR_RETRY },	/* our own: fenced, somebody else has the partition */
};

static enum err_verdict
verdict_of(const char *state)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (!strncmp(state, verdicts[i].prefix, strlen(verdicts[i].prefix)))
			return verdicts[i].verdict;
	return ERR_FATAL;
}

/* libpq ends its messages with a line feed. */
static int
text_length(const char *text)
{
	return (int)strcspn(text, "\n");
}

static bool
connection_err(struct db *db, struct err *err)
{
	const char *why = PQerrorMessage(db->pg);

	db->broken = true;
	return err_code(err, ERR_RETRY, "08006", "postgres: %.*s",
	    text_length(why), *why ? why : "connection lost");
}

static bool
result_err(struct db *db, const PGresult *res, struct err *err)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *said = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (!state)
		return connection_err(db, err);
	return err_code(err, verdict_of(state), state, "postgres %s: %s%s%s%s", state,
	    said ? said : "?", detail ? " (" : "", detail ? detail : "", detail ? ")" : "");
}

/* ---- the connection ---- */

static void
ignore_notice(void *state, const PGresult *res)
{
	(void)state;
	(void)res;
}

bool
db_conninfo_check(const char *conninfo, struct err *err)
{
	char *why = NULL;
	PQconninfoOption *words = PQconninfoParse(conninfo, &why);
	bool well = words != NULL;

	if (!well) {
		const char *said = !why ? "out of memory"
		    : strstr(why, conninfo) ? "libpq cannot read it" : why;	/* it may hold a password */

		err_code(err, ERR_FATAL, "option", "DATABASE_URL: %.*s", text_length(said), said);
	}
	PQconninfoFree(words);
	PQfreemem(why);
	return well;
}

bool
db_open(struct db **ret, const char *conninfo, const char *application, struct err *err)
{
	const char *const names[] = { "dbname", "fallback_application_name", "connect_timeout",
		"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"client_encoding", NULL };
	const char *const values[] = { conninfo, application, "5", "10", "5", "3", "20000",
		"UTF8", NULL };
	own(db_freep) struct db *db = calloc(1, sizeof(*db));

	if (!db)
		return err_set(err, ERR_FATAL, "out of memory");
	db->pg = PQconnectdbParams(names, values, 1);
	if (PQstatus(db->pg) != CONNECTION_OK)
		return connection_err(db, err);
	PQsetNoticeReceiver(db->pg, ignore_notice, NULL);
	if (!PQenterPipelineMode(db->pg) || PQsetnonblocking(db->pg, 1))
		return connection_err(db, err);
	*ret = db_free_hand_over(&db);
	return true;
}

void
db_free(struct db *db)
{
	if (!db)
		return;
	PQfinish(db->pg);
	free(db);
}

bool
db_is_broken(const struct db *db)
{
	return db->broken;
}

/* ---- sending ---- */

static bool
name_of(struct db *db, const char *sql, char name[DB_NAME_MAX])
{
	size_t i = 0;

	while (i < db->n_known && db->known[i] != sql)
		i++;
	assert(i < DB_STATEMENTS_MAX);
	snprintf(name, DB_NAME_MAX, "s%zu", i);
	if (i < db->n_known)
		return true;
	db->known[db->n_known++] = sql;
	return false;
}

static bool
send_statement(struct db *db, const struct db_step *step, bool *prepared)
{
	const char *values[DB_ARGS_MAX];
	int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX];
	Oid types[DB_ARGS_MAX];
	char name[DB_NAME_MAX];
	int n = (int)step->n_args;

	assert(step->n_args <= DB_ARGS_MAX);
	for (int i = 0; i < n; i++) {
		const struct db_arg *a = &step->args[i];

		values[i] = a->is_null ? NULL : a->fixed_size ? (const char *)a->fixed : a->bytes;
		lengths[i] = (int)(a->fixed_size ? a->fixed_size : a->size);
		formats[i] = 1;
		types[i] = a->is_array ? oids[a->type].array : oids[a->type].one;
	}
	*prepared = !name_of(db, step->sql, name);
	return (!*prepared || PQsendPrepare(db->pg, name, step->sql, n, types))
	    && PQsendQueryPrepared(db->pg, name, n, values, lengths, formats, 1);
}

/* Non-blocking: reads while it writes, or both sides could stand with full buffers. */
static bool
flush_all(struct db *db)
{
	int left;

	while ((left = PQflush(db->pg)) == 1) {
		struct pollfd fd = { .fd = PQsocket(db->pg), .events = POLLIN | POLLOUT };

		if (poll(&fd, 1, DB_WAIT_MS) == 0)
			return false;
		if ((fd.revents & POLLIN) && !PQconsumeInput(db->pg))
			return false;
	}
	return left == 0;
}

/* The next result; NULL is the end of one statement's results, or a lost connection. */
static PGresult *
next_result(struct db *db)
{
	while (PQisBusy(db->pg)) {
		struct pollfd fd = { .fd = PQsocket(db->pg), .events = POLLIN };

		if (poll(&fd, 1, DB_WAIT_MS) == 0 || !PQconsumeInput(db->pg)) {
			db->broken = true;
			return NULL;
		}
	}
	return PQgetResult(db->pg);
}

/* ---- reading ---- */

/* The result of one statement of the pipeline, into *ret when it succeeded. The first failure goes
 * to err; what follows it up to the Sync is only drained. */
static bool
statement_end(struct db *db, PGresult **ret, bool well, struct err *err)
{
	PGresult *res = next_result(db), *end;
	ExecStatusType status = PQresultStatus(res);

	if (!res || PQstatus(db->pg) != CONNECTION_OK) {
		PQclear(res);
		db->broken = true;
		return well ? connection_err(db, err) : false;
	}
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		*ret = res;
	else if (well)
		well = result_err(db, res, err);
	if (*ret != res)
		PQclear(res);
	end = next_result(db);		/* NULL closes the statement */
	assert(!end || db->broken);
	PQclear(end);
	return well;
}

static bool
sync_end(struct db *db, bool well, struct err *err)
{
	PGresult *res;

	if (db->broken)
		return false;
	res = next_result(db);
	if (PQresultStatus(res) != PGRES_PIPELINE_SYNC) {
		PQclear(res);
		db->broken = true;
		return well ? connection_err(db, err) : false;
	}
	PQclear(res);
	return well;
}

/* An array that met the limit of its buffer would go over as null, and unnest() would fill up the
 * others' rows with nulls: nothing is sent then. */
bool
db_steps_check(const struct db_step *steps, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t a = 0; a < steps[i].n_args; a++)
			if (steps[i].args[a].is_array && !steps[i].args[a].is_null
			    && !steps[i].args[a].bytes)
				return err_code(err, ERR_REJECT, "54000",
				    "an array of more than %zu bytes", BUF_LIMIT_DEFAULT);
	return true;
}

/* Sends the steps and reads every answer. results[i] is the caller's. */
static bool
pipeline_run(struct db *db, const struct db_step *steps, size_t n, PGresult **results,
    struct err *err)
{
	bool prepared[DB_STEPS_MAX + 2], well = true;
	size_t n_known = db->n_known;	/* and those prepared here, up to the first failure */

	if (!db_steps_check(steps, n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!send_statement(db, &steps[i], &prepared[i]))
			return connection_err(db, err);
	if (!PQpipelineSync(db->pg) || !flush_all(db))
		return connection_err(db, err);
	for (size_t i = 0; i < n && !db->broken; i++) {
		PGresult *none = NULL;

		if (prepared[i])
			well = statement_end(db, &none, well, err);
		n_known += prepared[i] && well;
		PQclear(none);
		if (!db->broken)
			well = statement_end(db, &results[i], well, err);
	}
	db->n_known = n_known;
	return sync_end(db, well, err);
}

static void
results_clear(PGresult **results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		PQclear(results[i]);
		results[i] = NULL;
	}
}

bool
db_steps_run(struct db *db, struct db_rows **rows, struct err *err, const struct db_step *steps,
    size_t n)
{
	PGresult *results[DB_STEPS_MAX] = { NULL };

	assert(n <= DB_STEPS_MAX);
	if (db->broken)
		return err_code(err, ERR_RETRY, "08003", "postgres: connection lost");
	if (!pipeline_run(db, steps, n, results, err)) {
		results_clear(results, n);
		return false;
	}
	for (size_t i = 0; rows && i < n; i++) {
		rows[i] = (struct db_rows *)results[i];
		results[i] = NULL;
	}
	results_clear(results, n);
	return true;
}

bool
db_run_args(struct db *db, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args)
{
	return db_steps_run(db, rows, err, &(const struct db_step){ sql, args, n_args }, 1);
}

static const char sql_begin[] = "begin";
static const char sql_commit[] = "commit";
static const char sql_rollback[] = "rollback";

/* After a failed statement the transaction is still open on the server. */
static void
roll_back(struct db *db)
{
	const struct db_step step = { sql_rollback, NULL, 0 };
	PGresult *result = NULL;
	struct err ignored = {0};

	if (!db->broken && PQtransactionStatus(db->pg) != PQTRANS_IDLE
	    && !pipeline_run(db, &step, 1, &result, &ignored))
		db->broken = true;
	PQclear(result);
}

bool
db_transaction(struct db *db, const struct db_step *steps, size_t n_steps,
    struct db_rows **rows, bool *unknown, struct err *err)
{
	struct db_step all[DB_STEPS_MAX + 2] = { { sql_begin, NULL, 0 } };
	PGresult *results[DB_STEPS_MAX + 2] = { NULL };
	bool well;

	assert(n_steps <= DB_STEPS_MAX);
	*unknown = false;
	if (db->broken)
		return err_code(err, ERR_RETRY, "08003", "postgres: connection lost");
	memcpy(all + 1, steps, n_steps * sizeof(*steps));
	all[n_steps + 1] = (struct db_step){ sql_commit, NULL, 0 };
	well = pipeline_run(db, all, n_steps + 2, results, err);
	if (well && strcmp(PQcmdStatus(results[n_steps + 1]), "COMMIT"))
		well = err_code(err, ERR_RETRY, "25P02", "postgres: COMMIT was answered %s",
		    PQcmdStatus(results[n_steps + 1]));
	if (!well) {
		*unknown = db->broken;
		roll_back(db);
		results_clear(results, n_steps + 2);
	}
	for (size_t i = 0; rows && i < n_steps; i++) {
		rows[i] = (struct db_rows *)results[i + 1];
		results[i + 1] = NULL;
	}
	results_clear(results, n_steps + 2);
	return well;
}

/* ---- rows ---- */

static const PGresult *
result_of(const struct db_rows *rows)
{
	return (const PGresult *)rows;
}

int
db_count(const struct db_rows *rows)
{
	return PQntuples(result_of(rows));
}

int
db_column(const struct db_rows *rows, const char *name)
{
	int n = PQnfields(result_of(rows)), i = 0;

	while (i < n && strcmp(PQfname(result_of(rows), i), name))
		i++;
	assert(i < n);
	return i;
}

int64_t
db_affected(const struct db_rows *rows)
{
	return strtoll(PQcmdTuples((PGresult *)(uintptr_t)rows), NULL, 10);
}

bool
db_is_null(const struct db_rows *rows, int row, int column)
{
	return PQgetisnull(result_of(rows), row, column);
}

const void *
db_bytes_at(const struct db_rows *rows, int row, int column, size_t *size)
{
	*size = (size_t)PQgetlength(result_of(rows), row, column);
	return db_is_null(rows, row, column) ? NULL : PQgetvalue(result_of(rows), row, column);
}

const char *
db_text_at(const struct db_rows *rows, int row, int column)
{
	return db_is_null(rows, row, column) ? NULL : PQgetvalue(result_of(rows), row, column);
}

int64_t
db_int_at(const struct db_rows *rows, int row, int column)
{
	size_t size;
	const uint8_t *bytes = db_bytes_at(rows, row, column, &size);
	int64_t value = bytes && (bytes[0] & 0x80) && size > 1 ? -1 : 0;

	if (!bytes)
		return 0;
	assert(size == 1 || size == 2 || size == 4 || size == 8);
	for (size_t i = 0; i < size; i++)
		value = (int64_t)((uint64_t)value << 8 | bytes[i]);
	return value;
}

struct uuid
db_uuid_at(const struct db_rows *rows, int row, int column)
{
	struct uuid uuid = {{0}};
	size_t size;
	const void *bytes = db_bytes_at(rows, row, column, &size);

	if (!bytes)
		return uuid;
	assert(size == sizeof(uuid.bytes));
	memcpy(uuid.bytes, bytes, sizeof(uuid.bytes));
	return uuid;
}

int64_t
db_time_at(const struct db_rows *rows, int row, int column)
{
	return db_is_null(rows, row, column) ? INT64_MIN
	    : db_int_at(rows, row, column) + DB_EPOCH_S * 1000000;
}

int32_t
db_date_at(const struct db_rows *rows, int row, int column)
{
	return (int32_t)db_int_at(rows, row, column) + DB_EPOCH_DAYS;
}

void
db_rows_free(struct db_rows *rows)
{
	PQclear((PGresult *)rows);
}
