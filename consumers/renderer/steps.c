/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c: libvips' operations and savers, by name, with the arguments of a pipeline. */
#include <math.h>
#include <string.h>
#include "consumers/renderer/image.h"
#include "consumers/renderer/picture.h"

/* A colour of a screen as ink, roughly; white is no ink at all. */
static size_t
ink_fit(double numbers[4], VipsImage *in)
{
	double most = in->BandFmt == VIPS_FORMAT_USHORT ? 65535 : 255;

	for (int i = 0; i < 3; i++)
		numbers[i] = most - numbers[i] * most / 255;
	numbers[3] = 0;
	return 4;
}

/* Who writes a pipeline does not know what a picture will be. So a background of numbers up to 255
 * is meant in eight bits, whatever the depth, and three of them are a colour, to be had as a grey
 * and behind what is clear. */
size_t
background_fit(double *numbers, size_t n, VipsImage *in, bool with_alpha)
{
	bool small = true, colour = n == 3, alpha = vips_image_hasalpha(in);
	double depth = colour_depth(in);

	for (size_t i = 0; i < n; i++)
		small = small && numbers[i] <= 255;
	if (small && colour && in->Bands - alpha == 4 && in->Type == VIPS_INTERPRETATION_CMYK)
		n = ink_fit(numbers, in);
	else
		for (size_t i = 0; small && i < n; i++)
			numbers[i] *= depth;
	if (colour && in->Bands - alpha == 1) {
		numbers[0] = 0.299 * numbers[0] + 0.587 * numbers[1] + 0.114 * numbers[2];
		n = 1;
	}
	if (with_alpha && alpha && colour && n + 1 == (size_t)in->Bands)
		numbers[n++] = 255 * depth;
	return n;
}

static void
numbers_set(VipsOperation *operation, const struct argument *a, VipsImage *in)
{
	bool fills = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "extend");
	double numbers[NUMBERS_MAX + 1];
	GValue value = G_VALUE_INIT;
	size_t n = a->n_numbers;

	memcpy(numbers, a->numbers, sizeof(a->numbers));
	if (!strcmp(a->rule->name, "background"))
		n = background_fit(numbers, n, in, fills);
	g_value_init(&value, VIPS_TYPE_ARRAY_DOUBLE);
	vips_value_set_array_double(&value, numbers, (int)n);
	g_object_set_property(G_OBJECT(operation), a->rule->name, &value);
	g_value_unset(&value);
}

static void
number_set(VipsOperation *operation, const struct argument *a)
{
	if (a->rule->kind == ARGUMENT_REAL)
		g_object_set(operation, a->rule->name, a->number, NULL);
	else
		g_object_set(operation, a->rule->name, (int)a->number, NULL);
}

static bool
argument_set(VipsOperation *operation, const struct argument *a, VipsImage *in)
{
	if (a->rule->kind == ARGUMENT_NUMBERS)
		numbers_set(operation, a, in);
	else if (a->rule->kind != ARGUMENT_WORD)
		number_set(operation, a);
	else if (strcmp(a->word, "none") || strcmp(a->rule->name, "export_profile"))
		return !vips_object_set_argument_from_string(VIPS_OBJECT(operation), a->rule->name,
		    a->word);
	return true;
}

static void
white_set(VipsOperation *operation, VipsImage *in)
{
	static const struct argument_rule rule = { "background", ARGUMENT_NUMBERS, false, 0, 255,
		NULL };
	struct argument white = { .rule = &rule, .numbers = { 255 }, .n_numbers = 1 };

	numbers_set(operation, &white, in);
}

bool
operation_begin(VipsOperation **ret, const char *name, VipsImage *in,
    const struct argument *arguments, size_t n, bool white)
{
	VipsOperation *operation = vips_operation_new(name);
	bool well = operation != NULL;

	if (well)	/* those that cut have another word for it */
		g_object_set(operation, g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "in")
		    ? "in" : "input", in, NULL);
	for (size_t i = 0; well && i < n; i++)
		well = argument_set(operation, &arguments[i], in);
	if (well && white && !argument_find(arguments, n, "background"))
		white_set(operation, in);
	if (well && !strcmp(name, "thumbnail_image") && colour_needs_profile(in)
	    && !argument_find(arguments, n, "export_profile"))
		g_object_set(operation, "export_profile", "srgb", NULL);
	well = well && !vips_cache_operation_buildp(&operation);
	if (well)
		*ret = operation;
	else if (operation)
		operation_end(operation);
	return well;
}

void
operation_end(VipsOperation *operation)
{
	vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
}

static bool
by_name(VipsImage **ret, VipsImage *in, const struct step *step)
{
	VipsOperation *operation = NULL;

	if (!operation_begin(&operation, step->operation->name, in, step->arguments,
	    step->n_arguments, false))
		return false;
	g_object_get(operation, "out", ret, NULL);
	operation_end(operation);
	return true;
}

/* Of what is clear they mean the colours alone, unless they have a number for each band. */
static bool
on_colours(VipsImage **ret, VipsImage *in, const struct step *step)
{
	const struct argument *a = step_argument(step, "a");
	own(image_freep) VipsImage *colours = NULL, *alpha = NULL, *made = NULL;

	if (!vips_image_hasalpha(in) || (a && a->n_numbers == (size_t)in->Bands))
		return by_name(ret, in, step);
	return compound_split(&colours, &alpha, in) && by_name(&made, colours, step)
	    && !vips_bandjoin2(made, alpha, ret, NULL);
}

static bool
by_its_maker(VipsImage **ret, VipsImage *in, const struct step *step)
{
	static const struct {
		const char *name;
		bool (*make)(VipsImage **ret, VipsImage *in, const struct step *step);
	} makers[] = {
		{ "canny", on_colours },
		{ "gamma", on_colours },
		{ "hist_equal", on_colours },
		{ "invert", on_colours },
		{ "linear", on_colours },
		{ "median", compound_median },
		{ "pad", compound_pad },
		{ "sharpen_mild", compound_sharpen_mild },
		{ "trim", compound_trim },
	};

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
		if (!strcmp(makers[i].name, step->operation->name))
			return makers[i].make(ret, in, step);
	return by_name(ret, in, step);
}

/* Would it give back the same pixels? To ask libvips for them costs more than a small picture does. */
static bool
is_idle(VipsImage *image, const struct step *step)
{
	const struct argument *height = step_argument(step, "height"), *width, *size, *crop;

	if (!colour_is_plain(image))
		return false;
	if (!strcmp(step->operation->name, "colourspace"))
		return step->n_arguments == 1 && (int)image->Type
		    == vips_enum_from_nick("space", VIPS_TYPE_INTERPRETATION, step->arguments->word);
	width = step_argument(step, "width");
	size = step_argument(step, "size");
	crop = step_argument(step, "crop");
	return !strcmp(step->operation->name, "thumbnail_image") && size && !strcmp(size->word, "down")
	    && (!crop || !strcmp(crop->word, "none")) && vips_image_get_orientation(image) <= 1
	    && image->Xsize <= width->number && image->Ysize <= (height ? height : width)->number
	    && !step_argument(step, "export_profile") && !step_argument(step, "import_profile")
	    && !step_argument(step, "linear");
}

bool
step_run(VipsImage **image, const struct step *step, int64_t pixels_max, struct err *err)
{
	own(image_freep) VipsImage *in = *image;
	own(image_freep) VipsImage *out = NULL;
	bool well;

	if (is_idle(in, step))
		return in = NULL, true;
	*image = NULL;
	if (!strcmp(step->operation->name, "icc_transform") && !colour_begin(&in, err))
		return false;
	well = by_its_maker(&out, in, step);
	/* a picture that was evened out is a picture still */
	if (well && vips_image_get_interpretation(out) == VIPS_INTERPRETATION_HISTOGRAM)
		well = !vips_copy(out, image, "interpretation", in->Type, NULL);
	else if (well)
		*image = g_steal_pointer(&out);
	return well ? pixels_are_few(*image, 1, pixels_max, step->operation->name, err)
	    : image_err(err, "operation_failed", step->operation->name);
}

bool
steps_run(VipsImage **image, const struct input *in, const struct view *view, size_t from,
    int64_t pixels_max, struct err *err)
{
	for (size_t i = from; i < view->n_steps; i++)
		if (!(step_is(view, i, "composite") || step_is(view, i, "text")
		    ? composite_run(image, &view->steps[i], in->assets, pixels_max, err)
		    : step_run(image, &view->steps[i], pixels_max, err)))
			return false;
	return true;
}

bool
step_is(const struct view *view, size_t i, const char *operation)
{
	return i < view->n_steps && !strcmp(view->steps[i].operation->name, operation);
}

const struct argument *
step_argument(const struct step *step, const char *name)
{
	return argument_find(step->arguments, step->n_arguments, name);
}

bool
step_upright(VipsImage **image, struct err *err)
{
	VipsImage *out = NULL;

	if (vips_image_get_orientation(*image) <= 1)
		return true;
	if (vips_autorot(*image, &out, NULL))
		return image_err(err, "operation_failed", "autorot");
	g_object_unref(*image);
	*image = out;
	return true;
}

static bool
is_true(const struct argument *a)
{
	return a && a->number != 0;
}

/* The part of the image that this step will show, when it is less than all and to be enlarged. */
static bool
seen(VipsImage *image, const struct step *step, int *width, int *height)
{
	const struct argument *crop = step_argument(step, "crop"), *size = step_argument(step, "size");
	const struct argument *tall = step_argument(step, "height");
	int wide = (int)step_argument(step, "width")->number;
	bool turned = vips_image_get_orientation_swap(image)
	    && !is_true(step_argument(step, "no_rotate"));

	return crop && strcmp(crop->word, "none") && strcmp(crop->word, "all")
	    && (!size || !strcmp(size->word, "both") || !strcmp(size->word, "up"))
	    && picture_precut(turned ? image->Ysize : image->Xsize,
	        turned ? image->Xsize : image->Ysize, wide, tall ? (int)tall->number : wide, width,
	        height);
}

bool
step_precuts(VipsImage *image, const struct step *step)
{
	int width, height;

	return seen(image, step, &width, &height);
}

bool
step_precut(VipsImage **image, const struct step *step, struct err *err)
{
	VipsImage *out = NULL;
	int width, height;

	if (!seen(*image, step, &width, &height))
		return true;
	if (!is_true(step_argument(step, "no_rotate")) && !step_upright(image, err))
		return false;
	if (vips_smartcrop(*image, &out, width, height, "interesting", vips_enum_from_nick("crop",
	    VIPS_TYPE_INTERESTING, step_argument(step, "crop")->word), NULL))
		return image_err(err, "operation_failed", step->operation->name);
	g_object_unref(*image);
	*image = out;
	return true;
}
