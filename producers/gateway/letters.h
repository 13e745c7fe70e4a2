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

enum { LANES_MAX = 64, LETTER_ID_SIZE = 64, LOOK_LETTERS = 10000, LOOK_MS = 5000,
	LETTERS_POLL_MS = 50 };

struct letters;

/* False: out of memory. The pool knows what became of letters; it outlives this. */
bool letters_new(struct letters **ret, const struct bus_options *options, struct db_pool *pool);
void letters_free(struct letters *letters);		/* NULL is fine */
/* From now on the metric of open ones is kept, by a thread; who asks for it costs nothing. False: no thread. */
bool letters_watch(struct letters *letters);
void letters_metrics_add(void);

/* Where one lies: "submissions-2-17" is submissions.dlq, partition 2, offset 17. */
struct letter_place { enum topic topic; int32_t partition; int64_t offset; };
char *letter_id_print(char ret[LETTER_ID_SIZE], struct letter_place place);	/* returns ret */
bool letter_id_read(struct letter_place *ret, const char *text);		/* pure */

struct look {
	unsigned topics;			/* bits; 0: all */
	const char *code, *batch_id;		/* NULL: any */
	int64_t since_us;			/* INT64_MIN: any time */
	bool all;				/* with those that somebody dealt with */
	int64_t limit;
	int64_t at[LANES_MAX];			/* each lane before which offset; afterwards, where it was */
	size_t n_at;				/* 0: from the newest on */
	/* A letter that fits, as the members that follow in an array. */
	struct put *put;
	/* What is known afterwards: how many were looked at, there are, are open; whether some are left. */
	int64_t looked, total, open;
	bool more;
};
bool letters_look(struct letters *letters, struct look *look, struct err *err);

/* How many nobody has dealt with. */
bool letters_open_count(struct letters *letters, int64_t *ret, struct err *err);

/* The one that lies there, for as long as `use` has it. False without any: code "no_letter". */
bool letters_find(struct letters *letters, struct letter_place place,
    bool (*use)(void *state, const struct bus_record *letter), void *state, struct err *err);

/* ---- look.c: the walk of a look, by who has the reader ---- */

bool look_walk(struct look *look, struct bus *bus, struct db_pool *pool, const struct bus_lane *lanes,
    size_t n, struct err *err);

/* ---- letter.c: what is told of one ---- */

/* Of a window, or of one: which of these letters somebody dealt with. *ret is the caller's. */
bool letters_settled(struct db_pool *pool, const struct bus_lane *window, struct db_rows **ret, struct err *err);
/* This letter's row of them; -1: it is open. */
int letter_row(const struct db_rows *settled, const struct bus_record *letter);
/* Does it fit, by its headers? */
bool letter_fits(const struct look *look, const struct bus_record *letter);
/* The members of the list. */
void letter_put(struct put *put, const struct bus_record *letter, const struct db_rows *settled);
/* A header as a text; false: there is none. */
enum { LETTER_TEXT_SIZE = 4096 + 1 };
bool letter_header(char ret[LETTER_TEXT_SIZE], const struct bus_record *letter, const char *name);
/* `use` has the letter that the path names. False: 404, or what `use` said. */
bool letter_use(struct call *call, bool (*use)(void *state, const struct bus_record *letter), void *state);

OWN_FREEP(struct letters, letters_free)
#endif
