/* SPDX-License-Identifier: Apache-2.0 */
/* kinds_test.c: what people bring, by its first bytes; what is not read is called by its name. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/pictures.h"

TestSuite(kinds, .init = pictures_open);

#define BYTES(text) text, sizeof(text) - 1
#define RAW "a camera's RAW"

static const struct { const char *bytes; size_t size; const char *kind, *unread; } rows[] = {
	{ BYTES("\xff\xd8\xff\xe0"), "jpeg", NULL },
	{ BYTES("RIFF\0\0\0\0WEBPVP8 "), "webp", NULL },
	{ BYTES("RIFF\0\0\0\0WAVEfmt "), NULL, NULL },
	{ BYTES("GIF89a"), "gif", NULL },
	{ BYTES("II*\0\x08\0\0\0" "\x01\0" "\xfe\0\x04\0\x01\0\0\0\0\0\0\0"), "tiff", NULL },
	{ BYTES("MM\0*\0\0\0\x08" "\0\x01" "\0\xfe\0\x04\0\0\0\x01\0\0\0\0"), "tiff", NULL },
	{ BYTES("II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"), "tiff", NULL },
	{ BYTES("II*\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0"), "tiff", NULL },
	{ BYTES("II*\0\x08\0\0\0" "\xff\xff" "\x01\0\x04\0\x01\0\0\0\0\0\0\0"), "tiff", NULL },
	{ BYTES("II*\0\x08\0\0\0" "\x01\0" "\xfe\0\x04\0\x01\0\0\0\x01\0\0\0"), NULL, RAW },
	{ BYTES("MM\0*\0\0\0\x08" "\0\x01" "\0\xfe\0\x04\0\0\0\x01\0\0\0\x01"), NULL, RAW },
	{ BYTES("II*\0\x08\0\0\0" "\x01\0" "\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0"), NULL, RAW },
	{ BYTES("II*\0\x10\0\0\0CR\x02\0\0\0\0\0"), NULL, RAW },
	{ BYTES("FUJIFILMCCD-RAW 0201"), NULL, RAW },
	{ BYTES("\0\0\0\x18" "ftypcrx \0\0\0\1crx isom"), NULL, RAW },
	{ BYTES("\0\0\0\x18" "ftypheic\0\0\0\0mif1heic"), NULL, "HEIC" },
	{ BYTES("\0\0\0\x18" "ftypmif1\0\0\0\0mif1heic"), NULL, "HEIC" },
	{ BYTES("\0\0\0\x1c" "ftypmif1\0\0\0\0mif1avifmiaf"), "avif", NULL },
	{ BYTES("\0\0\0\x18" "ftypavif\0\0\0\0mif1miaf"), "avif", NULL },
	{ BYTES("\0\0\0\x18" "ftypisom\0\0\0\0isommp42"), NULL, "a film, or a picture in its form" },
	{ BYTES("\0\0\0\x10" "ftypmp42\0\0\0\0avif"), NULL, "a film, or a picture in its form" },
	{ BYTES("8BPS\0\1"), NULL, "PSD" },
	{ BYTES("%PDF-1.7"), NULL, "PDF" },
	{ BYTES("%!PS-Adobe-3.0 EPSF-3.0"), NULL, "PostScript" },
	{ BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), NULL, "SVG" },
	{ BYTES("\xef\xbb\xbf\n<?xml version=\"1.0\"?><!-- a --><svg width=\"9\"/>"), NULL, "SVG" },
	{ BYTES("<html><body>an svg</body></html>"), NULL, NULL },
	{ BYTES("\xff\x0a\x12"), NULL, "JPEG XL" },
	{ BYTES("\0\0\0\x0cJXL \r\n\x87\n"), NULL, "JPEG XL" },
	{ BYTES("\0\0\0\x0cjP  \r\n\x87\n"), NULL, "JPEG 2000" },
	{ BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0"), NULL, "BMP" },
	{ BYTES("BMW is a car"), NULL, NULL },
	{ BYTES("not an image at all"), NULL, NULL },
	{ BYTES("I"), NULL, NULL },
};

static void
expect_word(const char *is, const char *wanted, size_t row)
{
	cr_expect(wanted ? is && !strcmp(is, wanted) : !is, "row %zu is %s, not %s", row,
	    is ? is : "none", wanted ? wanted : "none");
}

Test(kinds, a_file_is_what_its_first_bytes_say)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint8_t *bytes = (const uint8_t *)rows[i].bytes;

		expect_word(picture_kind(bytes, rows[i].size), rows[i].kind, i);
		expect_word(picture_kind_unread(bytes, rows[i].size), rows[i].unread, i);
	}
}

Test(kinds, bytes_that_end_anywhere_are_looked_at_no_further)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t n = 0; n <= rows[i].size; n++) {
			uint8_t *bytes = malloc(n + 1);

			memcpy(bytes, rows[i].bytes, n);
			picture_kind(bytes, n);
			picture_kind_unread(bytes, n);
			free(bytes);
		}
}

Test(kinds, what_is_not_read_is_refused_by_its_name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct made made;

		if (rows[i].kind)
			continue;
		made = made_of(file_of(rows[i].bytes, rows[i].size), WEB);
		expect_refused(&made, rows[i].unread ? "unsupported_format" : "not_an_image");
		cr_expect(!rows[i].unread || strstr(made.err.text, rows[i].unread), "%s", made.err.text);
	}
}

#define AVIF(options) "{\"views\":[" VIEW("out", "", "avif", options) "]}"

/* Debian's libvips has its codec in a module, which no child loads. */
Test(kinds, avif_is_written_and_read_where_the_library_can_and_else_refused)
{
	struct made made = made_from("no-eoi.jpg", AVIF("\"Q\":90,\"effort\":2,\"strip\":true")), again;

	if (pictures_library_is_debians()) {
		expect_refused(&made, "unsupported_format");
		cr_expect(strstr(made.err.text, "avif is not written"), "%s", made.err.text);
		return;
	}
	cr_assert(made.well, "%s", made.err.text);
	cr_expect_eq(made.extents[0].width, 240);
	cr_expect(holds(made.fds[0], "ftypavif"));
	expect_quarters(made.fds[0]);
	again = made_of(made.fds[0], THREE);
	cr_assert(again.well, "%s", again.err.text);
	cr_expect_eq(again.extents[1].width, 1080);
	expect_quarters(again.fds[2]);
}

Test(kinds, an_avif_that_is_cut_is_damaged)
{
	struct made made = made_from("no-eoi.jpg", AVIF("\"effort\":0")), cut;
	const uint8_t *bytes;
	size_t size;

	if (pictures_library_is_debians())
		return;
	bytes = bytes_of(made.fds[0], &size);
	cut = made_of(file_of(bytes, size * 2 / 3), WEB);
	expect_refused(&cut, "image_damaged");
}

Test(kinds, an_avif_has_no_words_of_people)
{
	struct made made = made_from("meta.jpg", AVIF("\"effort\":0,\"strip\":true"));

	cr_expect(made.well != pictures_library_is_debians());
	cr_expect(!holds(made.fds[0], "SECRET") && !holds(made.fds[1], "SECRET"));
}
