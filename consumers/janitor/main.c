/* SPDX-License-Identifier: Apache-2.0 */
/*
 * janitor: removes the blobs of deleted batches, and inputs that nothing names.
 *
 * A tombstone (or a last state that came late) says that a batch may be gone; its row says whether
 * it is. Then outputs/<batch>/ and archives/<batch>/ go. Removing twice changes nothing. Inputs
 * are shared by content between batches: they go when nothing names them any more (unnamed.h).
 *
 * A renderer may have been at work when the batch was deleted, and bring an output later: once a
 * minute everything deleted in the last hour is swept again. A row is asked in every case, so what
 * a projection does not know is never removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "event/codec.h"
#include "port/blob.h"
#include "port/db.h"
#include "service.h"
#include "sql.h"
#include "unnamed.h"

enum { LATE_EVERY_MS = 60000, ALIVE_MS = 1000 };
#define TURN_MEMORY ((size_t)16 << 20)

static const struct option_row janitor_options[] = {
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0,
	    "PostgreSQL connection of role batchline_janitor", true },
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where pictures and archives lie: file:///absolute/folder", false },
	{ "BATCHLINE_LATE_S", OPTION_INT, "3600", 60, 604800,
	    "seconds: so long after a delete its late results are looked for", false },
	{ "BATCHLINE_STALE_S", OPTION_INT, "86400", 60, 31536000,
	    "seconds: a temporary file that nobody wrote to for so long is of a dead process", false },
	{ "BATCHLINE_UNNAMED_S", OPTION_INT, "86400", 60, 31536000,
	    "seconds: an input that no job and no pipeline names is removed after so long", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static struct metric metrics[] = {
	{ "batchline_batches_swept_total", NULL, "Deleted batches whose blobs were removed.",
	    METRIC_COUNTER, 0 },
	{ "batchline_stale_files_total", NULL, "Temporary files of dead processes removed.",
	    METRIC_COUNTER, 0 },
	{ "batchline_unnamed_inputs_total", NULL, "Inputs that nothing named, removed.", METRIC_COUNTER, 0 },
};
enum { COUNT_BATCHES, COUNT_STALE, COUNT_UNNAMED, N_COUNTS };

struct janitor {
	struct service_context context;
	const struct options *options;
	struct codec *codec;
	struct arena *arena;
	struct db *db;
	struct blob_store *store;
	int64_t alive_ms;		/* when that was last shown */
	int64_t late_ms;		/* when the late ones were looked for */
	int64_t unnamed_ms;		/* when the inputs were */
};

static bool
connect(struct janitor *j, struct err *err)
{
	if (j->db && !db_is_broken(j->db))
		return true;
	db_free(j->db);
	j->db = NULL;
	return db_open(&j->db, option_text(j->options, "DATABASE_URL"), "batchline-janitor", err);
}

static bool
janitor_check(const struct options *options, struct err *err)
{
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err);
}

static bool
janitor_open(void **state, const struct service_context *context, struct err *err)
{
	struct janitor *j = calloc(1, sizeof(*j));

	*state = j;
	if (!j)
		return err_set(err, ERR_FATAL, "out of memory");
	j->context = *context;
	j->options = context->options;
	j->arena = arena_new(TURN_MEMORY);
	if (!j->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!codec_open(&j->codec, err)
	    || !blob_open(&j->store, option_text(j->options, "BLOB_URI"), err) || !connect(j, err))
		return false;
	metrics_add(metrics, N_COUNTS);
	return true;
}

static void
janitor_close(void *state)
{
	struct janitor *j = state;

	if (!j)
		return;
	db_free(j->db);
	blob_free(j->store);
	codec_free(j->codec);
	arena_free(j->arena);
	free(j);
}

/* What a batch left behind, save its inputs. */
static bool
sweep(struct janitor *j, struct uuid batch_id, struct err *err)
{
	static const char *const rooms[] = { "outputs", "archives" };
	char uri[BLOB_URI_MAX], id[UUID_TEXT_SIZE];

	uuid_print(id, batch_id);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		snprintf(uri, sizeof(uri), "blob:%s/%s", rooms[i], id);
		if (!blob_remove_below(j->store, uri, err))
			return false;
	}
	return true;
}

static bool
sweep_if_deleted(struct janitor *j, struct uuid batch_id, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	char id[UUID_TEXT_SIZE];

	if (!connect(j, err) || !db_run(j->db, &rows, err, sql_janitor_deleted, db_uuid(batch_id)))
		return false;
	if (db_count(rows) == 0)
		return true;
	if (!sweep(j, batch_id, err))
		return false;
	metric_count(&metrics[COUNT_BATCHES], 1);
	log_write(LOG_INFO, "blobs of a deleted batch removed", "batch=%s", uuid_print(id, batch_id));
	return true;
}

/* A thousand batches take a while: the group and /healthz see that we live. */
static bool
keep_alive(struct janitor *j, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (now - j->alive_ms < ALIVE_MS)
		return true;
	j->alive_ms = now;
	return service_keep_alive(&j->context, err);
}

static bool
sweep_late(struct janitor *j, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int32_t late_s = (int32_t)option_int(j->options, "BATCHLINE_LATE_S");
	int64_t stale_s = option_int(j->options, "BATCHLINE_STALE_S");
	size_t stale = 0;

	if (!connect(j, err) || !db_run(j->db, &rows, err, sql_janitor_late, db_int4(late_s)))
		return false;
	for (int r = 0; r < db_count(rows); r++)
		if (!keep_alive(j, err) || !sweep(j, db_uuid_at(rows, r, 0), err))
			return false;
	if (!blob_remove_stale(j->store, stale_s, &stale, err))
		return false;
	if (stale > 0)
		log_write(LOG_INFO, "temporary files of dead processes removed", "files=%zu", stale);
	metric_count(&metrics[COUNT_STALE], (int64_t)stale);
	return true;
}

/* Four times within the age. With submissions still to be taken it is tried again a minute later. */
static bool
sweep_unnamed(struct janitor *j, int64_t now, struct err *err)
{
	int64_t age_s = option_int(j->options, "BATCHLINE_UNNAMED_S");
	bool done = false;
	size_t n = 0;

	if (j->unnamed_ms && now - j->unnamed_ms < age_s * 1000 / 4)
		return true;
	if (!connect(j, err) || !unnamed_sweep(&j->context, j->db, j->store, age_s, &done, &n, err))
		return err_at(err, "unnamed inputs");
	if (done)
		j->unnamed_ms = now;
	else
		log_write(LOG_INFO, "inputs stay: submissions are still to be taken", "topic=%s",
		    topics[TOPIC_SUBMISSIONS].name);
	if (n > 0)
		log_write(LOG_INFO, "inputs that nothing names removed", "files=%zu", n);
	metric_count(&metrics[COUNT_UNNAMED], (int64_t)n);
	return true;
}

/* Of a state with a body only a last one is worth the question: a delete ends a batch. */
static bool
is_worth_a_look(struct janitor *j, const struct bus_record *r, bool *ret, struct err *err)
{
	struct event event;

	arena_clear(j->arena);
	*ret = true;
	if (!r->value)
		return true;
	if (!codec_read(j->codec, r->value, r->value_size, j->arena, &event, err))
		return false;
	*ret = event.type == EVENT_BATCH_CHANGED && event.changed.completed_at != EVENT_NULL_LONG;
	return true;
}

static bool
janitor_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct janitor *j = state;
	int64_t now = clock_monotonic_ms();
	struct uuid batch_id;
	bool worth;

	if (j->late_ms == 0 || now - j->late_ms >= LATE_EVERY_MS) {
		if (!sweep_late(j, err) || !sweep_unnamed(j, now, err)) {
			err->verdict = err->verdict == ERR_REJECT ? ERR_RETRY : err->verdict;
			return err_at(err, "late sweep");	/* no fault of this record */
		}
		j->late_ms = now;
	}
	if (n == 0)
		return true;
	if (!uuid_read(&batch_id, records->key, records->key_size))
		return err_code(err, ERR_REJECT, "wrong_key", "the key is no batch id");
	return is_worth_a_look(j, records, &worth, err)
	    && (!worth || sweep_if_deleted(j, batch_id, err));
}

static const struct service janitor = {
	.name = "janitor",
	.what = "removes the blobs of deleted batches, and inputs that nothing names",
	.reads = { TOPIC_BATCHES },
	.n_reads = 1,
	.options = janitor_options,
	.turn_records = 1,
	.idle_ms = 1000,
	.check = janitor_check,
	.open = janitor_open,
	.turn = janitor_turn,
	.close = janitor_close,
};

int
main(int argc, char **argv)
{
	return service_main(&janitor, argc, argv);
}
