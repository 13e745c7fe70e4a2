/* SPDX-License-Identifier: Apache-2.0 */
/* fair.c: a table by hash, in which a client stands in one of a few rows, and buckets of tokens. */
#include "fair.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"

enum { ROWS = 8192, NEAR = 8, TOKEN = 1000 };

struct bucket {
	int64_t used; /* thousandths of a request that are not yet forgiven */
};

struct fair_client {
	uint8_t id[SHA256_SIZE];
	bool is_there;
	int64_t asked_ms, in_flight;
	struct bucket rate, submissions;
};

struct fair {
	pthread_mutex_t lock;
	struct fair_client rows[ROWS];
};

bool
fair_new(struct fair **ret)
{
	struct fair *fair = calloc(1, sizeof(*fair));

	if (!fair)
		return false;
	pthread_mutex_init(&fair->lock, NULL);
	*ret = fair;
	return true;
}

void
fair_free(struct fair *fair)
{
	if (!fair)
		return;
	pthread_mutex_destroy(&fair->lock);
	free(fair);
}

/* ---- under the lock ---- */

/* Its row, or one that is free or may be taken; NULL: all near are in work. */
static struct fair_client *
row_find(struct fair *fair, const uint8_t id[SHA256_SIZE])
{
	size_t first = ((size_t)id[0] << 8 | id[1]) % ROWS;
	struct fair_client *free_one = NULL;

	for (size_t i = 0; i < NEAR; i++) {
		struct fair_client *row = &fair->rows[(first + i) % ROWS];

		if (row->is_there && !memcmp(row->id, id, SHA256_SIZE))
			return row;
		if (row->in_flight == 0 && (!free_one || row->asked_ms < free_one->asked_ms))
			free_one = row;
	}
	if (free_one) {
		memset(free_one, 0, sizeof(*free_one));
		memcpy(free_one->id, id, SHA256_SIZE);
		free_one->is_there = true;
	}
	return free_one;
}

static void
forgive(struct bucket *bucket, int64_t rate, int64_t ms)
{
	int64_t most = rate * FAIR_BURST_S * TOKEN;

	/* thousandths a millisecond: as many as whole ones a second */
	bucket->used -= ms >= FAIR_BURST_S * 1000 ? most : rate * ms;
	if (bucket->used < 0)
		bucket->used = 0;
}

static bool
has_one(const struct bucket *bucket, int64_t rate)
{
	return rate == 0 || bucket->used + TOKEN <= rate * FAIR_BURST_S * TOKEN;
}

static enum fair_why
admit(struct fair_client *client, const struct fair_limits *limits, bool submits, int64_t now_ms)
{
	forgive(&client->rate, limits->rate, now_ms - client->asked_ms);
	forgive(&client->submissions, limits->submissions, now_ms - client->asked_ms);
	client->asked_ms = now_ms;
	if (limits->in_flight && client->in_flight >= limits->in_flight)
		return FAIR_IN_FLIGHT;
	if (!has_one(&client->rate, limits->rate))
		return FAIR_RATE;
	if (submits && !has_one(&client->submissions, limits->submissions))
		return FAIR_SUBMISSIONS;
	client->in_flight++;
	client->rate.used += TOKEN;
	if (submits)
		client->submissions.used += TOKEN;
	return FAIR_WELL;
}

/* ---- a request ---- */

enum fair_why
fair_enter(struct fair *fair, const void *who, size_t size, const struct fair_limits *limits,
    bool submits, int64_t now_ms, struct fair_client **ret)
{
	enum fair_why why = FAIR_WELL;
	uint8_t id[SHA256_SIZE];

	*ret = NULL;
	hash_sha256(id, who, size);
	pthread_mutex_lock(&fair->lock);
	struct fair_client *client = row_find(fair, id);

	if (client)
		why = admit(client, limits, submits, now_ms);
	if (why == FAIR_WELL)
		*ret = client;
	pthread_mutex_unlock(&fair->lock);
	return why;
}

void
fair_leave(struct fair *fair, struct fair_client *client)
{
	if (!client)
		return;
	pthread_mutex_lock(&fair->lock);
	client->in_flight--;
	pthread_mutex_unlock(&fair->lock);
}
