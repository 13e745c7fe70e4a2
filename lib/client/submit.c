/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c: a few threads send the files, each with its own connection. */
#include "submit.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/json_write.h"
#include "base/thread.h"

enum { THREADS = 4, PROGRESS_NS = 100000000 };

/* ---- the files ---- */

struct sending {
	const struct peer *like;	/* whose address and key it is */
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
	while (s->next < s->picks->n && *s->picks->list[s->next].uri)
		s->next++;
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
	bool well = peer_open(&peer, s->like->url, s->like->key, &err);
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

static void
give_up(struct sending *s)
{
	if (!s->failed)
		err_code(&s->err, ERR_FATAL, "stopped", "stopped while files were sent");
	s->failed = true;
}

static void
wait_for_threads(struct sending *s, files_progress *progress, void *state)
{
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	while (s->running > 0) {
		if (!progress(state, s->done, s->sent))
			give_up(s);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&s->moved, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
}

bool
files_send(const struct peer *peer, struct picks *picks, files_progress *progress, void *state,
    struct buf *details, struct err *err)
{
	struct sending s = { .like = peer, .picks = picks, .lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER };
	pthread_t threads[THREADS];
	size_t n = 0;

	pthread_mutex_lock(&s.lock);
	while (n < THREADS && n < picks->n && thread_start(&threads[n], send_files, &s)) {
		s.running++;
		n++;
	}
	pthread_mutex_unlock(&s.lock);
	wait_for_threads(&s, progress, state);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	buf_add(details, s.details.data, s.details.size);
	buf_clear(&s.details);
	if (n == 0)
		return err_set(err, ERR_FATAL, "cannot start a thread");
	if (s.failed)
		*err = s.err;
	return !s.failed;
}

/* ---- the batch ---- */

static void
put_batch(struct put *put, const struct submission *s, const struct picks *picks)
{
	put_open(put, '{');
	put_int_of(put, "pipeline_id", s->pipeline_id);
	if (s->description)
		put_text_of(put, "batch_description", s->description);
	if (s->customer_prefix)
		put_text_of(put, "customer_prefix", s->customer_prefix);
	if (s->priority)
		put_int_of(put, "priority", *s->priority);
	if (s->failures_tolerated)
		put_int_of(put, "failures_tolerated", *s->failures_tolerated);
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

bool
batch_post(struct peer *peer, const struct submission *submission, const struct picks *picks,
    const char *key, struct err *err)
{
	struct http_request request = peer_request(peer, "POST", "/api/jobs/batch");
	struct buf json = {0};
	struct put put = { &json, false };
	bool well;

	put_batch(&put, submission, picks);
	request.body = HTTP_BYTES;
	request.bytes = json.data;
	request.size = (int64_t)json.size;
	http_add_header(&request, "Content-Type", "application/json");
	http_add_header(&request, "Idempotency-Key", key);
	well = json.failed ? err_set(err, ERR_FATAL, "out of memory")
	                   : peer_ask_patiently(peer, &request, err);
	buf_clear(&json);
	return well;
}
