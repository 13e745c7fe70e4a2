/* SPDX-License-Identifier: Apache-2.0 */
/* program.h: the programs of the line lie in one folder, all of one version. */
#ifndef PROGRAM_H
#define PROGRAM_H
#include <stdbool.h>

enum { PROGRAM_PATH_SIZE = 4096 };

/* Where the one of this name lies, beside the one that runs. False, with errno: that cannot be told. */
bool program_beside(char ret[PROGRAM_PATH_SIZE], const char *name);
#endif
