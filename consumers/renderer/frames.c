/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.c: an animation is a picture whose frames stand one below the other. Each goes through the
 * view as if it were alone, so that every operation means of a frame what it means of a picture.
 */
#include <string.h>
#include "consumers/renderer/image.h"

enum { FRAMES_MAX = 2000 };	/* each costs something, however small it is */

struct frames { VipsImage **at; int n; };

static void
frames_clear(struct frames *frames)
{
	for (int i = 0; frames->at && i < frames->n; i++)
		g_clear_object(&frames->at[i]);
	g_free(frames->at);
}

bool
frames_can(const struct format *format)
{
	return !strcmp(format->name, "gif") || !strcmp(format->name, "webp");
}

static bool
frame_cut(VipsImage **ret, VipsImage *image, int i, int height, struct err *err)
{
	own(image_freep) VipsImage *part = NULL;

	if (vips_extract_area(image, &part, 0, i * height, image->Xsize, height, NULL)
	    || vips_copy(part, ret, NULL))
		return image_err(err, "operation_failed", "frames");
	vips_image_remove(*ret, VIPS_META_PAGE_HEIGHT);
	vips_image_remove(*ret, VIPS_META_N_PAGES);
	return true;
}

static bool
frame_render(VipsImage **image, struct input *in, const struct view *view,
    int64_t pixels_max, struct err *err)
{
	bool small = step_is(view, 0, "thumbnail_image");

	return (small ? step_precut(image, view->steps, err) : step_upright(image, err))
	    && steps_run(image, in, view, 0, pixels_max, err)
	    && image_compute(image, "operation_failed", "render", err);
}

static bool
all_render(struct frames *frames, VipsImage *image, struct input *in,
    const struct view *view, int64_t pixels_max, struct err *err)
{
	int height = vips_image_get_page_height(image);

	for (int i = 0; i < frames->n; i++)
		if (!frame_cut(&frames->at[i], image, i, height, err)
		    || !frame_render(&frames->at[i], in, view, pixels_max / frames->n, err))
			return err_at(err, "frame %d of %d", i + 1, frames->n);
	return true;
}

/* As the loaders of animations have it, and their savers. */
static bool
join(VipsImage **ret, const struct frames *frames, struct err *err)
{
	own(image_freep) VipsImage *joined = NULL;

	if (vips_arrayjoin(frames->at, &joined, frames->n, "across", 1, NULL)
	    || vips_copy(joined, ret, NULL))
		return image_err(err, "operation_failed", "frames");
	vips_image_set_int(*ret, VIPS_META_PAGE_HEIGHT, frames->at[0]->Ysize);
	vips_image_set_int(*ret, VIPS_META_N_PAGES, frames->n);
	return image_compute(ret, "operation_failed", "frames", err);
}

bool
frames_render(VipsImage **ret, struct input *in, const struct view *view,
    int64_t pixels_max, struct err *err)
{
	own(image_freep) VipsImage *image = NULL;
	struct frames frames = {0};
	bool well;

	if (in->pages > FRAMES_MAX)
		return err_code(err, ERR_REJECT, "image_too_complex",
		    "it has %d frames; at most %d are rendered", in->pages, FRAMES_MAX);
	if (!input_load_pages(&image, in, err))
		return false;
	frames.n = image->Ysize / vips_image_get_page_height(image);
	frames.at = g_new0(VipsImage *, (size_t)frames.n);
	well = all_render(&frames, image, in, view, pixels_max, err) && join(ret, &frames, err);
	frames_clear(&frames);
	return well;
}

bool
frames_first(VipsImage **ret, VipsImage *image, struct err *err)
{
	int height = vips_image_get_page_height(image);

	if (height < image->Ysize)
		return frame_cut(ret, image, 0, height, err);
	*ret = g_object_ref(image);
	return true;
}
