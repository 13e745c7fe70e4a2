/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patience.h: how long the sockets of a server may keep it waiting.
 *
 * A byte now and then keeps a connection alive for any time-out that counts silence, so each has a
 * deadline: a thread of ours shuts those down that passed it, and who reads from them sees the end.
 * One that is waited for and has begun nothing (idle) also gives way to newcomers, the oldest first; if
 * there is none, one that takes nothing of its answer.
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

/* ms: for what is waited for; crowd: with more sockets than that an idle one gives way. */
bool patience_new(struct patience **ret, int64_t ms, size_t crowd, struct err *err);
void patience_free(struct patience *patience); /* NULL is fine; all sockets are out */

/* NULL: out of memory, which the others take. It is idle from now on. In a crowd it takes a while. */
struct patient *patience_add(struct patience *patience, int fd);
void patience_remove(struct patience *patience, struct patient *patient);

/* Whose turn it is: of one that may stay away or begin, one that has begun and goes on, one that takes
 * its answer, or ours. All but ours have as long as told from now on; each byte taken of an answer
 * earns a millisecond, and never more than that in all. */
enum turn { TURN_IDLE, TURN_BEGUN, TURN_TAKES, TURN_OURS };
void patience_turn(struct patience *patience, struct patient *patient, enum turn turn);
/* It gave bytes, each of which earns it a millisecond, and lost our_ms by us. */
void patience_gave(struct patience *patience, struct patient *patient, size_t size, int64_t our_ms);

OWN_FREEP(struct patience, patience_free)
#endif
