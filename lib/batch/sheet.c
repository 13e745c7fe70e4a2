/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/sheet.h"
#include <assert.h>
#include <math.h>

/* So many columns at least, that the head has room. */
enum { COLUMNS_MIN = 3, HEAD_HEIGHT = SHEET_TITLE_HEIGHT + SHEET_LINE_HEIGHT + SHEET_GAP };

/* From one cell to the next. */
static int
step_down(const struct sheet_layout *layout)
{
	return layout->cell + SHEET_NAME_HEIGHT + SHEET_GAP;
}

static void
measure(struct sheet_layout *layout)
{
	layout->width = 2 * SHEET_MARGIN + layout->columns * (layout->cell + SHEET_GAP) - SHEET_GAP;
	layout->height = 2 * SHEET_MARGIN + HEAD_HEIGHT + layout->rows * step_down(layout)
	    - SHEET_GAP + (layout->has_end ? SHEET_GAP + SHEET_LINE_HEIGHT : 0);
}

void
sheet_lay_out(struct sheet_layout *ret, int cells, bool has_end)
{
	int columns = (int)ceil(sqrt(cells * 4 / 3.0));

	assert(cells > 0 && cells <= SHEET_CELLS_MAX);
	*ret = (struct sheet_layout){ .columns = columns < COLUMNS_MIN ? COLUMNS_MIN : columns,
		.cell = SHEET_CELL_MAX,
		.has_end = has_end };
	ret->rows = (cells + ret->columns - 1) / ret->columns;
	measure(ret);
	while (ret->width > SHEET_SIDE_MAX || ret->height > SHEET_SIDE_MAX) {
		ret->cell--;
		measure(ret);
	}
	assert(ret->cell > 0);
}

struct sheet_box
sheet_cell(const struct sheet_layout *layout, int i)
{
	return (struct sheet_box){ SHEET_MARGIN + i % layout->columns * (layout->cell + SHEET_GAP),
		SHEET_MARGIN + HEAD_HEIGHT + i / layout->columns * step_down(layout), layout->cell,
		layout->cell };
}

struct sheet_box
sheet_name(const struct sheet_layout *layout, int i)
{
	struct sheet_box cell = sheet_cell(layout, i);

	return (struct sheet_box){ cell.x, cell.y + cell.height, cell.width, SHEET_NAME_HEIGHT };
}

static struct sheet_box
whole_line(const struct sheet_layout *layout, int y, int height)
{
	return (struct sheet_box){ SHEET_MARGIN, y, layout->width - 2 * SHEET_MARGIN, height };
}

struct sheet_box
sheet_title(const struct sheet_layout *layout)
{
	return whole_line(layout, SHEET_MARGIN, SHEET_TITLE_HEIGHT);
}

struct sheet_box
sheet_line(const struct sheet_layout *layout)
{
	return whole_line(layout, SHEET_MARGIN + SHEET_TITLE_HEIGHT, SHEET_LINE_HEIGHT);
}

struct sheet_box
sheet_end(const struct sheet_layout *layout)
{
	return whole_line(
	    layout, layout->height - SHEET_MARGIN - SHEET_LINE_HEIGHT, SHEET_LINE_HEIGHT);
}
