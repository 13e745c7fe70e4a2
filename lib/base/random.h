/* SPDX-License-Identifier: Apache-2.0 */
/* random.h: bytes that nobody can guess, from the kernel. */
#ifndef RANDOM_H
#define RANDOM_H
#include <stddef.h>

enum { RANDOM_MAX = 256 };

void random_fill(void *bytes, size_t size);	/* up to RANDOM_MAX */
#endif
