/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h: what a JSON text holds, counted while it comes in, in pieces of any size.
 *
 * Three bytes of text, "{},", are hundreds in memory once they are read, so how many values there
 * are must be known before anything is built of them. It counts and does not judge: a text that is
 * no JSON has some count too, and is refused by who reads it. Pure.
 */
#ifndef TALLY_H
#define TALLY_H
#include <stdbool.h>
#include <stddef.h>

struct tally_limits { size_t depth, values, files; };	/* files: entries of the member "files" */

struct tally {
	struct tally_limits limits;
	size_t depth, values, files;
	bool in_text, is_escaped;
	char word[8];			/* the last text of the outermost object, its beginning */
	size_t word_size;
	bool is_files, in_files;	/* the member that is coming; its array */
};

enum tally_verdict { TALLY_WELL, TALLY_DEEP, TALLY_VALUES, TALLY_FILES };

/* Once it is not well it need not be asked again. */
enum tally_verdict tally_take(struct tally *tally, const void *bytes, size_t size);
#endif
