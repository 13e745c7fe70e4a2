/* SPDX-License-Identifier: Apache-2.0 */
/* line.c: a list in the order of service. */
#include "consumers/renderer/line.h"
#include <string.h>

/* The turn behind the last job of its batch that waits, else that of the job that is next: whoever comes
 * with three jobs waits for one of each other batch, not for all of a batch of thousands. */
static uint64_t
turn_of(const struct line *line, const struct job *job)
{
	const struct job *next = NULL, *last = NULL;

	for (const struct job *other = line->first; other; other = other->next) {
		if (other->asked.priority != job->asked.priority)
			continue;
		next = next ? next : other;
		if (!memcmp(&other->asked.batch_id, &job->asked.batch_id, sizeof(struct uuid)))
			last = other;
	}
	return last ? last->turn + 1 : next ? next->turn : 0;
}

/* The line is kept in the order of service. */
void
line_add(struct line *line, struct job *job)
{
	int32_t priority = job->asked.priority;
	struct job **at = &line->first;

	job->turn = turn_of(line, job);
	while (*at && ((*at)->asked.priority > priority
	    || ((*at)->asked.priority == priority && (*at)->turn <= job->turn)))
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	line->n++;
}

struct job *
line_take(struct line *line)
{
	struct job *job = line->first;

	line->first = job->next;
	line->n--;
	return job;
}

void
line_drop(struct line *line, bool (*is_meant)(const struct job *job, const void *by), const void *by)
{
	for (struct job **at = &line->first; *at;) {
		struct job *job = *at;

		if (!is_meant(job, by)) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		line->n--;
		atomic_store(&job->state, JOB_DROPPED);	/* it is no longer ours */
	}
}
