/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: follows, reads, tells; from the end again after any error. */
#include "consumers/renderer/watch.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "event/codec.h"

enum { RECORDS_MAX = 64, POLL_MS = 200, WAIT_MS = 2000, ARENA_SIZE = 4 * 1024 * 1024 };

struct watch {
	struct bus_options options;
	struct pool *pool;
	struct codec *codec;
	struct arena *arena;		/* of one record */
	pthread_t thread;
	bool started;
	_Atomic bool stopping;
	bool told;			/* that the topic cannot be read */
};

/* A record that cannot be read is no business of ours. */
static void
record_heed(struct watch *w, const struct bus_record *record)
{
	struct event event;
	struct uuid batch_id;
	struct err ignored = {0};

	arena_clear(w->arena);
	if (!record->value) {		/* a tombstone: deleted */
		if (record->key && uuid_read(&batch_id, record->key, record->key_size))
			pool_cancel(w->pool, batch_id, INT32_MAX);
		return;
	}
	if (codec_read(w->codec, record->value, record->value_size, w->arena, &event, &ignored)
	    && event.type == EVENT_BATCH_CHANGED && !strcmp(event.changed.control, "cancel"))
		pool_cancel(w->pool, event.changed.batch_id, event.changed.run_no);
}

static bool
follow(struct watch *w, struct bus *bus, struct err *err)
{
	struct bus_record records[RECORDS_MAX];
	size_t n;

	while (!w->stopping) {
		if (!bus_poll(bus, POLL_MS, records, RECORDS_MAX, 0, &n, err))
			return false;
		for (size_t i = 0; i < n; i++)
			record_heed(w, &records[i]);
		bus_records_free(records, n);
	}
	return true;
}

static void
complain(struct watch *w, const struct err *err)
{
	char quoted[700];

	if (!w->told)
		log_write(LOG_WARN, "cannot follow batches: what is cancelled is rendered to its end",
		    "code=%s why=%s", err->code, log_quote(quoted, sizeof(quoted), err->text));
	w->told = true;
}

static void *
thread_watch(void *state)
{
	struct watch *w = state;

	while (!w->stopping) {
		own(bus_freep) struct bus *bus = NULL;
		struct err err = {0};

		if (bus_follow(&bus, &w->options, TOPIC_BATCHES, &err) && follow(w, bus, &err))
			break;
		complain(w, &err);
		for (int64_t until = clock_monotonic_ms() + WAIT_MS;
		    !w->stopping && clock_monotonic_ms() < until;)
			clock_sleep_ms(100);
	}
	return NULL;
}

bool
watch_start(struct watch **ret, struct bus_options options, struct pool *pool, struct err *err)
{
	own(watch_freep) struct watch *w = calloc(1, sizeof(*w));

	if (w)
		w->arena = arena_new(ARENA_SIZE);
	if (!w || !w->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	options.instance = "";		/* no member of the group */
	w->options = options;
	w->pool = pool;
	if (!codec_open(&w->codec, err))
		return false;
	w->started = thread_start(&w->thread, thread_watch, w);
	if (!w->started)
		return err_set(err, ERR_FATAL, "no thread to follow batches");
	*ret = watch_free_hand_over(&w);
	return true;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	w->stopping = true;
	if (w->started)
		pthread_join(w->thread, NULL);
	codec_free(w->codec);
	arena_free(w->arena);
	free(w);
}
