/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position.h: how far somebody has read the topic of batches: of each partition the next offset. As
 * the id of an event it also says when, since a tombstone is not kept for ever. Pure.
 */
#ifndef POSITION_H
#define POSITION_H
#include <stdbool.h>
#include <stdint.h>

enum { POSITIONS = 12, POSITION_TEXT_SIZE = 21 * (POSITIONS + 1) };

struct position { int64_t at[POSITIONS]; };

/* <second>-<offset>-<offset>-...; returns text. */
char *position_print(char text[POSITION_TEXT_SIZE], const struct position *position,
    int64_t second);
bool position_read(struct position *ret, int64_t *second, const char *text);
/* How many offsets lie between it and a later one. */
int64_t position_lag(const struct position *position, const struct position *later);
#endif
