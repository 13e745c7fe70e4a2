/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.c: libvips, one thread of work, no cache, no untrusted loaders.
 *
 * A view whose first operation is thumbnail_image reads a JPEG already shrunk by the decoder, to
 * no less than the size that is wanted. Views share one reading when it fits into memory. The
 * result of a view stands in memory before it is saved, since file and preview need it.
 */
#include "consumers/renderer/picture.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>
#include "base/own.h"

enum {
	PREVIEW_SIDE = 256,
	SHARED_PIXELS_MAX = 24000000,	/* a reading of so many pixels is kept for all views */
};

static void
image_freep(VipsImage **image)
{
	g_clear_object(image);
}

struct input {
	const char *kind;
	VipsSource *source;
	int width, height;		/* as they lie in the file */
	bool turned;			/* shown, width and height change places */
	VipsImage *shared;		/* read once for all views, or NULL */
};

bool
picture_open(struct err *err)
{
	g_setenv("VIPSHOME", "/nonexistent", TRUE);	/* no loader modules: they are not even mapped */
	if (vips_init("batchline-renderer"))
		return err_set(err, ERR_FATAL, "libvips does not start: %s", vips_error_buffer());
	vips_block_untrusted_set(TRUE);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	return true;
}

const char *
picture_kind(const uint8_t *bytes, size_t size)
{
	static const struct { const char *kind, *magic; size_t at, size; } kinds[] = {
		{ "jpeg", "\xff\xd8\xff", 0, 3 },	{ "png", "\x89PNG\r\n\x1a\n", 0, 8 },
		{ "webp", "WEBP", 8, 4 },		{ "gif", "GIF8", 0, 4 },
		{ "tiff", "II*\0", 0, 4 },		{ "tiff", "MM\0*", 0, 4 },
		{ "tiff", "II+\0", 0, 4 },		{ "tiff", "MM\0+", 0, 4 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (size >= kinds[i].at + kinds[i].size
		    && !memcmp(bytes + kinds[i].at, kinds[i].magic, kinds[i].size)
		    && (kinds[i].at == 0 || !memcmp(bytes, "RIFF", 4)))
			return kinds[i].kind;
	return NULL;
}

int
picture_shrink(int from_width, int from_height, int width, int height, bool covers)
{
	double across = (double)from_width / width, down = (double)from_height / height;
	double factor = covers ? fmin(across, down) : fmax(across, down);

	return factor >= 8 ? 8 : factor >= 4 ? 4 : factor >= 2 ? 2 : 1;
}

/* ---- errors ---- */

static bool
vips_err(struct err *err, const char *code, const char *what)
{
	char text[400];
	size_t n;

	snprintf(text, sizeof(text), "%s", vips_error_buffer());
	vips_error_clear();
	n = strlen(text);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ';';
	if (strstr(text, "out of memory"))
		code = "out_of_memory";
	return err_code(err, ERR_REJECT, code, "%s: %s", what, *text ? text : "no reason given");
}

static bool
damage_err(struct err *err)
{
	static const char *const words[] = { "remature", "runcated", "nexpected end", "EOF", "too short",
		"end of file", "end of stream", "not enough" };
	const char *text = vips_error_buffer(), *code = "image_damaged";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			code = "image_truncated";
	return vips_err(err, code, "the picture cannot be read to its end");
}

static bool
pixels_are_few(VipsImage *image, int pages, int64_t most, const char *what, struct err *err)
{
	double pixels = (double)image->Xsize * image->Ysize * pages;

	return pixels <= (double)most || err_code(err, ERR_REJECT, "image_too_large",
	    "%s has %d x %d pixels in %d pages; at most %lld megapixels are rendered", what,
	    image->Xsize, image->Ysize, pages, (long long)(most / 1000000));
}

/* ---- operations by name ---- */

static void
number_set(VipsOperation *operation, const struct argument *a)
{
	GValue value = G_VALUE_INIT;

	if (a->rule->kind == ARGUMENT_NUMBERS) {
		g_value_init(&value, VIPS_TYPE_ARRAY_DOUBLE);
		vips_value_set_array_double(&value, a->numbers, (int)a->n_numbers);
	} else if (a->rule->kind == ARGUMENT_REAL) {
		g_value_init(&value, G_TYPE_DOUBLE);
		g_value_set_double(&value, a->number);
	} else {
		g_value_init(&value, a->rule->kind == ARGUMENT_BOOL ? G_TYPE_BOOLEAN : G_TYPE_INT);
		if (a->rule->kind == ARGUMENT_BOOL)
			g_value_set_boolean(&value, a->number != 0);
		else
			g_value_set_int(&value, (int)a->number);
	}
	g_object_set_property(G_OBJECT(operation), a->rule->name, &value);
	g_value_unset(&value);
}

static bool
argument_set(VipsOperation *operation, const struct argument *a)
{
	if (a->rule->kind != ARGUMENT_WORD)
		number_set(operation, a);
	else if (strcmp(a->word, "none") || strcmp(a->rule->name, "export_profile"))
		return !vips_object_set_argument_from_string(VIPS_OBJECT(operation), a->rule->name,
		    a->word);
	return true;
}

/* Colours that a screen would show wrongly as they are. Plain RGB and grey are sRGB by custom; to
 * convert them into that costs more than all else that is done with a small picture. */
static bool
needs_profile(VipsImage *image)
{
	VipsInterpretation kind = vips_image_get_interpretation(image);

	return vips_image_get_typeof(image, VIPS_META_ICC_NAME)
	    || (kind != VIPS_INTERPRETATION_sRGB && kind != VIPS_INTERPRETATION_B_W
	        && kind != VIPS_INTERPRETATION_RGB16 && kind != VIPS_INTERPRETATION_GREY16);
}

/* A saver or an operation with its input and arguments, built; the caller's to end(). */
static bool
run(VipsOperation **ret, const char *name, VipsImage *in, const struct argument *arguments,
    size_t n, bool white)
{
	VipsOperation *operation = vips_operation_new(name);
	bool well = operation != NULL;

	if (well)
		g_object_set(operation, "in", in, NULL);
	for (size_t i = 0; well && i < n; i++)
		well = argument_set(operation, &arguments[i]);
	if (well && white && !argument_find(arguments, n, "background")) {
		struct argument a = { .rule = &(struct argument_rule){ .name = "background",
			.kind = ARGUMENT_NUMBERS }, .numbers = { 255 }, .n_numbers = 1 };

		number_set(operation, &a);
	}
	if (well && !strcmp(name, "thumbnail_image") && needs_profile(in)
	    && !argument_find(arguments, n, "export_profile"))
		g_object_set(operation, "export_profile", "srgb", NULL);
	well = well && !vips_cache_operation_buildp(&operation);
	if (well)
		*ret = operation;
	else if (operation) {
		vips_object_unref_outputs(VIPS_OBJECT(operation));
		g_object_unref(operation);
	}
	return well;
}

static void
end(VipsOperation *operation)
{
	vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
}

/* *image becomes what the step makes of it; it is only computed when it is read. */
static bool
step_run(VipsImage **image, const struct step *step, int64_t pixels_max, struct err *err)
{
	VipsOperation *operation = NULL;
	VipsImage *out = NULL;

	if (!run(&operation, step->operation->name, *image, step->arguments, step->n_arguments, false))
		return vips_err(err, "operation_failed", step->operation->name);
	g_object_get(operation, "out", &out, NULL);
	end(operation);
	g_object_unref(*image);
	*image = out;
	return pixels_are_few(out, 1, pixels_max, step->operation->name, err);
}

/* Computes it, into memory. damage: what goes wrong is the input's fault. */
static bool
compute(VipsImage **image, bool damage, struct err *err)
{
	VipsImage *copy = vips_image_copy_memory(*image);

	if (!copy)
		return damage ? damage_err(err) : vips_err(err, "operation_failed", "render");
	g_object_unref(*image);
	*image = copy;
	return true;
}

/* ---- reading ---- */

static bool
load(VipsImage **ret, const struct input *in, int shrink, bool once, struct err *err)
{
	VipsAccess access = once ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM;
	char loader[32];

	snprintf(loader, sizeof(loader), "%sload_source", in->kind);
	if (shrink > 1
	    ? !vips_jpegload_source(in->source, ret, "access", access, "fail_on",
	        VIPS_FAIL_ON_ERROR, "shrink", shrink, NULL)
	    : !vips_call(loader, in->source, ret, "access", access, "fail_on", VIPS_FAIL_ON_ERROR,
	        NULL))
		return true;
	return damage_err(err);
}

static bool
input_open(struct input *in, int fd, int64_t pixels_max, struct err *err)
{
	uint8_t first[16];
	ssize_t n = pread(fd, first, sizeof(first), 0);
	own(image_freep) VipsImage *header = NULL;
	int orientation;

	in->kind = n > 0 ? picture_kind(first, (size_t)n) : NULL;
	if (!in->kind)
		return err_code(err, ERR_REJECT, "not_an_image",
		    "the file is no JPEG, PNG, WebP, TIFF or GIF");
	in->source = vips_source_new_from_descriptor(fd);
	if (!in->source)
		return vips_err(err, "not_an_image", "the file cannot be opened");
	if (!load(&header, in, 1, true, err)
	    || !pixels_are_few(header, vips_image_get_n_pages(header), pixels_max, "the picture", err))
		return false;
	in->width = header->Xsize;
	in->height = header->Ysize;
	orientation = vips_image_get_orientation(header);
	in->turned = orientation >= 5 && orientation <= 8;
	return true;
}

static void
input_close(struct input *in)
{
	g_clear_object(&in->shared);
	g_clear_object(&in->source);
}

static const struct argument *
of_step(const struct step *step, const char *name)
{
	return argument_find(step->arguments, step->n_arguments, name);
}

/* How much smaller the JPEG decoder may make it for this view. */
static int
view_shrink(const struct input *in, const struct view *view)
{
	const struct step *step = view->steps;
	const struct argument *height, *crop, *size, *linear, *turn;
	int width;
	bool covers, turned;

	if (strcmp(in->kind, "jpeg") || !view->n_steps
	    || strcmp(step->operation->name, "thumbnail_image"))
		return 1;
	width = (int)of_step(step, "width")->number;
	height = of_step(step, "height");
	crop = of_step(step, "crop");
	size = of_step(step, "size");
	linear = of_step(step, "linear");
	turn = of_step(step, "no_rotate");
	if (linear && linear->number != 0)
		return 1;	/* light must be added up before anything is shrunk */
	covers = (crop && strcmp(crop->word, "none")) || (size && !strcmp(size->word, "force"));
	turned = in->turned && !(turn && turn->number != 0);
	return picture_shrink(turned ? in->height : in->width, turned ? in->width : in->height,
	    width, height ? (int)height->number : width, covers);
}

/* One reading for several views, as small as all of them allow, if memory can hold it. */
static bool
input_share(struct input *in, const struct definition *d, struct err *err)
{
	int shrink = 8;

	for (size_t i = 0; i < d->n_views; i++) {
		int own_shrink = view_shrink(in, &d->views[i]);

		shrink = own_shrink < shrink ? own_shrink : shrink;
	}
	if (d->n_views < 2
	    || (double)in->width * in->height / shrink / shrink > SHARED_PIXELS_MAX)
		return true;
	return load(&in->shared, in, shrink, true, err) && compute(&in->shared, true, err);
}

/* ---- a view ---- */

static bool
view_begin(VipsImage **ret, const struct input *in, const struct view *view, int64_t pixels_max,
    size_t *done, struct err *err)
{
	bool small = view->n_steps && !strcmp(view->steps[0].operation->name, "thumbnail_image");
	bool fresh = !in->shared;

	if (in->shared)
		*ret = g_object_ref(in->shared);
	else if (!load(ret, in, view_shrink(in, view), true, err))
		return false;
	*done = small;
	if (small)
		return step_run(ret, view->steps, pixels_max, err) && compute(ret, fresh, err);
	if (fresh && !compute(ret, true, err))
		return false;
	if (vips_image_get_orientation(*ret) > 1) {
		own(image_freep) VipsImage *upright = *ret;

		*ret = NULL;
		if (vips_autorot(upright, ret, NULL))
			return vips_err(err, "operation_failed", "autorot");
	}
	return true;
}

static bool
view_render(VipsImage **ret, const struct input *in, const struct view *view, int64_t pixels_max,
    struct err *err)
{
	own(image_freep) VipsImage *image = NULL;
	size_t done = 0;

	if (!view_begin(&image, in, view, pixels_max, &done, err))
		return false;
	for (size_t i = done; i < view->n_steps; i++)
		if (!step_run(&image, &view->steps[i], pixels_max, err))
			return false;
	if (!compute(&image, false, err))
		return false;
	*ret = g_steal_pointer(&image);
	return true;
}

/* Takes away what the camera and others wrote beside the pixels. The savers' own strip does not:
 * that of WebP keeps all of it (libvips 8.14). */
static bool
metadata_strip(VipsImage *image, VipsImage **ret)
{
	static const char *const kinds[] = { "exif-", "xmp-", "iptc-", "photoshop-", "icc-",
		"jpeg-thumbnail", "gif-comment", "png-comment" };
	char **names;

	if (vips_copy(image, ret, NULL))
		return false;
	names = vips_image_get_fields(*ret);
	for (char **name = names; *name; name++)
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (!strncmp(*name, kinds[i], strlen(kinds[i])))
				vips_image_remove(*ret, *name);
	g_strfreev(names);
	return true;
}

static bool
save(VipsImage *given, const char *saver, const struct argument *options, size_t n, int fd,
    struct err *err)
{
	const struct argument *strip = argument_find(options, n, "strip");
	own(image_freep) VipsImage *image = NULL;
	VipsOperation *operation = NULL;
	VipsBlob *blob = NULL;
	const void *bytes;
	size_t size;
	bool well;

	if (!strip || strip->number == 0)
		image = g_object_ref(given);
	else if (!metadata_strip(given, &image))
		return vips_err(err, "operation_failed", "strip");
	if (!run(&operation, saver, image, options, n, !strncmp(saver, "jpeg", 4)))
		return vips_err(err, "operation_failed", saver);
	g_object_get(operation, "buffer", &blob, NULL);
	bytes = vips_blob_get(blob, &size);
	well = channel_write_all(fd, bytes, size);
	if (!well)
		err_code(err, errno == EFBIG ? ERR_REJECT : ERR_RETRY, errno == EFBIG
		    ? "output_too_large" : errno == ENOSPC ? "disk_full" : "output_failed",
		    "an output of %zu bytes: %s", size, strerror(errno));
	vips_area_unref(VIPS_AREA(blob));
	end(operation);
	return well;
}

static bool
preview_write(VipsImage *image, int fd, struct err *err)
{
	own(image_freep) VipsImage *small = NULL;

	if (vips_thumbnail_image(image, &small, PREVIEW_SIDE, "height", PREVIEW_SIDE, "size",
	    VIPS_SIZE_DOWN, needs_profile(image) ? "export_profile" : NULL, "srgb", NULL))
		return vips_err(err, "operation_failed", "preview");
	return save(small, "jpegsave_buffer", (const struct argument[]){
	    { .rule = &(struct argument_rule){ "strip", ARGUMENT_BOOL, false, 0, 1, NULL },
	        .number = 1 } }, 1, fd, err);
}

bool
picture_render(const struct picture_task *task, struct extent *extents, struct err *err)
{
	const struct definition *d = task->definition;
	struct input in = {0};
	bool well = input_open(&in, task->input, task->pixels_max, err) && input_share(&in, d, err);

	for (size_t i = 0; well && i < d->n_views; i++) {
		const struct view *view = &d->views[i];
		own(image_freep) VipsImage *image = NULL;

		well = view_render(&image, &in, view, task->pixels_max, err)
		    && save(image, view->format->saver, view->options, view->n_options,
		        task->outputs[i], err)
		    && (i > 0 || preview_write(image, task->preview, err));
		if (!well && d->n_views > 1)
			err_at(err, "view %s", view->name);
		if (well)
			extents[i] = (struct extent){ image->Xsize, image->Ysize };
	}
	input_close(&in);
	return well;
}

static bool
output_inspect(const struct view *view, int fd, int64_t pixels_max, int preview,
    struct extent *extent, struct err *err)
{
	struct input in = {0};
	own(image_freep) VipsImage *image = NULL;
	bool well = input_open(&in, fd, pixels_max, err);

	if (well && strcmp(in.kind, view->format->name))
		well = err_code(err, ERR_REJECT, "command_failed", "it wrote %s, not %s", in.kind,
		    view->format->name);
	if (well && preview >= 0)
		well = load(&image, &in, 1, true, err) && preview_write(image, preview, err);
	*extent = (struct extent){ in.width, in.height };
	input_close(&in);
	return well || err_at(err, "output %s of the command", view->name);
}

bool
picture_inspect(const struct picture_task *task, struct extent *extents, struct err *err)
{
	for (size_t i = 0; i < task->definition->n_views; i++)
		if (!output_inspect(&task->definition->views[i], task->outputs[i], task->pixels_max,
		    i == 0 ? task->preview : -1, &extents[i], err))
			return false;
	return true;
}
