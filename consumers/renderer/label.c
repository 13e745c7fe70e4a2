/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label.c: words as a picture. libvips has Pango write them, and that asks fontconfig in a thread of its
 * own, which reads the host's fonts: all of it in a child that is given words and no picture.
 */
#include "base/buf.h"
#include "consumers/renderer/image.h"
#include "consumers/renderer/picture.h"

enum { SIZE_USUAL = 32, SIZE_TO_SCALE = 200, POINTS_AN_INCH = 72 };	/* so a point is a pixel */

static int
size_of(const struct step *step)
{
	const struct argument *size = step_argument(step, "size");

	if (size)
		return (int)size->number;
	return step_argument(step, "scale") ? SIZE_TO_SCALE : SIZE_USUAL;
}

/* One number is a grey; black without any. The words are no markup themselves. */
static void
markup_make(struct buf *ret, const struct step *step)
{
	const struct argument *colour = step_argument(step, "colour");
	int rgb[3] = { 0, 0, 0 };

	for (size_t i = 0; colour && i < 3; i++)
		rgb[i] = (int)colour->numbers[i < colour->n_numbers ? i : 0];
	buf_print(ret, "<span foreground=\"#%02x%02x%02x\">", rgb[0], rgb[1], rgb[2]);
	for (const char *c = step_argument(step, "text")->text; *c; c++)
		if (*c == '&' || *c == '<' || *c == '>')
			buf_print(ret, "&#%d;", *c);
		else
			buf_add(ret, c, 1);
	buf_add_text(ret, "</span>");
}

static bool
draw(VipsImage **ret, const struct step *step)
{
	const struct argument *font = step_argument(step, "font"), *width = step_argument(step, "width");
	const struct argument *align = step_argument(step, "align");
	struct buf markup = {0}, name = {0};
	bool well;

	markup_make(&markup, step);
	buf_print(&name, "%s %d", font ? font->text : "sans", size_of(step));
	well = !vips_text(ret, buf_text(&markup), "font", buf_text(&name), "rgba", TRUE,
	    "dpi", POINTS_AN_INCH,
	    "align", vips_enum_from_nick("text", VIPS_TYPE_ALIGN, align ? align->word : "low"),
	    width ? "width" : NULL, width ? (int)width->number : 0, NULL);
	buf_clear(&markup);
	buf_clear(&name);
	return well;
}

bool
picture_label(const struct step *step, int output, int64_t pixels_max, struct extent *extent,
    struct err *err)
{
	own(image_freep) VipsImage *image = NULL;

	if (!draw(&image, step))
		return image_err(err, "text_failed", "text");
	*extent = (struct extent){ image->Xsize, image->Ysize };
	return pixels_are_few(image, 1, pixels_max, "text", err)
	    && image_save(image, format_find("png"), NULL, 0, output, err);
}
