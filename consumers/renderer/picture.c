/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.c: libvips, one thread of work, no cache, no untrusted loaders.
 *
 * The result of a view stands in memory before it is saved, since file and preview need it.
 */
#include "consumers/renderer/picture.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "consumers/renderer/budget.h"
#include "consumers/renderer/image.h"

bool
picture_open(struct err *err)
{
	uint8_t sum[SHA256_SIZE];

	hash_sha256(sum, "", 0);	/* the library reads its configuration: a child may open no file */
	g_setenv("VIPSHOME", "/nonexistent", TRUE);	/* no loader modules: they are not even mapped */
	g_setenv("VIPS_DISC_THRESHOLD", "1048576m", TRUE);	/* children have no folder for more */
	g_setenv("VIPS_WARNING", "0", TRUE);		/* what matters comes as an error */
	if (vips_init("batchline-renderer"))
		return err_set(err, ERR_FATAL, "libvips does not start: %s", vips_error_buffer());
	vips_block_untrusted_set(TRUE);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	return true;
}

void
picture_library(struct buf *words)
{
	buf_add_text(words, "libvips ");
	buf_add_text(words, vips_version_string());
	buf_add_text(words, vips_vector_isenabled() ? ", vectors on" : ", vectors off");
}

enum { SHRUNK_SIDE_MIN = 16 };	/* the decoder drops what is no whole pixel of its own */

int
picture_shrink(int from_width, int from_height, int width, int height, bool covers)
{
	double across = (double)from_width / width, down = (double)from_height / height;
	double factor = covers ? fmin(across, down) : fmax(across, down);
	/* a half at least is left to a better filter than the decoder's: below, one sees it */
	int shrink = factor >= 12 ? 8 : factor >= 6 ? 4 : factor >= 3 ? 2 : 1;

	while (shrink > 1 && (from_width < from_height ? from_width : from_height)
	    < shrink * SHRUNK_SIDE_MIN)
		shrink /= 2;
	return shrink;
}

void
picture_fit(int from_width, int from_height, int width, int height, bool covers, int *fit_width,
    int *fit_height)
{
	double across = (double)from_width / width, down = (double)from_height / height;
	double scale = 1 / (covers ? fmin(across, down) : fmax(across, down));

	*fit_width = (int)fmax(1, floor(from_width * scale + 0.5));
	*fit_height = (int)fmax(1, floor(from_height * scale + 0.5));
}

bool
picture_precut(int from_width, int from_height, int width, int height, int *cut_width,
    int *cut_height)
{
	double scale = fmax((double)width / from_width, (double)height / from_height);

	if (scale <= 1)
		return false;
	*cut_width = (int)fmin(from_width, ceil(width / scale - 1e-6));
	*cut_height = (int)fmin(from_height, ceil(height / scale - 1e-6));
	return *cut_width < from_width || *cut_height < from_height;
}

bool
image_err(struct err *err, const char *code, const char *what)
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
	return err_code(err, ERR_REJECT, code, "%s: %s", what, *text ? text : "no reason given");
}

bool
pixels_are_few(VipsImage *image, int pages, int64_t most, const char *what, struct err *err)
{
	double pixels = (double)image->Xsize * image->Ysize * pages;

	budget_grow(pixels);	/* too many are refused, and cost nothing */
	return pixels <= (double)most || err_code(err, ERR_REJECT, "image_too_large",
	    "%s has %d x %d pixels in %d pages; at most %lld megapixels are rendered", what,
	    image->Xsize, image->Ysize, pages, (long long)(most / 1000000));
}

enum { SMALL_PIXELS = 256 * 256 };

static void
region_freep(VipsRegion **region)
{
	g_clear_object(region);
}

static bool
strip_copy(VipsImage *out, VipsRegion *region, int y, int lines)
{
	VipsRect strip = { 0, y, out->Xsize, VIPS_MIN(lines, out->Ysize - y) };
	bool well = !vips_region_prepare(region, &strip);

	for (int i = 0; well && i < strip.height; i++)
		well = !vips_image_write_line(out, y + i, VIPS_REGION_ADDR(region, 0, y + i));
	return well;
}

/* As vips_image_copy_memory() does, in the thread that asks: its own hands an image to a thread of
 * work and waits, which takes longer than a small one does. */
static VipsImage *
copy_here(VipsImage *image)
{
	own(image_freep) VipsImage *out = vips_image_new_memory();
	own(region_freep) VipsRegion *region = vips_region_new(image);
	int width, height, lines;

	vips_get_tile_size(image, &width, &height, &lines);
	if (vips_image_pipelinev(out, VIPS_DEMAND_STYLE_THINSTRIP, image, NULL))
		return NULL;
	for (int y = 0; y < image->Ysize; y += height)
		if (!strip_copy(out, region, y, height))
			return NULL;
	return g_steal_pointer(&out);
}

bool
image_compute(VipsImage **image, const char *code, const char *what, struct err *err)
{
	bool small = (*image)->dtype == VIPS_IMAGE_PARTIAL
	    && (double)(*image)->Xsize * (*image)->Ysize < SMALL_PIXELS;
	VipsImage *copy = small ? copy_here(*image) : vips_image_copy_memory(*image);

	if (!copy) {
		void *room = g_try_malloc(VIPS_IMAGE_SIZEOF_IMAGE(*image));

		image_err(err, room ? code : "out_of_memory", what);
		g_free(room);
		return false;
	}
	g_object_unref(*image);
	*image = copy;
	return true;
}

/* ---- a view ---- */

/* Reads, and does what comes first: a thumbnail, which may read less, or standing upright. */
static bool
view_begin(VipsImage **ret, struct input *in, const struct view *view, int64_t pixels_max,
    size_t *done, struct err *err)
{
	bool small = step_is(view, 0, "thumbnail_image");

	if (!input_load(ret, in, view, err))
		return false;
	*done = small;
	if (small && step_precuts(*ret, view->steps))
		return input_compute(ret, in, err) && step_precut(ret, view->steps, err)
		    && step_run(ret, view->steps, pixels_max, err)
		    && image_compute(ret, "operation_failed", "render", err);
	if (small)
		return input_thumbnail(ret, in, view->steps, pixels_max, err) && input_compute(ret, in, err);
	return input_compute(ret, in, err) && step_upright(ret, err);
}

static bool
view_render(VipsImage **ret, struct input *in, const struct view *view, int64_t pixels_max,
    struct err *err)
{
	own(image_freep) VipsImage *image = NULL;
	size_t done = 0;

	if (!view_begin(&image, in, view, pixels_max, &done, err))
		return false;
	if (!steps_run(&image, in, view, done, pixels_max, err)
	    || !image_compute(&image, "operation_failed", "render", err))
		return false;
	*ret = g_steal_pointer(&image);
	return true;
}

static bool
view_make(const struct picture_task *task, struct input *in, size_t i, struct extent *extent,
    struct err *err)
{
	const struct view *view = &task->definition->views[i];
	const struct format *format = view_format(view, in->kind);
	own(image_freep) VipsImage *image = NULL, *first = NULL;
	bool moves = view->animated && in->pages > 1 && frames_can(format);

	if (!image_saver_is_there(format, err)
	    || !(moves ? frames_render(&image, in, view, task->pixels_max, err)
	        : view_render(&image, in, view, task->pixels_max, err))
	    || !image_save(image, format, view->options, view->n_options, task->outputs[i], err)
	    || !frames_first(&first, image, err)
	    || (i == 0 && !image_save_preview(first, argument_find(view->options, view->n_options,
	        "background"), task->preview, err)))
		return task->definition->n_views > 1 && err_at(err, "view %s", view->name);
	*extent = (struct extent){ first->Xsize, first->Ysize };
	return true;
}

/* One more reason, behind those that there are; the first one's code stands. */
static void
err_join(struct err *err, const struct err *more)
{
	size_t n = strlen(err->text);

	if (err->verdict == ERR_NONE)
		*err = *more;
	else
		snprintf(err->text + n, sizeof(err->text) - n, "; %s", more->text);
}

/* Would every other view fail in the same way? */
static bool
is_of_all_views(const struct err *err)
{
	return err->verdict != ERR_REJECT || !strcmp(err->code, "image_truncated")
	    || !strcmp(err->code, "image_damaged");
}

bool
picture_render(const struct picture_task *task, struct extent *extents, struct err *err)
{
	const struct definition *d = task->definition;
	struct assets assets = { .fds = task->assets };
	struct input in = { .assets = &assets };
	bool well = input_open(&in, task->input, task->pixels_max, err) && input_share(&in, d, err);

	for (size_t i = 0; i < d->n_views && (well || (i > 0 && !is_of_all_views(err))); i++) {
		struct err one = {0};

		if (view_make(task, &in, i, &extents[i], &one))
			continue;
		err_join(err, &one);
		well = false;
	}
	assets_clear(&assets);
	input_close(&in);
	return well;
}

bool
picture_check(const struct picture_task *task, struct err *err)
{
	struct input in = {0};
	bool well = input_open(&in, task->input, task->pixels_max, err) && input_check(&in, err);

	input_close(&in);
	if (well || (strcmp(err->code, "not_an_image") && strcmp(err->code, "unsupported_format")))
		return well;
	err_clear(err);		/* what else there is, the command may know */
	return true;
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
	well = well && input_load(&image, &in, view, err)
	    && (!image_has_words(image, view->format) || (input_compute(&image, &in, err)
	        && image_save_over(&image, view->format, fd, err)));
	if (well)
		*extent = (struct extent){ image->Xsize, image->Ysize };
	if (well && preview >= 0)
		well = image_save_preview(image, NULL, preview, err);
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
