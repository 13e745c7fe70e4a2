/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.h: may this submission become a batch? Pure: what it needs to know is handed in.
 *
 * A submission that is not accepted is not lost: it becomes a batch in status `failed` that says
 * why, by a code for programs and a sentence that names the field.
 */
#ifndef ACCEPT_H
#define ACCEPT_H
#include "base/err.h"
#include "event/event.h"

enum {
	ACCEPT_FILES_MAX = 10000,
	ACCEPT_INLINE_MAX = 256 * 1024,		/* bytes of one file in the record */
	ACCEPT_RECORD_MAX = 8 * 1024 * 1024,	/* bytes of the whole record */
};
#define ACCEPT_SIZE_MAX (INT64_C(1) << 40)	/* bytes that a file may be said to have */

struct accept_limits { size_t files, inline_bytes, record_bytes; };

/* record_bytes: size of the record as it came. False with ERR_REJECT: the code is one of no_files,
 * too_many_files, record_too_large, bad_prefix, bad_priority, bad_failures_tolerated,
 * bad_file_name, bad_source, data_too_large, bad_sha256, bad_size, text_too_long. */
bool accept_submission(const struct batch_submitted *submitted, size_t record_bytes,
    const struct accept_limits *limits, struct err *err);

/* SHA-256 over what makes two submissions the same: everything but event_id and occurred_at, and but
 * the size and sha256 of a file, which follow from its bytes. */
void accept_digest(uint8_t ret[32], const struct batch_submitted *submitted);
#endif
