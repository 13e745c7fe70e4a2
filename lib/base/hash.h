/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h: SHA-256 and SHA-1, at once or piece by piece, and HMAC. Only hash.c includes OpenSSL. */
#ifndef HASH_H
#define HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/own.h"

enum { SHA256_SIZE = 32, SHA256_TEXT_SIZE = 65, SHA1_SIZE = 20 };

struct hash;		/* a SHA-256 under way */

struct hash *hash_new(void);		/* NULL: out of memory */
void hash_free(struct hash *hash);	/* NULL is fine */
void hash_add(struct hash *hash, const void *bytes, size_t size);
void hash_end(struct hash *hash, uint8_t ret[SHA256_SIZE]);	/* once; then only hash_free() */

void hash_sha256(uint8_t ret[SHA256_SIZE], const void *bytes, size_t size);
void hash_sha1(uint8_t ret[SHA1_SIZE], const void *bytes, size_t size);
void hash_hmac_sha256(uint8_t ret[SHA256_SIZE], const void *key, size_t key_size, const void *bytes,
    size_t size);
/* Of all that a file holds, whose own place stays; size may be NULL. False, with errno: it cannot be read. */
bool hash_file(uint8_t ret[SHA256_SIZE], int fd, int64_t *size);
char *hash_print(char text[SHA256_TEXT_SIZE], const uint8_t sha256[SHA256_SIZE]);	/* hex; returns text */
bool hash_is_hex(const char *text);	/* 64 lower-case hex digits */

OWN_FREEP(struct hash, hash_free)
#endif
