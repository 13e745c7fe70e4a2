/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.h: pictures in, pictures out. Only it and the rooms of image.h know
 * vips, and only children work with it.
 *
 * What cannot be decoded is found out in this order, so that a bomb costs nothing: the first
 * bytes say which of a few loaders may look at it; its header says how many pixels it holds;
 * then pixels are read, and every defect of the data is an error.
 */
#ifndef PICTURE_H
#define PICTURE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "consumers/renderer/channel.h"

/* Once, in the spawner: it starts no thread and reads no picture. */
bool picture_open(struct err *err);
/* Adds which libvips this is: "libvips 8.18.7, vectors on". Anybody may ask. */
void picture_library(struct buf *words);

struct picture_task {
	int input, preview;			/* descriptors */
	const int *outputs;			/* one for each view */
	const struct definition *definition;
	int64_t pixels_max;			/* width x height x pages, of input and results */
	const int *assets;			/* descriptors, one for each of the definition's */
};

/* Reject: this picture or this pipeline never works; codes not_an_image, unsupported_format,
 * image_truncated, image_damaged, image_too_large, image_too_complex, operation_failed,
 * out_of_memory, output_too_large. Retry: code
 * disk_full, output_failed. */
bool picture_render(const struct picture_task *task, struct extent *extents, struct err *err);

/* The words of a step that writes text, as a PNG that is clear around them. Codes text_failed, and those of
 * making a picture. It starts a thread: in a child that is closed in but for fonts, and for no picture. */
bool picture_label(const struct step *step, int output, int64_t pixels_max, struct extent *extent,
    struct err *err);

/* The input of a command, when it is a picture that we know: has it all its pixels, and not too
 * many? Codes as above. */
bool picture_check(const struct picture_task *task, struct err *err);

/* The outputs that a command wrote: are they what the views say? And the preview of the first.
 * Words of people and cameras that stand in them are taken out. */
bool picture_inspect(const struct picture_task *task, struct extent *extents, struct err *err);

enum { PICTURE_FIRST_BYTES = 4096 };	/* by which its kind is known */
/* jpeg, png, webp, tiff, gif, avif by the first bytes, or NULL. Pure. */
const char *picture_kind(const uint8_t *bytes, size_t size);
/* A picture's kind that we know and do not read (HEIC, a camera's RAW, PSD, PDF, SVG ..), in words for
 * people, or NULL. Pure. */
const char *picture_kind_unread(const uint8_t *bytes, size_t size);

/* The power of two, 1 to 8, by which a JPEG may be read smaller on its way to width x height. Pure. */
int picture_shrink(int from_width, int from_height, int width, int height, bool covers);

/* How large it becomes within width x height, or to cover that, in its own shape: as libvips rounds,
 * from the sides of the whole picture. Pure. */
void picture_fit(int from_width, int from_height, int width, int height, bool covers, int *fit_width,
    int *fit_height);

/* Must it be enlarged to cover width x height? Then the part of it that will be seen. Pure. */
bool picture_precut(int from_width, int from_height, int width, int height, int *cut_width,
    int *cut_height);
#endif
