/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c: see submit.h. */
#include "submit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "batch/name.h"
#include "event/headers.h"
#include "event/ids.h"
#include "event/texts.h"
#include "letters.h"

/* Bytes that came inline go to the blob store; the job carries their URI, and the size that was
 * stated: whether it is theirs is the renderer's question, as with every input. */
static bool
store_inline(struct plan *plan, struct blob_store *blobs, struct submitted_file *file,
    struct err *err)
{
	struct blob_done done;

	if (!file->data.data)
		return true;
	if (!blob_put(blobs, file->data.data, file->data.size, &done, err))
		return false;
	if (file->size == EVENT_NULL_LONG)
		file->size = done.size;
	file->source_uri = arena_text(plan->arena, done.uri, strlen(done.uri));
	return file->source_uri || plan_full(err);
}

/* ---- output stems: unique in the batch, whatever the case ---- */

enum { STEM_ROUNDS_MAX = 6 };

struct stem { char text[STEM_SIZE]; uint32_t position; };

static int
stem_order(const void *a, const void *b)
{
	const struct stem *s = a, *t = b;
	int order = name_compare(s->text, t->text);

	return order ? order : (s->position > t->position) - (s->position < t->position);
}

/* All but the first of those that are alike get their position; again until nothing is alike. Names
 * that were chosen to clash again and again lose their say: positions alone never clash. */
static bool
stems_make(struct plan *plan, const struct batch_submitted *s, const char ***ret, struct err *err)
{
	struct stem *stems = arena_take(plan->arena, (s->n_files + 1) * sizeof(*stems));
	const char **texts = arena_take(plan->arena, (s->n_files + 1) * sizeof(*texts));
	bool alike = true;
	int rounds = 0;

	if (!stems || !texts)
		return plan_full(err);
	for (size_t i = 0; i < s->n_files; i++) {
		stem_of_file(stems[i].text, s->files[i].file_name);
		stems[i].position = (uint32_t)i;
	}
	while (alike) {
		char first[STEM_SIZE] = "";

		alike = false;
		if (++rounds > STEM_ROUNDS_MAX) {
			for (size_t i = 0; i < s->n_files; i++)
				snprintf(stems[i].text, STEM_SIZE, "%u", stems[i].position);
			break;
		}
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
within(struct plan *plan, const char *text, const char *field)
{
	size_t most = texts_most(EVENT_BATCH_SUBMITTED, field);

	return !text || strlen(text) <= most ? text : arena_text(plan->arena, text, utf8_cut(text, most));
}

static bool
jobs_rows(struct plan *plan, struct blob_store *blobs, const struct batch_submitted *s,
    int64_t *total_size, struct err *err)
{
	const char **stems = NULL;

	if (!stems_make(plan, s, &stems, err))
		return false;
	*total_size = 0;
	for (size_t i = 0; i < s->n_files; i++) {
		struct submitted_file f = s->files[i];	/* the event stays: it may be read again */

		if (!store_inline(plan, blobs, &f, err))
			return err_at(err, "files[%zu]", i);
		if (f.size != EVENT_NULL_LONG)
			*total_size += f.size;
		rows_add(&plan->rows, ROWS_JOBS, db_uuid(ids_job(s->batch_id, (uint32_t)i)),
		    db_uuid(s->batch_id), db_int4((int32_t)i), db_text(f.file_name),
		    db_text(stems[i]), db_text(f.source_uri),
		    f.size == EVENT_NULL_LONG ? db_null(DB_INT8) : db_int(f.size),
		    db_time(s->occurred_at), db_text(f.sha256));
	}
	return true;
}

static const char *
prefix_text(struct plan *plan, int tokens, const struct batch_submitted *s)
{
	char prefix[PREFIX_SIZE];

	if (s->customer_prefix && prefix_is_valid(s->customer_prefix))
		return s->customer_prefix;
	prefix_of_file(prefix, s->n_files && !s->customer_prefix ? s->files[0].file_name : "",
	    tokens);
	return arena_text(plan->arena, prefix, strlen(prefix));
}

static bool
batch_row(struct plan *plan, const struct submit_rules *rules, const struct item *item,
    const struct err *refused, int32_t views, const uint8_t *sha256, struct err *err)
{
	const struct batch_submitted *s = &item->event.submitted;
	const char *prefix = prefix_text(plan, rules->prefix_tokens, s);
	const char *by = within(plan, s->submitted_by, "submitted_by");
	const char *description = within(plan, s->render_description, "render_description");
	char trace[TRACEPARENT_SIZE], *kept;
	bool accepted = refused->verdict == ERR_NONE;
	int64_t total_size = 0;

	headers_trace(trace, item->record);
	kept = arena_text(plan->arena, trace, strlen(trace));
	if (!prefix || !kept || !by || (s->render_description && !description))
		return plan_full(err);
	if (accepted && !jobs_rows(plan, rules->blobs, s, &total_size, err))
		return false;
	rows_add(&plan->rows, ROWS_BATCHES, db_uuid(s->batch_id), db_text(prefix),
	    db_date(clock_day(s->occurred_at)), db_text(description), db_text(by),
	    db_int4(s->pipeline_id), db_int4(accepted ? (int32_t)s->n_files : 0), db_int4(views),
	    db_int(total_size), db_int4(item->partition),
	    db_int4(s->priority < 0 ? 0 : s->priority > 9 ? 9 : s->priority),
	    s->failures_tolerated == EVENT_NULL_INT ? db_null(DB_INT4)
	        : db_int4(s->failures_tolerated),
	    db_bytes(sha256, 32), db_text(accepted ? NULL : refused->code),
	    db_text(accepted ? NULL : refused->text), db_time(s->occurred_at),
	    db_text(*kept ? kept : NULL));
	return true;
}

static bool
submit(struct plan *plan, const struct submit_rules *rules, const struct item *item,
    struct err *err)
{
	const struct batch_submitted *s = &item->event.submitted;
	const struct pipeline *pipeline = pipelines_find(&rules->pipelines, s->pipeline_id,
	    s->occurred_at);
	const struct known_batch *known = known_find(&plan->known, s->batch_id);
	struct known_batch fresh = { .id = s->batch_id, .partition = item->partition };
	struct err refused = {0};

	accept_digest(fresh.sha256, s);
	if (known && !memcmp(known->sha256, fresh.sha256, sizeof(fresh.sha256)))
		return true;		/* published twice is one batch */
	if (known) {
		err_code(&refused, ERR_REJECT, "conflicting_submission",
		    "a batch of this batch_id was submitted before and differs");
		return letters_give_up(plan, item, "validate", &refused, err);
	}
	if (!pipeline)
		err_code(&refused, ERR_REJECT, "unknown_pipeline",
		    "pipeline_id %d is not known", (int)s->pipeline_id);
	else
		accept_submission(s, item->size, &rules->limits, &refused);
	return known_add(&plan->known, &fresh, err) && batch_row(plan, rules, item, &refused,
	    pipeline ? pipeline->views : 0, fresh.sha256, err);
}

bool
submit_items(struct plan *plan, const struct submit_rules *rules, const struct item *items,
    size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].defect && !letters_add(plan, &items[i], err))
			return false;
		if (item_is_submission(&items[i]) && !submit(plan, rules, &items[i], err))
			return err_at(err, "submission");
	}
	return true;
}
