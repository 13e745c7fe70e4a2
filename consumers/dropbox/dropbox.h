/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropbox.h: a finished batch as a folder of Dropbox.
 *
 *	content_hash	what Dropbox calls a file's hash
 *	arg		JSON as it may stand in a header
 */
#ifndef DROPBOX_H
#define DROPBOX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/hash.h"
#include "port/http.h"

/* content_hash.c: SHA-256 of the SHA-256s of each 4 MiB, as hex. */
enum { CONTENT_BLOCK = 4 << 20 };

struct content_hash {
	struct hash *all, *block;
	size_t in_block;		/* bytes */
	bool failed;			/* no memory */
};
void content_hash_add(struct content_hash *hash, const void *bytes, size_t size);	/* begin with {0} */
bool content_hash_end(struct content_hash *hash, char ret[SHA256_TEXT_SIZE]);	/* once; false: no memory */

/* arg.c: the same JSON in ASCII, without DEL: what is none becomes \uXXXX. */
bool arg_add(struct buf *ret, const char *json);
#endif
