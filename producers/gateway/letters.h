/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letters.h: the dead letters on <topic>.dlq, as one reader finds them: a page of them from the newest
 * on, one of them, how many there are.
 *
 * A look is bounded, so that a million letters keep nobody waiting: it ends after LOOK_LETTERS of them,
 * or LOOK_MS, and says where it was. The reader is one for all requests, who take turns.
 */
#ifndef LETTERS_H
#define LETTERS_H
#include "gateway.h"

enum { LANES_MAX = 64, LETTER_ID_SIZE = 64, LOOK_LETTERS = 10000, LOOK_MS = 5000 };

struct letters;

bool letters_new(struct letters **ret, const struct bus_options *options);	/* false: out of memory */
void letters_free(struct letters *letters);		/* NULL is fine */

/* Where one lies: "submissions-2-17" is submissions.dlq, partition 2, offset 17. */
struct letter_place { enum topic topic; int32_t partition; int64_t offset; };
char *letter_id_print(char ret[LETTER_ID_SIZE], struct letter_place place);	/* returns ret */
bool letter_id_read(struct letter_place *ret, const char *text);		/* pure */

struct look {
	unsigned topics;			/* bits; 0: all */
	const char *code, *batch_id;		/* NULL: any */
	int64_t since_us;			/* INT64_MIN: any time */
	int64_t limit;
	int64_t at[LANES_MAX];			/* each lane before which offset; afterwards, where it was */
	size_t n_at;				/* 0: from the newest on */
	/* A letter that fits, as the members that follow in an array. */
	struct put *put;
	/* What is known afterwards: how many were looked at, how many there are, whether some are left. */
	int64_t looked, total;
	bool more;
};
bool letters_look(struct letters *letters, struct look *look, struct err *err);

/* The one that lies there, for as long as `use` has it. False without any: code "no_letter". */
bool letters_find(struct letters *letters, struct letter_place place,
    bool (*use)(void *state, const struct bus_record *letter), void *state, struct err *err);

/* ---- letter.c: what is told of one ---- */

/* Does it fit, by its headers? */
bool letter_fits(const struct look *look, const struct bus_record *letter);
void letter_put(struct put *put, const struct bus_record *letter);	/* the members of the list */

OWN_FREEP(struct letters, letters_free)
#endif
