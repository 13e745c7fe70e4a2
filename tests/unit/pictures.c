/* SPDX-License-Identifier: Apache-2.0 */
/* pictures.c: how the tests of pictures look at them, by nothing but our own pipelines. */
#include "tests/unit/pictures.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOLDER "tests/unit/pictures/"

enum { NEAR = 12 };

void
pictures_open(void)
{
	struct err err = {0};

	cr_assert(picture_open(&err), "%s", err.text);
}

bool
pictures_library_is_debians(void)
{
	struct buf words = {0};
	bool is;

	picture_library(&words);
	is = !strncmp(buf_text(&words), "libvips 8.14", 12) || !strncmp(buf_text(&words), "libvips 8.16", 12);
	buf_clear(&words);
	return is;
}

static struct made
made(int input, const char *json, int64_t pixels_max, const int *assets)
{
	struct definition *d = NULL;
	struct made ret = {0};

	cr_assert(definition_read(&d, json, &ret.err), "%s", ret.err.text);
	ret.n = d->n_views;
	for (size_t i = 0; i <= ret.n; i++)
		ret.fds[i] = memfd_create("output", MFD_CLOEXEC);
	ret.well = picture_render(&(struct picture_task){ input, ret.fds[ret.n], ret.fds, d,
	    pixels_max, assets }, ret.extents, &ret.err);
	definition_free(d);
	return ret;
}

struct made
made_within(int input, const char *json, int64_t pixels_max)
{
	return made(input, json, pixels_max, NULL);
}

struct made
made_of(int input, const char *json)
{
	return made(input, json, PICTURES_PIXELS_MAX, NULL);
}

struct made
made_with(int input, const char *json, const int *assets)
{
	return made(input, json, PICTURES_PIXELS_MAX, assets);
}

int
fixture(const char *name)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0, "%s", path);
	return fd;
}

struct made
made_from(const char *name, const char *json)
{
	return made_of(fixture(name), json);
}

int
file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

const uint8_t *
bytes_of(int fd, size_t *size)
{
	*size = (size_t)lseek(fd, 0, SEEK_END);
	return mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
}

bool
holds(int fd, const char *word)
{
	size_t size;
	const uint8_t *bytes = bytes_of(fd, &size);

	return memmem(bytes, size, word, strlen(word));
}

static uint32_t
tiff_value(const uint8_t *tiff, unsigned tag)
{
	uint32_t at;

	memcpy(&at, tiff + 4, 4);
	for (const uint8_t *entry = tiff + at + 2; entry < tiff + at + 2 + 12 * tiff[at]; entry += 12)
		if ((entry[0] | entry[1] << 8) == (int)tag)
			return entry[2] == 3 ? (uint32_t)(entry[8] | entry[9] << 8)
			    : entry[8] | (uint32_t)entry[9] << 8 | (uint32_t)entry[10] << 16;
	return 0;
}

/* Cut out into a TIFF of its own. */
void
expect_colour(int output, double across, double down, int red, int green, int blue)
{
	struct made whole = made_of(output, "{\"views\":[" VIEW("raw", "", "tiff",
	    "\"compression\":\"none\"") "]}"), dot;
	int x = (int)(whole.extents[0].width * across), y = (int)(whole.extents[0].height * down);
	const int wanted[] = { red, green, blue };
	const uint8_t *tiff;
	char json[400];
	size_t size;

	snprintf(json, sizeof(json), "{\"views\":[" VIEW("dot", "{\"operation\":\"colourspace\","
	    "\"space\":\"srgb\"},{\"operation\":\"crop\",\"left\":%d,\"top\":%d,\"width\":1,"
	    "\"height\":1}", "tiff", "\"compression\":\"none\"") "]}", x, y);
	dot = made_of(output, json);
	tiff = bytes_of(dot.fds[0], &size);
	cr_assert(whole.well && dot.well && size > 8 && tiff[0] == 'I', "%s", dot.err.text);
	for (int i = 0; i < 3; i++) {
		int is = tiff[tiff_value(tiff, 273) + (uint32_t)i];

		cr_expect(abs(is - wanted[i]) <= NEAR, "band %d at %d, %d is %d, not %d", i, x, y, is,
		    wanted[i]);
	}
}

void
expect_quarters(int output)
{
	expect_colour(output, 0.25, 0.25, 220, 30, 30);
	expect_colour(output, 0.75, 0.25, 30, 180, 40);
	expect_colour(output, 0.25, 0.75, 40, 60, 210);
	expect_colour(output, 0.75, 0.75, 230, 210, 40);
}

void
expect_refused(const struct made *made, const char *code)
{
	cr_expect(!made->well);
	cr_expect_str_eq(made->err.code, code, "%s: %s", made->err.code, made->err.text);
	cr_expect_eq(made->err.verdict, ERR_REJECT);
}

int
plain_tiff(uint32_t width, uint32_t height, uint8_t value)
{
	uint32_t size = width * height, at = 8 + size;
	uint16_t head[] = { 0x4949, 42 }, n = 9;
	const uint32_t tags[][3] = { { 256, 4, width }, { 257, 4, height }, { 258, 3, 8 },
		{ 259, 3, 1 }, { 262, 3, 1 }, { 273, 4, 8 }, { 277, 3, 1 }, { 278, 4, height },
		{ 279, 4, size } };
	uint8_t *bytes = calloc(1, at + 6 + 12 * 9), *p = bytes + at;
	int fd;

	memcpy(bytes, head, 4);
	memcpy(bytes + 4, &at, 4);
	memset(bytes + 8, value, size);
	memcpy(p, &n, 2);
	p += 2;
	for (int i = 0; i < n; i++, p += 12) {
		uint16_t tag = (uint16_t)tags[i][0], type = (uint16_t)tags[i][1];
		uint32_t one = 1;

		memcpy(p, &tag, 2);
		memcpy(p + 2, &type, 2);
		memcpy(p + 4, &one, 4);
		memcpy(p + 8, &tags[i][2], 4);
	}
	fd = file_of(bytes, at + 6 + 12 * 9);
	free(bytes);
	return fd;
}

int
held(int orientation)
{
	struct made made = made_from("no-eoi.jpg",
	    ONE("{\"operation\":\"thumbnail_image\",\"width\":1600,\"height\":1779,"
	    "\"size\":\"force\"}", "\"strip\":true"));
	uint8_t exif[] = "\xff\xe1\x00\x22" "Exif\0\0" "MM\0\x2a\0\0\0\x08" "\0\x01"
	    "\x01\x12\0\x03\0\0\0\x01\0\0\0\0" "\0\0\0\0";
	size_t size;
	const uint8_t *bytes;
	uint8_t *with;
	int fd;

	cr_assert(made.well, "%s", made.err.text);
	bytes = bytes_of(made.fds[0], &size);
	with = malloc(size + 36);
	exif[29] = (uint8_t)orientation;
	memcpy(with, bytes, 2);
	memcpy(with + 2, exif, 36);
	memcpy(with + 38, bytes + 2, size - 2);
	fd = file_of(with, size + 36);
	free(with);
	return fd;
}
