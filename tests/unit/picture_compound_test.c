/* SPDX-License-Identifier: Apache-2.0 */
/* picture_compound_test.c: the operations that are our own, by their pixels. */
#include <criterion/criterion.h>
#include "tests/unit/pictures.h"

TestSuite(compound, .init = pictures_open);

#define PNG(operations) "{\"views\":[" VIEW("out", operations, "png", "") "]}"
#define MILD "{\"operation\":\"sharpen_mild\"}"
#define BESIDE_200 "{\"operation\":\"embed\",\"x\":0,\"y\":0,\"width\":128,\"height\":64," \
    "\"extend\":\"background\",\"background\":200}"

Test(compound, a_mild_sharpening_parts_what_lies_side_by_side_and_leaves_what_is_plain)
{
	struct made made = made_of(plain_tiff(64, 64, 90), PNG(BESIDE_200 "," MILD));

	cr_assert(made.well, "%s", made.err.text);
	expect_colour(made.fds[0], 0.25, 0.5, 90, 90, 90);
	expect_colour(made.fds[0], 63.2 / 128, 0.5, 76, 76, 76);
	expect_colour(made.fds[0], 64.2 / 128, 0.5, 214, 214, 214);
	expect_colour(made.fds[0], 0.75, 0.5, 200, 200, 200);
}

Test(compound, what_is_clear_stays_clear_when_it_is_sharpened)
{
	struct made made = made_from("rgba16.png", PNG(MILD)), white;

	cr_assert(made.well, "%s", made.err.text);
	white = made_of(made.fds[0], ONE("", "\"Q\":95"));
	expect_colour(white.fds[0], 0.75, 0.25, 255, 255, 255);
	expect_colour(white.fds[0], 0.25, 0.25, 220, 30, 30);
	expect_colour(white.fds[0], 0.25, 0.75, 40, 60, 210);
}
