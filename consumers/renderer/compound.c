/* SPDX-License-Identifier: Apache-2.0 */
/* compound.c: operations of a pipeline that are several of libvips', or one by another name. */
#include <math.h>
#include <string.h>
#include "consumers/renderer/image.h"
#include "consumers/renderer/picture.h"

enum {
	TRIM_THRESHOLD = 10,	/* as libvips has it */
	PAD_SMALLER = 8,	/* what is to be blurred is made so much smaller, and large again */
};

static void
array_freep(VipsArrayDouble **array)
{
	if (*array)
		vips_area_unref(VIPS_AREA(*array));
}

bool
compound_split(VipsImage **colours, VipsImage **alpha, VipsImage *in)
{
	int n = in->Bands - 1;

	if (!vips_image_hasalpha(in))
		return !vips_copy(in, colours, NULL);
	return !vips_extract_band(in, colours, 0, "n", n, NULL)
	    && !vips_extract_band(in, alpha, n, NULL);
}

bool
compound_median(VipsImage **ret, VipsImage *in, const struct step *step)
{
	const struct argument *size = step_argument(step, "size");

	return !vips_median(in, ret, size ? (int)size->number : 3, NULL);
}

bool
compound_sharpen_mild(VipsImage **ret, VipsImage *in, const struct step *step)
{
	own(image_freep) VipsImage *mask = vips_image_new_matrixv(3, 3, -1.0, -1.0, -1.0, -1.0, 32.0,
	    -1.0, -1.0, -1.0, -1.0);
	own(image_freep) VipsImage *colours = NULL, *alpha = NULL, *sharp = NULL;

	(void)step;
	vips_image_set_double(mask, "scale", 24);
	if (!compound_split(&colours, &alpha, in)
	    || vips_convi(colours, &sharp, mask, NULL))
		return false;
	if (alpha)
		return !vips_bandjoin2(sharp, alpha, ret, NULL);
	*ret = g_steal_pointer(&sharp);
	return true;
}

/* ---- trim ---- */

/* The picture and its border's colour; where the border is clear, the picture is what is not. */
static bool
border_find(VipsImage **seen, double numbers[NUMBERS_MAX], int *n, VipsImage *in,
    const struct step *step)
{
	const struct argument *border = step_argument(step, "border");
	int last = in->Bands - 1;
	own(array_freep) VipsArrayDouble *under = NULL;
	bool alpha = vips_image_hasalpha(in);
	double *corner = NULL;

	if (vips_getpoint(in, &corner, n, 0, 0, NULL))
		return false;
	if (alpha && !border && corner[last] == 0) {
		g_free(corner);
		numbers[0] = 0;
		*n = 1;
		return !vips_extract_band(in, seen, last, NULL);
	}
	memcpy(numbers, corner, sizeof(*numbers) * (size_t)VIPS_MIN(*n, NUMBERS_MAX));
	g_free(corner);
	*n = VIPS_MIN(*n - alpha, NUMBERS_MAX);
	if (border) {
		memcpy(numbers, border->numbers, sizeof(border->numbers));
		*n = (int)background_fit(numbers, border->n_numbers, in, false);
	}
	if (!alpha)
		return !vips_copy(in, seen, NULL);
	under = vips_array_double_new(numbers, *n);
	return !vips_flatten(in, seen, "background", under, NULL);
}

bool
compound_trim(VipsImage **ret, VipsImage *in, const struct step *step)
{
	const struct argument *threshold = step_argument(step, "threshold");
	own(image_freep) VipsImage *seen = NULL;
	own(array_freep) VipsArrayDouble *border = NULL;
	double numbers[NUMBERS_MAX];
	int n, left, top, width, height;

	if (!border_find(&seen, numbers, &n, in, step))
		return false;
	border = vips_array_double_new(numbers, n);
	if (vips_find_trim(seen, &left, &top, &width, &height, "background", border, "threshold",
	    (threshold ? threshold->number : TRIM_THRESHOLD) * colour_depth(in), NULL))
		return false;
	if (width == 0 || height == 0)		/* it is all border: a picture of one colour */
		return !vips_copy(in, ret, NULL);
	return !vips_extract_area(in, ret, left, top, width, height, NULL);
}

/* ---- pad ---- */

struct frame { int width, height, x, y; };

int
compound_place(int room, const char *gravity, const char *first, const char *last)
{
	return strstr(gravity, first) ? 0 : strstr(gravity, last) ? room : room / 2;
}

static struct frame
frame_of(VipsImage *in, const struct step *step)
{
	const struct argument *gravity = step_argument(step, "gravity");
	const char *word = gravity ? gravity->word : "centre";
	struct frame frame = { (int)step_argument(step, "width")->number,
		(int)step_argument(step, "height")->number, 0, 0 };

	frame.x = compound_place(frame.width - in->Xsize, word, "west", "east");
	frame.y = compound_place(frame.height - in->Ysize, word, "north", "south");
	return frame;
}

static bool
pad_colour(VipsImage **ret, VipsImage *in, const struct frame *frame, const struct argument *given)
{
	double numbers[NUMBERS_MAX + 1] = { 255 };
	own(array_freep) VipsArrayDouble *colour = NULL;
	size_t n = given ? given->n_numbers : 1;

	if (given)
		memcpy(numbers, given->numbers, sizeof(given->numbers));
	if (n == 1) {		/* a grey, and not so much of what is behind it */
		numbers[1] = numbers[2] = numbers[0];
		n = 3;
	}
	n = background_fit(numbers, n, in, true);
	colour = vips_array_double_new(numbers, (int)n);
	return !vips_embed(in, ret, frame->x, frame->y, frame->width, frame->height, "extend",
	    VIPS_EXTEND_BACKGROUND, "background", colour, NULL);
}

static bool
pad_blurred(VipsImage **ret, VipsImage *in, const struct frame *frame)
{
	own(image_freep) VipsImage *cover = NULL, *blurred = NULL, *behind = NULL;
	int wide = (int)ceil((double)frame->width / PAD_SMALLER);
	int tall = (int)ceil((double)frame->height / PAD_SMALLER);
	double sigma = fmax(1, fmax(wide, tall) / 40.0);

	if (vips_thumbnail_image(in, &cover, wide, "height", tall, "crop", VIPS_INTERESTING_CENTRE,
	        "no_rotate", TRUE, NULL)
	    || vips_gaussblur(cover, &blurred, sigma, NULL)
	    || vips_resize(blurred, &behind, (double)frame->width / wide, "vscale",
	        (double)frame->height / tall, "kernel", VIPS_KERNEL_CUBIC, NULL))
		return false;
	if (!vips_image_hasalpha(in))
		return !vips_insert(behind, in, ret, frame->x, frame->y, NULL);
	return !vips_composite2(behind, in, ret, VIPS_BLEND_MODE_OVER, "x", frame->x, "y", frame->y,
	    NULL);
}

/* In colours of which we know the white. */
static bool
pad_begin(VipsImage **ret, VipsImage *in)
{
	VipsInterpretation kind = vips_image_get_interpretation(in);

	return kind == VIPS_INTERPRETATION_sRGB || kind == VIPS_INTERPRETATION_B_W
	    || kind == VIPS_INTERPRETATION_RGB16 || kind == VIPS_INTERPRETATION_GREY16
	    ? !vips_copy(in, ret, NULL)
	    : !vips_colourspace(in, ret, VIPS_INTERPRETATION_sRGB, NULL);
}

bool
compound_pad(VipsImage **ret, VipsImage *in, const struct step *step)
{
	const struct argument *blur = step_argument(step, "blur");
	own(image_freep) VipsImage *known = NULL, *fits = NULL;
	struct frame frame;

	if (!pad_begin(&known, in)
	    || vips_thumbnail_image(known, &fits, (int)step_argument(step, "width")->number, "height",
	        (int)step_argument(step, "height")->number, "size", VIPS_SIZE_DOWN, "no_rotate", TRUE,
	        NULL))
		return false;
	frame = frame_of(fits, step);
	return blur && blur->number != 0 ? pad_blurred(ret, fits, &frame)
	    : pad_colour(ret, fits, &frame, step_argument(step, "background"));
}
