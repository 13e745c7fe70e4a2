/* SPDX-License-Identifier: Apache-2.0 */
/* picks.h: the files that are submitted, in order, each opened once before anything is sent. */
#ifndef PICKS_H
#define PICKS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct pick {
	char *path;
	const char *name;		/* the last part of path */
	int64_t size;			/* bytes when it was looked at */
	char uri[96];			/* once it is in the store */
};

struct picks { struct pick *list; size_t n, capacity; int64_t size; };

/* Files as they are; of folders the files in them, by name, without hidden ones and, unless
 * `recursive`, without those of folders within. What cannot be read, is no file, or has a name
 * that no file may have is an error that names it; so is a folder without files. */
bool picks_add(struct picks *picks, const char *path, bool recursive, struct err *err);
/* One that was looked at before; its uri is still empty. NULL: out of memory. */
struct pick *picks_add_known(struct picks *picks, const char *path, int64_t size);
void picks_clear(struct picks *picks);
#endif
