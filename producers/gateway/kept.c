/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c: the latest answers of one snapshot; a newer one begins afresh. */
#include "kept.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/metrics.h"
#include "gateway.h"
#include "sql.h"

enum {
	ANSWERS_MAX = 128,
	QUESTION_MAX = 4096,		/* bytes; a longer one is asked anew each time */
	BYTES_MAX = 8 << 20,		/* of all answers */
};

/* packed: empty until one asks who takes that */
struct answer { struct buf question, body, packed; char etag[ETAG_SIZE]; };

struct kept {
	struct moment *moment;		/* what the database shows */
	pthread_mutex_t mutex;		/* of what follows */
	char snapshot[MOMENT_SIZE];
	struct answer answers[ANSWERS_MAX];
	size_t n, bytes;
};

static struct metric metrics[] = {
	{ "batchline_http_unchanged_total", NULL, "Answers given again, since nothing had changed.",
	    METRIC_COUNTER, 0 },
};

void
kept_metrics_add(void)
{
	metrics_add(metrics, sizeof(metrics) / sizeof(*metrics));
}

static bool
ask_snapshot(void *pool, char ret[MOMENT_SIZE])
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err ignored = {0};	/* who reads the rows next says it */
	const char *text;

	if (!db_pool_run_args(pool, &rows, &ignored, sql_gateway_snapshot, NULL, 0))
		return false;
	text = db_text_at(rows, 0, 0);
	if (strlen(text) >= MOMENT_SIZE)	/* so many transactions at once: it would not last */
		return false;
	strcpy(ret, text);
	return true;
}

struct kept *
kept_new(struct db_pool *pool)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return NULL;
	pthread_mutex_init(&kept->mutex, NULL);
	kept->moment = moment_new(ask_snapshot, pool);
	if (kept->moment)
		return kept;
	kept_free(kept);
	return NULL;
}

/* The mutex is held. */
static void
forget(struct kept *kept)
{
	for (size_t i = 0; i < kept->n; i++) {
		buf_clear(&kept->answers[i].question);
		buf_clear(&kept->answers[i].body);
		buf_clear(&kept->answers[i].packed);
	}
	kept->n = kept->bytes = 0;
}

void
kept_free(struct kept *kept)
{
	if (!kept)
		return;
	forget(kept);
	moment_free(kept->moment);
	pthread_mutex_destroy(&kept->mutex);
	free(kept);
}

/* ---- what was asked, and by whom ---- */

static void
add_sized(struct buf *question, const char *text)
{
	buf_print(question, "%zu:%s", strlen(text), text);
}

static bool
add_argument(void *state, const char *name, const char *value)
{
	add_sized(state, name);
	add_sized(state, value ? value : "");
	return true;
}

/* All that an answer follows from but the database. False: too long. */
static bool
question_make(struct call *call)
{
	struct buf *question = &call->question;

	question->limit = QUESTION_MAX;
	buf_print(question, "%x %d ", call->caller.scopes, call->caller.is_limited);
	add_sized(question, call->caller.name);		/* whose customers stand in the same snapshot */
	add_sized(question, call->request->path);
	httpd_query_each(call->request, add_argument, question);
	return !question->failed;
}

/* The mutex is held. */
static struct answer *
find(struct kept *kept, const struct buf *question)
{
	for (size_t i = 0; i < kept->n; i++)
		if (kept->answers[i].question.size == question->size
		    && !memcmp(kept->answers[i].question.data, question->data, question->size))
			return &kept->answers[i];
	return NULL;
}

/* The mutex is held. The answer of this call, when it is kept. */
static struct answer *
find_for(struct kept *kept, const struct call *call)
{
	return strcmp(kept->snapshot, call->snapshot) ? NULL : find(kept, &call->question);
}

/* The mutex is held. */
static void
give(struct call *call, const struct answer *found)
{
	answer_json(call, 200);
	answer_etag(call, found->etag);
	if (call->answer->status != 200)
		return;
	if (found->packed.size && answer_may_be_packed(call))
		answer_packed(call, &found->packed);
	else
		buf_add(&call->answer->body, found->body.data, found->body.size);
}

bool
kept_answer(struct call *call)
{
	struct kept *kept = call->gateway->kept;
	struct answer *found;

	if (!kept || !question_make(call) || !moment_read(kept->moment, call->snapshot))
		return false;
	pthread_mutex_lock(&kept->mutex);
	found = find_for(kept, call);
	if (found)
		give(call, found);
	pthread_mutex_unlock(&kept->mutex);
	if (found)
		metric_count(&metrics[0], 1);
	return found != NULL;
}

/* The mutex is held. Of one snapshot so much is enough: what comes last has the place of what came first. */
static struct answer *
make_room(struct kept *kept, const char *snapshot, size_t size)
{
	if (strcmp(kept->snapshot, snapshot) || kept->n == ANSWERS_MAX || kept->bytes + size > BYTES_MAX) {
		forget(kept);
		strcpy(kept->snapshot, snapshot);
	}
	return &kept->answers[kept->n];
}

/* The mutex is held. */
static bool
keep(struct kept *kept, struct buf *ret, const struct buf *bytes)
{
	if (!buf_add(ret, bytes->data, bytes->size)) {
		buf_clear(ret);
		return false;
	}
	kept->bytes += bytes->size;
	return true;
}

void
kept_add(struct call *call, const char *etag)
{
	struct kept *kept = call->gateway->kept;
	const struct buf *body = &call->answer->body;
	struct answer *room;

	if (!*call->snapshot || body->size > BYTES_MAX / 8)
		return;
	pthread_mutex_lock(&kept->mutex);
	if (!find_for(kept, call)) {	/* by another who asked it at the same time */
		room = make_room(kept, call->snapshot, body->size + call->question.size);
		*room = (struct answer){0};
		snprintf(room->etag, sizeof(room->etag), "%s", etag);
		if (keep(kept, &room->question, &call->question) && keep(kept, &room->body, body))
			kept->n++;
		else
			buf_clear(&room->question);
	}
	pthread_mutex_unlock(&kept->mutex);
}

void
kept_add_packed(struct call *call, const struct buf *packed)
{
	struct kept *kept = call->gateway->kept;
	struct answer *found;

	if (!*call->snapshot || !call->question.size)
		return;
	pthread_mutex_lock(&kept->mutex);
	found = find_for(kept, call);
	if (found && !found->packed.size && kept->bytes + packed->size <= BYTES_MAX)
		keep(kept, &found->packed, packed);
	pthread_mutex_unlock(&kept->mutex);
}
