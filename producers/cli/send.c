/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c: submit. A few threads put the pictures into the gateway's store, each by its content's
 * name, so that doing it twice changes nothing; then one request makes the batch of them. That one
 * carries an idempotency key: sent again after an answer that was lost, it is the same batch.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/json_write.h"
#include "base/utf8.h"
#include "picks.h"
#include "screen.h"
#include "words.h"

enum { THREADS = 4, DRAW_NS = 100000000, BAR_COLUMNS = 30 };

/* ---- the files ---- */

struct sending {
	const struct cli *cli;
	struct picks *picks;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t next, done, running;	/* under lock, like what follows */
	int64_t sent;
	bool failed;
	struct err err;			/* the first one */
	struct buf details;
};

static bool
keep_uri(struct peer *peer, struct pick *pick, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const char *uri;

	if (!peer_answer_json(peer, &doc, err))
		return false;
	uri = text_in(doc_root(doc), "uri");
	if (int_in(doc_root(doc), "size") != pick->size || !*uri || strlen(uri) >= sizeof(pick->uri))
		return err_code(err, ERR_REJECT, "file", "it changed while it was sent");
	snprintf(pick->uri, sizeof(pick->uri), "%s", uri);
	return true;
}

static bool
send_open_file(struct peer *peer, struct pick *pick, int fd, struct err *err)
{
	struct http_request request = peer_request(peer, "POST", "/api/blobs");

	request.body = HTTP_FILE;
	request.fd = fd;
	request.size = pick->size;
	http_add_header(&request, "Content-Type", "application/octet-stream");
	return peer_ask_patiently(peer, &request, err) && keep_uri(peer, pick, err);
}

static bool
send_file(struct peer *peer, struct pick *pick, struct err *err)
{
	int fd = open(pick->path, O_RDONLY | O_CLOEXEC);
	bool well;

	if (fd < 0)
		return err_code(err, ERR_REJECT, "file", "%s: %s", pick->path, strerror(errno));
	well = send_open_file(peer, pick, fd, err) || err_at(err, "%s", pick->path);
	close(fd);
	return well;
}

/* The next file's place; n when there is nothing left to begin. */
static size_t
take_next(struct sending *s)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = s->failed || s->next == s->picks->n ? s->picks->n : s->next++;
	pthread_mutex_unlock(&s->lock);
	return i;
}

static void
report(struct sending *s, const struct pick *pick, struct peer *peer, const struct err *err)
{
	pthread_mutex_lock(&s->lock);
	if (err && !s->failed) {
		s->failed = true;
		s->err = *err;
		buf_add(&s->details, peer->details.data, peer->details.size);
	} else if (!err) {
		s->done++;
		s->sent += pick->size;
	}
	pthread_cond_signal(&s->moved);
	pthread_mutex_unlock(&s->lock);
}

static void *
send_files(void *state)
{
	struct sending *s = state;
	struct peer peer = {0};
	struct err err = {0};
	bool well = peer_open(&peer, s->cli->peer.url, s->cli->peer.key, &err);
	size_t i;

	if (!well)
		report(s, NULL, &peer, &err);
	while (well && (i = take_next(s)) < s->picks->n) {
		well = send_file(&peer, &s->picks->list[i], &err);
		report(s, &s->picks->list[i], &peer, well ? NULL : &err);
	}
	peer_close(&peer);
	pthread_mutex_lock(&s->lock);
	s->running--;
	pthread_cond_signal(&s->moved);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Holding the lock. */
static void
draw(const struct sending *s)
{
	char sent[WORDS_SIZE], all[WORDS_SIZE];
	struct buf line = {0};

	bar_add(&line, s->sent, s->picks->size, BAR_COLUMNS);
	buf_print(&line, " sending %zu of %zu files, %s of %s", s->done, s->picks->n,
	    words_of_size(sent, s->sent), words_of_size(all, s->picks->size));
	if (buf_text(&line))
		screen_draw(s->cli, buf_text(&line));
	buf_clear(&line);
}

static void
wait_for_threads(struct sending *s)
{
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	while (s->running > 0) {
		draw(s);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += DRAW_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&s->moved, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
}

static bool
send_all(struct cli *cli, struct picks *picks, struct err *err)
{
	struct sending s = { .cli = cli, .picks = picks, .lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER };
	pthread_t threads[THREADS];
	size_t n = 0;

	pthread_mutex_lock(&s.lock);
	while (n < THREADS && n < picks->n && !pthread_create(&threads[n], NULL, send_files, &s)) {
		s.running++;
		n++;
	}
	pthread_mutex_unlock(&s.lock);
	wait_for_threads(&s);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	screen_wipe(cli);
	buf_add(&cli->peer.details, s.details.data, s.details.size);
	buf_clear(&s.details);
	if (n == 0)
		return err_set(err, ERR_FATAL, "cannot start a thread");
	if (s.failed)
		*err = s.err;
	return !s.failed;
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

static void
put_batch(struct put *put, const struct args *args, const struct picks *picks, int64_t pipeline)
{
	put_open(put, '{');
	put_int_of(put, "pipeline_id", pipeline);
	if (args->texts[ARG_DESCRIPTION])
		put_text_of(put, "batch_description", args->texts[ARG_DESCRIPTION]);
	if (args->texts[ARG_PREFIX])
		put_text_of(put, "customer_prefix", args->texts[ARG_PREFIX]);
	if (args->texts[ARG_PRIORITY])
		put_int_of(put, "priority", args->numbers[ARG_PRIORITY]);
	if (args->texts[ARG_FAILURES_TOLERATED])
		put_int_of(put, "failures_tolerated", args->numbers[ARG_FAILURES_TOLERATED]);
	put_name(put, "files");
	put_open(put, '[');
	for (size_t i = 0; i < picks->n; i++) {
		put_open(put, '{');
		put_text_of(put, "file_name", picks->list[i].name);
		put_text_of(put, "source_uri", picks->list[i].uri);
		put_close(put, '}');
	}
	put_close(put, ']');
	put_close(put, '}');
}

static bool
post_batch(struct cli *cli, const struct picks *picks, int64_t pipeline, struct err *err)
{
	struct http_request request = peer_request(&cli->peer, "POST", "/api/jobs/batch");
	const char *key = cli->args.texts[ARG_IDEMPOTENCY_KEY];
	struct buf json = {0};
	struct put put = { &json, false };
	char random[UUID_TEXT_SIZE];
	bool well;

	put_batch(&put, &cli->args, picks, pipeline);
	request.body = HTTP_BYTES;
	request.bytes = json.data;
	request.size = (int64_t)json.size;
	http_add_header(&request, "Content-Type", "application/json");
	key = key ? key : uuid_print(random, uuid_v7());
	http_add_header(&request, "Idempotency-Key", key);
	well = json.failed ? err_set(err, ERR_FATAL, "out of memory")
	                   : peer_ask_patiently(&cli->peer, &request, err);
	if (!well && err->verdict == ERR_RETRY && key == random)
		buf_print(&cli->peer.details, "It may have arrived all the same. The same command with "
		    "--idempotency-key %s\nmakes no second batch of it.\n", key);
	buf_clear(&json);
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
