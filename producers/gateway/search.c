/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c: the batches that words are found in. A search is read once, and what it found is a filter
 * like any other; one that finds too much is refused before it costs anything. A client waits for its
 * own search before the next: clients are told apart by a few places, so two may share one.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include "gateway.h"
#include "sql.h"

enum { SEARCH_MOST = 1000, SEARCH_WAIT_S = 2, PLACES = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of what follows */
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool is_taken[PLACES];

static bool
place_take(size_t place)
{
	struct timespec until;
	int rc = 0;
	bool well;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SEARCH_WAIT_S;
	pthread_mutex_lock(&lock);
	while (is_taken[place] && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&ended, &lock, &until);
	well = !is_taken[place];
	if (well)
		is_taken[place] = true;
	pthread_mutex_unlock(&lock);
	return well;
}

static void
place_give_back(size_t place)
{
	pthread_mutex_lock(&lock);
	is_taken[place] = false;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
}

static size_t
place_of(const char *client)
{
	uint32_t hash = 5381;

	while (*client)
		hash = hash * 33 + (unsigned char)*client++;
	return hash % PLACES;
}

bool
search(struct call *call, const char *pattern, struct db_array *ids)
{
	size_t place = place_of(call->caller.name);
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};
	bool well;

	if (!place_take(place))
		return limit_budget(call, BUDGET_SEARCHES, "A search of yours is still in work.");
	well = db_call_run(call, &rows, &err, sql_gateway_search, db_text(pattern),
	    db_int4(SEARCH_MOST));
	place_give_back(place);
	if (!well)
		return problem_err(call, &err);
	if (db_count(rows) > SEARCH_MOST)
		return problem_field(call, "q", "is found more than %d times, or made of what is; more letters find less",
		    SEARCH_MOST);
	ids->type = DB_UUID;
	for (int i = 0; i < db_count(rows); i++)
		db_array_add(ids, db_uuid(db_uuid_at(rows, i, 0)));
	return true;
}
