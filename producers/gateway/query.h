/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h: the parameters of a list, read and checked. Pure.
 *
 * A cursor is where a page ended: sort, order, the sorted columns of its last row and that row's
 * id. It is opaque to callers (base64url) and checked like any other input.
 */
#ifndef QUERY_H
#define QUERY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/json_write.h"
#include "base/uuid.h"
#include "batch/name.h"

enum {
	STATUSES = 7, JOB_STATUSES = 7,
	LIMIT_DEFAULT = 50, LIMIT_MOST = 500,
	OFFSET_MOST = 100000000,
	WORDS_MAX = 200,		/* bytes of q */
	WORDS_LEAST = 3,		/* letters of it in a row: what the index knows */
	CURSOR_TEXT_MAX = 600,
	CURSOR_KEYS = 2,
};

enum sort {
	SORT_CREATED_AT, SORT_UPDATED_AT, SORT_COMPLETED_AT, SORT_TOTAL_FILES, SORT_TOTAL_SIZE,
	SORT_STATUS, SORT_CUSTOMER_PREFIX, SORT_BASE_DIRECTORY_NAME, SORTS,
};
extern const char *const sort_names[SORTS];
extern const char *const batch_statuses[STATUSES];
extern const char *const job_statuses[JOB_STATUSES];	/* as the counters of a batch */

struct cursor {
	bool is_set;
	enum sort sort;
	bool ascending;
	struct uuid id;
	char text[256];		/* the key, of a sort by text */
	int64_t number;		/* the key of the others, or the second; us, count, name_key() */
};

struct list_query {
	unsigned statuses;			/* bits; 0: all */
	char customer_prefix[PREFIX_SIZE];	/* "": all */
	int32_t date_from, date_to;		/* days; INT32_MIN: open */
	int32_t counter;			/* of a name; -1: any, 0: there is none */
	struct { char customer_prefix[PREFIX_SIZE]; int32_t date; } named;
	char pattern[2 * WORDS_MAX + 3];	/* of ilike; "": none */
	enum sort sort;
	bool ascending, has_sort, has_order;
	int64_t limit, offset;
	struct cursor cursor;
	unsigned seen;				/* which parameters came */
};

void list_query_init(struct list_query *query);
/* One parameter. False: detail says what is wrong with it. Unknown ones are passed over. */
bool list_query_read(struct list_query *query, const char *name, const char *value,
    char *detail, size_t detail_size);
/* What only the whole shows. False: *name is the parameter. */
bool list_query_finish(struct list_query *query, const char **name, char *detail,
    size_t detail_size);

/* Date (days since 1970-01-01) and counter of a batch's name as one number that is in their order. */
int64_t name_key(int32_t date, int64_t counter);
int32_t name_key_date(int64_t key);
int64_t name_key_counter(int64_t key);

/* A whole number within limits: all digits, no sign but '-'. */
bool number_read(int64_t *ret, const char *text, int64_t least, int64_t most);

bool cursor_write(struct buf *ret, const struct cursor *cursor);
void cursor_put(struct put *put, const struct cursor *cursor);	/* as "next_cursor"; NULL: the end */
bool cursor_read(struct cursor *ret, const char *text);
#endif
