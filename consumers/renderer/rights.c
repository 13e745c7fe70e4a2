/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rights.c: whose a picture is, from the words beside its pixels and back to them: EXIF's artist and
 * copyright, which libvips writes as ASCII, and the same as XMP, in every alphabet and format.
 */
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/utf8.h"
#include "consumers/renderer/image.h"

/* libvips has the words, and behind them in brackets the words again, explained, and at last how many
 * bytes they are. False: none. */
static bool
exif_words(struct buf *ret, VipsImage *image, const char *name)
{
	const char *value, *last;
	unsigned long bytes;

	if (!vips_image_get_typeof(image, name) || vips_image_get_string(image, name, &value))
		return false;
	last = strrchr(value, ',');
	return last && sscanf(last, ", %lu bytes)", &bytes) == 1 && bytes > 1 && bytes <= strlen(value)
	    && buf_add(ret, value, bytes - 1);
}

/* As libvips would have read it: a saver takes what is before the last bracket. */
static void
exif_set(VipsImage *image, const char *name, struct buf *words)
{
	struct buf value = {0};

	if (buf_print(&value, "%s (its words, ASCII, 1 components, 1 bytes)", buf_text(words)))
		vips_image_set_string(image, name, buf_text(&value));
	buf_clear(&value);
}

/* In ASCII: not every format says which letters its texts are made of. */
static void
add_escaped(struct buf *xmp, const char *words)
{
	size_t n;

	for (size_t left = strlen(words); left > 0; words += n, left -= n) {
		unsigned c = (uint8_t)*words;

		n = utf8_length(words, left);
		if (n > 1)
			c &= 0xffu >> (n + 1);
		for (size_t i = 1; i < n; i++)
			c = c << 6 | ((uint8_t)words[i] & 0x3f);
		if (n == 0 || c < ' ')
			n = 1;		/* no letter */
		else if (n > 1 || c == '&' || c == '<' || c == '>')
			buf_print(xmp, "&#%u;", c);
		else
			buf_add_byte(xmp, (uint8_t)c);
	}
}

static void
xmp_set(VipsImage *image, const char *artist, const char *rights)
{
	struct buf xmp = {0};

	buf_add_text(&xmp, "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
	    "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
	    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator><rdf:Seq><rdf:li>");
	add_escaped(&xmp, artist);
	buf_add_text(&xmp, "</rdf:li></rdf:Seq></dc:creator><dc:rights><rdf:Alt>"
	    "<rdf:li xml:lang=\"x-default\">");
	add_escaped(&xmp, rights);
	buf_add_text(&xmp, "</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>");
	if (!xmp.failed)
		vips_image_set_blob_copy(image, VIPS_META_XMP_NAME, xmp.data, xmp.size);
	buf_clear(&xmp);
}

void
rights_copy(VipsImage *to, VipsImage *from)
{
	static const char empty[] = "Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0";
	struct buf artist = {0}, rights = {0};
	bool made = exif_words(&artist, from, "exif-ifd0-Artist");
	bool owned = exif_words(&rights, from, "exif-ifd0-Copyright");

	if (made || owned)	/* some savers have no block but one that was there */
		vips_image_set_blob_copy(to, VIPS_META_EXIF_NAME, empty, sizeof(empty));
	if (made)
		exif_set(to, "exif-ifd0-Artist", &artist);
	if (owned)
		exif_set(to, "exif-ifd0-Copyright", &rights);
	if (made || owned)
		xmp_set(to, made ? buf_text(&artist) : "", owned ? buf_text(&rights) : "");
	buf_clear(&artist);
	buf_clear(&rights);
}
