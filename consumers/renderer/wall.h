/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wall.h: the outer wall of a command: bubblewrap, in user, PID and mount namespaces of its own.
 * Inside stand the system's programs and libraries, read-only, what the operator named beside, a /proc
 * of these few processes, and the job's folder, the one place where anything can be written. Within it
 * a filter of system calls, and a number of processes that the kernel itself keeps: it is the
 * namespace's own, whoever else runs as the same user.
 */
#ifndef WALL_H
#define WALL_H
#include <stddef.h>
#include "base/err.h"

enum { WALL_ARGUMENTS_MAX = 240, WALL_PROCESSES_MAX = 64 };

extern const char *wall_program;	/* bubblewrap; a test's may be another */

/* The words that stand before a command's own, its program being first of those; *n of them. What of
 * reads (ended by NULL) is not there or not ours to read is passed over. filter: a descriptor of
 * sandbox_command_filter(). */
void wall_arguments(const char *ret[WALL_ARGUMENTS_MAX], size_t *n, const char *folder,
    const char *const *reads, int filter);

/* Tries in folder, as a command would run, whether the wall stands and each thing is denied that must
 * be. False with the first that is not, or why there is no wall. */
bool wall_stands(const char *folder, struct err *err);
#endif
