/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h: what an archive holds, and what it does not and why. Pure.
 *
 * manifest.json is the first file of every archive. "files" lists the rest of it in its order;
 * "missing_jobs" the jobs that came to nothing, "missing_files" outputs that were made and could
 * not be archived; "contact_sheet" the sheet, where one is in it. Nothing in it depends on when or where the archive is built: the same batch
 * after the same run gives the same bytes.
 */
#ifndef MANIFEST_H
#define MANIFEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

enum { MANIFEST_VERSION = 1 };
#define MANIFEST_NAME "manifest.json"

/* Why an output is not in the archive; NULL: it is. */
#define MANIFEST_BAD_NAME "bad_output_name"
#define MANIFEST_MISSING "output_missing"
#define MANIFEST_DAMAGED "output_damaged"

struct manifest_file {
	const char *name;		/* in the archive, below the batch's folder */
	const char *uri, *sha256, *media_type, *view;
	const char *file_name;		/* of the input */
	struct uuid job_id;
	int64_t size;
	uint32_t crc32;
	int32_t width, height, attempt;
	const char *lost;
};

struct manifest_job {
	struct uuid id;
	int32_t position, attempt;
	const char *file_name, *status, *error_code, *error_message;
};

struct manifest {
	struct uuid batch_id;
	const char *base_directory_name, *customer_prefix, *render_description, *submitted_by;
	const char *status;
	int32_t batch_date, run_no, pipeline_id, total_files;
	int64_t created_at, completed_at;
	int64_t known_at;		/* since when it is final, by our clock: not written */
	struct manifest_file *files;	/* in the order of the archive */
	size_t n_files;
	struct manifest_file *sheet;	/* name, uri, size, sha256, crc32; NULL: none */
	struct manifest_job *jobs;	/* the failed and cancelled ones */
	size_t n_jobs;
};

/* Marks as lost every file whose name is not safe, is the manifest's own, or stands before it in
 * the list already (whatever the case). Fails only for want of memory. */
bool manifest_check_names(struct manifest *manifest, struct err *err);

/* Files that are in the archive. */
size_t manifest_count(const struct manifest *manifest);

/* Appends manifest.json; false when the buffer is full. */
bool manifest_write(const struct manifest *manifest, struct buf *ret);
#endif
