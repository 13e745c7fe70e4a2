/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>
#include "producers/cli/screen.h"
#include "producers/cli/table.h"

static const struct table_column columns[] = {
	{ "NAME", false, false }, { "COUNT", true, false }, { "NOTE", false, true },
};

static struct table *
a_table(const char *const *cells, size_t n)
{
	struct table *table = table_new(columns, 3);

	for (size_t i = 0; i < n; i++)
		cr_assert(table_add(table, cells[i], TONE_PLAIN));
	return table;
}

static void
assert_written(const struct table *table, size_t width, const char *wanted)
{
	struct buf text = {0};

	cr_assert(table_write(table, &text, width, false));
	cr_assert_str_eq(buf_text(&text), wanted);
	buf_clear(&text);
}

Test(cli_table, numbers_stand_to_the_right_and_no_line_ends_in_blanks)
{
	static const char *const cells[] = { "a", "5", "x", "longer", "12,345", "", "b", "", "y " };
	own(table_freep) struct table *table = a_table(cells, 9);

	assert_written(table, 0,
	    "NAME     COUNT  NOTE\n"
	    "a            5  x\n"
	    "longer  12,345\n"
	    "b               y\n");
}

Test(cli_table, a_column_without_any_text_is_left_out)
{
	static const char *const cells[] = { "a", "", "x", "b", NULL, "y" };
	own(table_freep) struct table *table = a_table(cells, 6);

	assert_written(table, 0, "NAME  NOTE\na     x\nb     y\n");
}

Test(cli_table, one_column_gives_way_on_a_narrow_terminal)
{
	static const char *const cells[] = { "a", "1", "a note that is too long by far" };
	own(table_freep) struct table *table = a_table(cells, 3);

	assert_written(table, 27,
	    "NAME  COUNT  NOTE\n"
	    "a         1  a note that...\n");
}

Test(cli_table, the_text_of_a_cell_cannot_steer_the_terminal)
{
	static const char *const cells[] = { "a\033[2Jb", "1", "x\ny" };
	own(table_freep) struct table *table = a_table(cells, 3);

	assert_written(table, 0, "NAME    COUNT  NOTE\na?[2Jb      1  x?y\n");
}

Test(cli_table, colour_changes_no_alignment)
{
	own(table_freep) struct table *table = table_new(columns, 3);
	struct buf text = {0};

	cr_assert(table_add(table, "bad", TONE_BAD) && table_add(table, "1", TONE_PLAIN)
	    && table_add(table, "x", TONE_PLAIN));
	cr_assert(table_write(table, &text, 0, true));

	cr_assert(strstr(buf_text(&text), "\033[31mbad\033[0m       1  x\n"));
	buf_clear(&text);
}

Test(cli_table, a_bar_is_empty_partly_full_and_full)
{
	static const struct { int64_t done, total; const char *bar; } rows[] = {
		{ 0, 10, "[..........]" }, { 5, 10, "[=====>....]" }, { 9, 10, "[=========>]" },
		{ 10, 10, "[==========]" }, { 12, 10, "[==========]" }, { 0, 0, "[..........]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf bar = {0};

		bar_add(&bar, rows[i].done, rows[i].total, 10);
		cr_assert_str_eq(buf_text(&bar), rows[i].bar);
		buf_clear(&bar);
	}
}
