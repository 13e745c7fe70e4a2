/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c: HMAC-SHA256 over id, time and body. Two keys while one is being replaced. */
#include <string.h>
#include "base/base64.h"
#include "base/hash.h"
#include "webhook.h"

#define PREFIX "whsec_"
enum { KEY_LEAST = 24, KEY_MOST = 64 };

static bool
add_signature(struct buf *ret, const char *line, size_t size, const struct buf *signed_bytes)
{
	uint8_t key[BASE64_BYTES(4 + KEY_MOST * 4 / 3 + 4)], digest[SHA256_SIZE];
	size_t skip = sizeof(PREFIX) - 1, key_size = 0, at;
	bool well = size > skip && !memcmp(line, PREFIX, skip)
	    && BASE64_BYTES(size - skip) <= sizeof(key)
	    && base64_read(key, &key_size, line + skip, size - skip, &at)
	    && key_size >= KEY_LEAST && key_size <= KEY_MOST;

	if (well) {
		hash_hmac_sha256(digest, key, key_size, signed_bytes->data, signed_bytes->size);
		well = buf_add_text(ret, ret->size ? " v1," : "v1,")
		    && base64_write(ret, digest, sizeof(digest));
	}
	explicit_bzero(key, sizeof(key));
	return well;
}

bool
sign(struct buf *ret, const struct buf *secret, const char *id, const char *timestamp,
    const struct buf *body, struct err *err)
{
	const char *text = (const char *)secret->data, *end = text + secret->size;
	struct buf bytes = {0};
	int n = 0;
	bool well = buf_print(&bytes, "%s.%s.", id, timestamp)
	    && buf_add(&bytes, body->data, body->size);

	while (well && text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((feed ? feed : end) - text);
		size_t seen = size && text[size - 1] == '\r' ? size - 1 : size;

		if (seen > 0)
			well = ++n <= SIGNATURES_MAX && add_signature(ret, text, seen, &bytes);
		text += size + (feed != NULL);
	}
	buf_clear(&bytes);
	return (well && n > 0) || err_code(err, ERR_FATAL, "secret", "the secret is not one line, or "
	    "two, of whsec_ and 24 to 64 bytes in base64");
}
