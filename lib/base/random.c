/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"
#include <assert.h>
#include <sys/random.h>

void
random_fill(void *bytes, size_t size)
{
	/* Up to 256 bytes getrandom() neither fails nor answers short once the pool is ready. */
	ssize_t n = getrandom(bytes, size, 0);

	assert(size <= RANDOM_MAX && n == (ssize_t)size);
	(void)n;
}
