/* SPDX-License-Identifier: Apache-2.0 */
/* content_hash.c: see dropbox.h. */
#include "dropbox.h"

static void
block_end(struct content_hash *h)
{
	uint8_t digest[SHA256_SIZE];

	hash_end(h->block, digest);
	hash_add(h->all, digest, sizeof(digest));
	hash_free(h->block);
	h->block = NULL;
	h->in_block = 0;
}

void
content_hash_add(struct content_hash *h, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0 && !h->failed) {
		size_t n = CONTENT_BLOCK - h->in_block;

		if (n > size)
			n = size;
		h->all = h->all ? h->all : hash_new();
		h->block = h->block ? h->block : hash_new();
		h->failed = !h->all || !h->block;
		if (h->failed)
			return;
		hash_add(h->block, at, n);
		h->in_block += n;
		if (h->in_block == CONTENT_BLOCK)
			block_end(h);
		at += n;
		size -= n;
	}
}

bool
content_hash_end(struct content_hash *h, char ret[SHA256_TEXT_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	bool well;

	h->all = h->all ? h->all : hash_new();
	well = h->all && !h->failed;
	if (well && h->block)
		block_end(h);
	if (well) {
		hash_end(h->all, digest);
		hash_print(ret, digest);
	}
	hash_free(h->all);
	hash_free(h->block);
	*h = (struct content_hash){0};
	return well;
}
