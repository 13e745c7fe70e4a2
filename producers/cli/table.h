/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h: rows with aligned columns. Numbers stand to the right, so that they compare at a glance.
 * One column may be cut to make the table fit a terminal. Texts are made printable.
 */
#ifndef TABLE_H
#define TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/own.h"

enum { TABLE_COLUMNS_MAX = 12 };
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_BUSY, TONE_FAINT };

struct table_column {
	const char *head;
	bool right;		/* numbers */
	bool cut;		/* gives way when the table is too wide */
};

struct table;

/* columns: n of them, which outlive the table. NULL: out of memory. */
struct table *table_new(const struct table_column *columns, size_t n);
void table_free(struct table *table);		/* NULL is fine */

/* The next cell, left to right, top to bottom. NULL is an empty one. False: out of memory. */
bool table_add(struct table *table, const char *text, enum tone tone);
/* The same with a format. */
bool table_print(struct table *table, enum tone tone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
size_t table_rows(const struct table *table);

/* width: columns of the terminal, 0: as wide as it is. Columns without any text are left out. */
bool table_write(const struct table *table, struct buf *ret, size_t width, bool coloured);

/* The escape sequence of a tone, and of its end; empty for TONE_PLAIN. */
const char *tone_begin(enum tone tone);
const char *tone_end(enum tone tone);

OWN_FREEP(struct table, table_free)
#endif
