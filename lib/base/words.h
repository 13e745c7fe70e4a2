/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h: what people read: sizes, times, and texts of strangers that may stand on a terminal.
 * Pure: the clock is handed in. Each function returns its buffer.
 */
#ifndef WORDS_H
#define WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

enum { WORDS_SIZE = 48 };

/* 0 B, 999 B, 1.0 kB, 12.3 MB, 4.56 GB -> three figures; powers of 1000. */
char *words_of_size(char ret[WORDS_SIZE], int64_t bytes);
/* 0.4 s, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
char *words_of_duration(char ret[WORDS_SIZE], int64_t ms);
/* "just now", "40 s ago", "3 min ago", "2 h ago", "4 d ago"; older than 30 days: the day. */
char *words_of_ago(char ret[WORDS_SIZE], int64_t time_us, int64_t now_us);
/* 12,345 */
char *words_of_count(char ret[WORDS_SIZE], int64_t count);

/* text as it may be shown: controls, marks that turn the direction of writing, and bytes that are
 * no UTF-8 become `?`. NULL adds nothing. */
bool words_add_printable(struct buf *ret, const char *text);
/* Columns of a terminal that printable text takes. */
size_t words_columns(const char *text);
/* Bytes of text that fit into *columns, which becomes the columns that they take. */
size_t words_fitting(const char *text, size_t *columns);
#endif
