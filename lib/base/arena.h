/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory that belongs to one turn and dies with it.
 *
 * Pieces are taken, never given back one by one; arena_clear() takes them all back at once and
 * keeps the largest block for the next turn, arena_rewind() those taken since a mark. Every piece is
 * zeroed and aligned to 16 bytes.
 */
#ifndef ARENA_H
#define ARENA_H
#include <stddef.h>
#include "base/own.h"

struct arena;
struct arena_mark { void *block; size_t block_used, used; };

/* limit: bytes the arena may hold between two clears; taking more answers NULL. */
struct arena *arena_new(size_t limit);		/* NULL: out of memory */
void arena_free(struct arena *arena);		/* NULL is fine */
void arena_clear(struct arena *arena);

/* What was taken after the mark is taken back; a mark is good until the arena is cleared, or rewound
 * to an older one. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

void *arena_take(struct arena *arena, size_t size);		/* NULL: over the limit or out of memory */
char *arena_text(struct arena *arena, const char *text, size_t size);	/* a copy, NUL-terminated */
char *arena_print(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena);

OWN_FREEP(struct arena, arena_free)
#endif
