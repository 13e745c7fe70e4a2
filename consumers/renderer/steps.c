/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c: libvips' operations and savers, by name, with the arguments of a pipeline. */
#include <math.h>
#include <string.h>
#include "consumers/renderer/image.h"
#include "consumers/renderer/picture.h"

/* Who writes a pipeline does not know how many bits a picture will have: a background of numbers
 * up to 255 is meant in eight bits, whatever the depth. */
static void
numbers_set(VipsOperation *operation, const struct argument *a, double depth)
{
	GValue value = G_VALUE_INIT;
	double numbers[NUMBERS_MAX];
	bool small = !strcmp(a->rule->name, "background");

	for (size_t i = 0; i < a->n_numbers; i++)
		small = small && a->numbers[i] <= 255;
	for (size_t i = 0; i < a->n_numbers; i++)
		numbers[i] = a->numbers[i] * (small ? depth : 1);
	g_value_init(&value, VIPS_TYPE_ARRAY_DOUBLE);
	vips_value_set_array_double(&value, numbers, (int)a->n_numbers);
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
argument_set(VipsOperation *operation, const struct argument *a, double depth)
{
	if (a->rule->kind == ARGUMENT_NUMBERS)
		numbers_set(operation, a, depth);
	else if (a->rule->kind != ARGUMENT_WORD)
		number_set(operation, a);
	else if (strcmp(a->word, "none") || strcmp(a->rule->name, "export_profile"))
		return !vips_object_set_argument_from_string(VIPS_OBJECT(operation), a->rule->name,
		    a->word);
	return true;
}

static void
white_set(VipsOperation *operation, double depth)
{
	static const struct argument_rule rule = { "background", ARGUMENT_NUMBERS, false, 0, 255,
		NULL };
	struct argument white = { .rule = &rule, .numbers = { 255 }, .n_numbers = 1 };

	numbers_set(operation, &white, depth);
}

bool
operation_begin(VipsOperation **ret, const char *name, VipsImage *in,
    const struct argument *arguments, size_t n, bool white)
{
	VipsOperation *operation = vips_operation_new(name);
	double depth = colour_depth(in);
	bool well = operation != NULL;

	if (well)	/* those that cut have another word for it */
		g_object_set(operation, g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "in")
		    ? "in" : "input", in, NULL);
	for (size_t i = 0; well && i < n; i++)
		well = argument_set(operation, &arguments[i], depth);
	if (well && white && !argument_find(arguments, n, "background"))
		white_set(operation, depth);
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

bool
step_run(VipsImage **image, const struct step *step, int64_t pixels_max, struct err *err)
{
	VipsOperation *operation = NULL;
	VipsImage *out = NULL;

	if (!operation_begin(&operation, step->operation->name, *image, step->arguments,
	    step->n_arguments, false))
		return image_err(err, "operation_failed", step->operation->name);
	g_object_get(operation, "out", &out, NULL);
	operation_end(operation);
	g_object_unref(*image);
	*image = out;
	return pixels_are_few(out, 1, pixels_max, step->operation->name, err);
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
