/* SPDX-License-Identifier: Apache-2.0 */
/* range.c: see range.h. */
#include "range.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits alone; no number is -1. Too many are as good as the largest. */
static int64_t
number(const char **at)
{
	char *end;
	int64_t n;

	if (!isdigit((unsigned char)**at))
		return -1;
	n = strtoll(*at, &end, 10);
	*at = end;
	return n;
}

enum range_kind
range_read(const char *header, int64_t total, int64_t *first, int64_t *size)
{
	const char *at = header;
	int64_t from, to;

	if (!header || strncasecmp(header, "bytes=", 6))
		return RANGE_WHOLE;
	at += 6;
	from = number(&at);
	if (*at++ != '-')
		return RANGE_WHOLE;
	to = number(&at);
	if (*at || (from < 0 && to < 0) || (from >= 0 && to >= 0 && to < from))
		return RANGE_WHOLE;
	if (from < 0) {		/* the last `to` bytes */
		if (to == 0 || total == 0)
			return RANGE_OUTSIDE;
		from = to < total ? total - to : 0;
		to = total - 1;
	}
	if (from >= total)
		return RANGE_OUTSIDE;
	if (to < 0 || to >= total)
		to = total - 1;
	*first = from;
	*size = to - from + 1;
	return RANGE_PART;
}

bool
etag_matches(const char *list, const char *tag, bool weak)
{
	size_t size = strlen(tag);

	while (*list) {
		bool is_weak;

		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		is_weak = !strncmp(list, "W/", 2);
		list += 2 * is_weak;
		if ((weak || !is_weak) && !strncmp(list, tag, size)
		    && (!list[size] || strchr(" \t,", list[size])))
			return true;
		if (*list == '"')		/* a comma may stand within the quotes */
			list += 1 + strcspn(list + 1, "\"");
		list += strcspn(list, ",");
	}
	return false;
}
