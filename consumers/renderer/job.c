/* SPDX-License-Identifier: Apache-2.0 */
/* job.c: a job and its arena. */
#include "consumers/renderer/job.h"
#include <stdlib.h>
#include <string.h>

enum { ARENA_LIMIT = 2 * 1024 * 1024 };

static const char *
keep(struct job *job, const char *text, bool *well)
{
	const char *kept = text ? arena_text(job->arena, text, strlen(text)) : NULL;

	*well &= kept || !text;
	return kept;
}

struct job *
job_new(const struct job_dispatched *asked, int32_t partition, int64_t offset)
{
	own(job_freep) struct job *job = calloc(1, sizeof(*job));
	bool well = true;

	if (job)
		job->arena = arena_new(ARENA_LIMIT);
	if (!job || !job->arena)
		return NULL;
	job->asked = *asked;
	job->asked.file_name = keep(job, asked->file_name, &well);
	job->asked.output_stem = keep(job, asked->output_stem, &well);
	job->asked.source_uri = keep(job, asked->source_uri, &well);
	job->asked.sha256 = keep(job, asked->sha256, &well);
	job->asked.pipeline = keep(job, asked->pipeline, &well);
	job->partition = partition;
	job->offset = offset;
	return well ? job_free_hand_over(&job) : NULL;
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	arena_free(job->arena);
	free(job);
}

void
job_fail(struct job *job, const struct err *err)
{
	const char *code = arena_text(job->arena, err->code, strlen(err->code));
	const char *message = arena_text(job->arena, err->text, strlen(err->text));

	job->rendered = false;
	job->retryable = err->verdict == ERR_RETRY;
	job->error_code = code && *code ? code : "renderer_failed";
	job->error_message = message ? message : "";
}
