/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h: what a child gives up before it sees a byte of a stranger's picture. Only sandbox.c
 * includes seccomp.
 *
 * Always, or the child does not work: no new privileges, a system call filter, limits. Where the
 * host allows them: Landlock, an empty network namespace, another user (when we are root).
 */
#ifndef SANDBOX_H
#define SANDBOX_H
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

enum sandbox_part {
	SANDBOX_NO_NEW_PRIVS = 1, SANDBOX_SECCOMP = 2, SANDBOX_LIMITS = 4,
	SANDBOX_LANDLOCK = 8, SANDBOX_NO_NETWORK = 16, SANDBOX_NOBODY = 32,
	SANDBOX_WALL = 64,			/* of commands: it was tried and stands (wall.h) */
};
#define SANDBOX_ALWAYS (SANDBOX_NO_NEW_PRIVS | SANDBOX_SECCOMP | SANDBOX_LIMITS)

enum { SANDBOX_NOBODY_ID = 65534 };

struct sandbox_limits { int64_t memory_bytes, file_bytes; };

/* In the spawner, once: an empty network namespace for all its children. */
void sandbox_leave_network(unsigned *holds);
/* Another user, when we are root; the limits of memory, files and processor time. */
bool sandbox_limit(const struct sandbox_limits *limits, unsigned *holds, struct err *err);
/* What a closed child may still open: nothing, or, to read, the host's fonts (where there is no
 * Landlock: whatever its user may read; it sees no picture). */
enum sandbox_sight { SEES_NOTHING, SEES_FONTS };
/* The rest: no other file, no socket, no program can be opened any more. Before the first thread. */
bool sandbox_close(enum sandbox_sight sight, unsigned *holds, struct err *err);
/* Of a process that becomes a command: calls that it may not make, for bubblewrap to set, in a file
 * that stays open over exec; the caller's to close. It cannot leave its process group. */
bool sandbox_command_filter(int *ret, struct err *err);
/* Tries what must not go: false with the first thing that did. */
bool sandbox_is_closed(enum sandbox_sight sight, struct err *err);

void sandbox_words(struct buf *ret, unsigned holds);	/* "no_new_privs seccomp limits .." */
#endif
