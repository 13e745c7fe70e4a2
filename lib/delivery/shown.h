/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shown.h: what the outside is shown of a batch: the API's answers and what is delivered are one
 * JSON. The view batch_items (sql/deploy/listing.sql) has the columns, by the names of the members.
 */
#ifndef SHOWN_H
#define SHOWN_H
#include "base/json_write.h"
#include "event/event.h"
#include "port/db.h"

enum shown_kind {
	SHOWN_NOT,	/* put otherwise */
	SHOWN_ID, SHOWN_TEXT, SHOWN_INT, SHOWN_BOOL, SHOWN_TIME, SHOWN_DATE,
	SHOWN_JSON,	/* a text that is JSON already */
};
struct shown_member { const char *name; enum shown_kind kind; };	/* of the member and of its column */

enum { SHOWN_MEMBERS_MAX = 48 };

/* Rows, and where they have their members: found once for all of them. */
struct shown {
	const struct db_rows *rows;
	const struct shown_member *members;
	int n, at[SHOWN_MEMBERS_MAX];
};
struct shown shown_of(const struct db_rows *rows, const struct shown_member *members, int n);
#define shown_table(rows, members) shown_of(rows, members, (int)(sizeof(members) / sizeof(*(members))))

/* The members of a row; the caller opens and closes the object. */
void shown_members(struct put *put, const struct shown *shown, int row);
void shown_row(struct put *put, const struct shown *shown, int row);	/* .. and is the whole object */
/* Batches, of rows of batch_items, and the members of one. */
struct shown shown_batches(const struct db_rows *rows);
void shown_batch(struct put *put, const struct shown *batches, int row);
/* The same members, of the record that tells of a change. */
void shown_changed(struct put *put, const struct batch_changed *changed);
#endif
