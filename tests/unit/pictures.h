/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pictures.h: what the tests of pictures say: one that lies in tests/unit/pictures or was made here,
 * through a pipeline, and what came out of it. Descriptors and mappings live as long as the test.
 */
#ifndef PICTURES_H
#define PICTURES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "consumers/renderer/picture.h"
#include "pipeline/definition.h"

#define VIEW(name, operations, format, options) "{\"name\":\"" name "\",\"operations\":[" \
    operations "],\"format\":\"" format "\",\"options\":{" options "}}"
#define ONE(operations, options) "{\"views\":[" VIEW("one", operations, "jpeg", options) "]}"
#define FIT(side) "{\"operation\":\"thumbnail_image\",\"width\":" side ",\"height\":" side \
    ",\"size\":\"down\"}"
#define SQUARE "{\"operation\":\"thumbnail_image\",\"width\":1080,\"height\":1080," \
    "\"crop\":\"attention\"}"
#define HALF "{\"operation\":\"resize\",\"scale\":0.5}"
#define WEB ONE(FIT("2048") ",{\"operation\":\"sharpen\"}", "\"Q\":85,\"strip\":true")
#define THREE "{\"views\":[" VIEW("hero", FIT("2048"), "jpeg", "\"Q\":85,\"strip\":true") "," \
    VIEW("square", SQUARE, "jpeg", "\"Q\":85,\"strip\":true") "," \
    VIEW("thumbnail", FIT("320"), "webp", "\"Q\":80,\"strip\":true") "]}"

enum { PICTURES_PIXELS_MAX = 250000000 };

struct made {
	bool well;
	struct err err;
	struct extent extents[VIEWS_MAX];
	int fds[VIEWS_MAX + 1];			/* the outputs, and behind them the preview */
	size_t n;
};

void pictures_open(void);			/* before each test */
bool pictures_library_is_debians(void);		/* 12's or 13's: it has fewer formats */

struct made made_of(int input, const char *json);
struct made made_within(int input, const char *json, int64_t pixels_max);
struct made made_with(int input, const char *json, const int *assets);
struct made made_from(const char *name, const char *json);
int fixture(const char *name);			/* opened */
int file_of(const void *bytes, size_t size);
/* The four quarters, 1600 x 1779, as a camera that was held so would write them. */
int held(int orientation);
/* A plain grey TIFF: one strip of bytes, all alike. */
int plain_tiff(uint32_t width, uint32_t height, uint8_t value);

const uint8_t *bytes_of(int fd, size_t *size);
bool holds(int fd, const char *word);
/* The pixel at these parts of width and height is this, as sRGB; near to it. */
void expect_colour(int output, double across, double down, int red, int green, int blue);
void expect_quarters(int output);		/* red, green, blue, yellow */
/* Of an animation, as its file has them: how many frames, how long each, how often (0: for ever). */
enum { CLIP_FRAMES_MAX = 8 };
struct clip { int n, delays_ms[CLIP_FRAMES_MAX], loop; };
struct clip clip_of(int fd);
int clip_frame(int fd, int i);			/* as a picture of its own */
void expect_refused(const struct made *made, const char *code);
#endif
