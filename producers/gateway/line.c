/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.c: how the line is, as the gateway sees it, for who operates it. What it cannot tell just now
 * is null: an answer that is wrong is worse than none.
 */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include "base/clock.h"
#include "letters.h"
#include "port/named.h"
#include "sql.h"

#ifndef BATCHLINE_VERSION
#define BATCHLINE_VERSION "0.1.0"
#endif

static void
put_known(struct put *put, const char *name, bool known, int64_t number)
{
	put_name(put, name);
	if (known)
		put_int(put, number);
	else
		put_null(put);
}

static int64_t
applied_of(const struct db_rows *rows, enum topic topic, int partition)
{
	for (int i = 0; i < db_count(rows); i++)
		if (!strcmp(db_text_of(rows, i, "topic"), topics[topic].name)
		    && db_int_of(rows, i, "partition") == partition)
			return db_int_of(rows, i, "next_offset");
	return -1;	/* from the beginning */
}

/* Records that the projection has not read, and how many it has. */
static bool
projection_read(struct gateway *g, int64_t *behind, int64_t *applied)
{
	static const enum topic read[] = { TOPIC_SUBMISSIONS, TOPIC_EVENTS };
	own(db_rows_freep) struct db_rows *rows = NULL;
	int64_t lows[TOPIC_PARTITIONS_MAX], highs[TOPIC_PARTITIONS_MAX];
	struct err ignored = {0};

	*behind = *applied = 0;
	if (!db_pool_run_args(g->pool, &rows, &ignored, sql_gateway_line_offsets, NULL, 0))
		return false;
	for (int i = 0; i < 2; i++) {
		int n = topics[read[i]].partitions;

		if (!bus_bounds(g->bus, read[i], 0, n, lows, highs, &ignored))
			return false;
		for (int p = 0; p < n; p++) {
			int64_t next = applied_of(rows, read[i], p);

			next = next < lows[p] ? lows[p] : next;
			*behind += highs[p] > next ? highs[p] - next : 0;
			*applied += next;
		}
	}
	return true;
}

static void
put_work(struct put *put, struct gateway *g)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err ignored = {0};
	bool known = db_pool_run_args(g->pool, &rows, &ignored, sql_gateway_line_work, NULL, 0);

	put_known(put, "jobs_waiting", known, known ? db_int_of(rows, 0, "waiting") : 0);
	put_known(put, "jobs_working", known, known ? db_int_of(rows, 0, "working") : 0);
	put_name(put, "moved_at");
	put_time(put, known && !db_is_null_of(rows, 0, "moved_at") ? db_time_of(rows, 0, "moved_at")
	    : INT64_MIN);
	put_known(put, "batches_stuck", known, known ? db_int_of(rows, 0, "stuck") : 0);
	put_known(put, "archives_pending", known, known ? db_int_of(rows, 0, "unarchived") : 0);
}

/* Of a store that is a folder. */
static void
put_disk(struct put *put, struct gateway *g)
{
	const char *uri = option_text(g->options, "BLOB_URI");
	struct statvfs disk;
	bool known = uri && !strncmp(uri, "file://", 7) && statvfs(uri + 7, &disk) == 0;

	put_known(put, "blobs_free", known, known ? (int64_t)(disk.f_bavail * disk.f_frsize) : 0);
	put_known(put, "blobs_size", known, known ? (int64_t)(disk.f_blocks * disk.f_frsize) : 0);
}

bool
serve_line(struct call *call)
{
	struct gateway *g = call->gateway;
	int64_t behind, applied, letters, low, high;
	bool database, kafka, known;
	struct err ignored = {0};
	struct put put;

	if (!caller_is_of_all(call, "The line is"))
		return false;
	database = db_pool_is_well(g->pool, &ignored);
	kafka = bus_bounds(g->bus, TOPIC_SUBMISSIONS, 0, 1, &low, &high, &ignored);
	put = answer_json(call, 200);
	put_open(&put, '{');
	put_text_of(&put, "version", BATCHLINE_VERSION);
	put_name(&put, "database_answers");
	put_bool(&put, database);
	put_name(&put, "kafka_answers");
	put_bool(&put, kafka);
	known = database && kafka && projection_read(g, &behind, &applied);
	put_known(&put, "records_behind", known, known ? behind : 0);
	put_known(&put, "records_applied", known, known ? applied : 0);
	known = database && kafka && letters_open_count(g->letters, &letters, &ignored);
	put_known(&put, "letters_open", known, known ? letters : 0);
	put_work(&put, g);
	put_disk(&put, g);
	put_name(&put, "now");
	put_time(&put, clock_now_us());
	put_close(&put, '}');
	return true;
}
