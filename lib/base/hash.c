/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c: a thin room around OpenSSL's EVP. Its calls fail only without memory or a provider,
 * which no caller could mend: that ends the process. */
#include "base/hash.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_PIECE = 64 * 1024 };

struct hash { EVP_MD_CTX *context; };

static void
must(int answer)
{
	if (answer == 1)
		return;
	fprintf(stderr, "level=error msg=\"OpenSSL cannot hash\"\n");
	abort();
}

struct hash *
hash_new(void)
{
	struct hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context) {
		free(hash);
		return NULL;
	}
	must(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL));
	return hash;
}

void
hash_free(struct hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void
hash_add(struct hash *hash, const void *bytes, size_t size)
{
	must(EVP_DigestUpdate(hash->context, bytes, size));
}

void
hash_end(struct hash *hash, uint8_t ret[SHA256_SIZE])
{
	must(EVP_DigestFinal_ex(hash->context, ret, NULL));
}

void
hash_sha256(uint8_t ret[SHA256_SIZE], const void *bytes, size_t size)
{
	must(EVP_Digest(bytes, size, ret, NULL, EVP_sha256(), NULL));
}

bool
hash_file(uint8_t ret[SHA256_SIZE], int fd, int64_t *size)
{
	own(hash_freep) struct hash *hash = hash_new();
	uint8_t *bytes = malloc(FILE_PIECE);
	int64_t at = 0;
	ssize_t n = -1;

	while (hash && bytes && (n = pread(fd, bytes, FILE_PIECE, at)) > 0) {
		hash_add(hash, bytes, (size_t)n);
		at += n;
	}
	free(bytes);
	if (n != 0)
		return false;
	hash_end(hash, ret);
	if (size)
		*size = at;
	return true;
}

void
hash_sha1(uint8_t ret[SHA1_SIZE], const void *bytes, size_t size)
{
	must(EVP_Digest(bytes, size, ret, NULL, EVP_sha1(), NULL));
}

void
hash_hmac_sha256(uint8_t ret[SHA256_SIZE], const void *key, size_t key_size, const void *bytes,
    size_t size)
{
	must(HMAC(EVP_sha256(), key, (int)key_size, bytes, size, ret, NULL) != NULL);
}

char *
hash_print(char text[SHA256_TEXT_SIZE], const uint8_t sha256[SHA256_SIZE])
{
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", sha256[i]);
	return text;
}

bool
hash_is_hex(const char *text)
{
	return strlen(text) == SHA256_TEXT_SIZE - 1
	    && strspn(text, "0123456789abcdef") == SHA256_TEXT_SIZE - 1;
}
