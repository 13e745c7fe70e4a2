/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading.c: the input, from its first bytes to its last pixel.
 *
 * A view whose first operation is thumbnail_image reads a JPEG already shrunk by the decoder, to
 * no less than the size that is wanted. Views share one reading when it fits into memory.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "consumers/renderer/image.h"
#include "consumers/renderer/jpeg.h"
#include "consumers/renderer/picture.h"

enum {
	SHARED_PIXELS_MAX = 24000000,	/* a reading of so many pixels is kept for all views */
	LOADER_COPIES = 8,		/* 7 of a WebP without loss were measured */
	LOADER_COPIES_LEAST = 2,
};

static bool
is_jpeg(const struct input *in)
{
	return !strcmp(in->kind, "jpeg");
}

/* Of a picture that cannot be read: does its file end before it says that it does? */
static bool
is_cut(const struct input *in)
{
	off_t place = lseek(in->fd, 0, SEEK_CUR), size = lseek(in->fd, 0, SEEK_END);
	uint8_t said[4] = {0}, last = 0;

	lseek(in->fd, place, SEEK_SET);		/* of another reader */
	if (!strcmp(in->kind, "webp") && pread(in->fd, said, 4, 4) == 4)
		return 8 + (off_t)((uint32_t)said[3] << 24 | (uint32_t)said[2] << 16
		    | (uint32_t)said[1] << 8 | said[0]) > size;
	return !strcmp(in->kind, "gif") && pread(in->fd, &last, 1, size - 1) == 1 && last != ';';
}

/* Would so many copies of all its pixels be more than this process may hold? */
static bool
is_too_much(const struct input *in, double copies)
{
	struct rlimit memory;

	return !getrlimit(RLIMIT_AS, &memory) && memory.rlim_cur != RLIM_INFINITY
	    && in->bytes * copies > (double)memory.rlim_cur;
}

/* Loaders that hold a picture whole would end the child instead of failing. */
static bool
memory_is_enough(const struct input *in, struct err *err)
{
	bool whole = !strcmp(in->kind, "gif") || !strcmp(in->kind, "webp")
	    || !strcmp(in->kind, "avif");

	return !whole || !is_too_much(in, LOADER_COPIES_LEAST)
	    || err_code(err, ERR_REJECT, "out_of_memory",
	        "its pixels are %.0f MiB, which do not fit into this renderer's memory",
	        in->bytes / 1024 / 1024);
}

/* Is all there? libvips paints what a JPEG lacks grey, and only mutters: then libjpeg is asked. */
static bool
input_judge(const struct input *in, bool well, struct err *err)
{
	if (well && !*vips_error_buffer())
		return true;
	vips_error_clear();
	if (!well && !strcmp(err->code, "out_of_memory"))
		return false;
	if (!well && is_cut(in))
		snprintf(err->code, sizeof(err->code), "image_truncated");
	else if (!well && is_too_much(in, LOADER_COPIES))
		snprintf(err->code, sizeof(err->code), "out_of_memory");
	return (!is_jpeg(in) || jpeg_is_whole(in->fd, err)) && well;
}

static void
loader_name(char *ret, size_t size, const char *kind)
{
	snprintf(ret, size, "%sload_source", !strcmp(kind, "avif") ? "heif" : kind);
}

static bool
load(VipsImage **ret, const struct input *in, int shrink, struct err *err)
{
	VipsFailOn fail_on = is_jpeg(in) ? VIPS_FAIL_ON_NONE : VIPS_FAIL_ON_ERROR;
	char loader[32];
	bool well;

	loader_name(loader, sizeof(loader), in->kind);
	if (shrink > 1 && is_jpeg(in))
		well = !vips_jpegload_source(in->source, ret, "access", VIPS_ACCESS_SEQUENTIAL,
		    "fail_on", fail_on, "shrink", shrink, NULL);
	else if (shrink > 1)
		well = !vips_webpload_source(in->source, ret, "access", VIPS_ACCESS_SEQUENTIAL,
		    "fail_on", fail_on, "scale", 1.0 / shrink, NULL);
	else
		well = !vips_call(loader, in->source, ret, "access", VIPS_ACCESS_SEQUENTIAL,
		    "fail_on", fail_on, NULL);
	if (well)
		return colour_mend(ret, err);
	return input_judge(in, image_err(err, "image_damaged", "the picture cannot be read"), err);
}

/* Its first bytes say which of a few loaders may look at it. */
static bool
kind_find(struct input *in, struct err *err)
{
	uint8_t first[PICTURE_FIRST_BYTES];
	ssize_t n = pread(in->fd, first, sizeof(first), 0);
	const char *unread = n > 0 ? picture_kind_unread(first, (size_t)n) : NULL;
	char loader[32];

	in->kind = n > 0 ? picture_kind(first, (size_t)n) : NULL;
	if (unread)
		return err_code(err, ERR_REJECT, "unsupported_format", "the file is %s, which is not read",
		    unread);
	if (!in->kind)
		return err_code(err, ERR_REJECT, "not_an_image",
		    "the file is no JPEG, PNG, WebP, TIFF, GIF or AVIF");
	loader_name(loader, sizeof(loader), in->kind);
	return vips_type_find("VipsOperation", loader) || err_code(err, ERR_REJECT,
	    "unsupported_format", "the file is %s, which this renderer's libvips %s does not read",
	    in->kind, vips_version_string());
}

/* As the file has them; vips_image_get_n_pages() takes more than 9,999 for none. */
static int
pages_of(VipsImage *header)
{
	int pages;

	if (vips_image_get_typeof(header, VIPS_META_N_PAGES) != G_TYPE_INT
	    || vips_image_get_int(header, VIPS_META_N_PAGES, &pages) || pages < 1)
		return 1;
	return pages;
}

bool
input_open(struct input *in, int fd, int64_t pixels_max, struct err *err)
{
	VipsImage *header;
	int orientation;

	vips_error_clear();
	in->fd = fd;
	if (!kind_find(in, err))
		return false;
	if (is_jpeg(in) && !jpeg_is_modest(fd, err))
		return false;
	in->source = vips_source_new_from_descriptor(fd);
	if (!in->source)
		return image_err(err, "not_an_image", "the file cannot be opened");
	if (!load(&in->whole, in, 1, err))
		return false;
	header = in->whole;
	if (!pixels_are_few(header, vips_image_get_n_pages(header), pixels_max, "the picture", err)
	    || !colour_is_known(header, err))
		return false;
	in->width = header->Xsize;
	in->height = header->Ysize;
	in->pages = pages_of(header);
	in->bytes = (double)VIPS_IMAGE_SIZEOF_IMAGE(header);
	orientation = vips_image_get_orientation(header);
	/* libwebp would let the colour of what is clear into what is not */
	in->shrinks = is_jpeg(in) || (!strcmp(in->kind, "webp") && !vips_image_hasalpha(header)
	    && in->pages == 1);
	in->turned = orientation >= 5 && orientation <= 8;
	return memory_is_enough(in, err);
}

void
input_close(struct input *in)
{
	g_clear_object(&in->shared);
	g_clear_object(&in->whole);
	g_clear_object(&in->source);
}

static bool
is_true(const struct argument *a)
{
	return a && a->number != 0;
}

static bool
is_word(const struct argument *a, const char *word)
{
	return a && !strcmp(a->word, word);
}

/* What thumbnail_image is asked for, of the whole picture as it will be shown. */
struct fit { int from_width, from_height, width, height; bool covers, cuts; };

static struct fit
fit_of(const struct input *in, const struct step *step)
{
	const struct argument *height = step_argument(step, "height");
	const struct argument *crop = step_argument(step, "crop");
	bool turned = in->turned && !is_true(step_argument(step, "no_rotate"));
	struct fit fit = { turned ? in->height : in->width, turned ? in->width : in->height,
		(int)step_argument(step, "width")->number, 0, crop && !is_word(crop, "none"), false };

	fit.height = height ? (int)height->number : fit.width;
	fit.cuts = fit.covers && !is_word(crop, "all");
	return fit;
}

/* How much smaller the decoder may make it for this view. */
static int
view_shrink(const struct input *in, const struct view *view)
{
	const struct step *step = view->steps;
	struct fit fit;

	if (!in->shrinks || !step_is(view, 0, "thumbnail_image")
	    || is_word(step_argument(step, "size"), "up")
	    || is_true(step_argument(step, "linear")))	/* light is added up before it is shrunk */
		return 1;
	fit = fit_of(in, step);
	return picture_shrink(fit.from_width, fit.from_height, fit.width, fit.height,
	    fit.covers || is_word(step_argument(step, "size"), "force"));
}

/* The decoder drops what is no whole pixel of its own, so its picture has a shape a little different
 * from that of the whole one, which says how large the thumbnail is. */
bool
input_thumbnail(VipsImage **image, const struct input *in, const struct step *step,
    int64_t pixels_max, struct err *err)
{
	static const struct argument_rule width = { "width", ARGUMENT_INT, true, 0, 0, NULL },
		height = { "height", ARGUMENT_INT, false, 0, 0, NULL },
		size = { "size", ARGUMENT_WORD, false, 0, 0, NULL },
		crop = { "crop", ARGUMENT_WORD, false, 0, 0, NULL };
	struct argument exact[4 + ARGUMENTS_MAX] = { { .rule = &width }, { .rule = &height },
		{ .rule = &size, .word = "force" }, { .rule = &crop, .word = "none" } };
	struct step forced = { .operation = step->operation, .arguments = exact, .n_arguments = 4 };
	struct fit fit = fit_of(in, step);
	int wide, tall;

	if ((*image)->Xsize == in->width || fit.cuts
	    || is_word(step_argument(step, "size"), "force"))
		return step_run(image, step, pixels_max, err);
	picture_fit(fit.from_width, fit.from_height, fit.width, fit.height, fit.covers, &wide, &tall);
	exact[0].number = wide;
	exact[1].number = tall;
	for (size_t i = 0; i < step->n_arguments; i++)
		if (!argument_find(exact, 4, step->arguments[i].rule->name))
			exact[forced.n_arguments++] = step->arguments[i];
	return step_run(image, &forced, pixels_max, err);
}

/* What was opened for its header will do once, when nothing smaller is wanted. */
static bool
begin(VipsImage **ret, struct input *in, int shrink, struct err *err)
{
	if (shrink > 1)
		g_clear_object(&in->whole);	/* two readers of one source would be in each other's way */
	*ret = g_steal_pointer(&in->whole);
	return *ret || load(ret, in, shrink, err);
}

static bool
read_through(VipsImage **image, const struct input *in, struct err *err)
{
	return input_judge(in, image_compute(image, "image_damaged",
	    "the picture cannot be read to its end", err), err);
}

bool
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
	return begin(&in->shared, in, shrink, err) && read_through(&in->shared, in, err);
}

bool
input_load(VipsImage **ret, struct input *in, const struct view *view, struct err *err)
{
	if (!in->shared)
		return begin(ret, in, view_shrink(in, view), err);
	*ret = g_object_ref(in->shared);
	return true;
}

bool
input_load_pages(VipsImage **ret, struct input *in, struct err *err)
{
	char loader[32];

	if (is_too_much(in, (double)in->pages * LOADER_COPIES_LEAST))
		return err_code(err, ERR_REJECT, "out_of_memory", "its %d frames are %.0f MiB, which do not "
		    "fit into this renderer's memory", in->pages, in->bytes * in->pages / 1024 / 1024);
	if (is_cut(in))		/* a GIF would end with the last frame that is whole */
		return err_code(err, ERR_REJECT, "image_truncated", "the file ends before its last frame");
	loader_name(loader, sizeof(loader), in->kind);
	g_clear_object(&in->whole);
	if (vips_call(loader, in->source, ret, "n", -1, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
	    VIPS_FAIL_ON_ERROR, NULL))
		return input_judge(in, image_err(err, "image_damaged", "the picture cannot be read"), err);
	return colour_mend(ret, err) && read_through(ret, in, err);
}

bool
input_compute(VipsImage **image, const struct input *in, struct err *err)
{
	if (in->shared)
		return image_compute(image, "operation_failed", "render", err);
	return read_through(image, in, err);
}

bool
input_check(struct input *in, struct err *err)
{
	own(image_freep) VipsImage *image = NULL;
	double mean;

	if (is_jpeg(in))
		return jpeg_is_whole(in->fd, err);
	return begin(&image, in, 1, err) && (!vips_avg(image, &mean, NULL)
	    || image_err(err, "image_damaged", "the picture cannot be read to its end"));
}
