/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h: what the service, the spawner and the children say to each other. Messages over a
 * SOCK_SEQPACKET pair, whole or not at all, with file descriptors beside them.
 *
 *	service -> spawner	struct wish, and with START the child's end of a new pair
 *	service -> child	struct order and the definition; descriptors: input, outputs, preview, assets;
 *				of one that draws a label: the output
 *	child   -> service	struct answer: HELLO once, then one for each order
 *	spawner -> service	struct answer EXITED, the last word on a child's pair
 */
#ifndef CHANNEL_H
#define CHANNEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include "base/err.h"
#include "pipeline/definition.h"

enum { CHANNEL_FDS_MAX = VIEWS_MAX + 2 + ASSETS_MAX, EXTENSION_SIZE = 8, ANSWER_TEXT_SIZE = 1024 };

enum wish_kind { WISH_START, WISH_KILL };
enum role { ROLE_PICTURE, ROLE_COMMAND, ROLE_LABEL };

struct wish {
	uint32_t kind, role;
	uint64_t id;			/* of the child; chosen by the service */
};

struct order {
	uint64_t ticket;		/* stands in the answer: what is said twice answers once */
	int64_t pixels_max;
	uint32_t n_outputs, n_assets, definition_size;
	char command[COMMAND_NAME_SIZE];	/* of a command pipeline */
	char extension[EXTENSION_SIZE];		/* of the input's name: "png" or "" */
	int32_t deadline_ms;		/* of a command, which its child ends then */
	uint32_t label;			/* to be drawn: its place among the definition's assets */
};

/* How many descriptors go with it. */
static inline size_t
order_fds(const struct order *order, enum role role)
{
	return role == ROLE_LABEL ? 1 : order->n_outputs + 2 + order->n_assets;
}

enum answer_kind { ANSWER_HELLO = 1, ANSWER_RENDERED, ANSWER_FAILED, ANSWER_EXITED };

struct extent { int32_t width, height; };

struct answer {
	uint32_t kind;
	uint64_t ticket;			/* RENDERED, FAILED: of the order */
	uint32_t holds;				/* HELLO: what of the sandbox holds */
	int32_t status;				/* EXITED: as waitpid() tells */
	uint32_t n_extents;
	struct extent extents[VIEWS_MAX];	/* RENDERED: of each view */
	uint32_t retryable;
	char code[32], text[ANSWER_TEXT_SIZE];	/* FAILED, and a HELLO that must not work */
};

/* Two ends, closed on exec. */
bool channel_pair(int ends[2], struct err *err);

/* False: the other side is gone, or the system refuses (errno). */
bool channel_send(int fd, const struct iovec *parts, size_t n_parts, const int *fds, size_t n_fds);
bool channel_answer(int fd, const struct answer *answer);

/* Waits up to timeout_ms (-1: for ever) for a message of at most size bytes. *n is 0 when the
 * other side is gone. fds may be NULL; what is received there is the caller's to close. False: nothing
 * came in time, or a signal came. */
bool channel_receive(int fd, int timeout_ms, void *bytes, size_t size, size_t *n, int *fds,
    size_t *n_fds);

/* Whole, whatever it takes; false with errno. */
bool channel_write_all(int fd, const void *bytes, size_t size);
#endif
