/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shown.h: what the outside is shown of a batch: the API's answers and what is delivered are one
 * JSON. The view batch_items (sql/deploy/listing.sql) has the columns, the table here their names.
 */
#ifndef SHOWN_H
#define SHOWN_H
#include "base/json_write.h"
#include "event/event.h"
#include "port/db.h"

enum shown_kind {
	SHOWN_NOT,	/* put otherwise, or not at all */
	SHOWN_ID, SHOWN_TEXT, SHOWN_INT, SHOWN_BOOL, SHOWN_TIME, SHOWN_DATE,
	SHOWN_JSON,	/* a text that is JSON already */
};
struct shown_member { const char *name; enum shown_kind kind; };

/* Columns of batch_items. */
enum batch_column {
	BATCH_ID, BATCH_NAME, BATCH_CUSTOMER, BATCH_DATE, BATCH_COUNTER, BATCH_DESCRIPTION,
	BATCH_STATUS = 10,
	BATCH_CONTROL, BATCH_RUN_NO, BATCH_REVISION, BATCH_TOTAL_FILES,
	BATCH_TOTAL_SIZE = 16, BATCH_QUEUED, BATCH_COMPLETED = 21, BATCH_FAILED,
	BATCH_ARCHIVE_URI = 24, BATCH_ARCHIVE_SIZE, BATCH_ARCHIVE_SHA256, BATCH_ARCHIVE_ENTRIES,
	BATCH_ARCHIVE_RUN_NO, BATCH_ERROR_CODE, BATCH_CREATED_AT = 33, BATCH_UPDATED_AT,
	BATCH_COMPLETED_AT, BATCH_PARTITION,
};

/* The first n columns of a row; the caller opens and closes the object. */
void shown_members(struct put *put, const struct shown_member *members, int n,
    const struct db_rows *rows, int row);
/* The members of a batch, of a row of batch_items. */
void shown_batch(struct put *put, const struct db_rows *rows, int row);
/* The same members, of the record that tells of a change. */
void shown_changed(struct put *put, const struct batch_changed *changed);
#endif
