/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jpeg.h: what libvips does not ask of a JPEG. Only jpeg.c includes jpeglib.h.
 */
#ifndef JPEG_H
#define JPEG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum {
	JPEG_MARKERS_MAX = 4096,	/* metadata of a camera is a dozen, of an archive some hundred */
	JPEG_SCANS_MAX = 100,		/* encoders write one to a dozen */
};

/* Before it is decoded: each marker and each scan costs time, whatever the file's size. Code
 * image_too_complex. */
bool jpeg_is_modest(int fd, struct err *err);

/* Decodes it, small: is every pixel there, with an end marker or without? Codes image_truncated,
 * image_damaged, out_of_memory. */
bool jpeg_is_whole(int fd, struct err *err);

/* Decodes it into the middle of a square of RGB, whose rows lie stride bytes apart: by the largest eighth,
 * at most 1, at which it has room there. Codes as above; the square may be half written then. */
bool jpeg_place(uint8_t *square, size_t stride, int side, const uint8_t *bytes, size_t size,
    struct err *err);

/* Takes out of the file every segment that is neither picture nor colour: EXIF, XMP, IPTC,
 * comments, previews, and what stands behind the end. */
bool jpeg_drop_words(int fd, struct err *err);
#endif
