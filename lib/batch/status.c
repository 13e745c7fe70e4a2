/* SPDX-License-Identifier: Apache-2.0 */
/* status.c: see status.h. */
#include "batch/status.h"
#include <stddef.h>
#include <string.h>

bool
status_is_final(const char *status)
{
	static const char *const words[] = { "completed", "partial", "failed", "cancelled" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(status, words[i]))
			return true;
	return false;
}
