/* SPDX-License-Identifier: Apache-2.0 */
/* program.c: see program.h. */
#include "base/program.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
program_beside(char ret[PROGRAM_PATH_SIZE], const char *name)
{
	char self[PROGRAM_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int size;

	if (n <= 0)
		return false;
	self[n] = '\0';
	size = (int)(strrchr(self, '/') ? strrchr(self, '/') + 1 - self : 0);
	if (snprintf(ret, PROGRAM_PATH_SIZE, "%.*s%s", size, self, name) < PROGRAM_PATH_SIZE)
		return true;
	errno = ENAMETOOLONG;
	return false;
}
