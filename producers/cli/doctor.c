/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c: what is not well, and what to do. A table of checks, each of which looks at what the gateway told
 * and says one line; what it was not told is no check at all.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/json_write.h"
#include "base/words.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#ifndef BATCHLINE_VERSION
#define BATCHLINE_VERSION "0.1.0"
#endif

enum {
	LOOK_AGAIN_MS = 2000,		/* whether the projection moves */
	IDLE_MS = 15000,		/* jobs wait, and nothing was begun or done for so long */
	CLOCK_WARN_MS = 5000, CLOCK_BAD_MS = 60000,
	KEY_WARN_DAYS = 14, DISK_WARN = 10, DISK_BAD = 2,	/* per cent free */
	SAID_SIZE = 300,
};
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DAY_US (INT64_C(24) * 3600 * 1000000)

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_BAD, VERDICT_UNKNOWN };
static const char *const verdicts[] = { "ok", "warn", "bad" };
static const enum tone tones[] = { TONE_GOOD, TONE_BUSY, TONE_BAD };

struct told {
	struct doc *line, *line_later, *session, *parked, *failed, *targets;	/* NULL: not told */
	int64_t clock_ms;		/* the gateway's less ours */
	char said[SAID_SIZE], todo[SAID_SIZE];
};

__attribute__((format(printf, 4, 5))) static enum verdict
say(struct told *t, enum verdict verdict, const char *todo, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->said, sizeof(t->said), fmt, ap);
	va_end(ap);
	snprintf(t->todo, sizeof(t->todo), "%s", verdict == VERDICT_OK ? "" : todo);
	return verdict;
}

static bool
is_true(const struct doc *doc, const char *name)
{
	bool truth = false;

	return doc_bool(doc_member(doc_root(doc), name), &truth) && truth;
}

static bool
knows(const struct doc *doc, const char *name)
{
	return doc && is_in(doc_root(doc), name);
}

static int64_t
number(const struct doc *doc, const char *name)
{
	return doc ? int_in(doc_root(doc), name) : 0;
}

/* ---- checks ---- */

static enum verdict
check_version(struct told *t)
{
	const char *theirs = t->line ? text_in(doc_root(t->line), "version") : "";

	if (!*theirs)
		return VERDICT_UNKNOWN;
	return say(t, strcmp(theirs, BATCHLINE_VERSION) ? VERDICT_WARN : VERDICT_OK,
	    "install the same version on both", "gateway %s, batchline %s", theirs, BATCHLINE_VERSION);
}

static enum verdict
check_key(struct told *t)
{
	const char *expires = t->session ? text_in(doc_root(t->session), "expires_at") : "";
	int64_t at_us;

	if (!t->session)
		return VERDICT_UNKNOWN;
	if (!time_read(&at_us, expires))
		return say(t, VERDICT_OK, "", "%s, never expires", text_in(doc_root(t->session), "name"));
	return say(t, at_us - clock_now_us() < KEY_WARN_DAYS * DAY_US ? VERDICT_WARN : VERDICT_OK,
	    "make another: batchline keys add", "%s, until %.10s", text_in(doc_root(t->session), "name"),
	    expires);
}

static enum verdict
check_clock(struct told *t)
{
	int64_t off = llabs(t->clock_ms);

	if (!t->line)
		return VERDICT_UNKNOWN;
	return say(t, off > CLOCK_BAD_MS ? VERDICT_BAD : off > CLOCK_WARN_MS ? VERDICT_WARN : VERDICT_OK,
	    "set the clocks by NTP, here and there", "%lld ms apart from the gateway's", (long long)off);
}

static enum verdict
check_answers(struct told *t, const char *member, const char *todo)
{
	if (!t->line)
		return VERDICT_UNKNOWN;
	return is_true(t->line, member) ? say(t, VERDICT_OK, "", "answers the gateway")
	                                : say(t, VERDICT_BAD, todo, "does not answer the gateway");
}

static enum verdict
check_database(struct told *t)
{
	return check_answers(t, "database_answers",
	    "is PostgreSQL up, and the gateway's DATABASE_URL right? its log says why");
}

static enum verdict
check_kafka(struct told *t)
{
	return check_answers(t, "kafka_answers",
	    "are the brokers up, and KAFKA_BOOTSTRAP_SERVERS right? the gateway's log says why");
}

static enum verdict
check_projector(struct told *t)
{
	int64_t behind = number(t->line_later ? t->line_later : t->line, "records_behind");

	if (!knows(t->line, "records_behind"))
		return VERDICT_UNKNOWN;
	if (number(t->line, "records_behind") == 0 || behind == 0)
		return say(t, VERDICT_OK, "", "has applied all that there is");
	if (knows(t->line_later, "records_applied")
	    && number(t->line_later, "records_applied") > number(t->line, "records_applied"))
		return say(t, VERDICT_OK, "", "%" PRId64 " records behind, and moving", behind);
	return say(t, VERDICT_BAD, "is batchline-projector running? its log and /readyz say what it waits for",
	    "%" PRId64 " records behind, and not moving", behind);
}

static enum verdict
check_renderers(struct told *t)
{
	int64_t waiting = number(t->line, "jobs_waiting"), working = number(t->line, "jobs_working");
	const char *moved = t->line ? text_in(doc_root(t->line), "moved_at") : "";
	int64_t at_us;

	if (!knows(t->line, "jobs_waiting"))
		return VERDICT_UNKNOWN;
	if (waiting == 0 || working > 0 || !time_read(&at_us, moved)
	    || (clock_now_us() - at_us) / 1000 + t->clock_ms < IDLE_MS)
		return say(t, VERDICT_OK, "", "%" PRId64 " jobs in work, %" PRId64 " waiting", working, waiting);
	return say(t, VERDICT_BAD, "is a batchline-renderer running? its log and /readyz say what it waits for",
	    "%" PRId64 " jobs wait, none is in work, and nothing moved since %.19s UTC", waiting, moved);
}

/* A number that is best 0. */
static enum verdict
check_none(struct told *t, bool known, int64_t n, const char *what, const char *todo)
{
	if (!known)
		return VERDICT_UNKNOWN;
	return n ? say(t, VERDICT_WARN, todo, "%" PRId64 " %s", n, what) : say(t, VERDICT_OK, "", "none");
}

static enum verdict
check_batches(struct told *t)
{
	return check_none(t, knows(t->line, "batches_stuck"), number(t->line, "batches_stuck"),
	    "open, and unmoved for 10 minutes", "batchline list --status queued,processing; are renderers running?");
}

static enum verdict
check_archives(struct told *t)
{
	return check_none(t, knows(t->line, "archives_pending"), number(t->line, "archives_pending"),
	    "finished for 10 minutes without a ZIP", "is batchline-archiver running? batchline dlq --topic batches");
}

static enum verdict
check_letters(struct told *t)
{
	return check_none(t, knows(t->line, "letters_open"), number(t->line, "letters_open"), "open",
	    "batchline dlq; then replay or discard them");
}

static enum verdict
check_parked(struct told *t)
{
	return check_none(t, t->parked != NULL, (int64_t)doc_size(t->parked
	        ? doc_member(doc_root(t->parked), "data") : NULL),
	    "that Kafka never took", "batchline parked; docs/operate.md tells what to do");
}

static enum verdict
check_deliveries(struct told *t)
{
	return check_none(t, t->failed != NULL, number(t->failed, "total"), "failed",
	    "batchline deliveries --phase failed; then replay or skip them");
}

static enum verdict
check_targets(struct told *t)
{
	const struct doc_value *data = t->targets ? doc_member(doc_root(t->targets), "data") : NULL;
	int64_t n = 0;

	for (size_t i = 0; i < doc_size(data); i++)
		n += is_in(doc_item(data, i), "attention");
	return check_none(t, t->targets != NULL, n, "need attention",
	    "batchline targets; mend it, then batchline targets resume NAME");
}

static enum verdict
check_disk(struct told *t)
{
	int64_t size = number(t->line, "blobs_size"), free_bytes = number(t->line, "blobs_free"), part;
	char words[WORDS_SIZE];

	if (!knows(t->line, "blobs_size") || size == 0)
		return VERDICT_UNKNOWN;
	part = free_bytes / (size / 100 + 1);
	return say(t, part < DISK_BAD ? VERDICT_BAD : part < DISK_WARN ? VERDICT_WARN : VERDICT_OK,
	    "make room: delete batches, or give the store a larger disk", "%s free, %" PRId64 " %%",
	    words_of_size(words, free_bytes), part);
}

static const struct { const char *name; enum verdict (*check)(struct told *t); } checks[] = {
	{ "version", check_version }, { "key", check_key }, { "clock", check_clock },
	{ "postgres", check_database }, { "kafka", check_kafka }, { "projector", check_projector },
	{ "renderers", check_renderers }, { "batches", check_batches }, { "archives", check_archives },
	{ "dead letters", check_letters }, { "parked", check_parked },
	{ "deliveries", check_deliveries }, { "targets", check_targets }, { "store", check_disk },
};

/* ---- asking ---- */

/* What a key may not ask, or the gateway cannot say now, is not told. */
static struct doc *
ask(struct cli *cli, const char *path)
{
	struct err ignored = {0};
	struct doc *ret = NULL;

	return peer_read(&cli->peer, path, &ret, &ignored) ? ret : NULL;
}

/* The first question says whether there is a gateway at all, and whether the key is good. */
static bool
ask_all(struct cli *cli, struct told *t, struct err *err)
{
	int64_t asked_us, now_us;

	if (!peer_read(&cli->peer, "/api/session", &t->session, err))
		return false;
	asked_us = clock_now_us();
	t->line = ask(cli, "/api/line");
	if (t->line && time_read(&now_us, text_in(doc_root(t->line), "now")))
		t->clock_ms = now_us < asked_us ? (now_us - asked_us) / 1000
		    : now_us > clock_now_us() ? (now_us - clock_now_us()) / 1000 : 0;
	t->parked = ask(cli, "/api/parked");
	t->failed = ask(cli, "/api/deliveries?phase=failed&limit=1");
	t->targets = ask(cli, "/api/targets");
	if (t->line && number(t->line, "records_behind") > 0) {
		clock_sleep_ms(LOOK_AGAIN_MS);
		t->line_later = ask(cli, "/api/line");
	}
	return true;
}

static void
told_clear(struct told *t)
{
	struct doc *docs[] = { t->line, t->line_later, t->session, t->parked, t->failed, t->targets };

	for (size_t i = 0; i < COUNT(docs); i++)
		doc_free(docs[i]);
}

/* ---- telling ---- */

struct findings { struct table *table; struct put put; enum verdict worst; };

static bool
add(struct findings *f, const char *name, enum verdict verdict, const struct told *t)
{
	put_open(&f->put, '{');
	put_text_of(&f->put, "check", name);
	put_text_of(&f->put, "verdict", verdicts[verdict]);
	put_text_of(&f->put, "found", t->said);
	put_text_of(&f->put, "do", *t->todo ? t->todo : NULL);
	put_close(&f->put, '}');
	f->worst = verdict > f->worst ? verdict : f->worst;
	return table_add(f->table, name, TONE_PLAIN) && table_add(f->table, verdicts[verdict], tones[verdict])
	    && table_add(f->table, t->said, TONE_PLAIN) && table_add(f->table, t->todo, TONE_PLAIN);
}

static bool
examine(struct cli *cli, struct told *t, struct err *err)
{
	static const struct table_column columns[] = { { "CHECK", false, false }, { "IS", false, false },
		{ "FOUND", false, false }, { "WHAT TO DO", false, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	struct buf json = {0};
	struct findings f = { table, { &json, false }, VERDICT_OK };
	bool well = table != NULL;

	put_open(&f.put, '[');
	for (size_t i = 0; well && i < COUNT(checks); i++) {
		enum verdict verdict = checks[i].check(t);

		well = verdict == VERDICT_UNKNOWN || add(&f, checks[i].name, verdict, t);
	}
	put_close(&f.put, ']');
	cli->exit_code = f.worst == VERDICT_OK ? EXIT_DONE : EXIT_BATCH_FAILED;
	if (!well)
		err_set(err, ERR_FATAL, "out of memory");
	else if (cli->json)
		screen_write(&json);
	else
		well = screen_table(cli, table, err);
	buf_clear(&json);
	if (well && !cli->json && !t->line)
		screen_say(cli, TONE_FAINT, "%s", "Most checks are for keys with the scope operate, of all customers.");
	return well;
}

bool
run_doctor(struct cli *cli, struct err *err)
{
	struct told told = {0};
	bool well = ask_all(cli, &told, err) && examine(cli, &told, err);

	told_clear(&told);
	return well;
}
