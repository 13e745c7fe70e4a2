/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet_draw.c: a contact sheet's pixels. They lie in memory of our own, and each preview is copied to
 * where it belongs: a sheet of thousands is no deep graph of libvips, and a defect costs one cell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/utf8.h"
#include "consumers/renderer/image.h"
#include "consumers/renderer/jpeg.h"
#include "consumers/renderer/sheet.h"

enum { QUALITY = 82, POINTS_AN_INCH = 72, WORDS_MAX = 1024 }; /* so a point is a pixel */

/* ---- pictures ---- */

static void
fill(uint8_t *pixels, const struct sheet_layout *layout, struct sheet_box box, int grey)
{
	for (int y = box.y; y < box.y + box.height; y++)
		memset(pixels + ((size_t)y * (size_t)layout->width + (size_t)box.x) * 3, grey,
		    (size_t)box.width * 3);
}

/* In the middle of its cell, straight from the decoder: libvips would begin anew for each, which for
 * so small a picture costs ten times as much. */
static bool
preview_place(uint8_t *pixels, const struct sheet_layout *layout, struct sheet_box cell,
    const uint8_t *bytes, size_t size)
{
	size_t stride = (size_t)layout->width * 3;
	struct err err = { 0 };

	return size > 0 && jpeg_place(pixels + (size_t)cell.y * stride + (size_t)cell.x * 3, stride,
	    cell.width, bytes, size, &err);
}

bool
sheet_pictures(uint8_t **ret, const struct sheet_layout *layout, int cells, const uint8_t *previews,
    size_t size, struct err *err)
{
	size_t n = (size_t)layout->width * (size_t)layout->height * 3, at = 0;
	uint8_t *pixels = malloc(n);

	if (!pixels)
		return err_set(err, ERR_FATAL, "out of memory");
	memset(pixels, SHEET_PAPER, n);
	for (int i = 0; i < cells; i++) {
		struct sheet_box cell = sheet_cell(layout, i);
		uint32_t its = 0;

		if (size - at >= sizeof(its)) {
			memcpy(&its, previews + at, sizeof(its));
			at += sizeof(its);
		}
		its = its > size - at ? 0 : its;
		fill(pixels, layout, cell, SHEET_CELL_GREY);
		if (!preview_place(pixels, layout, cell, previews + at, its))
			fill(pixels, layout, cell, SHEET_EMPTY_GREY);
		at += its;
	}
	*ret = pixels;
	return true;
}

bool
sheet_save(uint8_t *pixels, const struct sheet_layout *layout, int fd, struct err *err)
{
	const struct format *jpeg = format_find("jpeg");
	const struct argument quality = { .rule = rule_find(jpeg->rules, "Q"), .number = QUALITY };
	own(image_freep) VipsImage *image = vips_image_new_from_memory(pixels,
	    (size_t)layout->width * (size_t)layout->height * 3, layout->width, layout->height, 3,
	    VIPS_FORMAT_UCHAR);

	if (!image)
		return image_err(err, "operation_failed", "sheet");
	image->Type = VIPS_INTERPRETATION_sRGB;
	return image_save(image, jpeg, &quality, 1, fd, err);
}

/* ---- words ---- */

/* One line of them, a band of 0 to 255; NULL: they cannot be drawn. */
static VipsImage *
words_draw(const char *words, const char *font)
{
	struct buf markup = { 0 };
	VipsImage *ret = NULL;

	for (const char *c = words; *c; c++)
		if (*c == '&' || *c == '<' || *c == '>')
			buf_print(&markup, "&#%d;", *c);
		else
			buf_add(&markup, *c > 0 && *c < ' ' ? " " : c, 1);
	if (vips_text(&ret, buf_text(&markup), "font", font, "dpi", POINTS_AN_INCH, NULL))
		vips_error_clear();
	buf_clear(&markup);
	return ret;
}

static bool
is_middle(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80; /* of a letter of several bytes */
}

/* Too wide: its middle goes, since names differ at their ends. */
static void
shorten(char *ret, size_t size, const char *words, int is, int wanted)
{
	size_t n = strlen(words), keep = n * (size_t)wanted * 19 / 20 / (size_t)is;
	size_t front, back;

	keep = keep > 2 ? keep - 2 : 1;
	front = keep / 2;
	back = n - (keep - front);
	while (front > 0 && is_middle(words[front]))
		front--;
	while (words[back] && is_middle(words[back]))
		back++;
	snprintf(ret, size, "%.*s\xe2\x80\xa6%s", (int)front, words, words + back);
}

/* What goes over the box's edges is cut. */
static void
mask_lay(uint8_t *layer, const struct sheet_layout *layout, struct sheet_box box, VipsImage *mask,
    bool centred)
{
	int x = centred && mask->Xsize < box.width ? (box.width - mask->Xsize) / 2 : 0;
	int y = mask->Ysize < box.height ? (box.height - mask->Ysize) / 2 : 0;
	size_t n;
	uint8_t *from = mask->Bands == 1 && mask->BandFmt == VIPS_FORMAT_UCHAR
	    ? vips_image_write_to_memory(mask, &n)
	    : NULL;

	for (int row = 0; from && row < mask->Ysize && y + row < box.height; row++)
		for (int i = 0; i < mask->Xsize && x + i < box.width; i++)
			layer[(size_t)(box.y + y + row) * (size_t)layout->width
			    + (size_t)(box.x + x + i)] = (uint8_t)(SHEET_PAPER
			    - from[row * mask->Xsize + i] * 4 / 5);
	g_free(from);
	vips_error_clear();
}

static void
line_lay(uint8_t *layer, const struct sheet_layout *layout, struct sheet_box box, const char *words,
    const char *font, bool centred)
{
	own(image_freep) VipsImage *mask = *words ? words_draw(words, font) : NULL;
	char shorter[WORDS_MAX + 8];

	if (mask && mask->Xsize > box.width) {
		shorten(shorter, sizeof(shorter), words, mask->Xsize, box.width);
		g_clear_object(&mask);
		mask = words_draw(shorter, font);
	}
	if (mask)
		mask_lay(layer, layout, box, mask, centred);
}

/* The next line; "" when there are no more. */
static const char *
line_take(char ret[WORDS_MAX], const char **words)
{
	size_t n = strcspn(*words, "\n");

	snprintf(ret, WORDS_MAX, "%.*s", (int)n, *words);
	utf8_mend(ret); /* it may have been cut */
	*words += n + ((*words)[n] == '\n');
	return ret;
}

bool
sheet_words(
    uint8_t **ret, const struct sheet_layout *layout, int cells, const char *words, struct err *err)
{
	size_t n = (size_t)layout->width * (size_t)layout->height;
	uint8_t *layer = malloc(n);
	char line[WORDS_MAX];

	if (!layer)
		return err_set(err, ERR_FATAL, "out of memory");
	memset(layer, SHEET_PAPER, n);
	line_lay(
	    layer, layout, sheet_title(layout), line_take(line, &words), "sans bold 24", false);
	line_lay(layer, layout, sheet_line(layout), line_take(line, &words), "sans 14", false);
	line_take(line, &words);
	if (layout->has_end)
		line_lay(layer, layout, sheet_end(layout), line, "sans 14", false);
	for (int i = 0; i < cells; i++) {
		line_lay(
		    layer, layout, sheet_name(layout, i), line_take(line, &words), "sans 12", true);
		line_lay(
		    layer, layout, sheet_cell(layout, i), line_take(line, &words), "sans 14", true);
	}
	*ret = layer;
	return true;
}
