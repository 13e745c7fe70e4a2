/* SPDX-License-Identifier: Apache-2.0 */
/* look.h: what lies in a folder now. Two looks that are the same have the same mark. */
#ifndef LOOK_H
#define LOOK_H
#include "base/err.h"
#include "base/hash.h"
#include "want.h"

struct thing { char *name; enum kind kind; int64_t size; };

struct look {
	struct thing *list;		/* by the bytes of their names */
	size_t n, capacity, pictures;
	uint8_t mark[SHA256_SIZE];	/* of names, kinds, sizes and times, but of what is junk */
};

/* A folder that is not there rejects, code "gone". */
bool look_read(struct look *ret, const char *folder, struct err *err);
void look_clear(struct look *look);
/* The first one of that kind; NULL: none. */
const struct thing *look_find(const struct look *look, enum kind kind);
#endif
