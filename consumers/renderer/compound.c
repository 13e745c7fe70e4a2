/* SPDX-License-Identifier: Apache-2.0 */
/* compound.c: operations of a pipeline that are several of libvips', or one by another name. */
#include "consumers/renderer/image.h"

/* What is clear stays as clear as it was. */
static bool
colours_and_alpha(VipsImage **colours, VipsImage **alpha, VipsImage *in)
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
	if (!colours_and_alpha(&colours, &alpha, in)
	    || vips_conv(colours, &sharp, mask, "precision", VIPS_PRECISION_INTEGER, NULL))
		return false;
	if (alpha)
		return !vips_bandjoin2(sharp, alpha, ret, NULL);
	*ret = g_steal_pointer(&sharp);
	return true;
}
