/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patience.h: how long the sockets of a server may keep it waiting.
 *
 * A byte now and then keeps a connection alive for any time-out that counts silence, so each has a
 * deadline: a thread of ours shuts those down that passed it, and who reads from them sees the end.
 * In a crowd the one that kept the server waiting longest also gives way to newcomers: it began nothing,
 * or sends or takes less than 1 kB/s.
 * The socket stays the caller's, who takes it out before closing it.
 */
#ifndef PATIENCE_H
#define PATIENCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/own.h"

struct patience; /* one server's */
struct patient; /* one socket */

/* ms: for what is waited for; crowd: with more sockets than that a slow one gives way. */
bool patience_new(struct patience **ret, int64_t ms, size_t crowd, struct err *err);
void patience_free(struct patience *patience); /* NULL is fine; all sockets are out */

/* NULL: out of memory, which the others take. It is idle from now on. In a crowd this waits for a place,
 * up to 0.3 s. */
struct patient *patience_add(struct patience *patience, int fd);
void patience_remove(struct patience *patience, struct patient *patient);
/* A newcomer wants a place, and this one had its for a while: it is to leave behind its answer. */
bool patience_leaves(struct patience *patience, struct patient *patient);

/* Whose turn it is: of one that may stay away or begin, one that has begun and goes on, one that takes its
 * answer, or ours; or one is gone, and its place is free. All but ours have as long as told from now on;
 * each byte given, or taken of an answer, earns a millisecond, and never more than that in all. */
enum turn { TURN_IDLE, TURN_BEGUN, TURN_TAKES, TURN_OURS, TURN_GONE };
void patience_turn(struct patience *patience, struct patient *patient, enum turn turn);
/* It gave something, which is ours to deal with until patience_gave() tells how much and how long. */
void patience_gives(struct patience *patience, struct patient *patient);
void patience_gave(struct patience *patience, struct patient *patient, size_t size, int64_t our_ms);

OWN_FREEP(struct patience, patience_free)
#endif
