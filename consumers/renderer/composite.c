/* SPDX-License-Identifier: Apache-2.0 */
/*
 * composite.c: a watermark, a badge, a frame or words over a picture. The asset is a blob like an input,
 * or words that another child drew (label.c), so it is read under the same limits; it is the pipeline's,
 * so what is wrong with it is told apart.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "consumers/renderer/image.h"

void
assets_clear(struct assets *assets)
{
	for (size_t i = 0; i < ASSETS_MAX; i++)
		g_clear_object(&assets->images[i]);
}

/* In colours of a screen, eight bits or sixteen, with its alpha. */
static bool
dress(VipsImage **image, struct err *err)
{
	own(image_freep) VipsImage *colours = NULL, *out = NULL;

	if (!step_upright(image, err) || !colour_to_srgb(image, err))
		return false;
	if (vips_colourspace(*image, &colours, VIPS_INTERPRETATION_sRGB, NULL)
	    || (vips_image_hasalpha(colours) ? vips_copy(colours, &out, NULL)
	        : vips_addalpha(colours, &out, NULL)))
		return image_err(err, "operation_failed", "composite");
	g_object_unref(*image);
	*image = g_steal_pointer(&out);
	return image_compute(image, "operation_failed", "composite", err);
}

static bool
asset_read(VipsImage **ret, int fd, int64_t pixels_max, struct err *err)
{
	static const struct view whole;
	struct input in = {0};
	bool well = input_open(&in, fd, pixels_max, err) && input_load(ret, &in, &whole, err)
	    && input_compute(ret, &in, err) && dress(ret, err);

	input_close(&in);
	return well;
}

/* The cache's own; NULL with the reason. */
static VipsImage *
asset_of(struct assets *assets, const struct step *step, int64_t pixels_max, struct err *err)
{
	const struct argument *blob = step_argument(step, "asset");
	size_t i = step->asset;

	if (assets->images[i] || asset_read(&assets->images[i], assets->fds[i], pixels_max, err))
		return assets->images[i];
	g_clear_object(&assets->images[i]);
	if (err->verdict == ERR_REJECT)
		snprintf(err->code, sizeof(err->code), "bad_asset");
	err_at(err, blob ? "asset %.64s" : "text", blob ? blob->word : "");
	return NULL;
}

static double
number_of(const struct step *step, const char *name, double otherwise)
{
	const struct argument *a = step_argument(step, name);

	return a ? a->number : otherwise;
}

/* As large as will stand in that part of the picture's sides. */
static bool
scale(VipsImage **ret, VipsImage *asset, VipsImage *picture, const struct step *step)
{
	double part = number_of(step, "scale", 0);

	if (part == 0)
		return !vips_copy(asset, ret, NULL);
	return !vips_thumbnail_image(asset, ret, (int)fmax(1, round(picture->Xsize * part)), "height",
	    (int)fmax(1, round(picture->Ysize * part)), "no_rotate", TRUE, NULL);
}

static bool
fade(VipsImage **ret, VipsImage *asset, double opacity)
{
	double by[] = { 1, 1, 1, opacity }, more[] = { 0, 0, 0, 0 };
	own(image_freep) VipsImage *faded = NULL;

	if (opacity == 1)
		return !vips_copy(asset, ret, NULL);
	return !vips_linear(asset, &faded, by, more, 4, NULL)
	    && !vips_cast(faded, ret, asset->BandFmt, NULL);
}

/* A positive x or y leads away from the side that gravity names. */
static int
place(int room, const char *gravity, const char *first, const char *last, double away)
{
	return compound_place(room, gravity, first, last)
	    + (strstr(gravity, last) ? -(int)away : (int)away);
}

static bool
lay(VipsImage **ret, VipsImage *picture, VipsImage *asset, const struct step *step)
{
	const struct argument *gravity = step_argument(step, "gravity");
	const struct argument *blend = step_argument(step, "blend");
	const char *side = gravity ? gravity->word : "centre";
	int mode = vips_enum_from_nick("composite", VIPS_TYPE_BLEND_MODE, blend ? blend->word : "over");
	own(image_freep) VipsImage *over = NULL;

	if (vips_composite2(picture, asset, &over, mode,
	    "x", place(picture->Xsize - asset->Xsize, side, "west", "east", number_of(step, "x", 0)),
	    "y", place(picture->Ysize - asset->Ysize, side, "north", "south", number_of(step, "y", 0)),
	    NULL))
		return false;
	return vips_image_hasalpha(picture) ? !vips_copy(over, ret, NULL)
	    : !vips_extract_band(over, ret, 0, "n", over->Bands - 1, NULL);
}

bool
composite_run(VipsImage **image, const struct step *step, struct assets *assets,
    int64_t pixels_max, struct err *err)
{
	VipsImage *asset = asset_of(assets, step, pixels_max, err);
	own(image_freep) VipsImage *scaled = NULL, *faded = NULL;
	VipsImage *out = NULL;

	if (!asset || !colour_to_srgb(image, err))
		return false;
	if (!scale(&scaled, asset, *image, step)
	    || !fade(&faded, scaled, number_of(step, "opacity", 1)) || !lay(&out, *image, faded, step))
		return image_err(err, "operation_failed", step->operation->name);
	g_object_unref(*image);
	*image = out;
	return true;
}
