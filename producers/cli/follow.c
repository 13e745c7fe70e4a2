/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.c: a batch while it is being rendered. On a terminal a bar, elsewhere a line whenever the
 * state changes or another tenth is done; each failed job once, with its reason.
 *
 *   read the batch -> tell of new failures -> draw -> final? the sum : wait, again
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/words.h"
#include "screen.h"
#include "view.h"

enum { BAR_COLUMNS = 30, PARTS = 10, WAIT_LEAST_MS = 250, WAIT_MOST_MS = 2000, STATUS_SIZE = 24,
	POSITIONS_MAX = 1000000 };

struct follow {
	struct cli *cli;
	const char *id;
	bool *told;			/* by position: its failure was told */
	size_t n_told;
	int64_t run_no, failed;		/* what was told is of that run; so many failures were seen */
	char status[STATUS_SIZE];	/* the last line's */
	int64_t part;			/* the last line's tenth */
	int64_t begun_ms;
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* ---- failures ---- */

/* False when it was told before. */
static bool
mark_told(struct follow *f, int64_t position)
{
	if (position < 0 || position >= POSITIONS_MAX)
		return true;
	if ((size_t)position >= f->n_told) {
		size_t n = (size_t)position * 2 + 64;
		bool *more = realloc(f->told, n);

		if (!more)
			return true;
		memset(more + f->n_told, 0, n - f->n_told);
		f->told = more;
		f->n_told = n;
	}
	if (f->told[position])
		return false;
	return f->told[position] = true;
}

static void
tell_failure(struct follow *f, const struct doc_value *job)
{
	struct buf why = {0};

	if (strcmp(text_in(job, "status"), "failed") || !mark_told(f, int_in(job, "position")))
		return;
	why_add(&why, job);
	if (!f->cli->json) {
		screen_wipe(f->cli);
		screen_say(f->cli, TONE_BAD, "failed: %s: %s", text_in(job, "file_name"),
		    why.size ? buf_text(&why) : "no reason was given");
	}
	buf_clear(&why);
}

/* The batch shows its first thousand jobs; the others are asked for. */
static bool
tell_failures(struct follow *f, const struct doc_value *batch, struct err *err)
{
	const struct doc_value *jobs = doc_member(batch, "jobs");
	char next[32], path[PATH_SIZE];

	if (int_in(batch, "jobs_failed") == f->failed)
		return true;
	f->failed = int_in(batch, "jobs_failed");
	for (size_t i = 0; i < doc_size(jobs); i++)
		tell_failure(f, doc_item(jobs, i));
	snprintf(next, sizeof(next), "%s", text_in(batch, "jobs_next_cursor"));
	while (*next) {
		own(doc_freep) struct doc *doc = NULL;

		snprintf(path, sizeof(path), "/api/batches/%s/jobs?cursor=%s", f->id, next);
		if (!peer_read(&f->cli->peer, path, &doc, err))
			return false;
		jobs = doc_member(doc_root(doc), "data");
		for (size_t i = 0; i < doc_size(jobs); i++)
			tell_failure(f, doc_item(jobs, i));
		snprintf(next, sizeof(next), "%s", text_in(doc_root(doc), "next_cursor"));
	}
	return true;
}

/* ---- progress ---- */

static void
draw_bar(struct follow *f, const struct doc_value *batch)
{
	int64_t done = jobs_done(batch), total = int_in(batch, "total_files");
	int64_t failed = int_in(batch, "jobs_failed");
	struct buf line = {0};
	char words[WORDS_SIZE];

	bar_add(&line, done, total, BAR_COLUMNS);
	buf_print(&line, " %3" PRId64 " %%  %" PRId64 " of %" PRId64, total ? done * 100 / total : 0,
	    done, total);
	if (failed)
		buf_print(&line, ", %" PRId64 " failed", failed);
	buf_print(&line, "  %s  ", text_in(batch, "status"));
	buf_add_text(&line, words_of_duration(words, clock_monotonic_ms() - f->begun_ms));
	if (buf_text(&line))
		screen_draw(f->cli, buf_text(&line));
	buf_clear(&line);
}

static void
say_line(struct follow *f, const struct doc_value *batch)
{
	int64_t done = jobs_done(batch), total = int_in(batch, "total_files");
	int64_t part = total ? done * PARTS / total : 0;
	const char *status = text_in(batch, "status");

	if (part == f->part && !strcmp(status, f->status))
		return;
	f->part = part;
	snprintf(f->status, sizeof(f->status), "%s", status);
	screen_say(f->cli, TONE_PLAIN, "%s: %s, %" PRId64 " of %" PRId64 " done",
	    text_in(batch, "base_directory_name"), status, done, total);
}

static bool
tell(struct follow *f, const struct doc_value *batch, struct err *err)
{
	if (int_in(batch, "run_no") != f->run_no) {	/* tried again: failures are news again */
		f->run_no = int_in(batch, "run_no");
		f->failed = 0;
		if (f->told)
			memset(f->told, 0, f->n_told);
	}
	if (!tell_failures(f, batch, err))
		return false;
	if (f->cli->json)
		return true;
	if (f->cli->terminal)
		draw_bar(f, batch);
	else
		say_line(f, batch);
	return true;
}

static void
say_end(struct follow *f, const struct doc_value *batch)
{
	const char *status = text_in(batch, "status"), *name = text_in(batch, "base_directory_name");
	struct buf why = {0};

	screen_wipe(f->cli);
	why_add(&why, batch);
	screen_say(f->cli, tone_of_status(status), "%s: %s%s%s", name, status, why.size ? ": " : "",
	    why.size ? buf_text(&why) : "");
	screen_say(f->cli, TONE_PLAIN, "%" PRId64 " rendered, %" PRId64 " failed, %" PRId64 " cancelled",
	    int_in(batch, "jobs_completed"), int_in(batch, "jobs_failed"),
	    int_in(batch, "jobs_cancelled"));
	if (int_in(batch, "jobs_completed"))
		screen_say(f->cli, TONE_FAINT, "batchline download %s", name);
	buf_clear(&why);
}

/* ---- the loop ---- */

/* A large batch is asked for less often: its answer is larger, and it takes longer. */
static int64_t
wait_of(const struct doc_value *batch)
{
	int64_t ms = WAIT_LEAST_MS + int_in(batch, "total_files");

	return ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS;
}

/* *done: the batch is finished. */
static bool
look(struct follow *f, bool *done, int64_t *wait_ms, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *batch;
	struct http_request request;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/api/batches/%s", f->id);
	request = peer_request(&f->cli->peer, "GET", path);
	if (!peer_ask_patiently(&f->cli->peer, &request, err)
	    || !peer_answer_json(&f->cli->peer, &doc, err))
		return false;
	batch = doc_root(doc);
	*done = is_final(text_in(batch, "status"));
	*wait_ms = wait_of(batch);
	if (*done && f->cli->json)
		screen_write(&f->cli->peer.answer.body);
	if (!tell(f, batch, err))
		return false;
	if (!*done)
		return true;
	if (!f->cli->json)
		say_end(f, batch);
	f->cli->exit_code = strcmp(text_in(batch, "status"), "completed") ? EXIT_BATCH_FAILED : EXIT_DONE;
	return true;
}

bool
follow_batch(struct cli *cli, const char *id, struct err *err)
{
	struct follow f = { .cli = cli, .id = id, .part = -1, .begun_ms = clock_monotonic_ms() };
	struct sigaction action = { .sa_handler = on_interrupt,
		.sa_flags = SA_RESETHAND };	/* the second one ends us at once */
	bool done = false, well = true;
	int64_t wait_ms = 0;

	sigaction(SIGINT, &action, NULL);
	while (well && !done && !interrupted) {
		well = look(&f, &done, &wait_ms, err);
		if (well && !done)
			clock_sleep_ms(wait_ms);
	}
	free(f.told);
	if (!well || !done)
		screen_wipe(cli);
	if (well && !done)
		return err_code(err, ERR_FATAL, "interrupted",
		    "no longer watching; the batch goes on: batchline watch %s", id);
	return well;
}
