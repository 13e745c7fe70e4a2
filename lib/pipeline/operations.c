/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operations.c: what a pipeline may ask of libvips. Nothing that reads or writes a file by name
 * stands here (profiles are libvips' built-in ones), and every number has its limits.
 */
#include <string.h>
#include "pipeline/definition.h"

#define SIDE_MAX 65000
#define INTERESTING "none centre entropy attention low high all"
#define EXTEND "black copy repeat mirror white background"
#define KERNEL "nearest linear cubic mitchell lanczos2 lanczos3"
#define SPACE "srgb rgb16 b-w grey16 lab lch hsv cmyk scrgb"
#define INTENT "perceptual relative saturation absolute"
#define COMPASS "centre north east south west north-east south-east south-west north-west"

#define INT(name, least, most) { name, ARGUMENT_INT, false, least, most, NULL }
#define NEED_INT(name, least, most) { name, ARGUMENT_INT, true, least, most, NULL }
#define REAL(name, least, most) { name, ARGUMENT_REAL, false, least, most, NULL }
#define NEED_REAL(name, least, most) { name, ARGUMENT_REAL, true, least, most, NULL }
#define BOOL(name) { name, ARGUMENT_BOOL, false, 0, 1, NULL }
#define WORD(name, words) { name, ARGUMENT_WORD, false, 0, 0, words }
#define NEED_WORD(name, words) { name, ARGUMENT_WORD, true, 0, 0, words }
#define NUMBERS(name, least, most) { name, ARGUMENT_NUMBERS, false, least, most, NULL }
#define NEED_HASH(name) { name, ARGUMENT_HASH, true, 0, 0, NULL }
#define TEXT(name, bytes) { name, ARGUMENT_TEXT, false, 1, bytes, NULL }
#define NEED_TEXT(name, bytes) { name, ARGUMENT_TEXT, true, 1, bytes, NULL }
#define NEED_NUMBERS(name, least, most) { name, ARGUMENT_NUMBERS, true, least, most, NULL }
#define RULES(...) (const struct argument_rule[]){ __VA_ARGS__ { NULL, 0, false, 0, 0, NULL } }

/* How something lies over a picture. */
#define LAID WORD("gravity", COMPASS), INT("x", -SIDE_MAX, SIDE_MAX), INT("y", -SIDE_MAX, SIDE_MAX), \
	WORD("blend", "over multiply screen"), REAL("opacity", 0, 1), REAL("scale", 0.001, 1)

static const struct operation operations[] = {
	{ "autorot", RULES() },
	{ "canny", RULES(REAL("sigma", 0.01, 100),) },
	{ "colourspace", RULES(NEED_WORD("space", SPACE),) },
	{ "composite", RULES(NEED_HASH("asset"), LAID,) },
	{ "crop", RULES(NEED_INT("left", 0, SIDE_MAX), NEED_INT("top", 0, SIDE_MAX),
	    NEED_INT("width", 1, SIDE_MAX), NEED_INT("height", 1, SIDE_MAX),) },
	{ "embed", RULES(NEED_INT("x", -SIDE_MAX, SIDE_MAX), NEED_INT("y", -SIDE_MAX, SIDE_MAX),
	    NEED_INT("width", 1, SIDE_MAX), NEED_INT("height", 1, SIDE_MAX),
	    WORD("extend", EXTEND), NUMBERS("background", 0, 65535),) },
	{ "extract_area", RULES(NEED_INT("left", 0, SIDE_MAX), NEED_INT("top", 0, SIDE_MAX),
	    NEED_INT("width", 1, SIDE_MAX), NEED_INT("height", 1, SIDE_MAX),) },
	{ "flatten", RULES(NUMBERS("background", 0, 65535), REAL("max_alpha", 1, 65535),) },
	{ "flip", RULES(NEED_WORD("direction", "horizontal vertical"),) },
	{ "gamma", RULES(REAL("exponent", 0.01, 100),) },
	{ "gaussblur", RULES(NEED_REAL("sigma", 0, 100), REAL("min_ampl", 0.001, 1),) },
	{ "gravity", RULES(NEED_WORD("direction", COMPASS), NEED_INT("width", 1, SIDE_MAX),
	    NEED_INT("height", 1, SIDE_MAX), WORD("extend", EXTEND),
	    NUMBERS("background", 0, 65535),) },
	{ "hist_equal", RULES() },
	{ "icc_transform", RULES(NEED_WORD("output_profile", "srgb p3 cmyk"), WORD("intent", INTENT),
	    BOOL("embedded"), BOOL("black_point_compensation"),) },
	{ "invert", RULES() },
	{ "linear", RULES(NEED_NUMBERS("a", -1e6, 1e6), NEED_NUMBERS("b", -1e6, 1e6),
	    BOOL("uchar"),) },
	{ "median", RULES(INT("size", 1, 31),) },
	{ "pad", RULES(NEED_INT("width", 1, SIDE_MAX), NEED_INT("height", 1, SIDE_MAX),
	    WORD("gravity", COMPASS), NUMBERS("background", 0, 65535), BOOL("blur"),) },
	{ "resize", RULES(NEED_REAL("scale", 0.0001, 32), REAL("vscale", 0.0001, 32),
	    WORD("kernel", KERNEL),) },
	{ "rot", RULES(NEED_WORD("angle", "d0 d90 d180 d270"),) },
	{ "sharpen", RULES(REAL("sigma", 0.01, 10), REAL("x1", 0, 100), REAL("y2", 0, 1000),
	    REAL("y3", 0, 1000), REAL("m1", 0, 1000), REAL("m2", 0, 1000),) },
	{ "sharpen_mild", RULES() },
	{ "smartcrop", RULES(NEED_INT("width", 1, SIDE_MAX), NEED_INT("height", 1, SIDE_MAX),
	    WORD("interesting", INTERESTING),) },
	{ "text", RULES(NEED_TEXT("text", 500), TEXT("font", 100), INT("size", 4, 500),
	    NUMBERS("colour", 0, 255), INT("width", 1, SIDE_MAX), WORD("align", "low centre high"),
	    LAID,) },
	{ "thumbnail_image", RULES(NEED_INT("width", 1, SIDE_MAX), INT("height", 1, SIDE_MAX),
	    WORD("size", "both up down force"), WORD("crop", INTERESTING), BOOL("linear"),
	    BOOL("no_rotate"), WORD("import_profile", "srgb p3 cmyk"),
	    WORD("export_profile", "srgb p3 cmyk none"), WORD("intent", INTENT),) },
	{ "trim", RULES(REAL("threshold", 0, 255), NUMBERS("border", 0, 65535),) },
};

#define EVERY_SAVER BOOL("strip"), NUMBERS("background", 0, 65535), \
	WORD("metadata", "none copyright")

static const struct format formats[] = {
	{ "jpeg", "jpg", "image/jpeg", "jpegsave_buffer", RULES(EVERY_SAVER, INT("Q", 1, 100),
	    BOOL("optimize_coding"), BOOL("interlace"), BOOL("trellis_quant"),
	    BOOL("overshoot_deringing"), BOOL("optimize_scans"), INT("quant_table", 0, 8),
	    WORD("subsample_mode", "auto on off"), INT("restart_interval", 0, 65535),) },
	{ "webp", "webp", "image/webp", "webpsave_buffer", RULES(EVERY_SAVER, INT("Q", 0, 100),
	    BOOL("lossless"), BOOL("near_lossless"), BOOL("smart_subsample"),
	    WORD("preset", "default picture photo drawing icon text"), INT("effort", 0, 6),
	    INT("alpha_q", 0, 100),) },
	{ "png", "png", "image/png", "pngsave_buffer", RULES(EVERY_SAVER, INT("compression", 0, 9),
	    BOOL("interlace"), BOOL("palette"), INT("Q", 0, 100), REAL("dither", 0, 1),
	    INT("bitdepth", 1, 16), INT("effort", 1, 10),) },
	{ "tiff", "tif", "image/tiff", "tiffsave_buffer", RULES(EVERY_SAVER, INT("Q", 1, 100),
	    WORD("compression", "none jpeg deflate packbits lzw zstd"),
	    WORD("predictor", "none horizontal float"), BOOL("tile"), BOOL("pyramid"),
	    INT("tile_width", 16, 4096), INT("tile_height", 16, 4096),) },
	{ "avif", "avif", "image/avif", "heifsave_buffer", RULES(EVERY_SAVER, INT("Q", 1, 100),
	    BOOL("lossless"), INT("effort", 0, AVIF_EFFORT_MAX), WORD("subsample_mode", "auto on off"),
	    INT("bitdepth", 8, 12),) },
	{ "gif", "gif", "image/gif", "gifsave_buffer", RULES(EVERY_SAVER, REAL("dither", 0, 1),
	    INT("effort", 1, 10), INT("bitdepth", 1, 8), REAL("interframe_maxerror", 0, 32),
	    REAL("interpalette_maxerror", 0, 256), BOOL("interlace"),) },
	{ "same", "bin", "application/octet-stream", NULL, RULES(EVERY_SAVER, INT("Q", 1, 100),) },
};

const struct operation *
operation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}

const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const struct format *
view_format(const struct view *view, const char *kind)
{
	const struct format *of_input = kind ? format_find(kind) : NULL;

	return view->format->saver || !of_input ? view->format : of_input;
}

bool
view_may_move(const struct view *view)
{
	return !strcmp(view->format->name, "gif") || !strcmp(view->format->name, "webp")
	    || !strcmp(view->format->name, "same");
}

bool
step_follows_content(const struct step *step)
{
	const char *name = step->operation->name;
	const char *word = !strcmp(name, "smartcrop") ? "interesting" : "crop";
	const struct argument *cut = argument_find(step->arguments, step->n_arguments, word);

	if (!cut)
		return !strcmp(name, "trim") || !strcmp(name, "smartcrop");
	return !strcmp(cut->word, "attention") || !strcmp(cut->word, "entropy");
}

const struct argument_rule *
rule_find(const struct argument_rule *rules, const char *name)
{
	while (rules->name && strcmp(rules->name, name))
		rules++;
	return rules->name ? rules : NULL;
}

const struct argument *
argument_find(const struct argument *arguments, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(arguments[i].rule->name, name))
			return &arguments[i];
	return NULL;
}
