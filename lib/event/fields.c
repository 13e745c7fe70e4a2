/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.c: the tables of fields.h, one row a field, in the order of the schemas. Every text has
 * its limit here, and the schema's words tell it: so what was taken can always be published again.
 * So has every number that is added to or counted on from.
 */
#include "event/fields.h"
#include <stddef.h>

/* Bytes of a text, at most. */
enum {
	MOST_WORD = 32,
	MOST_UUID = 36,
	MOST_HASH = 64,
	MOST_PREFIX = 67,
	MOST_CODE = 100,
	MOST_LABEL = 200,
	MOST_NAME = 255,
	MOST_MESSAGE = 2000,
	MOST_URI = 2048,
	MOST_DESCRIPTION = 4000,
	MOST_PIPELINE = 65536,
};

#define MOST_ATTEMPT 1000000
#define MOST_BYTES (INT64_C(1) << 40)

#define ROW(S, f, KIND, optional, fallback)                                                        \
	{                                                                                          \
#f, KIND, false, optional, offsetof(struct S, f), 0, fallback, 0, NULL, 0, 0       \
	}
#define NULLABLE(S, f, KIND, fallback, items)                                                      \
	{                                                                                          \
#f, KIND, true, true, offsetof(struct S, f), 0, fallback, 0, items, 0, 0           \
	}
#define ARRAY(S, f, KIND, optional, most, items)                                                   \
	{                                                                                          \
#f, KIND, false, optional, offsetof(struct S, f), offsetof(struct S, n_##f), 0,    \
		    most, items, 0, 0                                                              \
	}
#define UUID(S, f) ROW(S, f, FIELD_UUID, false, 0)
#define INT(S, f) ROW(S, f, FIELD_INT, false, 0)
#define INT_OR(S, f, fallback) ROW(S, f, FIELD_INT, true, fallback)
#define INT_IN(S, f, from, to)                                                                     \
	{                                                                                          \
#f, FIELD_INT, false, false, offsetof(struct S, f), 0, 0, 0, NULL, from, to        \
	}
#define LONG(S, f) ROW(S, f, FIELD_LONG, false, 0)
#define LONG_IN(S, f, from, to)                                                                    \
	{                                                                                          \
#f, FIELD_LONG, false, false, offsetof(struct S, f), 0, 0, 0, NULL, from, to       \
	}
#define LONG_IN_OR_NULL(S, f, from, to)                                                            \
	{                                                                                          \
#f, FIELD_LONG, true, true, offsetof(struct S, f), 0, EVENT_NULL_LONG, 0, NULL,    \
		    from, to                                                                       \
	}
#define BOOL(S, f) ROW(S, f, FIELD_BOOL, false, 0)
#define TEXT(S, f, most)                                                                           \
	{                                                                                          \
#f, FIELD_TEXT, false, false, offsetof(struct S, f), 0, 0, most, NULL, 0, 0        \
	}
#define INT_OR_NULL(S, f) NULLABLE(S, f, FIELD_INT, EVENT_NULL_INT, NULL)
#define LONG_OR_NULL(S, f) NULLABLE(S, f, FIELD_LONG, EVENT_NULL_LONG, NULL)
#define TEXT_OR_NULL(S, f, most)                                                                   \
	{                                                                                          \
#f, FIELD_TEXT, true, true, offsetof(struct S, f), 0, 0, most, NULL, 0, 0          \
	}
#define BYTES_OR_NULL(S, f) NULLABLE(S, f, FIELD_BYTES, 0, NULL)
#define RECORD_OR_NULL(S, f, items) NULLABLE(S, f, FIELD_RECORD, 0, items)
#define RECORDS(S, f, items) ARRAY(S, f, FIELD_RECORDS, false, 0, items)
#define TEXTS_OR_NONE(S, f, most) ARRAY(S, f, FIELD_TEXTS, true, most, NULL)
#define END                                                                                        \
	{                                                                                          \
		NULL, FIELD_INT, false, false, 0, 0, 0, 0, NULL, 0, 0                              \
	}
#define HEAD(S) UUID(S, event_id), LONG(S, occurred_at), UUID(S, batch_id)
#define JOB_HEAD(S)                                                                                \
	HEAD(S), UUID(S, job_id), INT(S, run_no), INT_IN(S, attempt, 1, MOST_ATTEMPT), \
	    TEXT(S, worker, MOST_LABEL)
#define DELIVERY_HEAD(S)                                                                           \
	HEAD(S), INT(S, run_no), TEXT(S, service, MOST_WORD), TEXT(S, target, MOST_LABEL)

static const struct field file_fields[] = {
	TEXT(submitted_file, file_name, MOST_NAME),
	TEXT_OR_NULL(submitted_file, source_uri, MOST_URI),
	BYTES_OR_NULL(submitted_file, data),
	LONG_OR_NULL(submitted_file, size),
	TEXT_OR_NULL(submitted_file, sha256, MOST_HASH),
	END,
};
static const struct shape file_shape = { "SubmittedFile", sizeof(struct submitted_file),
	file_fields };

static const struct field submitted_fields[] = {
	HEAD(batch_submitted),
	TEXT(batch_submitted, submitted_by, MOST_LABEL),
	INT(batch_submitted, pipeline_id),
	RECORDS(batch_submitted, files, &file_shape),
	TEXT_OR_NULL(batch_submitted, customer_prefix, MOST_PREFIX),
	TEXT_OR_NULL(batch_submitted, render_description, MOST_DESCRIPTION),
	INT_OR(batch_submitted, priority, 5),
	INT_OR_NULL(batch_submitted, failures_tolerated),
	END,
};

static const struct field commanded_fields[] = {
	HEAD(batch_commanded),
	TEXT(batch_commanded, command, MOST_WORD),
	TEXT(batch_commanded, requested_by, MOST_LABEL),
	TEXTS_OR_NONE(batch_commanded, job_ids, MOST_UUID),
	INT_OR_NULL(batch_commanded, priority),
	END,
};

static const struct field dispatched_fields[] = {
	HEAD(job_dispatched),
	UUID(job_dispatched, job_id),
	INT(job_dispatched, partition),
	INT(job_dispatched, run_no),
	INT(job_dispatched, attempt),
	INT(job_dispatched, position),
	TEXT(job_dispatched, file_name, MOST_NAME),
	TEXT(job_dispatched, output_stem, MOST_NAME),
	TEXT(job_dispatched, source_uri, MOST_URI),
	LONG_OR_NULL(job_dispatched, size),
	TEXT_OR_NULL(job_dispatched, sha256, MOST_HASH),
	INT(job_dispatched, priority),
	INT(job_dispatched, pipeline_id),
	TEXT(job_dispatched, pipeline, MOST_PIPELINE),
	INT(job_dispatched, deadline_ms),
	END,
};

static const struct field started_fields[] = { JOB_HEAD(job_started), END };

static const struct field output_fields[] = {
	TEXT(rendered_output, view, MOST_CODE),
	TEXT(rendered_output, name, MOST_NAME),
	TEXT(rendered_output, uri, MOST_URI),
	TEXT(rendered_output, media_type, MOST_CODE),
	INT(rendered_output, width),
	INT(rendered_output, height),
	LONG(rendered_output, size),
	TEXT(rendered_output, sha256, MOST_HASH),
	LONG(rendered_output, crc32),
	END,
};
static const struct shape output_shape = { "RenderedOutput", sizeof(struct rendered_output),
	output_fields };

static const struct field completed_fields[] = {
	JOB_HEAD(job_completed),
	RECORDS(job_completed, outputs, &output_shape),
	TEXT_OR_NULL(job_completed, preview_uri, MOST_URI),
	INT(job_completed, duration_ms),
	LONG_IN_OR_NULL(job_completed, input_size, 0, MOST_BYTES),
	END,
};

static const struct field failed_fields[] = {
	JOB_HEAD(job_failed),
	TEXT(job_failed, error_code, MOST_CODE),
	TEXT(job_failed, error_message, MOST_MESSAGE),
	BOOL(job_failed, retryable),
	INT(job_failed, duration_ms),
	END,
};

static const struct field archived_fields[] = {
	HEAD(archive_built),
	INT(archive_built, run_no),
	TEXT(archive_built, uri, MOST_URI),
	LONG_IN(archive_built, size, 0, INT64_MAX),
	TEXT(archive_built, sha256, MOST_HASH),
	INT_IN(archive_built, entries, 0, INT32_MAX),
	END,
};

static const struct field delivered_fields[] = {
	DELIVERY_HEAD(delivery_succeeded),
	TEXT_OR_NULL(delivery_succeeded, external_id, MOST_LABEL),
	INT(delivery_succeeded, attempts),
	END,
};

static const struct field undelivered_fields[] = {
	DELIVERY_HEAD(delivery_failed),
	TEXT(delivery_failed, error_code, MOST_CODE),
	TEXT(delivery_failed, error_message, MOST_MESSAGE),
	INT(delivery_failed, attempts),
	END,
};

static const struct field archive_fields[] = {
	TEXT(batch_archive, uri, MOST_URI),
	LONG(batch_archive, size),
	TEXT(batch_archive, sha256, MOST_HASH),
	INT(batch_archive, entries),
	INT(batch_archive, run_no),
	END,
};
static const struct shape archive_shape = { "BatchArchive", sizeof(struct batch_archive),
	archive_fields };

static const struct field changed_fields[] = {
	HEAD(batch_changed),
	LONG(batch_changed, revision),
	INT(batch_changed, run_no),
	INT(batch_changed, partition),
	TEXT(batch_changed, status, MOST_WORD),
	TEXT(batch_changed, control, MOST_WORD),
	TEXT(batch_changed, base_directory_name, MOST_NAME),
	TEXT(batch_changed, customer_prefix, MOST_PREFIX),
	INT(batch_changed, batch_date),
	INT(batch_changed, batch_counter),
	TEXT_OR_NULL(batch_changed, render_description, MOST_DESCRIPTION),
	TEXT(batch_changed, submitted_by, MOST_LABEL),
	INT(batch_changed, pipeline_id),
	INT(batch_changed, priority),
	INT_OR_NULL(batch_changed, failures_tolerated),
	INT(batch_changed, total_files),
	INT(batch_changed, total_pipelines),
	LONG(batch_changed, total_size),
	INT(batch_changed, jobs_queued),
	INT(batch_changed, jobs_dispatched),
	INT(batch_changed, jobs_processing),
	INT(batch_changed, jobs_retry_wait),
	INT(batch_changed, jobs_completed),
	INT(batch_changed, jobs_failed),
	INT(batch_changed, jobs_cancelled),
	RECORD_OR_NULL(batch_changed, archive, &archive_shape),
	TEXT_OR_NULL(batch_changed, dropbox_directory_id, MOST_LABEL),
	TEXT_OR_NULL(batch_changed, monday_item_id, MOST_LABEL),
	TEXT_OR_NULL(batch_changed, error_code, MOST_CODE),
	TEXT_OR_NULL(batch_changed, error_message, MOST_MESSAGE),
	LONG(batch_changed, created_at),
	LONG(batch_changed, updated_at),
	LONG_OR_NULL(batch_changed, completed_at),
	END,
};

#define SHAPE(name, S, fields)                                                                     \
	{                                                                                          \
		name, sizeof(struct S), fields                                                     \
	}

const struct shape event_shapes[EVENT_TYPES] = {
	[EVENT_BATCH_SUBMITTED] = SHAPE("BatchSubmitted", batch_submitted, submitted_fields),
	[EVENT_BATCH_COMMANDED] = SHAPE("BatchCommanded", batch_commanded, commanded_fields),
	[EVENT_JOB_DISPATCHED] = SHAPE("JobDispatched", job_dispatched, dispatched_fields),
	[EVENT_JOB_STARTED] = SHAPE("JobStarted", job_started, started_fields),
	[EVENT_JOB_COMPLETED] = SHAPE("JobCompleted", job_completed, completed_fields),
	[EVENT_JOB_FAILED] = SHAPE("JobFailed", job_failed, failed_fields),
	[EVENT_ARCHIVE_BUILT] = SHAPE("ArchiveBuilt", archive_built, archived_fields),
	[EVENT_DELIVERY_SUCCEEDED] = SHAPE(
	    "DeliverySucceeded", delivery_succeeded, delivered_fields),
	[EVENT_DELIVERY_FAILED] = SHAPE("DeliveryFailed", delivery_failed, undelivered_fields),
	[EVENT_BATCH_CHANGED] = SHAPE("BatchChanged", batch_changed, changed_fields),
};

const char *
event_type_name(enum event_type type)
{
	return event_shapes[type].name;
}
