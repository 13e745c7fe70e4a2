/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: a few connections to Postgres for many requests. A thread takes one for one statement;
 * when all are taken it waits, and for who has gone meanwhile nothing is asked. A lost one is opened again
 * by the next who needs it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "gateway.h"
#include "sql.h"

enum { PATIENCE_S = 5 };

struct db_pool {
	const char *conninfo;
	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t given_back;
	size_t n_free, size;
	struct db **free;		/* NULL: none open in this place */
};

bool
db_pool_new(struct db_pool **ret, const char *conninfo, size_t size)
{
	own(db_pool_freep) struct db_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return false;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->given_back, NULL);
	pool->conninfo = conninfo;
	pool->free = calloc(size, sizeof(*pool->free));
	if (!pool->free)
		return false;
	pool->size = pool->n_free = size;
	*ret = db_pool_free_hand_over(&pool);
	return true;
}

void
db_pool_free(struct db_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->n_free; i++)
		db_free(pool->free[i]);
	free(pool->free);
	pthread_cond_destroy(&pool->given_back);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* A place of the pool; its connection may have to be opened. */
static bool
take(struct db_pool *pool, struct db **ret, bool *waited, struct err *err)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&pool->lock);
	*waited = pool->n_free == 0;
	while (pool->n_free == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&pool->given_back, &pool->lock, &until);
	if (pool->n_free > 0) {
		*ret = pool->free[--pool->n_free];
		rc = 0;
	}
	pthread_mutex_unlock(&pool->lock);
	return rc == 0 || err_code(err, ERR_RETRY, "busy", "every database connection is in use");
}

static void
give_back(struct db_pool *pool, struct db *db)
{
	if (db && db_is_broken(db)) {
		db_free(db);
		db = NULL;
	}
	pthread_mutex_lock(&pool->lock);
	pool->free[pool->n_free++] = db;
	pthread_cond_signal(&pool->given_back);
	pthread_mutex_unlock(&pool->lock);
}

struct work { const struct db_step *steps; size_t n; struct db_rows **rows; };

static bool
run_on(struct db_pool *pool, struct db **db, const struct work *work, struct err *err)
{
	if (!*db && !db_open(db, pool->conninfo, "batchline-gateway", err))
		return false;
	return db_steps_run(*db, work->rows, err, work->steps, work->n);
}

/* call: whose statements they are; NULL: nobody's who could go. */
static bool
run(struct db_pool *pool, struct call *call, const struct work *work, struct err *err)
{
	struct db *db = NULL;
	bool well, was_open, waited;

	if (!take(pool, &db, &waited, err))
		return false;
	if (waited && call && limit_gone(call)) {
		give_back(pool, db);
		return err_code(err, ERR_RETRY, "gone", "who asked has gone");
	}
	was_open = db != NULL;
	well = run_on(pool, &db, work, err);
	/* An old connection may have died while it lay here: what only reads may be asked again. */
	if (!well && was_open && db_is_broken(db)) {
		db_free(db);
		db = NULL;
		err_clear(err);
		well = run_on(pool, &db, work, err);
	}
	give_back(pool, db);
	return well;
}

bool
db_pool_run_args(struct db_pool *pool, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args)
{
	const struct db_step step = { sql, args, n_args };

	return run(pool, NULL, &(const struct work){ &step, 1, rows }, err);
}

bool
db_call_run_args(struct call *call, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args)
{
	const struct db_step step = { sql, args, n_args };

	return db_call_read(call, rows, err, &step, 1);
}

bool
db_call_read(struct call *call, struct db_rows **rows, struct err *err, const struct db_step *steps,
    size_t n)
{
	return run(call->gateway->pool, call, &(const struct work){ steps, n, rows }, err);
}

bool
db_pool_is_well(struct db_pool *pool, struct err *err)
{
	return db_pool_run_args(pool, NULL, err, sql_gateway_ping, NULL, 0);
}
