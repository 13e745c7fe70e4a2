/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moment.h: what a question to the database is answered with just now, asked once for all who wait.
 *
 * Who comes while the question is under way cannot have its answer: that may be of before he came. He waits
 * for the next, which is sent when the one under way is answered, and has it in common with all who came
 * meanwhile. So no answer is of before its question, and any number of clients ask one question at a time.
 */
#ifndef GATEWAY_MOMENT_H
#define GATEWAY_MOMENT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/own.h"

enum { MOMENT_SIZE = 256 };

struct moment;

/* Fills ret, or returns false. Called by one thread at a time, which is one of those that wait. */
typedef bool moment_ask(void *state, char ret[MOMENT_SIZE]);

struct moment *moment_new(moment_ask *ask, void *state);	/* NULL: out of memory */
void moment_free(struct moment *moment);			/* NULL is fine */

/* An answer to a question that was sent after this was called. False: so said the question. */
bool moment_read(struct moment *moment, char ret[MOMENT_SIZE]);

OWN_FREEP(struct moment, moment_free)
#endif
