/* SPDX-License-Identifier: Apache-2.0 */
/* position.c: see position.h. */
#include "position.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

char *
position_print(char text[POSITION_TEXT_SIZE], const struct position *position, int64_t second)
{
	int size = snprintf(text, POSITION_TEXT_SIZE, "%" PRId64, second);

	for (int p = 0; p < POSITIONS; p++)
		size += snprintf(text + size, (size_t)(POSITION_TEXT_SIZE - size), "-%" PRId64,
		    position->at[p]);
	return text;
}

static bool
part_read(int64_t *ret, const char **text, char end)
{
	char *rest;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*ret = strtoll(*text, &rest, 10);
	if (errno || *rest != end)
		return false;
	*text = rest + (end != '\0');
	return true;
}

bool
position_read(struct position *ret, int64_t *second, const char *text)
{
	if (!part_read(second, &text, '-'))
		return false;
	for (int p = 0; p < POSITIONS; p++)
		if (!part_read(&ret->at[p], &text, p < POSITIONS - 1 ? '-' : '\0'))
			return false;
	return true;
}

int64_t
position_lag(const struct position *position, const struct position *later)
{
	int64_t lag = 0;

	for (int p = 0; p < POSITIONS; p++)
		if (later->at[p] > position->at[p])
			lag += later->at[p] - position->at[p];
	return lag;
}
