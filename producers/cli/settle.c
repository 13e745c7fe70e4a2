/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c: dead letters put back, or let be, by hand. Which is settled before the first one is asked for:
 * what dies again meanwhile is another letter, and not of this order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/json_write.h"
#include "dlq.h"
#include "screen.h"
#include "view.h"

enum { RATE = 50, ANSWER_SIZE = 16, SHOWN_MOST = 20 };

struct ids { char **all; size_t n, capacity; struct dlq_walk walk; };
struct settling { struct cli *cli; int64_t done, not_done, failed; struct buf json; struct put put; };

static bool
is_replay(const struct cli *cli)
{
	return !strcmp(cli->command->name, "dlq replay");
}

/* ---- which ---- */

static bool
ids_add(struct ids *ids, const char *id, struct err *err)
{
	if (ids->n == ids->capacity) {
		size_t capacity = ids->capacity ? 2 * ids->capacity : 64;
		char **all = realloc(ids->all, capacity * sizeof(*all));

		if (!all)
			return err_set(err, ERR_FATAL, "out of memory");
		ids->all = all;
		ids->capacity = capacity;
	}
	ids->all[ids->n] = strdup(id);
	return ids->all[ids->n++] || err_set(err, ERR_FATAL, "out of memory");
}

static void
ids_clear(struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		free(ids->all[i]);
	free(ids->all);
}

static bool
ids_take(void *state, const struct doc_value *letter, struct err *err)
{
	return ids_add(state, text_in(letter, "id"), err);
}

/* These, or what the options mean; not both, and not all by a word that was forgotten. */
static bool
ids_fill(struct cli *cli, struct ids *ids, struct err *err)
{
	static const enum arg filters[] = { ARG_TOPIC, ARG_CODE, ARG_BATCH, ARG_FROM };
	bool filtered = false;

	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		filtered = filtered || cli->args.texts[filters[i]];
	if (filtered == (cli->args.n_operands > 1))
		return err_code(err, ERR_FATAL, "usage", "%s wants letters, or options that say which",
		    cli->command->name);
	for (size_t i = 1; i < cli->args.n_operands; i++)
		if (!ids_add(ids, cli->args.operands[i], err))
			return false;
	return !filtered || dlq_each(cli, &ids->walk, ids_take, ids, err);
}

/* More than one: asks on a terminal; where there is none, --yes is wanted. */
static bool
is_sure(struct cli *cli, const struct ids *ids, struct err *err)
{
	char answer[ANSWER_SIZE] = "";

	if (ids->n <= 1 || cli->args.texts[ARG_YES])
		return true;
	if (!isatty(STDIN_FILENO))
		return err_code(err, ERR_FATAL, "usage", "%s: %zu letters, and no terminal to ask on: say --yes",
		    cli->command->name, ids->n);
	fprintf(stderr, is_replay(cli) ? "Put %zu dead letters back? [y/N] "
	    : "Let %zu dead letters be? [y/N] ", ids->n);
	if (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y'))
		return true;
	return err_code(err, ERR_FATAL, "not-sure", "nothing was done");
}

/* ---- one ---- */

static void
put_one(struct settling *s, const char *id, bool done, const char *state, const char *why)
{
	put_open(&s->put, '{');
	put_text_of(&s->put, "id", id);
	put_name(&s->put, "done");
	put_bool(&s->put, done);
	put_text_of(&s->put, "state", state);
	put_text_of(&s->put, "error", why);
	put_close(&s->put, '}');
}

static void
told(struct settling *s, const char *id, const struct doc_value *answer)
{
	const struct doc_value *letter = doc_member(answer, "letter");
	const char *state = text_in(letter, "state");
	bool done = false;

	doc_bool(doc_member(answer, "done"), &done);
	put_one(s, id, done, state, NULL);
	s->done += done;
	s->not_done += !done;
	if (!done && !s->cli->json)
		screen_say(s->cli, TONE_FAINT, "%s was %s already by %s, %.19s UTC: %s. --again does it again.",
		    id, state, text_in(letter, "settled_by"), text_in(letter, "settled_at"),
		    text_in(letter, "settled_for"));
}

/* Of one that is not there, or cannot be: it is told, and the others go on. */
static bool
refused(struct settling *s, const char *id, const struct err *err)
{
	if (strcmp(err->code, "not-found") && strcmp(err->code, "not-possible"))
		return false;
	s->failed++;
	put_one(s, id, false, NULL, err->text);
	if (!s->cli->json)
		screen_say(s->cli, TONE_BAD, "%s: %s", id, err->text);
	return true;
}

static bool
settle_one(struct settling *s, const char *id, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf path = {0}, json = {0};
	struct put put = { &json, false };
	bool well;

	buf_add_text(&path, "/api/letters/");
	http_escape(&path, id);
	buf_add_text(&path, is_replay(s->cli) ? "/replay" : "/discard");
	put_open(&put, '{');
	put_text_of(&put, "reason", s->cli->args.texts[ARG_REASON]);
	put_name(&put, "again");
	put_bool(&put, s->cli->args.texts[ARG_AGAIN] != NULL);
	put_close(&put, '}');
	well = buf_text(&path) ? peer_send(&s->cli->peer, "POST", buf_text(&path), &json, &doc, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	buf_clear(&json);
	if (well)
		told(s, id, doc_root(doc));
	return well || refused(s, id, err);
}

/* So many a second. */
static bool
settle_all(struct settling *s, const struct ids *ids, struct err *err)
{
	int64_t rate = s->cli->args.texts[ARG_RATE] ? s->cli->args.numbers[ARG_RATE] : RATE;
	int64_t begun_ms = clock_monotonic_ms();

	for (size_t i = 0; i < ids->n; i++) {
		int64_t wait_ms = begun_ms + (int64_t)i * 1000 / rate - clock_monotonic_ms();

		if (wait_ms > 0)
			clock_sleep_ms(wait_ms);
		if (!settle_one(s, ids->all[i], err))
			return err_at(err, "%s, after %" PRId64 " were done", ids->all[i], s->done);
	}
	return true;
}

/* ---- all ---- */

static void
preview(struct settling *s, const struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		put_one(s, ids->all[i], false, NULL, NULL);
		if (!s->cli->json && i < SHOWN_MOST)
			screen_say(s->cli, TONE_PLAIN, "%s", ids->all[i]);
	}
	if (!s->cli->json && ids->n > SHOWN_MOST)
		screen_say(s->cli, TONE_FAINT, "and %zu others", ids->n - SHOWN_MOST);
}

static void
say_sum(struct settling *s, const struct ids *ids, bool is_preview)
{
	const char *what = is_replay(s->cli) ? "put back" : "let be";
	int64_t n = is_preview ? (int64_t)ids->n : s->done;

	if (s->cli->json) {
		put_close(&s->put, ']');
		put_close(&s->put, '}');
		screen_write(&s->json);
		return;
	}
	screen_say(s->cli, TONE_PLAIN, "%" PRId64 " dead letter%s %s %s.", n, n == 1 ? "" : "s",
	    is_preview ? "would be" : n == 1 ? "is" : "are", what);
	if (ids->walk.more)
		screen_say(s->cli, TONE_PLAIN, "There may be others, older: give it again for the rest.");
}

static bool
settle(struct cli *cli, const struct ids *ids, struct err *err)
{
	struct settling s = { .cli = cli, .json = { .limit = SIZE_MAX } };
	bool is_preview = cli->args.texts[ARG_PREVIEW] != NULL, well = true;

	s.put = (struct put){ &s.json, false };
	put_open(&s.put, '{');
	put_name(&s.put, "preview");
	put_bool(&s.put, is_preview);
	put_name(&s.put, "more");
	put_bool(&s.put, ids->walk.more);
	put_name(&s.put, "data");
	put_open(&s.put, '[');
	if (is_preview)
		preview(&s, ids);
	else
		well = is_sure(cli, ids, err) && settle_all(&s, ids, err);
	if (well)
		say_sum(&s, ids, is_preview);
	if (well && s.failed)
		cli->exit_code = EXIT_ERROR;
	buf_clear(&s.json);
	return well;
}

bool
run_dlq_settle(struct cli *cli, struct err *err)
{
	struct ids ids = {0};
	bool well;

	if (!cli->args.texts[ARG_PREVIEW] && (!cli->args.texts[ARG_REASON] || !*cli->args.texts[ARG_REASON]))
		return err_code(err, ERR_FATAL, "usage", "%s wants --reason: %s", cli->command->name,
		    is_replay(cli) ? "what was mended" : "why they may be let be");
	well = ids_fill(cli, &ids, err) && settle(cli, &ids, err);
	ids_clear(&ids);
	return well;
}
