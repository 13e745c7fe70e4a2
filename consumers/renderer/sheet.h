/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.h: contact sheets (batch/sheet.h says where everything stands), drawn by two short-lived
 * processes that whoever wants one starts with an empty environment:
 *
 *	batchline-renderer --sheet-words CELLS END	words on 0, layer on 1
 *	batchline-renderer --sheet CELLS END		previews on 0, JPEG on 1, layer on 3
 *
 * Each closes itself in as a child of the renderer does before it reads a byte. The first sees the
 * host's fonts and no picture; the second sees pictures and nothing else. END is 1 when the sheet has
 * a line at its end.
 *
 *	words		lines of UTF-8: title, line, end, and of each cell its name and a note
 *	layer		a byte for each pixel of the sheet: what of the paper's light is left
 *	previews	of each cell its size (uint32_t of this machine), then so many bytes of JPEG
 *
 * A preview of no bytes, or one that cannot be read, is a grey cell. A layer that is too short: no words
 * from there on.
 */
#ifndef RENDERER_SHEET_H
#define RENDERER_SHEET_H
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "batch/sheet.h"

/* of_words: the first of the two. argv: what is behind the mode. */
int sheet_main(bool of_words, int argc, char **argv);

/* sheet_draw.c, between picture_open() and the end of the process */
enum { SHEET_PAPER = 255, SHEET_CELL_GREY = 242, SHEET_EMPTY_GREY = 212 };
/* *ret: width x height, three bands; the caller's to free. */
bool sheet_pictures(uint8_t **ret, const struct sheet_layout *layout, int cells,
    const uint8_t *previews, size_t size, struct err *err);
/* *ret: width x height, one band; the caller's to free. */
bool sheet_words(uint8_t **ret, const struct sheet_layout *layout, int cells, const char *words,
    struct err *err);
bool sheet_save(uint8_t *pixels, const struct sheet_layout *layout, int fd, struct err *err);
#endif
