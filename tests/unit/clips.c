/* SPDX-License-Identifier: Apache-2.0 */
/* clips.c: animations as libvips itself reads them. */
#include <criterion/criterion.h>
#include <vips/vips.h>
#include "tests/unit/pictures.h"

static VipsImage *
image_of(int fd, const char *options)
{
	size_t size;
	const uint8_t *bytes = bytes_of(fd, &size);
	VipsImage *image = vips_image_new_from_buffer(bytes, size, options, NULL);

	cr_assert(image, "%s", vips_error_buffer());
	return image;
}

struct clip
clip_of(int fd)
{
	VipsImage *image = image_of(fd, "");
	struct clip clip = { .n = vips_image_get_n_pages(image), .loop = -1 };
	int *delays, n;

	cr_assert_leq(clip.n, CLIP_FRAMES_MAX);
	if (clip.n > 1 && !vips_image_get_array_int(image, "delay", &delays, &n))
		for (int i = 0; i < n && i < clip.n; i++)
			clip.delays_ms[i] = delays[i];
	if (clip.n > 1)
		vips_image_get_int(image, "loop", &clip.loop);
	g_object_unref(image);
	return clip;
}

int
clip_frame(int fd, int i)
{
	char options[32];
	VipsImage *image;
	void *bytes;
	size_t size;
	int file;

	snprintf(options, sizeof(options), "page=%d", i);
	image = image_of(fd, options);
	cr_assert_eq(vips_pngsave_buffer(image, &bytes, &size, NULL), 0, "%s", vips_error_buffer());
	file = file_of(bytes, size);
	g_free(bytes);
	g_object_unref(image);
	return file;
}
