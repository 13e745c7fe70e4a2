/* SPDX-License-Identifier: Apache-2.0 */
/* range.h: conditional and partial requests (RFC 9110, sections 13 and 14). Pure. */
#ifndef RANGE_H
#define RANGE_H
#include <stdbool.h>
#include <stdint.h>

enum range_kind {
	RANGE_WHOLE,	/* no range, one we do not read, or several: the whole thing, 200 */
	RANGE_PART,	/* 206 */
	RANGE_OUTSIDE,	/* 416 */
};

/* header: of Range, may be NULL. Of a part *first and *size. */
enum range_kind range_read(const char *header, int64_t total, int64_t *first, int64_t *size);

/* Is the tag (with its quotes) in the list of an If-Match or If-None-Match? weak: W/ counts. */
bool etag_matches(const char *list, const char *tag, bool weak);
#endif
