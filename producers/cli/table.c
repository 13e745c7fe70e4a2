/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: cells in one array, row after row; widths are known when all are there. */
#include "table.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/words.h"

enum { GAP = 2, CUT_LEAST = 8, CELL_SIZE = 256 };
static const char cut_mark[] = "...";

struct cell { char *text; size_t columns; enum tone tone; };

struct table {
	const struct table_column *columns;
	size_t n_columns;
	struct cell *cells;
	size_t n, capacity;
};

static const char *const tones[][2] = {
	[TONE_PLAIN] = { "", "" },
	[TONE_GOOD] = { "\033[32m", "\033[0m" },
	[TONE_BAD] = { "\033[31m", "\033[0m" },
	[TONE_BUSY] = { "\033[36m", "\033[0m" },
	[TONE_FAINT] = { "\033[2m", "\033[0m" },
};

const char *
tone_begin(enum tone tone)
{
	return tones[tone][0];
}

const char *
tone_end(enum tone tone)
{
	return tones[tone][1];
}

struct table *
table_new(const struct table_column *columns, size_t n)
{
	struct table *table = calloc(1, sizeof(*table));

	assert(n > 0 && n <= TABLE_COLUMNS_MAX);
	if (!table)
		return NULL;
	table->columns = columns;
	table->n_columns = n;
	return table;
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

static bool
has_room(struct table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 64;
	struct cell *cells;

	if (table->n < table->capacity)
		return true;
	cells = realloc(table->cells, capacity * sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

bool
table_add(struct table *table, const char *text, enum tone tone)
{
	struct buf shown = {0};
	char *copy = NULL;

	if (has_room(table) && words_add_printable(&shown, text))
		copy = strdup(shown.size ? buf_text(&shown) : "");
	buf_clear(&shown);
	if (!copy)
		return false;
	table->cells[table->n++] = (struct cell){ copy, words_columns(copy), tone };
	return true;
}

bool
table_print(struct table *table, enum tone tone, const char *fmt, ...)
{
	char text[CELL_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return table_add(table, text, tone);
}

size_t
table_rows(const struct table *table)
{
	return table->n / table->n_columns;
}

/* ---- writing ---- */

struct layout { size_t widths[TABLE_COLUMNS_MAX]; size_t last; bool coloured; };

/* A column without any text is as wide as 0, and not written. */
static void
measure(const struct table *table, struct layout *layout, size_t most)
{
	size_t total = 0, cut = table->n_columns, need;

	for (size_t i = 0; i < table->n; i++) {
		size_t *width = &layout->widths[i % table->n_columns];

		if (table->cells[i].columns > *width)
			*width = table->cells[i].columns;
	}
	for (size_t c = 0; c < table->n_columns; c++) {
		size_t head = words_columns(table->columns[c].head);

		if (layout->widths[c] && layout->widths[c] < head)
			layout->widths[c] = head;
		if (layout->widths[c]) {
			layout->last = c;
			total += layout->widths[c] + GAP;
		}
		if (table->columns[c].cut)
			cut = c;
	}
	if (!most || total <= most + GAP || cut == table->n_columns)
		return;
	need = total - most - GAP;
	if (layout->widths[cut] > need + CUT_LEAST)
		layout->widths[cut] -= need;
	else if (layout->widths[cut] > CUT_LEAST)
		layout->widths[cut] = CUT_LEAST;
}

static void
add_blanks(struct buf *ret, size_t n)
{
	while (n-- > 0)
		buf_add_byte(ret, ' ');
}

static void
write_cell(struct buf *ret, const struct table *table, const struct layout *layout, size_t c,
    const struct cell *cell)
{
	size_t width = layout->widths[c], columns = cell->columns, size = strlen(cell->text);
	bool is_cut = columns > width, right = table->columns[c].right;
	enum tone tone = layout->coloured && size ? cell->tone : TONE_PLAIN;

	if (is_cut) {
		columns = width - (sizeof(cut_mark) - 1);
		size = words_fitting(cell->text, &columns);
		columns += sizeof(cut_mark) - 1;
	}
	if (right)
		add_blanks(ret, width - columns);
	buf_add_text(ret, tone_begin(tone));
	buf_add(ret, cell->text, size);
	buf_add_text(ret, is_cut ? cut_mark : "");
	buf_add_text(ret, tone_end(tone));
	if (!right && c != layout->last)
		add_blanks(ret, width - columns);
}

static void
write_row(struct buf *ret, const struct table *table, const struct layout *layout,
    const struct cell *cells)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		if (!layout->widths[c])
			continue;
		write_cell(ret, table, layout, c, &cells[c]);
		if (c != layout->last)
			add_blanks(ret, GAP);
	}
	while (ret->size && ret->data[ret->size - 1] == ' ')
		ret->size--;
	buf_add_byte(ret, '\n');
}

bool
table_write(const struct table *table, struct buf *ret, size_t width, bool coloured)
{
	struct cell heads[TABLE_COLUMNS_MAX];
	struct layout layout = { .coloured = coloured };

	assert(table->n % table->n_columns == 0);
	measure(table, &layout, width);
	for (size_t c = 0; c < table->n_columns; c++)
		heads[c] = (struct cell){ (char *)(uintptr_t)table->columns[c].head,
			words_columns(table->columns[c].head), TONE_FAINT };
	write_row(ret, table, &layout, heads);
	for (size_t i = 0; i < table->n; i += table->n_columns)
		write_row(ret, table, &layout, &table->cells[i]);
	return !ret->failed;
}
