/* SPDX-License-Identifier: Apache-2.0 */
/* stem_test.c: what outputs are called, by the name of their input. */
#include <criterion/criterion.h>
#include <string.h>
#include "batch/name.h"

Test(stem, is_safe_to_unpack_anywhere_and_still_the_name_a_person_gave)
{
	static const struct { const char *name, *stem; } rows[] = {
		{ "PL_DXB_image.png", "PL_DXB_image" },
		{ "archive.tar.gz", "archive.tar" },
		{ "no_extension", "no_extension" },
		{ ".hidden.jpg", "hidden" },
		{ "--force.jpg", "force" },
		{ "Photo (1).jpg", "Photo-1" },
		{ "a - b.jpg", "a-b" },
		{ "a--b.jpg", "a--b" },
		{ "\xc3\x9cn\xc3\xaf" "code.jpg", "n-code" },
		{ "\xe5\x86\x99\xe7\x9c\x9f.jpg", "file" },
		{ "..", "file" },
	};
	char stem[STEM_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		stem_of_file(stem, rows[i].name);
		cr_expect_str_eq(stem, rows[i].stem, "%s: %s", rows[i].name, stem);
	}
}

Test(stem, of_a_long_name_is_cut_and_ends_well)
{
	char name[400], stem[STEM_SIZE];

	memset(name, 'x', sizeof(name) - 1);
	memset(name + 119, ' ', 100);
	name[sizeof(name) - 1] = '\0';
	stem_of_file(stem, name);
	cr_assert_leq(strlen(stem), (size_t)STEM_MAX);
	cr_assert_neq(stem[strlen(stem) - 1], ' ');
}
