/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: what the gateway told, as people read it. */
#ifndef VIEW_H
#define VIEW_H
#include "cli.h"

bool view_batches(const struct cli *cli, const struct doc_value *page, struct err *err);
void view_batch(const struct cli *cli, const struct doc_value *batch);
bool view_jobs(const struct cli *cli, const struct doc_value *jobs, struct err *err);
bool view_stats(const struct cli *cli, const struct doc_value *stats, struct err *err);
bool view_parked(const struct cli *cli, const struct doc_value *parked, struct err *err);
bool view_pipelines(const struct cli *cli, const struct doc_value *pipelines, struct err *err);

/* Of dead letters: the columns of a list, and all of one. */
bool view_letters(const struct cli *cli, const struct doc_value *letters, struct err *err);
void view_letter(const struct cli *cli, const struct doc_value *letter);

bool view_targets(const struct cli *cli, const struct doc_value *targets, struct err *err);
void view_target(const struct cli *cli, const struct doc_value *target);

/* The columns of a list of deliveries. */
bool view_deliveries(const struct cli *cli, const struct doc_value *deliveries, struct err *err);
void view_delivery(const struct cli *cli, const struct doc_value *delivery);
/* Which part of the whole a page is. */
void say_page(const struct cli *cli, const struct doc_value *page, int64_t shown);

/* A line with a label before it; nothing when the text is empty. */
void say_of(const struct cli *cli, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 2025-11-05 10:15:00 UTC (3 min ago) */
void say_time(const struct cli *cli, const char *label, const char *time);

/* "Not an image. (not_an_image)"; empty without a code. */
void why_add(struct buf *ret, const struct doc_value *batch_or_job);
int64_t jobs_done(const struct doc_value *batch);	/* completed, failed or cancelled */
bool is_final(const char *status);			/* of a batch */
#endif
