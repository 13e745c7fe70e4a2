/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monday.h: a batch is one item on a board of Monday, whatever happens.
 *
 *	main      options, the door
 *	deliver   which item it is, what is done to it, and the archive into its files column
 *	check     does a target fit its board
 *	columns   what goes into which column; what a column must be
 *	api       one request, and what its errors mean
 *	queries   the texts of the requests
 *
 *	known item ──> change ──────────────────────────────────────> archive ──> done
 *	    │ gone        ^ ^
 *	    └───> find by │ │
 *	          the key ┘ │ none
 *	             └─> create (name and key alone)
 *
 * What must stay true: an item is only created after the board was asked for one with the batch's
 * key, and what creates it is the same request, under the same Idempotency-Key, whichever state is
 * being told: then a create whose answer was lost is no second item, neither within the half hour
 * for which Monday knows such a key (the board may not show a new item at once) nor after it. All
 * else that is sent may be sent twice. Changes of one board follow each other: lane and option are
 * the engine's, one call each.
 */
#ifndef MONDAY_H
#define MONDAY_H
#include "base/buf.h"
#include "base/json.h"
#include "base/json_write.h"
#include "delivery/delivery.h"

/* ---- queries.c ---- */

enum query { QUERY_FIND, QUERY_CREATE, QUERY_CHANGE, QUERY_FILES, QUERY_ATTACH, QUERY_BOARD,
	QUERY_LABELS, QUERIES };
extern const char *const queries[QUERIES];

/* ---- api.c ---- */

/* One request, as it is put together. */
struct ask {
	enum query query;
	struct put variables;		/* the members of an object; api_begin() opened it */
	struct buf text;
	const char *key;		/* Idempotency-Key; NULL: none */
	const char *file, *file_name;	/* path of a file, for the variable "file"; NULL: none */
	int64_t file_size;
};

void api_begin(struct ask *ask, enum query query);
/* Sends it and ends it. True: *ret is the answer, to be freed; api_data() is what was asked for.
 * False: fate, code and words say why. */
bool api_send(struct call *call, struct ask *ask, struct doc **ret);
/* What call->answer says: as api_send(). */
bool api_read(struct call *call, struct doc **ret);
const struct doc_value *api_data(const struct doc *answer, const char *member);
/* After a false: the item is not on the board (any more), or the board is not. */
bool api_is_missing(const struct call *call);

/* ---- columns.c ---- */

/* What a board is told of a batch. */
struct told {
	const char *id, *name, *state, *description;	/* description may be NULL */
	const char *page;		/* the dashboard's address of it; "": none */
	int64_t files, failures;
	int32_t day;			/* since 1970-01-01 */
	bool has_day;
};

/* Both write one JSON object {column: value}. */
void columns_write_key(struct buf *ret, const struct doc_value *settings, const char *batch_id);
void columns_write(struct buf *ret, const struct doc_value *settings, const struct told *told);
/* The label of a state: of settings.labels, or the state with a capital. */
enum { LABEL_MAX = 256 };
const char *columns_label(char ret[LABEL_MAX], const struct doc_value *settings, const char *state);
/* The settings' name of a column, "status"; NULL: none of ours. */
const char *columns_setting(const struct doc_value *settings, const char *column_id);
/* Every column that is not there or of another type, "; " between them. board: the answer's. */
void columns_check(struct buf *ret, const struct doc_value *settings, const struct doc_value *board);
/* The labels of ours that the status column does not have. states: as in struct call; labels: the
 * column's settings_str, read. */
void columns_check_labels(struct buf *ret, const struct doc_value *settings, const char *states,
    const struct doc_value *labels);

/* ---- deliver.c, check.c ---- */

void monday_deliver(struct call *call);
void monday_test(struct call *call);
#endif
