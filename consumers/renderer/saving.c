/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saving.c: outputs and previews. What the camera and others wrote beside the pixels is left out
 * by a list of what may stay, since there is no end to what they write.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "consumers/renderer/budget.h"
#include "consumers/renderer/channel.h"
#include "consumers/renderer/image.h"
#include "consumers/renderer/jpeg.h"

enum {
	PREVIEW_SIDE = 256,
	AVIF_QUICK = 3,		/* an effort up to which it is as quick as others */
	AVIF_SLOWER = 16,	/* 15 CPU-s a megapixel were measured, of noise */
};

/* Of the pixels, not of people: all else that libvips knows of a picture are words about it. */
static bool
may_stay(const char *name)
{
	static const char *const names[] = { "width", "height", "bands", "format", "coding",
		"interpretation", "xres", "yres", "xoffset", "yoffset", "filename", "history",
		"vips-loader", "vips-sequential", "resolution-unit", "orientation", "interlaced",
		"bits-per-sample", "palette", "palette-bit-depth", "palette-colours", "n-pages",
		"n-subifds", "page-height", "subifd", "loop", "delay", "gif-delay", "gif-loop",
		"gif-palette", "background", "jpeg-multiscan", "jpeg-chroma-subsample",
		"tile-width", "tile-height", "concurrency", "hide-progress", VIPS_META_ICC_NAME };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

bool
image_has_words(VipsImage *image, const struct format *format)
{
	char **names = vips_image_get_fields(image);
	bool has = !strcmp(format->name, "jpeg") || !strcmp(format->name, "tiff");

	for (char **name = names; *name; name++)
		has = has || !may_stay(*name);
	g_strfreev(names);
	return has;
}

/* The savers' own strip does not: that of WebP keeps all of it (libvips 8.14). */
static bool
words_strip(VipsImage **image, bool rights_stay, struct err *err)
{
	VipsImage *copy = NULL;
	char **names;

	if (vips_copy(*image, &copy, NULL))
		return image_err(err, "operation_failed", "strip");
	names = vips_image_get_fields(copy);
	for (char **name = names; *name; name++)
		if (!may_stay(*name))
			vips_image_remove(copy, *name);
	g_strfreev(names);
	if (rights_stay)
		rights_copy(copy, *image);
	g_object_unref(*image);
	*image = copy;
	return true;
}

/* A profile may only go when nothing is lost with it. */
static bool
profile_strip(VipsImage **image, struct err *err)
{
	if (!colour_to_srgb(image, err))
		return false;
	vips_image_remove(*image, VIPS_META_ICC_NAME);
	return true;
}

static bool
bytes_write(VipsOperation *saved, int fd, struct err *err)
{
	VipsBlob *blob = NULL;
	const void *bytes;
	size_t size;
	bool well;

	g_object_get(saved, "buffer", &blob, NULL);
	bytes = vips_blob_get(blob, &size);
	well = channel_write_all(fd, bytes, size);
	if (!well)
		err_code(err, errno == EFBIG ? ERR_REJECT : ERR_RETRY, errno == EFBIG
		    ? "output_too_large" : errno == ENOSPC ? "disk_full" : "output_failed",
		    "an output of %zu bytes: %s", size, strerror(errno));
	vips_area_unref(VIPS_AREA(blob));
	return well;
}

bool
image_saver_is_there(const struct format *format, struct err *err)
{
	return vips_type_find("VipsOperation", format->saver) || err_code(err, ERR_REJECT,
	    "unsupported_format", "%s is not written by this renderer's libvips %s", format->name,
	    vips_version_string());
}

/* Of the two codecs of its files AVIF is the one that all may use. It takes its time. */
static size_t
avif_options(struct argument *ret, VipsImage *image, const struct argument *options, size_t n)
{
	static const struct argument_rule compression = { "compression", ARGUMENT_WORD, false, 0, 0,
		NULL };
	const struct argument *effort = argument_find(options, n, "effort");

	budget_grow((double)image->Xsize * image->Ysize
	    * (effort && effort->number <= AVIF_QUICK ? 1 : AVIF_SLOWER));
	ret[0] = (struct argument){ .rule = &compression, .word = "av1" };
	return 1;
}

/* What the saver is told: from 8.15 on it makes up an EXIF block unless it hears what to keep. */
static size_t
saver_options(struct argument *ret, const struct format *format, VipsImage *image,
    const struct argument *options, size_t n, bool rights_stay)
{
	static const struct argument_rule keep = { "keep", ARGUMENT_WORD, false, 0, 0, NULL };
	size_t told = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(options[i].rule->name, "strip") && strcmp(options[i].rule->name, "metadata")
		    && rule_find(format->rules, options[i].rule->name))	/* of "same": not each has a Q */
			ret[told++] = options[i];
	if (vips_version(0) > 8 || vips_version(1) >= 15) {
		ret[told] = (struct argument){ .rule = &keep };
		strcpy(ret[told++].word, rights_stay ? "exif:xmp:icc" : "icc");
	}
	if (!strcmp(format->name, "avif"))
		told += avif_options(ret + told, image, options, n);
	return told;
}

/* Of the formats these two hold ink; for others the saver makes light of it, by the profile. */
static bool
stays_ink(VipsImage *image, const struct format *format)
{
	return vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK
	    && (!strcmp(format->name, "jpeg") || !strcmp(format->name, "tiff"));
}

bool
image_save(VipsImage *given, const struct format *format, const struct argument *options, size_t n,
    int fd, struct err *err)
{
	const struct argument *stripped = argument_find(options, n, "strip");
	const struct argument *metadata = argument_find(options, n, "metadata");
	bool rights_stay = metadata && !strcmp(metadata->word, "copyright"), well;
	own(image_freep) VipsImage *image = g_object_ref(given);
	struct argument told[ARGUMENTS_MAX + 4];
	VipsOperation *saved = NULL;
	size_t n_told;
	bool lent;

	if (!colour_mend(&image, err))
		return false;
	lent = colour_is_lent(image);
	if (!words_strip(&image, rights_stay, err)
	    || (stripped && stripped->number != 0 && !profile_strip(&image, err)))
		return false;
	if (lent && stays_ink(image, format))
		vips_image_remove(image, VIPS_META_ICC_NAME);
	n_told = saver_options(told, format, image, options, n, rights_stay);
	if (!operation_begin(&saved, format->saver, image, told, n_told, !strcmp(format->name, "jpeg")))
		return image_err(err, "operation_failed", format->saver);
	well = bytes_write(saved, fd, err);
	operation_end(saved);
	return well;
}

/* A command's own settings nobody knows: near to what it was, and all of it where that is free. */
static bool
save_again(VipsImage *image, const struct format *format, int fd, struct err *err)
{
	static const struct argument_rule quality = { "Q", ARGUMENT_INT, false, 0, 100, NULL };
	struct argument option = { .rule = &quality, .number = 95 };
	bool loses = strcmp(format->name, "png") && strcmp(format->name, "tiff");

	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) != 0)
		return err_code(err, ERR_RETRY, "output_failed", "%s", strerror(errno));
	return image_save(image, format, &option, loses, fd, err);
}

bool
image_save_over(VipsImage **image, const struct format *format, int fd, struct err *err)
{
	bool upright = vips_image_get_orientation(*image) <= 1;

	if (!step_upright(image, err))
		return false;
	if (upright && !strcmp(format->name, "jpeg"))
		return jpeg_drop_words(fd, err);
	return save_again(*image, format, fd, err);
}

bool
image_save_preview(VipsImage *given, const struct argument *background, int fd, struct err *err)
{
	static const struct argument_rule rule = { "strip", ARGUMENT_BOOL, false, 0, 1, NULL };
	struct argument options[2] = { { .rule = &rule, .number = 1 } };
	own(image_freep) VipsImage *image = g_object_ref(given);
	own(image_freep) VipsImage *small = NULL;

	if (background)
		options[1] = *background;
	if (!colour_mend(&image, err))
		return false;
	if (colour_is_plain(image) && image->Xsize <= PREVIEW_SIDE && image->Ysize <= PREVIEW_SIDE)
		small = g_object_ref(image);
	else if (vips_thumbnail_image(image, &small, PREVIEW_SIDE, "height", PREVIEW_SIDE, "size",
	    VIPS_SIZE_DOWN, colour_needs_profile(image) ? "export_profile" : NULL, "srgb", NULL))
		return image_err(err, "operation_failed", "preview");
	return image_save(small, format_find("jpeg"), options, background ? 2 : 1, fd, err);
}
