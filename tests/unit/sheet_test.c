/* SPDX-License-Identifier: Apache-2.0 */
/* sheet_test.c: where everything of a contact sheet stands, and that it is drawn there. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "consumers/renderer/sheet.h"
#include "tests/unit/pictures.h"

static bool
overlap(struct sheet_box a, struct sheet_box b)
{
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height
	    && b.y < a.y + a.height;
}

static bool
is_within(struct sheet_box box, const struct sheet_layout *l)
{
	return box.x >= SHEET_MARGIN && box.y >= SHEET_MARGIN
	    && box.x + box.width <= l->width - SHEET_MARGIN
	    && box.y + box.height <= l->height - SHEET_MARGIN;
}

Test(sheet_layout, is_about_as_wide_as_4_to_3_and_no_side_has_more_than_8000_pixels)
{
	static const struct {
		int cells, columns, rows, cell;
	} rows[] = {
		{ 1, 3, 1, SHEET_CELL_MAX },
		{ 3, 3, 1, SHEET_CELL_MAX },
		{ 4, 3, 2, SHEET_CELL_MAX },
		{ 6, 3, 2, SHEET_CELL_MAX },
		{ 7, 4, 2, SHEET_CELL_MAX },
		{ 100, 12, 9, SHEET_CELL_MAX },
		{ 300, 20, 15, SHEET_CELL_MAX },
	};
	struct sheet_layout l;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sheet_lay_out(&l, rows[i].cells, false);
		cr_expect(l.columns == rows[i].columns && l.rows == rows[i].rows
			&& l.cell == rows[i].cell,
		    "%d: %d x %d of %d", rows[i].cells, l.columns, l.rows, l.cell);
	}
	sheet_lay_out(&l, SHEET_CELLS_MAX, true);
	cr_expect(l.cell >= 110 && l.cell < SHEET_CELL_MAX, "%d", l.cell);
	for (int n = 1; n <= SHEET_CELLS_MAX; n++) {
		sheet_lay_out(&l, n, n % 2);
		cr_assert(l.width <= SHEET_SIDE_MAX && l.height <= SHEET_SIDE_MAX, "%d", n);
		cr_assert(l.columns * l.rows >= n && l.columns * (l.rows - 1) < n, "%d", n);
	}
}

Test(sheet_layout, nothing_lies_over_anything_else_nor_over_the_margin)
{
	static const int counts[] = { 1, 2, 7, 100, 700, SHEET_CELLS_MAX };
	struct sheet_layout l;

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		sheet_lay_out(&l, counts[k], true);
		cr_expect(is_within(sheet_title(&l), &l) && is_within(sheet_line(&l), &l)
		    && is_within(sheet_end(&l), &l) && !overlap(sheet_title(&l), sheet_line(&l)));
		for (int i = 0; i < counts[k]; i++) {
			struct sheet_box cell = sheet_cell(&l, i), name = sheet_name(&l, i);

			cr_assert(
			    is_within(cell, &l) && is_within(name, &l) && !overlap(cell, name));
			cr_assert(!overlap(cell, sheet_line(&l)) && !overlap(name, sheet_end(&l)));
			cr_assert(i == 0 || !overlap(sheet_name(&l, i - 1), cell));
			cr_assert(i < l.columns || !overlap(sheet_name(&l, i - l.columns), cell));
		}
	}
}

/* ---- drawn ---- */

TestSuite(sheet, .init = pictures_open);

#define JPEG(side) "{\"views\":[" VIEW("one", FIT(side), "jpeg", "") "]}"

static void
cell_add(struct buf *previews, const void *bytes, uint32_t size)
{
	buf_add(previews, &size, sizeof(size));
	buf_add(previews, bytes, size);
}

/* A JPEG of 200 x 100 in that grey, made once for each. */
static void
grey_add(struct buf *previews, uint8_t grey)
{
	static struct { const void *bytes; size_t size; } made[256];

	if (!made[grey].bytes)
		made[grey].bytes = bytes_of(made_of(plain_tiff(200, 100, grey), JPEG("256")).fds[0],
		    &made[grey].size);
	cell_add(previews, made[grey].bytes, (uint32_t)made[grey].size);
}

static uint8_t
grey_of(int i)
{
	return (uint8_t)(20 + i * 20 % 200);
}

/* The pixels of a sheet of so many, to be freed. */
static uint8_t *
sheet_of(const struct buf *previews, int cells, struct sheet_layout *l)
{
	uint8_t *pixels;
	struct err err = { 0 };

	sheet_lay_out(l, cells, false);
	cr_assert(sheet_pictures(&pixels, l, cells, previews->data, previews->size, &err));
	return pixels;
}

/* At these parts of the cell; a JPEG may be a little off. */
static void
expect_grey(const uint8_t *pixels, const struct sheet_layout *l, int i, double across, double down,
    int grey)
{
	struct sheet_box cell = sheet_cell(l, i);
	int x = (int)(cell.x + across * cell.width), y = (int)(cell.y + down * cell.height);

	for (size_t band = 0; band < 3; band++) {
		int is = pixels[((size_t)y * (size_t)l->width + (size_t)x) * 3 + band];

		cr_expect(abs(is - grey) <= 4, "cell %d, %d, %d is %d, not %d", i, x, y, is, grey);
	}
}

Test(sheet, each_picture_is_in_the_middle_of_its_cell_and_the_rest_is_paper)
{
	static const int counts[] = { 1, 7, 100 };

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		struct buf previews = { 0 };
		struct sheet_layout l;
		uint8_t *pixels;

		for (int i = 0; i < counts[k]; i++)
			grey_add(&previews, grey_of(i));
		pixels = sheet_of(&previews, counts[k], &l);
		for (int i = 0; i < counts[k]; i++) {
			expect_grey(pixels, &l, i, 0.5, 0.5, grey_of(i));
			expect_grey(pixels, &l, i, 0.5, 0.08, SHEET_CELL_GREY);
			expect_grey(pixels, &l, i, 0.5, -0.03, SHEET_PAPER);
		}
		buf_clear(&previews);
		free(pixels);
	}
}

Test(sheet, a_picture_that_is_broken_or_is_none_is_a_grey_cell_and_the_others_are_there)
{
	struct made whole = made_of(plain_tiff(256, 256, 30), JPEG("256"));
	struct made png = made_of(
	    plain_tiff(20, 20, 30), "{\"views\":[" VIEW("one", "", "png", "") "]}");
	struct buf previews = { 0 };
	struct sheet_layout l;
	size_t size, png_size;
	const void *bytes = bytes_of(whole.fds[0], &size),
		   *of_png = bytes_of(png.fds[0], &png_size);
	uint8_t *pixels;

	grey_add(&previews, 60);
	cell_add(&previews, bytes, (uint32_t)size / 2);
	cell_add(&previews, "\xff\xd8\xff not a picture", 18);
	cell_add(&previews, of_png, (uint32_t)png_size);
	cell_add(&previews, "", 0);
	grey_add(&previews, 90);
	cell_add(&previews, bytes, UINT32_C(0));
	previews.size -= 2; /* its size is not even there */
	pixels = sheet_of(&previews, 7, &l);

	expect_grey(pixels, &l, 0, 0.5, 0.5, 60);
	expect_grey(pixels, &l, 5, 0.5, 0.5, 90);
	for (int i = 1; i < 7; i += i == 4 ? 2 : 1)
		expect_grey(pixels, &l, i, 0.5, 0.5, SHEET_EMPTY_GREY);
	buf_clear(&previews);
	free(pixels);
}

Test(sheet, a_large_preview_becomes_small_enough_for_its_cell)
{
	struct made large = made_of(
	    plain_tiff(900, 900, 80), "{\"views\":[" VIEW("one", "", "jpeg", "") "]}");
	struct buf previews = { 0 };
	struct sheet_layout l;
	size_t size;
	const void *bytes = bytes_of(large.fds[0], &size);
	uint8_t *pixels;

	cell_add(&previews, bytes, (uint32_t)size);
	pixels = sheet_of(&previews, 1, &l);
	expect_grey(pixels, &l, 0, 0.08, 0.08, 80);
	expect_grey(pixels, &l, 0, 0.92, 0.92, 80);
	expect_grey(pixels, &l, 0, 0.03, 0.5, SHEET_CELL_GREY);
	expect_grey(pixels, &l, 0, 1.05, 0.5, SHEET_PAPER);
	buf_clear(&previews);
	free(pixels);
}

Test(sheet, a_sheet_of_as_many_as_may_be_shows_the_last_one_whole)
{
	struct buf previews = { 0 };
	struct sheet_layout l;
	uint8_t *pixels;

	for (int i = 0; i < SHEET_CELLS_MAX; i++)
		grey_add(&previews, grey_of(i));
	pixels = sheet_of(&previews, SHEET_CELLS_MAX, &l);
	for (int i = SHEET_CELLS_MAX - 3; i < SHEET_CELLS_MAX; i++)
		expect_grey(pixels, &l, i, 0.5, 0.5, grey_of(i));
	buf_clear(&previews);
	free(pixels);
}

Test(sheet, it_is_stored_as_a_jpeg_of_these_pixels)
{
	struct buf previews = { 0 };
	struct sheet_layout l;
	struct sheet_box cell;
	int fd = memfd_create("sheet", MFD_CLOEXEC);
	struct err err = { 0 };
	uint8_t *pixels;

	grey_add(&previews, 60);
	pixels = sheet_of(&previews, 1, &l);
	cr_assert(sheet_save(pixels, &l, fd, &err), "%s: %s", err.code, err.text);
	cell = sheet_cell(&l, 0);
	expect_colour(fd, (cell.x + 0.5 * cell.width) / l.width, (cell.y + 0.5 * cell.height)
	    / l.height, 60, 60, 60);
	buf_clear(&previews);
	free(pixels);
}

/* ---- words ---- */

/*
 * The layer of words, drawn by a child as the line does: what fontconfig takes it keeps for its process, where
 * a leak checker does not find it. Unmapped by the test's end.
 */
static const uint8_t *
layer_of(const struct sheet_layout *l, int cells, const char *words)
{
	size_t size = (size_t)l->width * (size_t)l->height;
	uint8_t *shared = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *layer;
	struct err err = { 0 };
	int status = -1;
	pid_t child;

	cr_assert(shared != MAP_FAILED);
	child = fork();
	if (child == 0) {
		if (!sheet_words(&layer, l, cells, words, &err))
			_exit(1);
		memcpy(shared, layer, size);
		_exit(0);
	}
	cr_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	return shared;
}

/* How much ink is in the box: 0 to 1. */
static double
ink(const uint8_t *layer, const struct sheet_layout *l, struct sheet_box box)
{
	double sum = 0;

	for (int y = box.y; y < box.y + box.height; y++)
		for (int x = box.x; x < box.x + box.width; x++)
			sum += SHEET_PAPER - layer[(size_t)y * (size_t)l->width + (size_t)x];
	return sum / SHEET_PAPER / box.width / box.height;
}

Test(sheet, each_name_stands_below_its_cell_and_a_note_in_it)
{
	static const char words[] = "Title & <more>\nline\n\na.jpg\n\nb.jpg\nfailed\n\n\n";
	struct sheet_layout l;
	const uint8_t *layer;

	sheet_lay_out(&l, 4, true);
	layer = layer_of(&l, 4, words);
	cr_expect(
	    ink(layer, &l, sheet_title(&l)) > 0.005 && ink(layer, &l, sheet_line(&l)) > 0.001);
	cr_expect(ink(layer, &l, sheet_end(&l)) == 0);
	cr_expect(
	    ink(layer, &l, sheet_name(&l, 0)) > 0.01 && ink(layer, &l, sheet_cell(&l, 0)) == 0);
	cr_expect(
	    ink(layer, &l, sheet_name(&l, 1)) > 0.01 && ink(layer, &l, sheet_cell(&l, 1)) > 0.001);
	for (int i = 2; i < 4; i++)
		cr_expect(ink(layer, &l, sheet_name(&l, i)) == 0
		    && ink(layer, &l, sheet_cell(&l, i)) == 0);
}

Test(sheet, of_a_batch_with_more_pictures_than_places_the_last_line_says_how_many_more)
{
	static const char words[] = "Title\nline\nand 500 more\n";
	struct sheet_layout l;
	const uint8_t *layer;

	sheet_lay_out(&l, SHEET_CELLS_MAX, true);
	layer = layer_of(&l, SHEET_CELLS_MAX, words);
	cr_expect(ink(layer, &l, sheet_end(&l)) > 0.0005);
	cr_expect(sheet_end(&l).y > sheet_name(&l, SHEET_CELLS_MAX - 1).y);
}

Test(sheet, a_name_that_is_too_long_loses_its_middle_and_no_letter_stands_outside)
{
	char words[3000] = "\n\n\n", name[400] = "";
	struct sheet_layout l;
	struct sheet_box gap;
	const uint8_t *layer;

	for (int i = 0; i < 60; i++)
		strcat(name, i % 2 ? "\xc3\xa4" : "W\xe6\xbc\xa2");
	for (int i = 0; i < 3; i++)
		strcat(strcat(words, name), "\n\n");
	sheet_lay_out(&l, 3, false);
	layer = layer_of(&l, 3, words);
	for (int i = 0; i < 2; i++) {
		gap = sheet_name(&l, i);
		cr_expect(ink(layer, &l, gap) > 0.05);
		gap.x += gap.width;
		gap.width = SHEET_GAP;
		cr_expect(ink(layer, &l, gap) == 0);
	}
}
