/* SPDX-License-Identifier: Apache-2.0 */
/* take.h: a quiet folder becomes a batch. */
#ifndef TAKE_H
#define TAKE_H
#include "look.h"
#include "state.h"

/* Everything up to the state that says under which key it will be submitted. `files` keeps what was sent
 * when it has to be done again; the code "changed": it was not quiet, after all. */
bool take_folder(struct folder *folder, struct peer *peer, const char *name, const struct look *look,
    struct picks *files, struct state **ret, struct err *err);
/* From there on: submitted, moved to sent/, and given over. */
bool take_further(struct folder *folder, struct peer *peer, struct state *state, struct err *err);
bool take_begin(const struct state *state, struct err *err);	/* marks the folder, and writes it */
bool take_is_here(const struct state *state);	/* the folder of that name is the one that it is about */
/* Moves it to failed/, with the reason. state: what had begun, and ends so; NULL: nothing had. */
bool take_refuse(const char *name, const struct state *state, const struct err *why,
    const struct buf *details, struct err *err);
#endif
