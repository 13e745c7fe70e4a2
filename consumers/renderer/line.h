/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h: jobs that no child has yet: highest priority first, batches in turn. Not locked: its owner's
 * mutex is held. A job is lent while it is in the line.
 */
#ifndef LINE_H
#define LINE_H
#include "consumers/renderer/job.h"

struct line { struct job *first; size_t n; };

void line_add(struct line *line, struct job *job);
struct job *line_take(struct line *line);	/* what is to be done next; the line is not empty */
/* What is meant is DROPPED. */
void line_drop(struct line *line, bool (*is_meant)(const struct job *job, const void *by),
    const void *by);
#endif
