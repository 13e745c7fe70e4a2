/* SPDX-License-Identifier: Apache-2.0 */
/* live.c: poll the topic, tell the clients, look after their sockets; all in one thread. */
#include "live.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "telling.h"

enum {
	POLL_MS = 20, LOOK_MS = 1000, AGAIN_MS = 1000,
	QUIET_MS = 1000,		/* nothing more comes: the front, where compaction took the last */
	HEARTBEAT_MS = 15000,
	STALLED_MS = 20000,
	LIFE_MS = 300000, SPREAD_MS = 60000,	/* then it asks again, with its key */
	KEYS_MS = 3000, KEYS_AGAIN_MS = 30000,	/* whether its key holds; where nobody answers that */
	REACH = 10000,			/* records: further back is told as reset */
	REACH_S = 12 * 3600,		/* tombstones are kept a day */
	DESCRIPTORS_KEPT = 1024,	/* for all the rest */
	DROPPED_STALLED = 0, DROPPED_OVER,
	ARENA_SIZE = 4 * 1024 * 1024, SOCKETS_MAX = 256,
};

static struct metric
    listeners = { "batchline_listeners", NULL, "Clients of /api/events.", METRIC_GAUGE, 0 },
    dropped[] = {
	[DROPPED_STALLED] = { "batchline_listeners_dropped_total", "why=\"stalled\"",
	    "Listeners that were ended before their time.", METRIC_COUNTER, 0 },
	[DROPPED_OVER] = { "batchline_listeners_dropped_total", "why=\"not_admitted\"", "",
	    METRIC_COUNTER, 0 },
};

struct live {
	struct bus_options options;
	struct db_pool *pool;
	int64_t idle_s;
	struct codec *codec;
	struct arena *arena;		/* of one record */
	struct telling telling;
	struct bus *bus;		/* NULL: the topic cannot be read just now */
	struct position front, reader;	/* the next records that nobody read yet, that the reader reads */
	bool has_front, told;
	int64_t came_ms, looked_ms, asked_ms;
	struct stream *streams;
	pthread_mutex_t lock;		/* of joining */
	struct stream *joining;
	size_t most;
	atomic_size_t n;
	atomic_bool well, stopping;
	int sockets;			/* epoll's */
	pthread_t thread;
	bool started;
};

/* ---- records ---- */

static void
record_pass(struct live *l, const struct heard *h)
{
	l->reader.at[h->partition] = h->offset + 1;
	if (l->front.at[h->partition] <= h->offset)
		l->front.at[h->partition] = h->offset + 1;
}

/* What could be read is told, whatever is wrong behind it. */
static bool
records_tell(struct live *l, const struct bus_record *records, size_t n, struct err *err)
{
	const struct news_source source = { l->codec, l->arena, l->pool };
	bool well = true;

	for (size_t i = 0; well && i < n; i++) {
		arena_clear(l->arena);
		well = telling_take(&l->telling, &source, &records[i], err);
	}
	for (struct stream *s = l->streams; s && l->telling.n > 0; s = s->next)
		telling_hear(&l->telling, s);
	for (size_t i = 0; i < l->telling.n; i++)
		record_pass(l, &l->telling.heard[i]);
	telling_reset(&l->telling);
	return well;
}

static bool
topic_read(struct live *l, struct err *err)
{
	struct bus_record records[TELLING_MAX];
	bool well;
	size_t n;

	if (!bus_poll(l->bus, POLL_MS, records, TELLING_MAX, 0, &n, err))
		return false;
	if (n > 0)
		l->came_ms = clock_monotonic_ms();
	well = records_tell(l, records, n, err);
	bus_records_free(records, n);
	return well;
}

/* ---- places ---- */

static void
reset(struct live *l, struct stream *s)
{
	const struct buf nothing = { .data = (uint8_t *)(uintptr_t)"{}", .size = 2 };

	s->position = l->front;
	s->behind = false;
	stream_tell(s, "reset", &nothing);
}

static bool
is_ahead(const struct position *position, const struct position *of)
{
	return position_lag(of, position) > 0;
}

/* One that has heard from another gateway may be ahead of this one's reader, but never of the topic. */
static bool
is_within(struct live *l, const struct position *position)
{
	struct position lows, highs;
	struct err ignored = {0};

	if (!is_ahead(position, &l->front))
		return true;
	if (!bus_bounds(l->bus, TOPIC_BATCHES, 0, POSITIONS, lows.at, highs.at, &ignored))
		return false;
	for (int p = 0; p < POSITIONS; p++)
		if (position->at[p] > l->front.at[p] && position->at[p] > highs.at[p])
			return false;
	return true;
}

/* From where on it hears: from now, or from where it was, as far as the topic reaches. */
static void
place(struct live *l, struct stream *s)
{
	int64_t now_s = clock_now_us() / 1000000;
	bool reaches = s->second >= 0 && s->second > now_s - REACH_S;

	if (s->second == 0) {
		s->position = l->front;
		return;
	}
	reaches = reaches && is_within(l, &s->position);
	s->behind = reaches && is_ahead(&l->front, &s->position);
	if (!reaches)
		reset(l, s);
}

static bool
is_at_the_front(const struct live *l)
{
	return position_lag(&l->reader, &l->front) == 0
	    || clock_monotonic_ms() - l->came_ms > QUIET_MS;
}

/* Where the reader goes back to; the same place: nobody needs it. */
static struct position
earliest(struct live *l)
{
	struct position from = l->front;

	for (struct stream *s = l->streams; s; s = s->next) {
		if (s->fd < 0 || !s->behind || s->waiting.size > 0)
			continue;
		if (position_lag(&s->position, &l->front) > REACH) {
			reset(l, s);
			continue;
		}
		s->behind = false;
		for (int p = 0; p < POSITIONS; p++)
			if (s->position.at[p] < from.at[p])
				from.at[p] = s->position.at[p];
	}
	return from;
}

static bool
go_back(struct live *l, struct err *err)
{
	struct position from;

	if (!is_at_the_front(l))
		return true;
	from = earliest(l);
	if (position_lag(&from, &l->front) == 0)
		return true;
	l->reader = from;
	l->came_ms = clock_monotonic_ms();
	return bus_follow_from(l->bus, TOPIC_BATCHES, from.at, POSITIONS, err);
}

/* ---- the topic, found and lost ---- */

/* Those that were to hear what the lost reader was about to read again. */
static void
note_the_short(struct live *l)
{
	for (struct stream *s = l->streams; s; s = s->next)
		s->behind = s->behind || is_ahead(&l->front, &s->position);
}

/* On from where we were; where the topic is another one, or had none yet, from its end. */
static bool
front_find(struct live *l, struct bus *bus, struct err *err)
{
	struct position lows, highs;
	bool fits = l->has_front;

	if (!bus_bounds(bus, TOPIC_BATCHES, 0, POSITIONS, lows.at, highs.at, err))
		return false;
	for (int p = 0; p < POSITIONS; p++)
		fits = fits && l->front.at[p] >= lows.at[p] && l->front.at[p] <= highs.at[p];
	if (fits)
		return true;
	l->front = highs;
	for (struct stream *s = l->streams; s; s = s->next)
		reset(l, s);
	l->has_front = true;
	return true;
}

static bool
topic_open(struct live *l, struct err *err)
{
	own(bus_freep) struct bus *bus = NULL;

	if (!bus_follow(&bus, &l->options, TOPIC_BATCHES, err) || !front_find(l, bus, err)
	    || !bus_follow_from(bus, TOPIC_BATCHES, l->front.at, POSITIONS, err))
		return false;
	l->reader = l->front;
	note_the_short(l);
	l->bus = bus_free_hand_over(&bus);
	l->told = false;
	atomic_store(&l->well, true);
	return true;
}

static void
topic_lose(struct live *l, const struct err *err)
{
	char quoted[700];

	bus_free(l->bus);
	l->bus = NULL;
	atomic_store(&l->well, false);
	if (!l->told)
		log_write(LOG_WARN, "cannot follow batches", "code=%s why=%s", err->code,
		    log_quote(quoted, sizeof(quoted), err->text));
	l->told = true;
}

/* ---- sockets ---- */

static void
take_the_joining(struct live *l)
{
	struct stream *s, *next;
	int64_t now_ms = clock_monotonic_ms();

	pthread_mutex_lock(&l->lock);
	s = l->joining;
	l->joining = NULL;
	pthread_mutex_unlock(&l->lock);
	for (; s; s = next) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			.data.ptr = s };

		next = s->next;
		s->next = l->streams;
		l->streams = s;
		s->until_ms = now_ms + LIFE_MS + now_ms * 7919 % SPREAD_MS;
		if (epoll_ctl(l->sockets, EPOLL_CTL_ADD, s->fd, &event))
			stream_end(s);
		stream_begin(s);
		place(l, s);
		stream_mark(s);
	}
}

static void
sockets_heed(struct live *l)
{
	struct epoll_event events[SOCKETS_MAX];
	int n = epoll_wait(l->sockets, events, SOCKETS_MAX, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			stream_end(events[i].data.ptr);
		else
			stream_flush(events[i].data.ptr);
	}
}

static void
look_after(struct stream *s, int64_t now_ms)
{
	if (s->fd < 0)
		return;
	if (s->waiting.size > 0) {
		if (now_ms - s->since_ms > STALLED_MS) {
			metric_count(&dropped[DROPPED_STALLED], 1);
			stream_end(s);
		}
		return;
	}
	if (now_ms > s->until_ms || now_ms - s->said_ms > HEARTBEAT_MS)
		stream_mark(s);
	if (now_ms > s->until_ms && s->waiting.size == 0)
		stream_end(s);
}

static void
look_after_keys(struct live *l)
{
	int64_t now_ms = clock_monotonic_ms();
	struct err ignored = {0};
	size_t n_over = 0;
	bool well;

	if (!l->streams || now_ms < l->asked_ms)
		return;
	well = streams_end_over(l->streams, l->pool, l->idle_s, &n_over, &ignored);
	metric_count(&dropped[DROPPED_OVER], (int64_t)n_over);
	l->asked_ms = now_ms + (well ? KEYS_MS : KEYS_AGAIN_MS);
}

static void
look_after_all(struct live *l)
{
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms - l->looked_ms < LOOK_MS)
		return;
	l->looked_ms = now_ms;
	metric_set(&listeners, (int64_t)atomic_load(&l->n));
	for (struct stream **at = &l->streams; *at;) {
		struct stream *s = *at;

		look_after(s, now_ms);
		if (s->fd >= 0) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		stream_free(s);
		live_place_back(l);
	}
}

/* ---- the thread ---- */

static void *
thread_live(void *state)
{
	struct live *l = state;
	int64_t again_ms = 0;

	while (!atomic_load(&l->stopping)) {
		struct err err = {0};

		if (!l->bus && clock_monotonic_ms() >= again_ms && !topic_open(l, &err))
			topic_lose(l, &err);
		if (l->bus) {
			take_the_joining(l);
			if (!go_back(l, &err) || !topic_read(l, &err))
				topic_lose(l, &err);
		}
		if (!l->bus && clock_monotonic_ms() >= again_ms)
			again_ms = clock_monotonic_ms() + AGAIN_MS;
		sockets_heed(l);
		look_after_keys(l);
		look_after_all(l);
		if (!l->bus)
			clock_sleep_ms(POLL_MS);
	}
	return NULL;
}

/* Each client is a descriptor. */
static size_t
most_of(size_t most)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return most;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < DESCRIPTORS_KEPT + most) {
		most = limit.rlim_cur > 2 * DESCRIPTORS_KEPT ? limit.rlim_cur - DESCRIPTORS_KEPT
		    : limit.rlim_cur / 2;
		log_write(LOG_WARN, "few descriptors", "listeners=%zu", most);
	}
	return most;
}

bool
live_start(struct live **ret, struct bus_options options, struct db_pool *pool, size_t most,
    int64_t idle_s, struct err *err)
{
	own(live_freep) struct live *l = calloc(1, sizeof(*l));

	assert(topics[TOPIC_BATCHES].partitions == POSITIONS);
	if (!l)
		return err_set(err, ERR_FATAL, "out of memory");
	pthread_mutex_init(&l->lock, NULL);
	options.instance = "";
	options.group = "batchline-gateway";	/* a name: nobody joins, nothing is committed */
	l->options = options;
	l->pool = pool;
	l->idle_s = idle_s;
	l->most = most_of(most);
	l->sockets = epoll_create1(EPOLL_CLOEXEC);
	l->arena = arena_new(ARENA_SIZE);
	if (l->sockets < 0 || !l->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!codec_open(&l->codec, err))
		return false;
	l->started = thread_start(&l->thread, thread_live, l);
	if (!l->started)
		return err_set(err, ERR_FATAL, "no thread to follow batches");
	*ret = live_free_hand_over(&l);
	return true;
}

static void
streams_free(struct stream *s)
{
	for (struct stream *next; s; s = next) {
		next = s->next;
		stream_free(s);
	}
}

void
live_free(struct live *l)
{
	if (!l)
		return;
	atomic_store(&l->stopping, true);
	if (l->started)
		pthread_join(l->thread, NULL);
	streams_free(l->streams);
	streams_free(l->joining);
	telling_clear(&l->telling);
	bus_free(l->bus);
	codec_free(l->codec);
	arena_free(l->arena);
	if (l->sockets >= 0)
		close(l->sockets);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void
live_metrics_add(void)
{
	metrics_add(&listeners, 1);
	metrics_add(dropped, sizeof(dropped) / sizeof(*dropped));
}

bool
live_is_well(struct live *l)
{
	return atomic_load(&l->well);
}

bool
live_place(struct live *l)
{
	if (atomic_fetch_add(&l->n, 1) < l->most)
		return true;
	live_place_back(l);
	return false;
}

void
live_place_back(struct live *l)
{
	atomic_fetch_sub(&l->n, 1);
}

void
live_join(struct live *l, struct stream *stream)
{
	pthread_mutex_lock(&l->lock);
	stream->next = l->joining;
	l->joining = stream;
	pthread_mutex_unlock(&l->lock);
}
