/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letters.c: each partition is read in windows, from its end back. What a window held is kept as the
 * JSON that it becomes; the newest of all the windows' letters is the next one of the look, and a window
 * that is used up is followed by the one before it.
 */
#include "letters.h"
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "query.h"
#include "sql.h"

enum {
	WINDOW_FIRST = 16, WINDOW_MOST = 1024,	/* letters */
	WINDOW_BYTES = 1 << 20,			/* aimed at; one letter may be more */
	POLL_RECORDS = 64, POLL_MS = 50, SILENCE_MS = 3000, TURN_S = 10,
	PROPERTIES_MAX = 64,
};

struct letters {
	pthread_mutex_t mutex;		/* of the reader */
	struct bus_options options;
	struct db_pool *pool;
	const char *properties[PROPERTIES_MAX][2];
	struct bus *bus;		/* NULL: not open just now */
};

/* For who reads a little here and there: no waiting for more, nothing fetched ahead. User's own come
 * after these. */
static const char *const reader_properties[][2] = {
	{ "fetch.wait.max.ms", "10" },
	{ "queued.max.messages.kbytes", "4096" },
	{ "queued.min.messages", "1000" },
	{ "fetch.message.max.bytes", "1048576" },
};
enum { N_PROPERTIES = sizeof(reader_properties) / sizeof(*reader_properties) };

struct seen { int64_t offset, timestamp_ms; bool fits; struct buf json; };

struct lane {
	struct bus_lane all;		/* what there is */
	int64_t at;			/* what is before it was not looked at yet */
	int64_t window, first, end;	/* letters; where the present one begins and ends */
	struct seen *seen;		/* of the window, by offset; the last one is next */
	size_t n, capacity, bytes;
	bool done;			/* the window came whole */
	struct db_rows *settled;	/* those of the window that somebody dealt with */
};

struct walk {
	struct letters *letters;
	struct look *look;
	struct lane lanes[LANES_MAX];
	size_t n;
	int64_t begun_ms;
};

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

/* ---- windows ---- */

static void
lane_clear(struct lane *lane)
{
	for (size_t i = 0; i < lane->n; i++)
		buf_clear(&lane->seen[i].json);
	lane->n = 0;
	db_rows_free(lane->settled);
	lane->settled = NULL;
}

static bool
seen_add(struct walk *w, struct lane *lane, const struct bus_record *record, struct err *err)
{
	struct seen *seen = lane->seen;

	if (lane->n == lane->capacity) {
		lane->capacity = lane->capacity ? 2 * lane->capacity : WINDOW_FIRST;
		seen = realloc(seen, lane->capacity * sizeof(*seen));
		if (!seen)
			return err_set(err, ERR_FATAL, "out of memory");
		lane->seen = seen;
	}
	seen += lane->n++;
	*seen = (struct seen){ record->offset, record->timestamp_ms, letter_fits(w->look, record)
	    && (w->look->all || letter_row(lane->settled, record) < 0), {0} };
	lane->bytes += record->key_size + record->value_size;
	if (seen->fits) {
		struct put put = { &seen->json, false };

		put_open(&put, '{');
		letter_put(&put, record, lane->settled);
		put_close(&put, '}');
	}
	return true;
}

static struct lane *
lane_of(struct walk *w, const struct bus_record *record)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->lanes[i].all.topic == record->topic
		    && w->lanes[i].all.partition == record->partition)
			return &w->lanes[i];
	return NULL;
}

static bool
record_take(struct walk *w, const struct bus_record *record, size_t *waiting, struct err *err)
{
	struct lane *lane = lane_of(w, record);

	if (!lane || lane->done || record->offset < lane->first)
		return true;
	if (record->offset < lane->end && !seen_add(w, lane, record, err))
		return false;
	lane->done = record->offset >= lane->end - 1;
	*waiting -= lane->done;
	return true;
}

/* Until every window is whole. One in which something is missing (a transaction's marks) is so after
 * a silence. */
static bool
windows_read(struct walk *w, size_t waiting, struct err *err)
{
	struct bus_record records[POLL_RECORDS];
	int64_t came_ms = clock_monotonic_ms();
	bool well = true, came = false;
	size_t n;

	while (well && waiting > 0 && clock_monotonic_ms() - came_ms < SILENCE_MS) {
		if (!bus_poll(w->letters->bus, POLL_MS, records, POLL_RECORDS, WINDOW_BYTES, &n, err)) {
			err->verdict = ERR_RETRY;
			return false;
		}
		came_ms = n ? clock_monotonic_ms() : came_ms;
		came = came || n;
		for (size_t i = 0; well && i < n; i++)
			well = record_take(w, &records[i], &waiting, err);
		bus_records_free(records, n);
	}
	if (well && waiting > 0 && !came)
		return err_set(err, ERR_RETRY, "the dead letters do not come");
	return well;
}

/* What the window was tells how many letters the one before it should have. */
static void
window_next(struct lane *lane)
{
	if (lane->window == 0)
		lane->window = WINDOW_FIRST;
	else if (lane->bytes > WINDOW_BYTES)
		lane->window = lane->window * WINDOW_BYTES / (int64_t)lane->bytes;
	else if (lane->window < WINDOW_MOST)
		lane->window *= 2;
	if (lane->window < 1)
		lane->window = 1;
	lane->end = lane->at;
	lane->first = lane->end - lane->window > lane->all.from ? lane->end - lane->window : lane->all.from;
	lane->bytes = 0;
	lane->done = false;
}

static bool
settled_find(struct walk *w, struct lane *lane, struct err *err)
{
	const struct bus_lane window = { lane->all.topic, lane->all.partition, lane->first, lane->end };

	lane_clear(lane);
	return letters_settled(w->letters->pool, &window, &lane->settled, err);
}

/* Every lane that is used up and goes on has another window then. */
static bool
windows_fill(struct walk *w, struct err *err)
{
	struct bus_lane wanted[LANES_MAX];
	size_t n = 0;
	bool well;

	for (size_t i = 0; i < w->n; i++) {
		struct lane *lane = &w->lanes[i];

		if (lane->n > 0 || lane->at <= lane->all.from)
			continue;
		window_next(lane);
		if (!settled_find(w, lane, err))
			return false;
		wanted[n] = lane->all;
		wanted[n++].from = lane->first;
	}
	if (n == 0)
		return true;
	well = bus_letters_follow(w->letters->bus, wanted, n, err) && windows_read(w, n, err);
	for (size_t i = 0; well && i < w->n; i++)
		if (w->lanes[i].n == 0 && w->lanes[i].at > w->lanes[i].all.from)
			w->lanes[i].at = w->lanes[i].first;	/* nothing in it */
	return well && bus_letters_follow(w->letters->bus, NULL, 0, err);
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

/* ---- a look ---- */

static bool
walk_begin(struct walk *w, struct err *err)
{
	struct bus_lane lanes[LANES_MAX];
	struct look *look = w->look;

	if (!lanes_find(w->letters, lanes, &w->n, &look->total, &look->open, err))
		return false;
	if (look->n_at && look->n_at != w->n)
		return err_code(err, ERR_REJECT, "cursor", "cursor is of other partitions than there are");
	for (size_t i = 0; i < w->n; i++) {
		struct lane *lane = &w->lanes[i];

		lane->all = lanes[i];
		lane->at = look->n_at && look->at[i] < lanes[i].to ? look->at[i] : lanes[i].to;
		if (look->topics && !(look->topics & 1u << lanes[i].topic))
			lane->at = lane->all.from;
	}
	return true;
}

/* The newest that was not looked at. NULL: a window must be filled, or this is the end. */
static struct lane *
newest(struct walk *w, bool *at_end)
{
	struct lane *ret = NULL;

	*at_end = true;
	for (size_t i = 0; i < w->n; i++) {
		struct lane *lane = &w->lanes[i];

		if (lane->n == 0 && lane->at <= lane->all.from)
			continue;
		*at_end = false;
		if (lane->n == 0)
			return NULL;
		if (!ret || lane->seen[lane->n - 1].timestamp_ms > ret->seen[ret->n - 1].timestamp_ms)
			ret = lane;
	}
	return ret;
}

/* False: it is too old, and so is all that is left. */
static bool
take_next(struct walk *w, struct lane *lane)
{
	struct seen *seen = &lane->seen[lane->n - 1];

	if (w->look->since_us != INT64_MIN && seen->timestamp_ms < w->look->since_us / 1000)
		return false;
	lane->at = seen->offset;
	w->look->looked++;
	if (seen->fits) {
		put_raw(w->look->put, buf_text(&seen->json) ? buf_text(&seen->json) : "null");
		w->look->limit--;
	}
	buf_clear(&seen->json);
	lane->n--;
	if (lane->n == 0)
		lane->at = lane->first;
	return true;
}

static bool
walk(struct walk *w, struct err *err)
{
	struct look *look = w->look;
	bool at_end = false, too_old = false;

	while (look->limit > 0 && look->looked < LOOK_LETTERS && !too_old) {
		struct lane *lane = newest(w, &at_end);

		if (at_end)
			break;
		if (lane)
			too_old = !take_next(w, lane);
		else if (clock_monotonic_ms() - w->begun_ms > LOOK_MS)
			break;
		else if (!windows_fill(w, err))
			return false;
	}
	newest(w, &at_end);
	look->more = !at_end && !too_old;
	look->n_at = w->n;
	for (size_t i = 0; i < w->n; i++)
		look->at[i] = w->lanes[i].at;
	return true;
}

bool
letters_look(struct letters *l, struct look *look, struct err *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	bool well;

	if (!w)
		return err_set(err, ERR_FATAL, "out of memory");
	w->letters = l;
	w->look = look;
	w->begun_ms = clock_monotonic_ms();
	well = turn_take(l, err);
	if (well) {
		well = walk_begin(w, err) && walk(w, err);
		turn_end(l, well || err->verdict == ERR_REJECT);
	}
	for (size_t i = 0; i < w->n; i++) {
		lane_clear(&w->lanes[i]);
		free(w->lanes[i].seen);
	}
	free(w);
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
		if (!bus_poll(l->bus, POLL_MS, &record, 1, 0, &n, err)) {
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
