/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h: a ZIP written to a file, read back, and taken apart. pack.c alone includes zip.h (whose names begin
 * with zip_).
 *
 * Entries are stored, not deflated (pictures do not get smaller), in the order of the list, all
 * with the same time and mode: the list alone decides the bytes. ZIP64 where it must be.
 * While bytes flow, go_on is asked every so often; its false ends the work with its error.
 */
#ifndef PACK_H
#define PACK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct pack_entry {
	const char *name;
	int64_t size;
	uint32_t crc32;
	const void *bytes;	/* here; NULL: open() knows */
};

struct pack {
	const struct pack_entry *entries;
	size_t n_entries;
	/* A descriptor to read entry i from its start; the pack closes it. */
	bool (*open)(void *state, size_t i, int *fd, struct err *err);
	bool (*go_on)(void *state, struct err *err);
	void *state;
};

#define PACK_DAMAGED "entry_damaged"	/* an entry's bytes are not what its size and CRC-32 say */
#define PACK_DIFFERS "archive_differs"	/* the file is not the archive of this list */

/* Writes the archive into fd, an empty file open for reading and writing. When an entry is the
 * reason for false, *culprit is its index, else n_entries; PACK_DAMAGED rejects. */
bool pack_write(const struct pack *pack, int fd, size_t *culprit, struct err *err);

/* Reads the archive back, every byte of it, and compares it with the list; bytes of `bytes` too.
 * PACK_DIFFERS rejects. */
bool pack_verify(const struct pack *pack, int fd, struct err *err);

/* An entry of an archive that was written so: its bytes lie in the file as they are. */
struct packed {
	const char *name;
	int64_t offset, size;
	uint32_t crc32;
};
/* All of them, in the archive's order; *ret and the names are the arena's. The bytes are not read.
 * PACK_DIFFERS rejects: it is no ZIP, or not one with stored entries alone. */
bool pack_list(int fd, struct arena *arena, struct packed **ret, size_t *n, struct err *err);
#endif
