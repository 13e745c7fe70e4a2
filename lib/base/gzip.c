/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.c: zlib, for gzip.h and crc.h. */
#include "base/gzip.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include "base/crc.h"

enum { WINDOW_OF_GZIP = 15 + 16, MEMORY_LEVEL = 8, SIZE_MAX_OF_ONE = 1 << 30 };

uint32_t
crc_add(uint32_t crc, const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(crc, bytes, size);
}

bool
gzip_add(struct buf *ret, const void *bytes, size_t size, enum gzip_care care)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size };
	uint8_t *room = NULL;
	bool well = false;

	if (size == 0 || size > SIZE_MAX_OF_ONE || deflateInit2(&z, care, Z_DEFLATED, WINDOW_OF_GZIP,
	        MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = malloc(size);
	z.next_out = room;
	z.avail_out = (uInt)size;	/* what is not smaller does not fit */
	if (room && deflate(&z, Z_FINISH) == Z_STREAM_END)
		well = buf_add(ret, room, z.total_out);
	free(room);
	deflateEnd(&z);
	return well;
}

/* Its q, which stands behind: is that more than nothing? */
static bool
is_wanted(const char *parameters, size_t size)
{
	for (size_t i = 0; i + 2 < size; i++)
		if (parameters[i] == ';' || parameters[i] == ' ')
			if (!strncasecmp(parameters + i + 1, "q=", 2))
				return strtod(parameters + i + 3, NULL) > 0;
	return true;
}

bool
gzip_is_accepted(const char *accept)
{
	bool any = false;

	while (accept && *accept) {
		size_t size, name;

		accept += strspn(accept, " \t,");
		size = strcspn(accept, ",");
		name = strcspn(accept, ";, \t");
		if ((name == 4 && !strncasecmp(accept, "gzip", 4))
		    || (name == 6 && !strncasecmp(accept, "x-gzip", 6)))
			return is_wanted(accept + name, size - name);
		if (name == 1 && *accept == '*')
			any = is_wanted(accept + name, size - name);
		accept += size;
	}
	return any;
}
