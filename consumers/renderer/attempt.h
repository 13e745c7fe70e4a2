/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h: one attempt at one job: input and outputs are opened here, a child does the work on
 * their descriptors, and what it made is hashed, stored and named here. It lasts once the store was
 * synced after that, and is not to be spoken of before.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H
#include "consumers/renderer/job.h"
#include "consumers/renderer/labels.h"
#include "consumers/renderer/source.h"
#include "consumers/renderer/worker.h"
#include "port/blob.h"

/* Fills the result of the job. False: there is none, because all stops (code "stopping") or
 * because no child can be had any more (fatal). */
bool attempt_run(struct job *job, struct worker *worker, struct source *source,
    struct blob_store *store, struct labels *labels, int64_t pixels_max, struct err *err);

/* jpeg, png .. as picture_kind() has it. */
const char *attempt_kind(int fd);
/* The end of a file name as a command may see it: 1 to 7 letters and digits, or "". */
void attempt_extension(char ret[EXTENSION_SIZE], const char *file_name);
#endif
