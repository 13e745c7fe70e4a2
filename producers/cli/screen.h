/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h: what goes to standard output. On a terminal a last line can stand that is drawn over
 * again and again; elsewhere there are only lines.
 */
#ifndef SCREEN_H
#define SCREEN_H
#include <stdbool.h>
#include "cli.h"
#include "table.h"

/* Looks at standard output: a terminal? how wide? coloured (NO_COLOR, TERM=dumb)? */
void screen_look(struct cli *cli);

/* A line, made printable. */
void screen_say(const struct cli *cli, enum tone tone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Bytes as they are: tables, JSON. */
void screen_write(struct buf *bytes);
/* The table, and its end. False: out of memory. */
bool screen_table(const struct cli *cli, const struct table *table, struct err *err);

/* The line that is drawn over; nothing where there is no terminal. */
void screen_draw(const struct cli *cli, const char *line);
void screen_wipe(const struct cli *cli);

/* [=====>....] of so many columns within the brackets. */
void bar_add(struct buf *ret, int64_t done, int64_t total, size_t columns);

enum tone tone_of_status(const char *status);	/* of a batch or a job */
#endif
