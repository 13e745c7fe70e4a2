/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h: what the rooms of picture.h share. They alone include vips, and only children call
 * them once pictures are there.
 *
 *	picture.c	a job: its views, one by one, and what a command wrote
 *	reading.c	the input: what it is, how large, its pixels to the last one
 *	colour.c	profiles that fit, and numbers that mean a colour
 *	steps.c		operations by name
 *	compound.c	those that are no class of libvips, and composite.c
 *	frames.c	animations, each frame as if it were a picture
 *	saving.c	outputs and previews, and what may stand in them beside the pixels
 *
 * Images are only computed when they are read; image_compute() does that at a time of our choice.
 */
#ifndef IMAGE_H
#define IMAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vips/vips.h>
#include <vips/vector.h>
#include "base/err.h"
#include "base/own.h"
#include "pipeline/definition.h"

static inline void
image_freep(VipsImage **image)
{
	g_clear_object(image);
}

/* ---- reading.c ---- */

struct input {
	int fd;
	const char *kind;
	VipsSource *source;
	VipsImage *whole;		/* opened to read its header, until somebody reads its pixels */
	int width, height;		/* as they lie in the file */
	int pages;			/* of which the first is rendered, unless frames are wanted */
	double bytes;			/* of all pixels of one, decoded */
	bool shrinks;		/* its decoder can make it smaller while it reads */
	bool turned;			/* shown, width and height change places */
	VipsImage *shared;		/* read once for all views, or NULL */
	struct assets *assets;		/* of the pipeline; NULL: it has none */
};

/* What a pipeline lays over pictures, blobs and words: read when first needed, in sRGB with its alpha. */
struct assets { const int *fds; VipsImage *images[ASSETS_MAX]; };

/* Looks at the header alone. What was opened is closed by input_close() in any case. */
bool input_open(struct input *in, int fd, int64_t pixels_max, struct err *err);
void input_close(struct input *in);
/* One reading for several views, as small as all of them allow, if memory can hold it. */
bool input_share(struct input *in, const struct definition *d, struct err *err);
/* What the view begins with; pixels are not read yet unless they are shared. */
bool input_load(VipsImage **ret, struct input *in, const struct view *view, struct err *err);
/* All its pages, one below the other; computed, since they are taken one by one. */
bool input_load_pages(VipsImage **ret, struct input *in, struct err *err);
/* thumbnail_image, of what input_load() gave: as large as that of the whole picture. */
bool input_thumbnail(VipsImage **image, const struct input *in, const struct step *step,
    int64_t pixels_max, struct err *err);
/* Reads it to its end for nothing but to know that there is one. */
bool input_check(struct input *in, struct err *err);
/* Computes what hangs on the input alone; a defect of its data is an error. */
bool input_compute(VipsImage **image, const struct input *in, struct err *err);

/* ---- colour.c ---- */

/* Are the numbers of these pixels colours that we know? Else code unsupported_format. */
bool colour_is_known(VipsImage *image, struct err *err);
/* Passes over a profile that does not fit the pixels, or is none; ink always has one afterwards. */
bool colour_mend(VipsImage **image, struct err *err);
/* Is its profile one that colour_mend() gave to ink that had none? No file needs to carry it. */
bool colour_is_lent(VipsImage *image);
/* Would a screen show it wrongly as it is? */
bool colour_needs_profile(VipsImage *image);
/* Eight bits of sRGB or grey, and no profile: what a thumbnail is made in. */
bool colour_is_plain(VipsImage *image);
/* Pixels that mean the same without their profile. */
bool colour_to_srgb(VipsImage **image, struct err *err);
/* A way for a transform to begin with: without a profile, only sRGB and CMYK are one. */
bool colour_begin(VipsImage **image, struct err *err);
/* 1, or what a number of eight bits is to be multiplied by. */
double colour_depth(VipsImage *image);

/* ---- steps.c ---- */

/* A saver or an operation with its input and arguments, built; the caller's to operation_end(). */
bool operation_begin(VipsOperation **ret, const char *name, VipsImage *in,
    const struct argument *arguments, size_t n, bool white);
void operation_end(VipsOperation *operation);
/* All of a view from this one on. */
bool steps_run(VipsImage **image, const struct input *in, const struct view *view, size_t from,
    int64_t pixels_max, struct err *err);
/* *image becomes what the step makes of it. */
bool step_run(VipsImage **image, const struct step *step, int64_t pixels_max, struct err *err);
/* A background as the numbers of this image: room for one more than NUMBERS_MAX. */
size_t background_fit(double *numbers, size_t n, VipsImage *in, bool with_alpha);
bool step_is(const struct view *view, size_t i, const char *operation);
const struct argument *step_argument(const struct step *step, const char *name);
bool step_upright(VipsImage **image, struct err *err);	/* as its maker held it */
/* A thumbnail that cuts and enlarges: what will be cut away goes before the rest is made large. */
bool step_precuts(VipsImage *image, const struct step *step);
bool step_precut(VipsImage **image, const struct step *step, struct err *err);

/* ---- frames.c ---- */

/* Can a file of this format hold frames? */
bool frames_can(const struct format *format);
/* The view of every frame, one below the other, with their times; no more pixels than pixels_max. */
bool frames_render(VipsImage **ret, struct input *in, const struct view *view,
    int64_t pixels_max, struct err *err);
/* Of what frames_render() gave; of any other image, all of it. */
bool frames_first(VipsImage **ret, VipsImage *image, struct err *err);

/* ---- compound.c: operations that are no class of libvips under their own name ---- */

/* *alpha stays NULL when there is none; what is clear is to stay as clear as it was. */
bool compound_split(VipsImage **colours, VipsImage **alpha, VipsImage *in);
bool compound_median(VipsImage **ret, VipsImage *in, const struct step *step);
bool compound_sharpen_mild(VipsImage **ret, VipsImage *in, const struct step *step);
bool compound_trim(VipsImage **ret, VipsImage *in, const struct step *step);
/* Where something stands that has so much room in one direction. */
int compound_place(int room, const char *gravity, const char *first, const char *last);
/* Within width x height: smaller if it does not fit, never larger. */
bool compound_pad(VipsImage **ret, VipsImage *in, const struct step *step);

/* ---- composite.c ---- */

/* *image with the step's asset over it. An asset that cannot be read: code bad_asset. */
bool composite_run(VipsImage **image, const struct step *step, struct assets *assets,
    int64_t pixels_max, struct err *err);
void assets_clear(struct assets *assets);

/* ---- saving.c ---- */

/* Can this library write it? Else code unsupported_format. */
bool image_saver_is_there(const struct format *format, struct err *err);
bool image_save(VipsImage *image, const struct format *format, const struct argument *options,
    size_t n, int fd, struct err *err);
/* background: behind what is clear; NULL: white. */
bool image_save_preview(VipsImage *image, const struct argument *background, int fd,
    struct err *err);
/* Of people and cameras, beside the pixels? JPEG and TIFF may hold some that libvips knows not. */
bool image_has_words(VipsImage *image, const struct format *format);
/* The same picture in the same file, without them; its profile stays. Of a JPEG that stands upright
 * not a pixel changes. */
bool image_save_over(VipsImage **image, const struct format *format, int fd, struct err *err);

/* ---- rights.c ---- */

/* Author and copyright, and nothing else of people. */
void rights_copy(VipsImage *to, VipsImage *from);

/* ---- picture.c ---- */

/* What libvips has to say, under our code; its buffer is empty afterwards. */
bool image_err(struct err *err, const char *code, const char *what);
/* Computes it, into memory; what goes wrong comes to the code, or to out_of_memory. */
bool image_compute(VipsImage **image, const char *code, const char *what, struct err *err);
bool pixels_are_few(VipsImage *image, int pages, int64_t most, const char *what, struct err *err);
#endif
