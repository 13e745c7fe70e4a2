/* SPDX-License-Identifier: Apache-2.0 */
/* letters.c: the one reader and whose turn it is; how many letters are open, as a metric too; one of them. */
#include "letters.h"
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "query.h"
#include "sql.h"

enum { TURN_S = 10, PROPERTIES_MAX = 64, WATCH_MS = 20000, TICK_MS = 100 };

struct letters {
	pthread_mutex_t mutex;		/* of the reader */
	struct bus_options options;
	struct db_pool *pool;
	const char *properties[PROPERTIES_MAX][2];
	struct bus *bus;		/* NULL: not open just now */
	pthread_t watcher;
	bool watched;
	atomic_bool ending;
};

static struct metric metric_open = { "batchline_dead_letters_open", NULL,
	"Dead letters that nobody has dealt with; -1: not known.", METRIC_GAUGE, -1 };

/* For who reads a little here and there: no waiting for more, nothing fetched ahead. User's own come
 * after these. */
static const char *const reader_properties[][2] = {
	{ "fetch.wait.max.ms", "10" },
	{ "queued.max.messages.kbytes", "4096" },
	{ "queued.min.messages", "1000" },
	{ "fetch.message.max.bytes", "1048576" },
};
enum { N_PROPERTIES = sizeof(reader_properties) / sizeof(*reader_properties) };

/* ---- where one lies ---- */

char *
letter_id_print(char ret[LETTER_ID_SIZE], struct letter_place place)
{
	snprintf(ret, LETTER_ID_SIZE, "%s-%" PRId32 "-%" PRId64, topics[place.topic].name, place.partition,
	    place.offset);
	return ret;
}

bool
letter_id_read(struct letter_place *ret, const char *text)
{
	char topic[32], again[LETTER_ID_SIZE];

	if (sscanf(text, "%31[a-z]-%9" SCNd32 "-%18" SCNd64, topic, &ret->partition, &ret->offset) != 3
	    || ret->partition < 0 || ret->offset < 0)
		return false;
	for (ret->topic = 0; ret->topic < TOPIC_COUNT; ret->topic++)
		if (!strcmp(topics[ret->topic].name, topic))
			return !strcmp(letter_id_print(again, *ret), text);
	return false;
}

/* ---- the reader ---- */

bool
letters_new(struct letters **ret, const struct bus_options *options, struct db_pool *pool)
{
	struct letters *l = calloc(1, sizeof(*l));
	size_t n = 0;

	if (!l)
		return false;
	pthread_mutex_init(&l->mutex, NULL);
	for (; n < N_PROPERTIES; n++)
		memcpy(l->properties[n], reader_properties[n], sizeof(l->properties[n]));
	for (size_t i = 0; i < options->n_properties && n < PROPERTIES_MAX; i++)
		memcpy(l->properties[n++], options->properties[i], sizeof(l->properties[n]));
	l->pool = pool;
	l->options = *options;
	l->options.group = "batchline-gateway";	/* a name: nobody joins, nothing is committed */
	l->options.instance = "";
	l->options.properties = (const char *const (*)[2])l->properties;
	l->options.n_properties = n;
	*ret = l;
	return true;
}

void
letters_free(struct letters *l)
{
	if (!l)
		return;
	atomic_store(&l->ending, true);
	if (l->watched)
		pthread_join(l->watcher, NULL);
	bus_free(l->bus);
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

/* Our turn with the reader. What is wrong with it is so for a while. */
static bool
turn_take(struct letters *l, struct err *err)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TURN_S;
	if (pthread_mutex_timedlock(&l->mutex, &until))
		return err_set(err, ERR_RETRY, "others look at the dead letters");
	if (l->bus || bus_letters_open(&l->bus, &l->options, err))
		return true;
	pthread_mutex_unlock(&l->mutex);
	return false;
}

/* A reader that failed us is another one next time. */
static void
turn_end(struct letters *l, bool well)
{
	if (!well) {
		bus_free(l->bus);
		l->bus = NULL;
	}
	pthread_mutex_unlock(&l->mutex);
}

/* ---- how many ---- */

static bool
settled_count(struct db_pool *pool, const struct bus_lane *lanes, size_t n, int64_t *ret, struct err *err)
{
	struct db_array names = { .type = DB_TEXT }, numbers[] = { { .type = DB_INT8 },
		{ .type = DB_INT8 }, { .type = DB_INT8 } };
	own(db_rows_freep) struct db_rows *rows = NULL;
	bool well;

	for (size_t i = 0; i < n; i++) {
		db_array_add(&names, db_text(topics[lanes[i].topic].name));
		db_array_add(&numbers[0], db_int(lanes[i].partition));
		db_array_add(&numbers[1], db_int(lanes[i].from));
		db_array_add(&numbers[2], db_int(lanes[i].to));
	}
	well = db_pool_run(pool, &rows, err, sql_gateway_letters_settled_count, db_array(&names),
	    db_array(&numbers[0]), db_array(&numbers[1]), db_array(&numbers[2]));
	if (well)
		*ret = db_int_at(rows, 0, 0);
	db_array_clear(&names);
	for (int i = 0; i < 3; i++)
		db_array_clear(&numbers[i]);
	return well;
}

/* What there is, and how much of it is open: all that nobody dealt with, since no offset is left out. */
static bool
lanes_find(struct letters *l, struct bus_lane lanes[LANES_MAX], size_t *n, int64_t *total, int64_t *open,
    struct err *err)
{
	int64_t settled = 0;

	*total = 0;
	if (!bus_letters_lanes(l->bus, lanes, LANES_MAX, n, err)
	    || !settled_count(l->pool, lanes, *n, &settled, err))
		return false;
	for (size_t i = 0; i < *n; i++)
		*total += lanes[i].to - lanes[i].from;
	*open = *total > settled ? *total - settled : 0;
	return true;
}

bool
letters_open_count(struct letters *l, int64_t *ret, struct err *err)
{
	struct bus_lane lanes[LANES_MAX];
	int64_t total;
	size_t n;
	bool well;

	if (!turn_take(l, err))
		return false;
	well = lanes_find(l, lanes, &n, &total, ret, err);
	turn_end(l, well);
	return well;
}

void
letters_metrics_add(void)
{
	metrics_add(&metric_open, 1);
}

static void *
watch(void *state)
{
	struct letters *l = state;
	struct err ignored;

	while (!atomic_load(&l->ending)) {
		int64_t next_ms = clock_monotonic_ms() + WATCH_MS, open = -1;

		ignored = (struct err){0};
		metric_set(&metric_open, letters_open_count(l, &open, &ignored) ? open : -1);
		while (!atomic_load(&l->ending) && clock_monotonic_ms() < next_ms)
			clock_sleep_ms(TICK_MS);
	}
	return NULL;
}

bool
letters_watch(struct letters *l)
{
	l->watched = thread_start(&l->watcher, watch, l);
	return l->watched;
}

bool
letters_look(struct letters *l, struct look *look, struct err *err)
{
	struct bus_lane lanes[LANES_MAX];
	size_t n;
	bool well;

	if (!turn_take(l, err))
		return false;
	well = lanes_find(l, lanes, &n, &look->total, &look->open, err)
	    && look_walk(look, l->bus, l->pool, lanes, n, err);
	turn_end(l, well || err->verdict == ERR_REJECT);
	return well;
}

/* ---- one ---- */

static bool
no_letter(struct err *err)
{
	return err_code(err, ERR_REJECT, "no_letter", "There is no dead letter of this id.");
}

/* The first that comes; none that is before it. */
static bool
first_use(struct letters *l, struct letter_place place,
    bool (*use)(void *state, const struct bus_record *letter), void *state, struct err *err)
{
	int64_t until_ms = clock_monotonic_ms() + LOOK_MS;
	struct bus_record record;
	size_t n = 0;
	bool well;

	while (n == 0 && clock_monotonic_ms() < until_ms)
		if (!bus_poll(l->bus, LETTERS_POLL_MS, &record, 1, 0, &n, err)) {
			err->verdict = ERR_RETRY;
			return false;
		}
	if (n == 0)
		return err_set(err, ERR_RETRY, "the dead letter does not come");
	well = record.offset == place.offset ? use(state, &record) || err->verdict == ERR_NONE
	                                     : no_letter(err);
	bus_records_free(&record, n);
	return well;
}

static bool
find(struct letters *l, struct letter_place place,
    bool (*use)(void *state, const struct bus_record *letter), void *state, struct err *err)
{
	struct bus_lane lanes[LANES_MAX];
	size_t n, i = 0;

	if (!bus_letters_lanes(l->bus, lanes, LANES_MAX, &n, err))
		return false;
	while (i < n && (lanes[i].topic != place.topic || lanes[i].partition != place.partition))
		i++;
	if (i == n || place.offset < lanes[i].from || place.offset >= lanes[i].to)
		return no_letter(err);
	lanes[i].from = place.offset;
	return bus_letters_follow(l->bus, &lanes[i], 1, err) && first_use(l, place, use, state, err)
	    && bus_letters_follow(l->bus, NULL, 0, err);
}

bool
letters_find(struct letters *l, struct letter_place place,
    bool (*use)(void *state, const struct bus_record *letter), void *state, struct err *err)
{
	bool well;

	if (!turn_take(l, err))
		return false;
	well = find(l, place, use, state, err);
	turn_end(l, well || err->verdict == ERR_REJECT);
	return well;
}
