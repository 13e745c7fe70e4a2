/* SPDX-License-Identifier: Apache-2.0 */
/* send.c: submit, as a person sees it. */
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "base/words.h"
#include "client/submit.h"
#include "screen.h"

enum { BAR_COLUMNS = 30 };

/* ---- the files ---- */

struct sending { const struct cli *cli; const struct picks *picks; };

static bool
draw(void *state, size_t files, int64_t bytes)
{
	const struct sending *s = state;
	char sent[WORDS_SIZE], all[WORDS_SIZE];
	struct buf line = {0};

	bar_add(&line, bytes, s->picks->size, BAR_COLUMNS);
	buf_print(&line, " sending %zu of %zu files, %s of %s", files, s->picks->n,
	    words_of_size(sent, bytes), words_of_size(all, s->picks->size));
	if (buf_text(&line))
		screen_draw(s->cli, buf_text(&line));
	buf_clear(&line);
	return true;
}

static bool
send_all(struct cli *cli, struct picks *picks, struct err *err)
{
	struct sending s = { cli, picks };
	bool well = files_send(&cli->peer, picks, draw, &s, &cli->peer.details, err);

	screen_wipe(cli);
	return well;
}

/* ---- the batch ---- */

/* Asked first, since that is cheap. */
static bool
find_pipeline(struct cli *cli, const char *wanted, int64_t *ret, struct err *err)
{
	own(doc_freep) struct doc *list = NULL;
	const struct doc_value *pipeline;

	if (!pipeline_read(cli, wanted, true, &list, &pipeline, err))
		return false;
	*ret = int_in(pipeline, "id");
	return true;
}

static bool
post_batch(struct cli *cli, const struct picks *picks, int64_t pipeline, struct err *err)
{
	const struct args *args = &cli->args;
	const struct submission submission = {
		.pipeline_id = pipeline,
		.description = args->texts[ARG_DESCRIPTION],
		.customer_prefix = args->texts[ARG_PREFIX],
		.priority = args->texts[ARG_PRIORITY] ? &args->numbers[ARG_PRIORITY] : NULL,
		.failures_tolerated = args->texts[ARG_FAILURES_TOLERATED]
		    ? &args->numbers[ARG_FAILURES_TOLERATED] : NULL,
	};
	const char *key = args->texts[ARG_IDEMPOTENCY_KEY];
	char random[UUID_TEXT_SIZE];
	bool well;

	key = key ? key : uuid_print(random, uuid_v7());
	well = batch_post(&cli->peer, &submission, picks, key, err);
	if (!well && err->verdict == ERR_RETRY && key == random)
		buf_print(&cli->peer.details, "It may have arrived all the same. The same command with "
		    "--idempotency-key %s\nmakes no second batch of it.\n", key);
	return well;
}

static bool
tell_batch(struct cli *cli, const struct picks *picks, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	bool watch = cli->args.texts[ARG_WATCH] != NULL;
	char size[WORDS_SIZE], id[UUID_TEXT_SIZE];
	const char *name;

	if (!peer_answer_json(&cli->peer, &doc, err))
		return false;
	name = text_in(doc_root(doc), "base_directory_name");
	snprintf(id, sizeof(id), "%s", text_in(doc_root(doc), "batch_id"));
	if (cli->json && !watch)
		screen_write(&cli->peer.answer.body);
	if (!cli->json)
		screen_say(cli, TONE_PLAIN, "%s: %zu file%s, %s", *name ? name : id, picks->n,
		    picks->n == 1 ? "" : "s", words_of_size(size, picks->size));
	if (!cli->json && !watch)
		screen_say(cli, TONE_FAINT, "batchline watch %s", *name ? name : id);
	return !watch || follow_batch(cli, id, err);
}

static bool
check_texts(const struct args *args, struct err *err)
{
	static const enum arg texts[] = { ARG_DESCRIPTION, ARG_PREFIX };

	if (!args->texts[ARG_PIPELINE])
		return err_code(err, ERR_FATAL, "usage", "submit wants --pipeline N; `batchline pipelines` "
		    "lists them");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *text = args->texts[texts[i]];

		if (text && !utf8_is_valid(text, strlen(text)))
			return err_code(err, ERR_FATAL, "usage", "--%s is not UTF-8", arg_rows[texts[i]].name);
	}
	return true;
}

bool
run_submit(struct cli *cli, struct err *err)
{
	struct picks picks = {0};
	int64_t pipeline = 0;
	bool well = check_texts(&cli->args, err);

	for (size_t i = 1; i < cli->args.n_operands && well; i++)
		well = picks_add(&picks, cli->args.operands[i], cli->args.texts[ARG_RECURSIVE], err);
	well = well && find_pipeline(cli, cli->args.texts[ARG_PIPELINE], &pipeline, err)
	    && send_all(cli, &picks, err) && post_batch(cli, &picks, pipeline, err)
	    && tell_batch(cli, &picks, err);
	picks_clear(&picks);
	return well;
}
