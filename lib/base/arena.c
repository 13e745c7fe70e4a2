/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: a chain of blocks, newest first; a piece is cut from the newest one. */
#include "base/arena.h"
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_BLOCK_MIN = 64 * 1024 };

struct block {
	struct block *older;
	size_t size, used;
	_Alignas(ARENA_ALIGN) unsigned char bytes[];
};

struct arena {
	struct block *newest;
	size_t limit, used;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->limit = limit;
	return arena;
}

static void
blocks_free(struct block *block)
{
	while (block) {
		struct block *older = block->older;

		free(block);
		block = older;
	}
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->newest);
	free(arena);
}

void
arena_clear(struct arena *arena)
{
	arena->used = 0;
	if (!arena->newest)
		return;
	blocks_free(arena->newest->older);
	arena->newest->older = NULL;
	arena->newest->used = 0;
}

struct arena_mark
arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ arena->newest, arena->newest ? arena->newest->used : 0,
		arena->used };
}

void
arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->newest && arena->newest != mark.block && arena->newest->older) {
		struct block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
	if (arena->newest)	/* of a mark on nothing the first block is kept */
		arena->newest->used = mark.block_used;
	arena->used = mark.used;
}

static bool
block_add(struct arena *arena, size_t size)
{
	size_t room = arena->newest ? arena->newest->size * 2 : ARENA_BLOCK_MIN;
	struct block *block;

	if (room > arena->limit)
		room = arena->limit;
	if (room < size)
		room = size;
	block = malloc(sizeof(*block) + room);
	if (!block)
		return false;
	*block = (struct block){ .older = arena->newest, .size = room };
	arena->newest = block;
	return true;
}

void *
arena_take(struct arena *arena, size_t size)
{
	struct block *block = arena->newest;
	void *piece;

	if (size > arena->limit - arena->used)
		return NULL;
	size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (size > arena->limit - arena->used)
		return NULL;
	if (!block || block->size - block->used < size) {
		if (!block_add(arena, size))
			return NULL;
		block = arena->newest;
	}
	piece = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	assert(((uintptr_t)piece & (ARENA_ALIGN - 1)) == 0);
	return memset(piece, 0, size);
}

char *
arena_text(struct arena *arena, const char *text, size_t size)
{
	char *copy = size < SIZE_MAX ? arena_take(arena, size + 1) : NULL;

	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

char *
arena_print(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *text = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		text = arena_take(arena, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
