/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.h: a contact sheet: the pictures of a batch small on one, each in a cell with its name below.
 * Pure: where everything stands. The archiver gathers, `batchline-renderer --sheet` draws.
 *
 *	head line, line below it
 *	cell cell cell		columns so that the whole is about as wide as 4:3
 *	name name name
 *	cell cell
 *	name name
 *	line of the end: "and 12 more"
 */
#ifndef SHEET_H
#define SHEET_H
#include <stdbool.h>
#include <stddef.h>

#define SHEET_NAME "contact-sheet.jpg"	/* in an archive: outputs have a _ in theirs */

enum {
	SHEET_CELLS_MAX = 2500,
	SHEET_SIDE_MAX = 8000,	/* pixels */
	SHEET_CELL_MAX = 256,	/* pixels, as previews have; smaller when there are many */
	SHEET_MARGIN = 24,
	SHEET_GAP = 16,
	SHEET_NAME_HEIGHT = 20,
	SHEET_TITLE_HEIGHT = 36,
	SHEET_LINE_HEIGHT = 24,
};

struct sheet_layout {
	int columns, rows;
	int cell;	/* a side of it */
	int width, height;
	bool has_end;
};

struct sheet_box {
	int x, y, width, height;
};

/* cells: 1 to SHEET_CELLS_MAX. */
void sheet_lay_out(struct sheet_layout *ret, int cells, bool has_end);
struct sheet_box sheet_cell(const struct sheet_layout *layout, int i);
struct sheet_box sheet_name(const struct sheet_layout *layout, int i); /* below the cell */
struct sheet_box sheet_title(const struct sheet_layout *layout);
struct sheet_box sheet_line(const struct sheet_layout *layout); /* below the title */
struct sheet_box sheet_end(const struct sheet_layout *layout);
#endif
