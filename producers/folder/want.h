/* SPDX-License-Identifier: Apache-2.0 */
/*
 * want.h: what the batch of a folder shall be, and what a name in it is. Pure.
 *
 * batch.json says what it says; then the options; then the folder's name, which is the description
 * and whose leading capitals are the customer (PL_DXB_villa -> PL_DXB). Of a name without any the
 * line takes the first picture's.
 */
#ifndef WANT_H
#define WANT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"
#include "base/json.h"
#include "base/json_write.h"
#include "batch/name.h"

enum { DESCRIPTION_SIZE = 4001 };

struct want {
	int64_t pipeline_id;			/* 0: not said */
	char customer_prefix[PREFIX_SIZE];	/* "": not said */
	char description[DESCRIPTION_SIZE];
	bool has_priority, has_failures_tolerated;
	int64_t priority, failures_tolerated;
};

/* By a folder's name and the options; customer "": not said, pipeline 0: not said. */
void want_of_name(struct want *ret, const char *name, int64_t pipeline, const char *customer);
/* What this JSON says wins. A defect rejects and names the member; the gateway judges the rest. */
bool want_read(struct want *ret, const void *json, size_t size, struct err *err);

void want_put(struct put *put, const struct want *want);	/* as members, for want_take() */
bool want_take(struct want *ret, const struct doc_value *object, struct err *err);

enum kind {
	KIND_PICTURE,		/* whatever is none of these: the renderer says what it cannot read */
	KIND_SETTINGS,		/* batch.json */
	KIND_JUNK,		/* hidden, or what systems leave: Thumbs.db; goes along unseen */
	KIND_UNFINISHED,	/* .part, .tmp ..: somebody is at work */
	KIND_WHY,		/* of an earlier time */
	KIND_FOLDER, KIND_STRANGE,	/* a folder within, and what is no regular file: refused */
};
enum kind kind_of(const char *name, mode_t mode);
#endif
