/* SPDX-License-Identifier: Apache-2.0 */
/*
 * colour.c: a profile says what the numbers of the pixels mean, so it must speak of pixels of their
 * kind. Cameras, scanners and converters write others; libvips believes most of them.
 */
#include <string.h>
#include "base/hash.h"
#include "consumers/renderer/image.h"

#define LENT "batchline-lent"		/* metadata of an image: its profile is ours, not its file's */

enum { PROFILE_HEADER = 128, PROFILE_SPACE_AT = 16, PROFILE_MAGIC_AT = 36,
	PROFILES_KNOWN = 8 };

bool
colour_is_known(VipsImage *image, struct err *err)
{
	VipsInterpretation kind = vips_image_get_interpretation(image);
	bool whole = image->BandFmt == VIPS_FORMAT_UCHAR || image->BandFmt == VIPS_FORMAT_USHORT;

	/* these two are defined in numbers of any kind; of others nobody knows what is white */
	return whole || image->Coding != VIPS_CODING_NONE || kind == VIPS_INTERPRETATION_LAB
	    || kind == VIPS_INTERPRETATION_LABS || kind == VIPS_INTERPRETATION_XYZ
	    || err_code(err, ERR_REJECT, "unsupported_format",
	        "its pixels are numbers of the kind %s; 8 and 16 bits without sign are rendered",
	        vips_enum_nick(VIPS_TYPE_BAND_FORMAT, image->BandFmt));
}

/* The four letters by which a profile's header calls pixels of this kind, or NULL. */
static const char *
space_name(VipsImage *image)
{
	switch (vips_image_get_interpretation(image)) {
	case VIPS_INTERPRETATION_B_W:
	case VIPS_INTERPRETATION_GREY16:
		return "GRAY";
	case VIPS_INTERPRETATION_sRGB:
	case VIPS_INTERPRETATION_RGB:
	case VIPS_INTERPRETATION_RGB16:
		return image->Bands >= 3 ? "RGB " : "GRAY";
	case VIPS_INTERPRETATION_CMYK:
		return image->Bands >= 4 ? "CMYK" : NULL;
	default:
		return NULL;
	}
}

static bool
profile_is_of(VipsImage *image, const char *space, const char *profile, size_t size)
{
	own(image_freep) VipsImage *imported = NULL;
	bool fits = size > PROFILE_HEADER && !memcmp(profile + PROFILE_MAGIC_AT, "acsp", 4)
	    && !memcmp(profile + PROFILE_SPACE_AT, space, 4)
	    && vips_icc_is_compatible_profile(image, profile, size)
	    && !vips_icc_import(image, &imported, "embedded", TRUE, NULL);

	if (!fits)
		vips_error_clear();
	return fits;
}

/* To try a profile costs milliseconds, and most pictures have one of a few: the last ones and what
 * became of them are remembered, by their sums. */
static bool
profile_fits(VipsImage *image)
{
	static struct { uint8_t sum[SHA256_SIZE]; char space[5]; bool fits; } known[PROFILES_KNOWN];
	static unsigned next;
	const char *space = space_name(image);
	uint8_t sum[SHA256_SIZE];
	const void *profile;
	size_t size;

	if (!space || vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &size))
		return false;
	hash_sha256(sum, profile, size);
	for (unsigned i = 0; i < PROFILES_KNOWN; i++)
		if (*known[i].space && !memcmp(known[i].sum, sum, sizeof(sum))
		    && !strcmp(known[i].space, space))
			return known[i].fits;
	next = (next + 1) % PROFILES_KNOWN;
	memcpy(known[next].sum, sum, sizeof(sum));
	memcpy(known[next].space, space, sizeof(known[next].space));
	return known[next].fits = profile_is_of(image, space, profile, size);
}

/* libvips would lend ink without a profile one of its own, and without its cache of operations give
 * that back too early (8.18): so it has one from the beginning, a copy that is the image's. */
static bool
ink_profile(VipsImage **image, struct err *err)
{
	VipsImage *copy = NULL;
	VipsBlob *blob = NULL;
	const void *profile;
	size_t size;

	if (vips_copy(*image, &copy, NULL))
		return image_err(err, "operation_failed", "profile");
	g_object_unref(*image);
	*image = copy;
	if (vips_profile_load("cmyk", &blob, NULL))
		return image_err(err, "operation_failed", "profile");
	profile = vips_blob_get(blob, &size);
	vips_image_set_blob_copy(copy, VIPS_META_ICC_NAME, profile, size);
	vips_image_set_int(copy, LENT, 1);
	vips_area_unref(VIPS_AREA(blob));
	return true;
}

bool
colour_is_lent(VipsImage *image)
{
	return vips_image_get_typeof(image, LENT)
	    && vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK;
}

static bool
is_bare_ink(VipsImage *image)
{
	return vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK && image->Bands >= 4
	    && !vips_image_get_typeof(image, VIPS_META_ICC_NAME);
}

bool
colour_mend(VipsImage **image, struct err *err)
{
	VipsImage *copy = NULL;

	if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) && !colour_is_lent(*image)
	    && !profile_fits(*image)) {
		if (vips_copy(*image, &copy, NULL))
			return image_err(err, "operation_failed", "profile");
		vips_image_remove(copy, VIPS_META_ICC_NAME);
		g_object_unref(*image);
		*image = copy;
	}
	return !is_bare_ink(*image) || ink_profile(image, err);
}

/* Plain RGB and grey are sRGB by custom; to convert them into that costs more than all else that
 * is done with a small picture. */
bool
colour_needs_profile(VipsImage *image)
{
	VipsInterpretation kind = vips_image_get_interpretation(image);

	return vips_image_get_typeof(image, VIPS_META_ICC_NAME)
	    || (kind != VIPS_INTERPRETATION_sRGB && kind != VIPS_INTERPRETATION_B_W
	        && kind != VIPS_INTERPRETATION_RGB16 && kind != VIPS_INTERPRETATION_GREY16);
}

bool
colour_is_plain(VipsImage *image)
{
	VipsInterpretation kind = vips_image_get_interpretation(image);

	return image->BandFmt == VIPS_FORMAT_UCHAR && !vips_image_get_typeof(image, VIPS_META_ICC_NAME)
	    && (kind == VIPS_INTERPRETATION_sRGB || kind == VIPS_INTERPRETATION_B_W);
}

static bool
is_srgb_already(VipsImage *image)
{
	const void *profile, *srgb;
	size_t size, srgb_size;
	VipsBlob *blob = NULL;
	bool same;

	if (vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &size)
	    || vips_profile_load("srgb", &blob, NULL))
		return false;
	srgb = vips_blob_get(blob, &srgb_size);
	same = size == srgb_size && !memcmp(profile, srgb, size);
	vips_area_unref(VIPS_AREA(blob));
	return same;
}

bool
colour_to_srgb(VipsImage **image, struct err *err)
{
	VipsImage *out = NULL;

	if (!vips_image_get_typeof(*image, VIPS_META_ICC_NAME) || is_srgb_already(*image))
		return true;
	if (vips_icc_transform(*image, &out, "srgb", "embedded", TRUE, "depth",
	    (*image)->BandFmt == VIPS_FORMAT_USHORT ? 16 : 8, NULL))
		return image_err(err, "operation_failed", "icc_transform");
	g_object_unref(*image);
	*image = out;
	return true;
}

bool
colour_begin(VipsImage **image, struct err *err)
{
	VipsInterpretation kind = vips_image_get_interpretation(*image);
	VipsImage *out = NULL;

	if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) || kind == VIPS_INTERPRETATION_sRGB
	    || kind == VIPS_INTERPRETATION_RGB16 || kind == VIPS_INTERPRETATION_CMYK)
		return true;
	if (vips_colourspace(*image, &out, kind == VIPS_INTERPRETATION_GREY16
	    ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB, NULL))
		return image_err(err, "operation_failed", "colourspace");
	g_object_unref(*image);
	*image = out;
	return true;
}

double
colour_depth(VipsImage *image)
{
	VipsInterpretation kind = vips_image_get_interpretation(image);

	return kind == VIPS_INTERPRETATION_RGB16 || kind == VIPS_INTERPRETATION_GREY16
	    ? 65535 / 255 : 1;
}
