/* SPDX-License-Identifier: Apache-2.0 */
/* name.h: how batches, inputs and outputs are called. Pure. */
#ifndef NAME_H
#define NAME_H
#include <stdbool.h>
#include <stddef.h>

enum {
	PREFIX_SIZE = 68,		/* four tokens of 16, three underscores, NUL */
	FILE_NAME_MAX = 255,		/* bytes */
	STEM_MAX = 120,			/* bytes of a safe stem, before anything is put behind it */
	STEM_SIZE = 160,
};
#define PREFIX_UNSORTED "UNSORTED"

/* ^[A-Z][A-Z0-9]{0,15}(_[A-Z][A-Z0-9]{0,15}){0,3}$ */
bool prefix_is_valid(const char *prefix);

/* From a file name: the leading tokens of capitals and digits that begin with a capital and are
 * followed by `_`, at most `most` of them (PL_DXB_image.png -> PL_DXB); none: UNSORTED. */
void prefix_of_file(char ret[PREFIX_SIZE], const char *file_name, int most);

/* Why this is no file name ("holds a slash"), or NULL when it is one. */
const char *file_name_defect(const char *file_name);

/* The name without its last extension, in NFC: letters, marks and numbers of every script, `.`, `_`
 * and `-`; what else stands between becomes one `-`, what cannot be seen goes. At most STEM_MAX
 * bytes, cut between letters. Never empty ("file"), never a dot or a dash first or a dot last,
 * never the name of a device of Windows (CON: CON_). */
void stem_of_file(char ret[STEM_SIZE], const char *file_name);
/* Made of such characters, no dot first or last, no device, at most FILE_NAME_MAX bytes: it unpacks
 * anywhere. */
bool output_name_is_safe(const char *name);
/* As strcmp(), without regard to case in any script: 0 when one folder of Windows, of a Mac or of
 * Dropbox could not hold both. */
int name_compare(const char *a, const char *b);
#endif
