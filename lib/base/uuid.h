/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h: the 16 bytes that name batches, jobs and events (RFC 9562). Only uuid.c includes
 * libuuid. Text is lower case with hyphens; reading takes upper case too. */
#ifndef UUID_H
#define UUID_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_TEXT_SIZE = 37 };	/* 36 characters and a NUL */

struct uuid { uint8_t bytes[16]; };

struct uuid uuid_v7(void);	/* new, time-ordered */
struct uuid uuid_v5(struct uuid name_space, const void *name, size_t size);

bool uuid_read(struct uuid *ret, const char *text, size_t size);	/* exactly 36 characters */
char *uuid_print(char text[UUID_TEXT_SIZE], struct uuid uuid);		/* returns text */
int uuid_order(struct uuid a, struct uuid b);				/* as memcmp() */
bool uuid_is_nil(struct uuid uuid);
#endif
