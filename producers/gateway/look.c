/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c: each partition is read in windows, from its end back. What a window held is kept as the
 * JSON that it becomes; the newest of all the windows' letters is the next one of the look, and a window
 * that is used up is followed by the one before it.
 */
#include <stdlib.h>
#include "base/clock.h"
#include "letters.h"
#include "query.h"

enum {
	WINDOW_FIRST = 16, WINDOW_MOST = 1024,	/* letters */
	WINDOW_BYTES = 1 << 20,			/* aimed at; one letter may be more */
	POLL_RECORDS = 64, SILENCE_MS = 3000,
};

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
	struct bus *bus;
	struct db_pool *pool;
	struct look *look;
	struct lane lanes[LANES_MAX];
	size_t n;
	int64_t begun_ms;
};

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
		if (!bus_poll(w->bus, LETTERS_POLL_MS, records, POLL_RECORDS, WINDOW_BYTES, &n, err)) {
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
	return letters_settled(w->pool, &window, &lane->settled, err);
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
	well = bus_letters_follow(w->bus, wanted, n, err) && windows_read(w, n, err);
	for (size_t i = 0; well && i < w->n; i++)
		if (w->lanes[i].n == 0 && w->lanes[i].at > w->lanes[i].all.from)
			w->lanes[i].at = w->lanes[i].first;	/* nothing in it */
	return well && bus_letters_follow(w->bus, NULL, 0, err);
}

/* ---- a look ---- */

static bool
walk_begin(struct walk *w, const struct bus_lane *lanes, struct err *err)
{
	const struct look *look = w->look;

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

static void
walk_end(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		lane_clear(&w->lanes[i]);
		free(w->lanes[i].seen);
	}
	free(w);
}

bool
look_walk(struct look *look, struct bus *bus, struct db_pool *pool, const struct bus_lane *lanes,
    size_t n, struct err *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	bool well;

	if (!w)
		return err_set(err, ERR_FATAL, "out of memory");
	*w = (struct walk){ .bus = bus, .pool = pool, .look = look, .n = n,
		.begun_ms = clock_monotonic_ms() };
	well = walk_begin(w, lanes, err) && walk(w, err);
	walk_end(w);
	return well;
}
