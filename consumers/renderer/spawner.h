/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawner.h: a small process, forked before the service has threads, connections or secrets in
 * use, whose one work is to fork children and to tell how they ended.
 *
 *	service ──wishes──> spawner ──fork──> child, child, child ..
 *	   └───── a pair of its own to each child ─────┘
 *
 * A child is born with libvips ready and nothing else: the spawner has wiped the environment, and
 * what the service opened later was never its. The spawner dies with the service, the children
 * with the spawner. That it dies first is fatal for the service.
 *
 * Each child leads a group of its own, which its command cannot leave; the spawner kills a group before
 * it reaps its leader (so that the number still means that group), and reaps what the leader left behind.
 *
 * When there are commands it tries, before the first child, whether their wall stands (wall.h): without
 * SANDBOX_WALL among what holds, children refuse them.
 */
#ifndef SPAWNER_H
#define SPAWNER_H
#include "base/err.h"
#include "base/option.h"
#include "base/own.h"
#include "consumers/renderer/channel.h"
#include "consumers/renderer/command.h"
#include "consumers/renderer/sandbox.h"

struct spawner;
struct birth;

struct spawner_options {
	struct sandbox_limits limits;
	unsigned jobs_per_child;		/* of a child that renders; a command's child has one */
	const struct commands *commands;
	const struct options *secrets;		/* wiped in the spawner; may be NULL */
	void (*live)(const struct birth *birth);	/* NULL: child_live(); or a test's */
};

bool spawner_start(struct spawner **ret, const struct spawner_options *options, struct err *err);
void spawner_free(struct spawner *spawner);		/* NULL is fine; ends every child */
OWN_FREEP(struct spawner, spawner_free)

/* Safe from any thread. *channel is the caller's: HELLO comes on it first, EXITED last; that the
 * other side is gone without EXITED means that the spawner is. Fatal when it is gone. */
bool spawner_child(struct spawner *spawner, enum role role, uint64_t id, int *channel,
    struct err *err);
bool spawner_kill(struct spawner *spawner, uint64_t id, struct err *err);

/* What a child is born with (child.c). */
struct birth {
	int channel;
	enum role role;
	unsigned holds;
	const struct spawner_options *options;
	const char *folder;			/* of a command: its own, empty */
};

/* The life of a child; does not come back. */
void child_live(const struct birth *birth);
#endif
