/* SPDX-License-Identifier: Apache-2.0 */
/* picture_composite_test.c: an asset over a picture. The picture is grey and 200 x 100, the asset is
 * 40 x 20, its left half clear and its right half red. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

TestSuite(composite, .init = pictures_open);

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PNG(operations) "{\"views\":[" VIEW("one", operations, "png", "") "]}"
#define OVER(more) "{\"operation\":\"composite\",\"asset\":\"" HASH "\"" more "}"

static struct made
made_over(int input, const char *json)
{
	int asset = fixture("badge.png");
	struct made made = made_with(input, json, &asset);

	cr_assert(made.well, "%s: %s", made.err.code, made.err.text);
	return made;
}

static struct made
over_grey(const char *json)
{
	return made_over(plain_tiff(200, 100, 128), json);
}

/* The middle of the asset's right half, as a part of the picture. */
static void
expect_badge_at(int output, double x, double y)
{
	expect_colour(output, (x + 30) / 200, (y + 10) / 100, 220, 30, 30);
	expect_colour(output, (x + 10) / 200, (y + 10) / 100, 128, 128, 128);
}

Test(composite, an_asset_lies_where_gravity_and_offsets_say)
{
	static const struct { const char *gravity; int x, y; } table[] = {
		{ "north-west", 0, 0 },		{ "north", 80, 0 },	{ "north-east", 160, 0 },
		{ "west", 0, 40 },		{ "centre", 80, 40 },	{ "east", 160, 40 },
		{ "south-west", 0, 80 },	{ "south", 80, 80 },	{ "south-east", 160, 80 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *gravity = table[i].gravity;
		char json[400];
		struct made made;

		snprintf(json, sizeof(json), PNG(OVER(",\"gravity\":\"%s\"")), gravity);
		made = over_grey(json);
		cr_expect_eq(made.extents[0].width, 200);
		expect_badge_at(made.fds[0], table[i].x, table[i].y);
		snprintf(json, sizeof(json), PNG(OVER(",\"gravity\":\"%s\",\"x\":6,\"y\":3")), gravity);
		made = over_grey(json);
		expect_badge_at(made.fds[0], table[i].x + (strstr(gravity, "east") ? -6 : 6),
		    table[i].y + (strstr(gravity, "south") ? -3 : 3));
	}
}

Test(composite, an_asset_may_stand_partly_or_wholly_outside)
{
	struct made made = over_grey(PNG(OVER(",\"gravity\":\"west\",\"x\":-20")));

	expect_colour(made.fds[0], 0.05, 0.5, 220, 30, 30);
	made = over_grey(PNG(OVER(",\"x\":5000")));
	expect_colour(made.fds[0], 0.5, 0.5, 128, 128, 128);
	cr_expect_eq(made.extents[0].width, 200);
}

/* Red 220, 30, 30 on grey 128. */
Test(composite, blend_and_opacity_say_how_much_is_seen_of_both)
{
	struct made made = over_grey(PNG(OVER(",\"blend\":\"multiply\"")));

	expect_colour(made.fds[0], 0.55, 0.5, 110, 15, 15);
	made = over_grey(PNG(OVER(",\"blend\":\"screen\"")));
	expect_colour(made.fds[0], 0.55, 0.5, 238, 143, 143);
	made = over_grey(PNG(OVER(",\"opacity\":0.5")));
	expect_colour(made.fds[0], 0.55, 0.5, 174, 79, 79);
	made = over_grey(PNG(OVER(",\"opacity\":0")));
	expect_colour(made.fds[0], 0.55, 0.5, 128, 128, 128);
}

/* Half of 200 wide: 100 x 50 from 50, 25 on. */
Test(composite, scale_is_a_part_of_the_picture)
{
	struct made made = over_grey(PNG(OVER(",\"scale\":0.5")));

	expect_colour(made.fds[0], 0.7, 0.3, 220, 30, 30);
	expect_colour(made.fds[0], 0.7, 0.2, 128, 128, 128);
	expect_colour(made.fds[0], 0.3, 0.5, 128, 128, 128);
	made = over_grey(PNG(OVER(",\"scale\":1")));
	expect_colour(made.fds[0], 0.98, 0.02, 220, 30, 30);
}

Test(composite, an_asset_keeps_its_colour_over_every_kind_of_picture)
{
	static const char *const pictures[] = { "no-eoi.jpg", "p3.jpg", "grey-with-rgb-icc.jpg",
		"rgba16.png", "palette-clear.gif", "clip.webp" };
	struct made cmyk = made_from("no-eoi.jpg", ONE("{\"operation\":\"icc_transform\","
	    "\"output_profile\":\"cmyk\"}", "\"Q\":95")), made;

	for (size_t i = 0; i < sizeof(pictures) / sizeof(*pictures); i++) {
		made = made_over(fixture(pictures[i]), PNG(OVER(",\"scale\":1,\"gravity\":\"north-west\"")));
		expect_colour(made.fds[0], 0.9, 0.02, 220, 30, 30);
	}
	made = made_over(cmyk.fds[0], ONE(OVER(",\"scale\":1,\"gravity\":\"north-west\""), "\"Q\":95"));
	expect_colour(made.fds[0], 0.9, 0.02, 220, 30, 30);
}

Test(composite, every_frame_of_an_animation_and_every_view_has_it)
{
	struct made made = made_over(fixture("clip.gif"), "{\"views\":[{\"name\":\"a\","
	    "\"animated\":true,\"format\":\"webp\",\"operations\":[" OVER(",\"scale\":1") "]},"
	    VIEW("b", OVER(",\"scale\":1"), "png", "") "]}");

	for (int i = 0; i < 3; i++)
		expect_colour(clip_frame(made.fds[0], i), 0.75, 0.5, 220, 30, 30);
	expect_colour(clip_frame(made.fds[0], 1), 0.25, 0.5, 30, 180, 40);
	expect_colour(made.fds[1], 0.75, 0.5, 220, 30, 30);
}

Test(composite, an_asset_has_the_limits_of_an_input_and_a_code_of_its_own)
{
	static const char json[] = PNG(OVER(""));
	int large = plain_tiff(20000, 20000, 9), words = file_of("words", 5), cut = fixture("cut.jpg");
	struct made made = made_with(plain_tiff(20, 20, 9), json, &large);

	expect_refused(&made, "bad_asset");
	cr_expect(strstr(made.err.text, "asset " HASH), "%s", made.err.text);
	cr_expect(strstr(made.err.text, "megapixels"), "%s", made.err.text);
	made = made_with(plain_tiff(20, 20, 9), json, &words);
	expect_refused(&made, "bad_asset");
	made = made_with(plain_tiff(20, 20, 9), json, &cut);
	expect_refused(&made, "bad_asset");
}
