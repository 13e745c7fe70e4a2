/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.c: submissions into rows. One that cannot be accepted becomes a batch in status failed;
 * one that came before is nothing, or a dead letter when it says something else now.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "batch/name.h"
#include "projector.h"
#include "event/ids.h"
#include "event/texts.h"
#include "sql.h"

#define SKEW_US (INT64_C(2) * 86400 * 1000000)
#define YEAR_9999_MS (INT64_C(253402300799) * 1000)

static const struct pipeline *
pipeline_find(const struct projector *p, int32_t id)
{
	for (size_t i = 0; i < p->n_pipelines; i++)
		if (p->pipelines[i].id == id && p->pipelines[i].enabled)
			return &p->pipelines[i];
	return NULL;
}

/* The sender's time, unless it is days away from the broker's. */
static int64_t
created_at(const struct item *item)
{
	int64_t said = item->event.submitted.occurred_at, received_ms = item->record->timestamp_ms;
	int64_t received;

	if (received_ms < 0 || received_ms > YEAR_9999_MS)
		received_ms = 0;	/* no broker's: a topic with its senders' timestamps */
	received = received_ms * 1000;
	return said > received + SKEW_US || said < received - SKEW_US ? received : said;
}

/* Bytes that came inline go to the blob store; the job carries their URI. */
static bool
claim_check(struct projector *p, struct submitted_file *file, struct err *err)
{
	struct blob_done done;

	if (!file->data.data)
		return true;
	if (!blob_put(p->blobs, file->data.data, file->data.size, &done, err))
		return false;
	file->size = done.size;
	file->source_uri = arena_text(p->arena, done.uri, strlen(done.uri));
	return file->source_uri || err_set(err, ERR_FATAL, "the turn's memory is used up");
}

/* ---- output stems: unique in the batch, whatever the case ---- */

struct stem { char text[STEM_SIZE]; uint32_t position; };

static int
stem_order(const void *a, const void *b)
{
	const struct stem *s = a, *t = b;
	int order = name_compare(s->text, t->text);

	return order ? order : (s->position > t->position) - (s->position < t->position);
}

/* All but the first of those that are alike get their position; again until nothing is alike. */
static bool
stems_make(struct projector *p, const struct batch_submitted *s, const char ***ret, struct err *err)
{
	struct stem *stems = arena_take(p->arena, (s->n_files + 1) * sizeof(*stems));
	const char **texts = arena_take(p->arena, (s->n_files + 1) * sizeof(*texts));
	bool alike = true;

	if (!stems || !texts)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	for (size_t i = 0; i < s->n_files; i++) {
		stem_of_file(stems[i].text, s->files[i].file_name);
		stems[i].position = (uint32_t)i;
	}
	while (alike) {
		char first[STEM_SIZE] = "";

		alike = false;
		qsort(stems, s->n_files, sizeof(*stems), stem_order);
		for (size_t i = 0; i < s->n_files; i++) {
			size_t size = strlen(stems[i].text);

			if (name_compare(first, stems[i].text)) {
				memcpy(first, stems[i].text, size + 1);
				continue;
			}
			alike = true;
			snprintf(stems[i].text + size, STEM_SIZE - size, "_%u", stems[i].position);
		}
	}
	for (size_t i = 0; i < s->n_files; i++)
		texts[stems[i].position] = stems[i].text;
	*ret = texts;
	return true;
}

/* ---- rows ---- */

/* A text of a refused submission may be longer than is ever stored or published: its first part. */
static const char *
within(struct projector *p, const char *text, const char *field)
{
	size_t most = texts_most(EVENT_BATCH_SUBMITTED, field);

	return !text || strlen(text) <= most ? text : arena_text(p->arena, text, utf8_cut(text, most));
}

static bool
jobs_rows(struct projector *p, struct item *item, int64_t at, int64_t *total_size, struct err *err)
{
	struct batch_submitted *s = &item->event.submitted;
	const char **stems = NULL;

	if (!stems_make(p, s, &stems, err))
		return false;
	*total_size = 0;
	for (size_t i = 0; i < s->n_files; i++) {
		struct submitted_file f = s->files[i];	/* the event stays: it may be read again */

		if (!claim_check(p, &f, err))
			return err_at(err, "files[%zu]", i);
		if (f.size != EVENT_NULL_LONG)
			*total_size += f.size;
		columns_row(&p->jobs, (struct db_arg[]){ db_uuid(ids_job(s->batch_id, (uint32_t)i)),
		    db_uuid(s->batch_id), db_int4((int32_t)i), db_text(f.file_name),
		    db_text(stems[i]), db_text(f.source_uri),
		    f.size == EVENT_NULL_LONG ? db_null(DB_INT8) : db_int(f.size), db_time(at) }, 8);
	}
	return true;
}

static const char *
prefix_text(struct projector *p, const struct batch_submitted *s)
{
	char prefix[PREFIX_SIZE];

	if (s->customer_prefix && prefix_is_valid(s->customer_prefix))
		return s->customer_prefix;
	prefix_of_file(prefix, s->n_files && !s->customer_prefix ? s->files[0].file_name : "",
	    (int)option_int(p->options, "BATCHLINE_PREFIX_TOKENS"));
	return arena_text(p->arena, prefix, strlen(prefix));
}

static bool
batch_row(struct projector *p, struct item *item, const struct err *refused, int32_t views,
    const uint8_t *sha256, struct err *err)
{
	const struct batch_submitted *s = &item->event.submitted;
	const char *prefix = prefix_text(p, s);
	const char *by = within(p, s->submitted_by, "submitted_by");
	const char *description = within(p, s->render_description, "render_description");
	char trace[TRACEPARENT_SIZE], *kept;
	bool accepted = refused->verdict == ERR_NONE;
	int64_t at = created_at(item), total_size = 0;

	headers_trace(trace, item->record);
	kept = arena_text(p->arena, trace, strlen(trace));
	if (!prefix || !kept || !by || (s->render_description && !description))
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	if (accepted && !jobs_rows(p, item, at, &total_size, err))
		return false;
	columns_row(&p->batches, (struct db_arg[]){ db_uuid(s->batch_id), db_text(prefix),
	    db_date(clock_day(at)), db_text(description), db_text(by),
	    db_int4(s->pipeline_id), db_int4(accepted ? (int32_t)s->n_files : 0), db_int4(views),
	    db_int(total_size), db_int4(item->partition),
	    db_int4(s->priority < 0 ? 0 : s->priority > 9 ? 9 : s->priority),
	    s->failures_tolerated == EVENT_NULL_INT ? db_null(DB_INT4)
	        : db_int4(s->failures_tolerated),
	    db_bytes(sha256, 32), db_text(accepted ? NULL : refused->code),
	    db_text(accepted ? NULL : refused->text), db_time(at), db_text(*kept ? kept : NULL) }, 17);
	return true;
}

static bool
submit(struct projector *p, struct item *item, struct err *err)
{
	const struct batch_submitted *s = &item->event.submitted;
	const struct pipeline *pipeline = pipeline_find(p, s->pipeline_id);
	const struct known_batch *known = known_find(p, s->batch_id);
	struct known_batch fresh = { .id = s->batch_id, .partition = item->partition };
	uint8_t *sha256 = arena_take(p->arena, 32);
	struct err refused = {0};

	if (!sha256)
		return err_set(err, ERR_FATAL, "the turn's memory is used up");
	accept_digest(sha256, s);
	if (known && !memcmp(known->sha256, sha256, 32))
		return true;		/* published twice is one batch */
	if (known) {
		item->stage = "validate";
		err_code(&item->defect, ERR_REJECT, "conflicting_submission",
		    "a batch of this batch_id was submitted before and differs");
		return letter_add(p, item, err);
	}
	if (!pipeline)
		err_code(&refused, ERR_REJECT, "unknown_pipeline",
		    "pipeline_id %d is not known", (int)s->pipeline_id);
	else
		accept_submission(s, item->size, &p->limits, &refused);
	memcpy(fresh.sha256, sha256, sizeof(fresh.sha256));
	return known_add(p, &fresh, err)
	    && batch_row(p, item, &refused, pipeline ? pipeline->views : 0, sha256, err);
}

bool
submit_items(struct projector *p, struct item *items, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].defect.verdict != ERR_NONE) {
			if (!letter_add(p, &items[i], err))
				return false;
			continue;
		}
		if (items[i].topic == TOPIC_SUBMISSIONS && !submit(p, &items[i], err))
			return err_at(err, "submission");
	}
	step_add_columns(p, sql_projector_batches_insert, &p->batches);
	step_add_columns(p, sql_projector_jobs_insert, &p->jobs);
	return true;
}
