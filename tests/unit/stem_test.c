/* SPDX-License-Identifier: Apache-2.0 */
/* stem_test.c: what outputs are called, by the name of their input. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/utf8.h"
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
		{ "Ünïcode.jpg", "Ünïcode" },
		{ "写真.jpg", "写真" },
		{ "صورة.jpg", "صورة" },
		{ "Ω.png", "Ω" },
		{ "фото 1.jpg", "фото-1" },
		{ "हिन्दी.png", "हिन्दी" },
		{ "한글.png", "한글" },
		{ "m².png", "m²" },
		{ "🙂.jpg", "file" },
		{ "a🙂b.jpg", "a-b" },
		{ "..", "file" },
		{ "dots...jpg", "dots" },
		{ "blanks  .jpg", "blanks" },
		{ "what?*<>|:\"now.jpg", "what-now" },
	};
	char stem[STEM_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		stem_of_file(stem, rows[i].name);
		cr_expect_str_eq(stem, rows[i].stem, "%s: %s", rows[i].name, stem);
	}
}

Test(stem, is_one_for_both_forms_of_a_letter_and_without_what_cannot_be_seen)
{
	static const struct { const char *name, *stem; } rows[] = {
		{ "caf\u00e9.png", "caf\u00e9" },
		{ "cafe\u0301.png", "caf\u00e9" },
		{ "\u2126.png", "\u03a9" },			/* the ohm sign is an omega */
		{ "\u1112\u1161\u11ab.png", "\ud55c" },	/* as a Mac writes it */
		{ "e\u0323\u0302.png", "\u1ec7" },
		{ "e\u0302\u0323.png", "\u1ec7" },
		{ "invoice\u202egnp.exe.jpg", "invoicegnp.exe" },
		{ "\u200fab\u200b\ufeffc\u00ad.jpg", "abc" },
		{ "a\u00a0b\u3000c.jpg", "a-b-c" },
		{ "\u0301a.jpg", "a" },			/* a mark without a letter */
		{ "a+\u0301b.jpg", "a-b" },
	};
	char stem[STEM_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		stem_of_file(stem, rows[i].name);
		cr_expect_str_eq(stem, rows[i].stem, "%s: %s", rows[i].name, stem);
	}
}

Test(stem, is_no_device_of_windows)
{
	static const struct { const char *name, *stem; } rows[] = {
		{ "CON.png", "CON_" }, { "nul.tar.gz", "nul_.tar" }, { "Com1.png", "Com1_" },
		{ "LPT9.png", "LPT9_" }, { "com\u00b9.png", "com\u00b9_" }, { "aux", "aux_" },
		{ "CONE.png", "CONE" }, { "COM.png", "COM" }, { "COM10.png", "COM10" },
		{ "my.con.png", "my.con" },
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

Test(stem, is_cut_between_letters_and_not_in_one)
{
	char name[FILE_NAME_MAX + 1], stem[STEM_SIZE];

	for (size_t shift = 0; shift < 3; shift++) {
		size_t n = shift;

		memset(name, 'x', shift);
		while (n + 3 < FILE_NAME_MAX) {
			memcpy(name + n, "写", 3);
			n += 3;
		}
		name[n] = '\0';
		stem_of_file(stem, name);
		cr_expect_eq(strlen(stem), (STEM_MAX - shift) / 3 * 3 + shift);
		cr_expect(utf8_is_valid(stem, strlen(stem)), "%zu", shift);
	}
}

Test(stem, is_cut_before_a_letter_whose_marks_have_no_room)
{
	char name[STEM_MAX + 20], stem[STEM_SIZE];

	memset(name, 'x', STEM_MAX - 3);
	strcpy(name + STEM_MAX - 3, "q\u0323\u0301.jpg");	/* no one character of these */
	stem_of_file(stem, name);
	cr_assert_eq(strlen(stem), (size_t)STEM_MAX - 3);
	cr_assert_eq(stem[STEM_MAX - 4], 'x');
}

Test(stem, is_compared_without_regard_to_case_in_any_script)
{
	static const struct { const char *a, *b; int order; } rows[] = {
		{ "a", "A", 0 }, { "ПРИВЕТ", "привет", 0 }, { "ΣΑΣ", "σας", 0 }, { "É", "é", 0 },
		{ "straße", "STRASSE", 0 }, { "e\u0301", "\u00c9", 0 }, { "ﬁn", "FIN", 0 },
		{ "写真", "写真", 0 }, { "e", "é", -1 }, { "я", "а", 1 }, { "写真", "写真1", -1 },
		{ "a_1", "ä", -1 }, { "", "a", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int there = name_compare(rows[i].a, rows[i].b), back = name_compare(rows[i].b, rows[i].a);

		cr_expect_eq((there > 0) - (there < 0), rows[i].order, "%s %s", rows[i].a, rows[i].b);
		cr_expect_eq((back > 0) - (back < 0), -rows[i].order, "%s %s", rows[i].b, rows[i].a);
	}
}
