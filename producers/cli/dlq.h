/* SPDX-License-Identifier: Apache-2.0 */
/* dlq.h: dead letters by hand: what dlq.c (which are there) and settle.c (what becomes of them) share. */
#ifndef DLQ_H
#define DLQ_H
#include "cli.h"

enum { DLQ_PAGE = 500, DLQ_LOOK = 10000, DLQ_CURSOR = 4096 };

/* A page of what the options mean, from the cursor on; NULL: the first one. */
bool dlq_page(struct cli *cli, const char *cursor, const char *limit, struct doc **ret, struct err *err);

/* All that the options mean, until DLQ_LOOK were looked at; more: there are others, older. */
struct dlq_walk { int64_t looked, total; bool more; };
bool dlq_each(struct cli *cli, struct dlq_walk *ret,
    bool (*use)(void *state, const struct doc_value *letter, struct err *err), void *state, struct err *err);
#endif
