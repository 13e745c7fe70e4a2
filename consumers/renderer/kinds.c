/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c: what a file is, by its first bytes; pure. */
#include <string.h>
#include "consumers/renderer/picture.h"

struct magic { const char *kind, *bytes; size_t at, size; };

static bool
begins(const struct magic *magic, const uint8_t *bytes, size_t size)
{
	return size >= magic->at + magic->size && !memcmp(bytes + magic->at, magic->bytes, magic->size);
}

static const char *
find(const struct magic *magics, size_t n, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < n; i++)
		if (begins(&magics[i], bytes, size))
			return magics[i].kind;
	return NULL;
}

#define FIND(magics, bytes, size) find(magics, sizeof(magics) / sizeof(*(magics)), bytes, size)

/* ---- ISO media files: a brand, and those that it agrees with ---- */

static uint32_t
number(const uint8_t *bytes, bool little)
{
	return little ? bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
	    | (uint32_t)bytes[3] << 24 : (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16
	    | (uint32_t)bytes[2] << 8 | bytes[3];
}

static const char *
brand_find(const uint8_t *bytes, size_t size)
{
	static const struct magic brands[] = {
		{ "avif", "avif", 0, 4 },	{ "avif", "avis", 0, 4 },
		{ "HEIC", "heic", 0, 4 },	{ "HEIC", "heix", 0, 4 },
		{ "HEIC", "heim", 0, 4 },	{ "HEIC", "heis", 0, 4 },
		{ "HEIC", "hevc", 0, 4 },	{ "HEIC", "hevx", 0, 4 },
		{ "a camera's RAW", "crx ", 0, 4 },
	};
	size_t end;

	if (size < 16 || memcmp(bytes + 4, "ftyp", 4))
		return NULL;
	end = number(bytes, false) < size ? number(bytes, false) : size;
	for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {	/* a version stands between */
		const char *kind = FIND(brands, bytes + at, 4);

		if (kind)
			return kind;
	}
	return "a film, or a picture in its form";
}

/* ---- TIFF: most of what cameras call RAW is one, with a small picture in front ---- */

static bool
is_raw_tiff(const uint8_t *bytes, size_t size)
{
	bool little = *bytes == 'I';
	uint32_t at, n;

	if (size < 16 || (bytes[2] != '*' && bytes[3] != '*'))
		return false;		/* cameras write no BigTIFF */
	at = number(bytes + 4, little);
	if (!memcmp(bytes + 8, "CR", 2))
		return true;
	if (at < 8 || at > size - 2)
		return false;
	n = little ? bytes[at] | bytes[at + 1] << 8 : bytes[at] << 8 | bytes[at + 1];
	for (const uint8_t *entry = bytes + at + 2; n > 0 && entry + 12 <= bytes + size; entry += 12) {
		int tag = little ? entry[0] | entry[1] << 8 : entry[0] << 8 | entry[1];

		/* a smaller copy of another, or DNG's version */
		if ((tag == 254 && number(entry + 8, little) == 1) || tag == 50706)
			return true;
		n--;
	}
	return false;
}

/* ---- all of them ---- */

const char *
picture_kind(const uint8_t *bytes, size_t size)
{
	static const struct magic kinds[] = {
		{ "jpeg", "\xff\xd8\xff", 0, 3 },	{ "png", "\x89PNG\r\n\x1a\n", 0, 8 },
		{ "gif", "GIF8", 0, 4 },		{ "tiff", "II*\0", 0, 4 },
		{ "tiff", "MM\0*", 0, 4 },		{ "tiff", "II+\0", 0, 4 },
		{ "tiff", "MM\0+", 0, 4 },
	};
	const char *kind = FIND(kinds, bytes, size), *brand = brand_find(bytes, size);

	if (size >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4))
		return "webp";
	if (brand && !strcmp(brand, "avif"))
		return brand;
	return kind && !strcmp(kind, "tiff") && is_raw_tiff(bytes, size) ? NULL : kind;
}

static bool
is_svg(const uint8_t *bytes, size_t size)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	if (size >= 3 && !memcmp(bytes, mark, 3))
		bytes += 3, size -= 3;
	while (size > 0 && strchr(" \t\r\n", *bytes) && *bytes)
		bytes++, size--;
	return size > 0 && *bytes == '<' && memmem(bytes, size, "<svg", 4);
}

const char *
picture_kind_unread(const uint8_t *bytes, size_t size)
{
	static const struct magic kinds[] = {
		{ "PSD", "8BPS", 0, 4 },		{ "PDF", "%PDF-", 0, 5 },
		{ "PostScript", "%!PS", 0, 4 },		{ "JPEG XL", "\xff\x0a", 0, 2 },
		{ "JPEG XL", "\0\0\0\x0cJXL ", 0, 8 },	{ "JPEG 2000", "\0\0\0\x0cjP  ", 0, 8 },
		{ "JPEG 2000", "\xff\x4f\xff\x51", 0, 4 }, { "OpenEXR", "v/1\x01", 0, 4 },
		{ "Radiance HDR", "#?RADIANCE", 0, 10 }, { "XCF", "gimp xcf", 0, 8 },
		{ "a camera's RAW", "FUJIFILMCCD-RAW", 0, 15 }, { "a camera's RAW", "IIRO", 0, 4 },
		{ "a camera's RAW", "IIRS", 0, 4 },	{ "a camera's RAW", "MMOR", 0, 4 },
		{ "a camera's RAW", "IIU\0", 0, 4 },	{ "a camera's RAW", "FOVb", 0, 4 },
		{ "a camera's RAW", "II*\0", 0, 4 },	{ "a camera's RAW", "MM\0*", 0, 4 },
		{ "BMP", "\0\0\0\0", 6, 4 },
	};
	const char *kind = FIND(kinds, bytes, size);

	if (picture_kind(bytes, size))
		return NULL;
	if (kind && !strcmp(kind, "BMP") && memcmp(bytes, "BM", 2))
		kind = NULL;
	return is_svg(bytes, size) ? "SVG" : kind ? kind : brand_find(bytes, size);
}
