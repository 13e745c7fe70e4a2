/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h: which deliveries are meant, by a list's parameters or an order's body, and what is said
 * of the one and of the many.
 */
#ifndef FILTER_H
#define FILTER_H
#include "gateway.h"
#include "query.h"

enum term { TERM_TARGET, TERM_SERVICE, TERM_PHASE, TERM_STATE, TERM_BATCH, TERM_CUSTOMER, TERMS };
enum { FILTER_ARGS = 8, TERM_SIZE = 80 };

struct filter {
	struct call *call;
	char terms[TERMS][TERM_SIZE];	/* "": no matter */
	struct db_array ids;
	bool has_ids;
	int64_t limit, offset;		/* of a list */
	struct cursor cursor;
	bool preview;			/* of an order */
};

extern const char *const term_names[TERMS];
enum term term_named(const char *name);		/* TERMS: none is called so */
/* What is wrong with the value is told by the name of the term. NULL is wrong. */
void term_set(struct filter *filter, enum term term, const char *value);
/* The first arguments of every statement on deliveries. */
void filter_args(struct filter *filter, struct db_arg args[FILTER_ARGS]);

/* ---- delivery.c ---- */

/* A page of deliveries, those that the caller may see, the newest first. *ret is the caller's. */
bool deliveries_read(struct filter *filter, struct db_rows **ret);
bool deliveries_of_ids(struct call *call, const struct db_array *ids, struct db_rows **ret);
/* The one that the path names; without it: 404. *ret is the caller's. */
bool delivery_read(struct call *call, struct db_rows **ret);
/* The member "data" of the first n. */
void put_deliveries(struct put *put, const struct db_rows *rows, int n);

/* ---- target.c ---- */

/* May the caller, and can there be a target of the path's name? */
bool target_may_be_asked(struct call *call);

/* ---- filter.c. Pure ---- */

bool is_target_name(const char *text);
bool is_delivered_state(const char *text);	/* of a batch, one that a target can want */
#endif
