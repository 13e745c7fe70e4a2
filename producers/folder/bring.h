/* SPDX-License-Identifier: Apache-2.0 */
/* bring.h: what became of a batch that has ended, back into the folder. */
#ifndef BRING_H
#define BRING_H
#include "base/json.h"
#include "state.h"

/* Its outputs to done/, what failed to failed/. Done again, it goes on where it stopped. */
bool bring(struct folder *folder, struct peer *peer, struct state *state,
    const struct doc_value *batch, struct err *err);
/* This alone, as failed/FOLDER/why.txt: written, then given its name. */
bool bring_why(const struct state *state, const char *text, struct err *err);
bool bring_settle(struct state *state, struct err *err);
#endif
