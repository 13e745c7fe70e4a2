/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: tables of batches and jobs, counts and pipelines. */
#include "view.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/words.h"
#include "screen.h"
#include "table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
enum { LABEL_COLUMNS = 12, TEXT_SIZE = 400 };

bool
is_final(const char *status)
{
	return !strcmp(status, "completed") || !strcmp(status, "partial") || !strcmp(status, "failed")
	    || !strcmp(status, "cancelled");
}

int64_t
jobs_done(const struct doc_value *batch)
{
	return int_in(batch, "jobs_completed") + int_in(batch, "jobs_failed")
	    + int_in(batch, "jobs_cancelled");
}

void
why_add(struct buf *ret, const struct doc_value *item)
{
	const char *code = text_in(item, "error_code"), *message = text_in(item, "error_message");

	if (*code && *message)
		buf_print(ret, "%s (%s)", message, code);
	else
		buf_add_text(ret, *message ? message : code);
}

static bool
lack_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "out of memory");
}

/* A number, or nothing where there is none to speak of. */
static bool
add_count(struct table *table, int64_t count, enum tone tone)
{
	char words[WORDS_SIZE];

	return table_add(table, count ? words_of_count(words, count) : "", tone);
}

static bool
add_size(struct table *table, const struct doc_value *object, const char *name)
{
	char words[WORDS_SIZE];

	return table_add(table, is_in(object, name) ? words_of_size(words, int_in(object, name)) : "",
	    TONE_PLAIN);
}

static bool
add_ago(struct table *table, const char *time)
{
	char words[WORDS_SIZE];
	int64_t us;

	return table_add(table, time_read(&us, time)
	    ? words_of_ago(words, us, clock_now_us()) : time, TONE_PLAIN);
}

/* ---- batches ---- */

static const struct table_column batch_columns[] = {
	{ "BATCH", false, false }, { "STATUS", false, false }, { "DONE", true, false },
	{ "FILES", true, false }, { "FAILED", true, false }, { "SIZE", true, false },
	{ "CREATED", false, false }, { "DESCRIPTION", false, true },
};

static bool
add_batch(struct table *table, const struct doc_value *batch)
{
	const char *status = text_in(batch, "status");
	char words[WORDS_SIZE];

	return table_add(table, text_in(batch, "base_directory_name"), TONE_PLAIN)
	    && table_add(table, status, tone_of_status(status))
	    && table_add(table, words_of_count(words, jobs_done(batch)), TONE_PLAIN)
	    && table_add(table, words_of_count(words, int_in(batch, "total_files")), TONE_PLAIN)
	    && add_count(table, int_in(batch, "jobs_failed"), TONE_BAD)
	    && add_size(table, batch, "total_size")
	    && add_ago(table, text_in(batch, "created_at"))
	    && table_add(table, text_in(batch, "render_description"), TONE_PLAIN);
}

void
say_page(const struct cli *cli, const struct doc_value *page, int64_t shown)
{
	int64_t total = int_in(page, "total"), offset = int_in(page, "offset");
	char first[WORDS_SIZE], last[WORDS_SIZE], all[WORDS_SIZE];

	if (shown == total)
		return;
	if (!shown) {
		screen_say(cli, TONE_FAINT, "nothing from %s on; there are %s",
		    words_of_count(first, offset + 1), words_of_count(all, total));
		return;
	}
	screen_say(cli, TONE_FAINT, "%s to %s of %s%s", words_of_count(first, offset + 1),
	    words_of_count(last, offset + shown), words_of_count(all, total),
	    offset + shown < total ? "; --offset shows more" : "");
}

static bool
is_filtered(const struct args *args)
{
	static const enum arg filters[] = { ARG_STATUS, ARG_CUSTOMER, ARG_FROM, ARG_TO, ARG_WORDS, ARG_NAME };

	for (size_t i = 0; i < COUNT(filters); i++)
		if (args->texts[filters[i]])
			return true;
	return false;
}

bool
view_batches(const struct cli *cli, const struct doc_value *page, struct err *err)
{
	own(table_freep) struct table *table = table_new(batch_columns, COUNT(batch_columns));
	const struct doc_value *data = doc_member(page, "data");

	if (!table)
		return lack_memory(err);
	if (doc_size(data) == 0 && int_in(page, "total") == 0) {
		screen_say(cli, TONE_PLAIN, is_filtered(&cli->args) ? "No batch is as the options say."
		    : "No batches here. This makes one: batchline submit DIR --pipeline 1");
		return true;
	}
	for (size_t i = 0; i < doc_size(data); i++)
		if (!add_batch(table, doc_item(data, i)))
			return lack_memory(err);
	if (doc_size(data) && !screen_table(cli, table, err))
		return false;
	say_page(cli, page, (int64_t)doc_size(data));
	return true;
}

/* ---- one batch ---- */

void
say_of(const struct cli *cli, const char *label, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*text)
		screen_say(cli, TONE_PLAIN, "%-*s %s", LABEL_COLUMNS, label, text);
}

void
say_time(const struct cli *cli, const char *label, const char *time)
{
	char words[WORDS_SIZE];
	int64_t us;

	if (time_read(&us, time))
		say_of(cli, label, "%.10s %.8s UTC (%s)", time, time + 11,
		    words_of_ago(words, us, clock_now_us()));
}

/* 4 of 6 done: 3 completed, 1 failed, 2 processing */
static void
say_progress(const struct cli *cli, const struct doc_value *batch)
{
	static const char *const states[][2] = {
		{ "jobs_completed", "completed" }, { "jobs_failed", "failed" },
		{ "jobs_cancelled", "cancelled" }, { "jobs_processing", "processing" },
		{ "jobs_dispatched", "dispatched" }, { "jobs_retry_wait", "waiting to be tried again" },
		{ "jobs_queued", "queued" },
	};
	char text[TEXT_SIZE] = "", n[WORDS_SIZE];

	for (size_t i = 0; i < COUNT(states); i++)
		if (int_in(batch, states[i][0]))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s",
			    *text ? ", " : ": ", words_of_count(n, int_in(batch, states[i][0])),
			    states[i][1]);
	say_of(cli, "progress", "%" PRId64 " of %" PRId64 " done%s", jobs_done(batch),
	    int_in(batch, "total_files"), text);
}

static void
say_archive(const struct cli *cli, const struct doc_value *archive)
{
	char size[WORDS_SIZE];

	if (doc_kind(archive) == DOC_OBJECT)
		say_of(cli, "archive", "%s, %" PRId64 " entries, SHA-256 %s",
		    words_of_size(size, int_in(archive, "size")), int_in(archive, "entries"),
		    text_in(archive, "sha256"));
}

void
view_batch(const struct cli *cli, const struct doc_value *batch)
{
	const char *control = text_in(batch, "control"), *status = text_in(batch, "status");
	struct buf why = {0};
	char size[WORDS_SIZE];

	why_add(&why, batch);
	screen_say(cli, TONE_PLAIN, "%s", text_in(batch, "base_directory_name"));
	say_of(cli, "status", "%s%s", status,
	    !strcmp(control, "cancel") && !is_final(status) ? ", being cancelled" : "");
	say_of(cli, "error", "%s", why.size ? buf_text(&why) : "");
	say_progress(cli, batch);
	say_of(cli, "description", "%s", text_in(batch, "render_description"));
	say_of(cli, "size", "%s", words_of_size(size, int_in(batch, "total_size")));
	say_of(cli, "pipeline", "%" PRId64, int_in(batch, "pipeline_id"));
	say_of(cli, "priority", "%" PRId64, int_in(batch, "priority"));
	if (is_in(batch, "failures_tolerated"))
		say_of(cli, "tolerates", "%" PRId64 " failures", int_in(batch, "failures_tolerated"));
	if (int_in(batch, "run_no") > 1)
		say_of(cli, "run", "%" PRId64, int_in(batch, "run_no"));
	say_of(cli, "from", "%s", text_in(batch, "submitted_by"));
	say_time(cli, "created", text_in(batch, "created_at"));
	say_time(cli, "finished", text_in(batch, "completed_at"));
	say_archive(cli, doc_member(batch, "archive"));
	say_of(cli, "id", "%s", text_in(batch, "id"));
	buf_clear(&why);
}

/* ---- jobs ---- */

static const struct table_column job_columns[] = {
	{ "FILE", false, false }, { "STATUS", false, false }, { "TRY", true, false },
	{ "SIZE", true, false }, { "OUTPUTS", true, false }, { "TIME", true, false },
	{ "REASON", false, true },
};

static bool
add_job(struct table *table, const struct doc_value *job)
{
	const char *status = text_in(job, "status");
	char words[WORDS_SIZE];
	struct buf why = {0};
	bool well;

	why_add(&why, job);
	well = table_add(table, text_in(job, "file_name"), TONE_PLAIN)
	    && table_add(table, status, tone_of_status(status))
	    && add_count(table, int_in(job, "attempt") > 1 ? int_in(job, "attempt") : 0, TONE_PLAIN)
	    && add_size(table, job, "size")
	    && add_count(table, (int64_t)doc_size(doc_member(job, "outputs")), TONE_PLAIN)
	    && table_add(table, is_in(job, "duration_ms")
	        ? words_of_duration(words, int_in(job, "duration_ms")) : "", TONE_PLAIN)
	    && table_add(table, why.size ? buf_text(&why) : "", TONE_PLAIN);
	buf_clear(&why);
	return well;
}

bool
view_jobs(const struct cli *cli, const struct doc_value *jobs, struct err *err)
{
	own(table_freep) struct table *table = table_new(job_columns, COUNT(job_columns));

	if (!table)
		return lack_memory(err);
	for (size_t i = 0; i < doc_size(jobs); i++)
		if (!add_job(table, doc_item(jobs, i)))
			return lack_memory(err);
	return table_rows(table) == 0 || screen_table(cli, table, err);
}
