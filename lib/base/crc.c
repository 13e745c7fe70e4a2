/* SPDX-License-Identifier: Apache-2.0 */
/* crc.c: zlib's, which is the fastest that every Debian has. */
#include "base/crc.h"
#include <zlib.h>

uint32_t
crc_add(uint32_t crc, const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(crc, bytes, size);
}
