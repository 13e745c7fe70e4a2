/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h: the records of schemas/ *.avsc as plain C. Field names are Avro's, and the tables' too.
 *
 * text: NUL-terminated UTF-8, NULL for null; timestamps: microseconds since 1970 UTC; a null long
 * is EVENT_NULL_LONG, a null int EVENT_NULL_INT. Arrays are a pointer and n_. What was decoded
 * lives in the arena that was given to event_read().
 */
#ifndef EVENT_H
#define EVENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/uuid.h"

#define EVENT_NULL_LONG INT64_MIN
#define EVENT_NULL_INT INT32_MIN

struct bytes { const uint8_t *data; size_t size; };	/* data NULL: null */

enum event_type {
	EVENT_BATCH_SUBMITTED, EVENT_BATCH_COMMANDED, EVENT_JOB_DISPATCHED, EVENT_JOB_STARTED,
	EVENT_JOB_COMPLETED, EVENT_JOB_FAILED, EVENT_ARCHIVE_BUILT, EVENT_DELIVERY_SUCCEEDED,
	EVENT_DELIVERY_FAILED, EVENT_BATCH_CHANGED, EVENT_TYPES,
};

/* Every record begins so. */
#define EVENT_HEAD struct uuid event_id; int64_t occurred_at; struct uuid batch_id

struct event_head { EVENT_HEAD; };

struct submitted_file {
	const char *file_name, *source_uri;
	struct bytes data;
	int64_t size;
	const char *sha256;
};

struct batch_submitted {
	EVENT_HEAD;
	const char *submitted_by;
	int32_t pipeline_id;
	struct submitted_file *files;
	size_t n_files;
	const char *customer_prefix, *render_description;
	int32_t priority, failures_tolerated;
};

struct batch_commanded {
	EVENT_HEAD;
	const char *command, *requested_by;
	const char **job_ids;
	size_t n_job_ids;
	int32_t priority;
};

struct job_dispatched {
	EVENT_HEAD;
	struct uuid job_id;
	int32_t partition, run_no, attempt, position;
	const char *file_name, *output_stem, *source_uri;
	int64_t size;
	const char *sha256;
	int32_t priority, pipeline_id;
	const char *pipeline;
	int32_t deadline_ms;
};

/* The facts of one attempt begin alike. */
#define EVENT_JOB_HEAD EVENT_HEAD; struct uuid job_id; int32_t run_no, attempt; const char *worker

struct job_started { EVENT_JOB_HEAD; };

struct rendered_output {
	const char *view, *name, *uri, *media_type;
	int32_t width, height;
	int64_t size;
	const char *sha256;
	int64_t crc32;
};

struct job_completed {
	EVENT_JOB_HEAD;
	struct rendered_output *outputs;
	size_t n_outputs;
	const char *preview_uri;
	int32_t duration_ms;
	int64_t input_size;
};

struct job_failed {
	EVENT_JOB_HEAD;
	const char *error_code, *error_message;
	bool retryable;
	int32_t duration_ms;
};

struct archive_built {
	EVENT_HEAD;
	int32_t run_no;
	const char *uri;
	int64_t size;
	const char *sha256;
	int32_t entries;
};

#define EVENT_DELIVERY_HEAD EVENT_HEAD; int32_t run_no; const char *service, *target

struct delivery_succeeded {
	EVENT_DELIVERY_HEAD;
	const char *external_id;
	int32_t attempts;
};

struct delivery_failed {
	EVENT_DELIVERY_HEAD;
	const char *error_code, *error_message;
	int32_t attempts;
};

struct batch_archive {
	const char *uri;
	int64_t size;
	const char *sha256;
	int32_t entries, run_no;
};

struct batch_changed {
	EVENT_HEAD;
	int64_t revision;
	int32_t run_no, partition;
	const char *status, *control, *base_directory_name, *customer_prefix;
	int32_t batch_date, batch_counter;	/* days since 1970-01-01 */
	const char *render_description, *submitted_by;
	int32_t pipeline_id, priority, failures_tolerated, total_files, total_pipelines;
	int64_t total_size;
	int32_t jobs_queued, jobs_dispatched, jobs_processing, jobs_retry_wait, jobs_completed,
	    jobs_failed, jobs_cancelled;
	struct batch_archive *archive;		/* NULL: none yet */
	const char *dropbox_directory_id, *monday_item_id, *error_code, *error_message;
	int64_t created_at, updated_at, completed_at;
};

struct event {
	enum event_type type;
	union {
		struct event_head head;
		struct batch_submitted submitted;
		struct batch_commanded commanded;
		struct job_dispatched dispatched;
		struct job_started started;
		struct job_completed completed;
		struct job_failed failed;
		struct archive_built archived;
		struct delivery_succeeded delivered;
		struct delivery_failed undelivered;
		struct batch_changed changed;
	};
};

const char *event_type_name(enum event_type type);	/* "BatchSubmitted" */
#endif
