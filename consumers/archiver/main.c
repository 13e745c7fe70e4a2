/* SPDX-License-Identifier: Apache-2.0 */
/* archiver: builds the ZIP of every finished batch and says where it lies. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "archiver.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "sql.h"

enum { ALIVE_EVERY_MS = 500 };
#define TURN_MEMORY ((size_t)1 << 30)	/* bytes of one batch's rows and names, at most */

static const struct option_row archiver_options[] = {
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0,
	    "PostgreSQL connection of role batchline_archiver", true },
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where pictures and archives lie: file:///absolute/folder", false },
	{ "BATCHLINE_PATIENCE_S", OPTION_INT, "30", 0, 86400,
	    "seconds since a batch was finished: then its archive does without outputs that are lost",
	    false },
	{ "BATCHLINE_SHEET_S", OPTION_INT, "60", 1, 3600,
	    "seconds that the drawing of a contact sheet may take: then there is none", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static struct metric metrics[] = {
	{ "batchline_archives_built_total", NULL, "Archives written.", METRIC_COUNTER, 0 },
	{ "batchline_archives_found_total", NULL, "Archives that lay there already.",
	    METRIC_COUNTER, 0 },
	{ "batchline_archive_bytes_total", NULL, "Bytes of the archives written.",
	    METRIC_COUNTER, 0 },
	{ "batchline_archive_lost_outputs_total", NULL, "Outputs that archives had to do without.",
	    METRIC_COUNTER, 0 },
};
enum { COUNT_BUILT, COUNT_FOUND, COUNT_BYTES, COUNT_LOST, N_COUNTS };

static bool
archiver_check(const struct options *options, struct err *err)
{
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err);
}

static bool
archiver_open(void **state, const struct service_context *context, struct err *err)
{
	struct archiver *a = calloc(1, sizeof(*a));

	*state = a;
	if (!a)
		return err_set(err, ERR_FATAL, "out of memory");
	a->context = context;
	a->arena = arena_new(TURN_MEMORY);
	if (!a->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!codec_open(&a->codec, err)
	    || !blob_open(&a->store, option_text(context->options, "BLOB_URI"), err)
	    || !db_open(&a->db, option_text(context->options, "DATABASE_URL"),
	    "batchline-archiver", err))
		return false;
	metrics_add(metrics, N_COUNTS);
	return true;
}

static void
archiver_close(void *state)
{
	struct archiver *a = state;

	if (!a)
		return;
	db_free(a->db);
	blob_free(a->store);
	codec_free(a->codec);
	arena_free(a->arena);
	free(a);
}

static bool
connect(struct archiver *a, struct err *err)
{
	if (a->db && !db_is_broken(a->db))
		return true;
	db_free(a->db);
	a->db = NULL;
	return db_open(&a->db, option_text(a->context->options, "DATABASE_URL"),
	    "batchline-archiver", err);
}

bool
archiver_goes_on(struct archiver *a, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (now - a->alive_ms < ALIVE_EVERY_MS)
		return true;
	a->alive_ms = now;
	return service_keep_alive(a->context, err);
}

/* What the event says is enough to pass by; what is to be done is asked of the row. */
static bool
is_worth_a_look(const struct batch_changed *c)
{
	return status_is_final(c->status) && c->jobs_completed > 0
	    && (!c->archive || c->archive->run_no < c->run_no);
}

static bool
say(struct archiver *a, const struct snapshot *s, const struct built *built,
    const struct bus_record *cause, struct err *err)
{
	const struct manifest *m = &s->manifest;
	const struct event event = { .type = EVENT_ARCHIVE_BUILT, .archived = {
		.event_id = ids_run_event(m->batch_id, EVENT_ARCHIVE_BUILT, m->run_no),
		.occurred_at = built->at, .batch_id = m->batch_id, .run_no = m->run_no,
		.uri = built->blob.uri, .size = built->blob.size, .sha256 = built->blob.sha256,
		.entries = built->entries,
	} };
	char trace[TRACEPARENT_SIZE];
	struct envelope envelope;
	bool well;

	headers_trace(trace, cause);
	well = envelope_fill(&envelope, a->codec, &event, TOPIC_EVENTS, s->partition, "archiver",
	    trace, err) && bus_publish(a->context->bus, &envelope.outgoing, err);
	envelope_clear(&envelope);
	return well || err_at(err, "ArchiveBuilt");
}

static void
note(const struct snapshot *s, const struct built *built, int64_t began_ms)
{
	const struct manifest *m = &s->manifest;
	char id[UUID_TEXT_SIZE];

	metric_count(&metrics[built->was_there ? COUNT_FOUND : COUNT_BUILT], 1);
	metric_count(&metrics[COUNT_BYTES], built->was_there ? 0 : built->blob.size);
	metric_count(&metrics[COUNT_LOST], (int64_t)(m->n_files - manifest_count(m)));
	log_write(LOG_INFO, built->was_there ? "archive found" : "archive built",
	    "batch=%s run=%" PRId32 " entries=%" PRId32 " bytes=%" PRId64 " ms=%" PRId64,
	    uuid_print(id, m->batch_id), m->run_no, built->entries, built->blob.size,
	    clock_monotonic_ms() - began_ms);
}

/* A delete that came while it was built has already been swept: nothing may stay behind. */
static bool
is_still_wanted(struct archiver *a, const struct snapshot *s, const struct built *built,
    bool *wanted, struct err *err)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	char sheet[BLOB_URI_MAX];

	if (!db_run(a->db, &rows, err, sql_archiver_deleted, db_uuid(s->manifest.batch_id)))
		return false;
	*wanted = db_count(rows) == 0;
	sheet_uri(sheet, &s->manifest);
	return *wanted || (blob_remove(a->store, built->blob.uri, err)
	    && blob_remove(a->store, sheet, err));
}

static bool
archive(struct archiver *a, struct snapshot *s, const struct bus_record *cause, struct err *err)
{
	int64_t began_ms = clock_monotonic_ms();
	struct built built = {0};
	bool wanted;

	if (!archive_build(a, s, &built, err)
	    || !is_still_wanted(a, s, &built, &wanted, err))
		return false;
	if (!wanted)
		return true;
	if (!say(a, s, &built, cause, err))
		return false;
	note(s, &built, began_ms);
	return true;
}

static bool
archiver_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct archiver *a = state;
	struct snapshot s = {0};
	struct event event;
	bool well;

	arena_clear(a->arena);
	if (n == 0 || !records->value)		/* time has passed, or a tombstone */
		return true;
	if (!codec_read(a->codec, records->value, records->value_size, a->arena, &event, err))
		return false;
	if (event.type != EVENT_BATCH_CHANGED)
		return err_code(err, ERR_REJECT, "wrong_topic", "a %s on the topic of batches",
		    event_type_name(event.type));
	if (!is_worth_a_look(&event.changed))
		return true;
	well = connect(a, err) && snapshot_read(a, event.head.batch_id, &s, err)
	    && (!s.wanted || archive(a, &s, records, err));
	snapshot_clear(&s);
	return well;
}

static const struct service archiver = {
	.name = "archiver",
	.what = "builds the ZIP of every finished batch",
	.reads = { TOPIC_BATCHES },
	.n_reads = 1,
	.options = archiver_options,
	.turn_records = 1,
	.check = archiver_check,
	.open = archiver_open,
	.turn = archiver_turn,
	.close = archiver_close,
};

int
main(int argc, char **argv)
{
	return service_main(&archiver, argc, argv);
}
