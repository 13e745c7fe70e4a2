/* SPDX-License-Identifier: Apache-2.0 */
/* post.c: one POST and what its answer means. Touches nothing but its own struct post. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "webhook.h"

enum { ANSWER_MAX = 64 * 1024, RETRY_AFTER_MOST_S = 86400, HURRY_MS = 5000 };

/* A network of the operator's own, by any scheme; anything else by TLS, and out there. */
static bool
may_connect(void *state, const struct sockaddr *address, bool is_plain)
{
	const struct networks *allowed = state;

	return networks_have(allowed, address) || (!is_plain && address_is_public(address));
}

bool
post_open(struct webhook *w, struct err *err)
{
	const char *ca_file = option_text(w->context->options, "BATCHLINE_CA_FILE");
	const struct http_options options = { .ca_file = *ca_file ? ca_file : NULL,
		.may_connect = may_connect, .connect_state = &w->allowed };

	for (int i = 0; i < w->n_calls; i++)
		if (!http_new(&w->calls[i].http, &options, err))
			return false;
	return true;
}

void
post_close(struct webhook *w)
{
	for (int i = 0; i < w->n_calls; i++) {
		struct post *post = &w->calls[i];

		http_free(post->http);
		buf_clear(&post->url);
		buf_clear(&post->body);
		buf_clear(&post->signature);
	}
}

/* ---- the answer ---- */

/* What a person may need to see of an answer, on one line. */
static void
quote(struct post *post, const struct http_answer *answer)
{
	char text[ANSWER_KEPT];
	size_t n = answer->body.size < sizeof(text) ? answer->body.size : sizeof(text);
	int size = snprintf(post->words, sizeof(post->words), "answered %d", post->status);

	n = n ? utf8_cut(answer->body.data, n) : 0;
	if (n == 0 || !utf8_is_valid(answer->body.data, n))
		return;
	memcpy(text, answer->body.data, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	snprintf(post->words + size, sizeof(post->words) - (size_t)size, ": %.*s", (int)n, text);
}

static void
judge(struct post *post, const struct http_answer *answer)
{
	int s = post->status = answer->status;

	post->fate = s >= 200 && s < 300 ? FATE_DONE : s == 410 ? FATE_GONE
	    : s == 401 || s == 403 ? FATE_STOP : FATE_AGAIN;
	if (s == 429 || s == 503)
		post->retry_after_s = http_retry_after_s(answer, 0, RETRY_AFTER_MOST_S);
	snprintf(post->code, sizeof(post->code), "http_%d", s);
	quote(post, answer);
}

/* Nobody answered: the world may get better, a wrong address does not. */
static void
judge_silence(struct post *post, const struct err *err)
{
	bool is_wrong = !strcmp(err->code, "refused") || !strcmp(err->code, "bad_url");

	post->fate = is_wrong ? FATE_STOP : FATE_AGAIN;
	snprintf(post->code, sizeof(post->code), "%s", *err->code ? err->code : "call");
	snprintf(post->words, sizeof(post->words), "%s", err->text);
}

/* ---- the call ---- */

/* A service that stops waits a little for what is under way. */
static bool
go_on(void *state, int64_t sent, int64_t received)
{
	int64_t *stop_ms = state;

	(void)sent, (void)received;
	if (service_is_stopping() && !*stop_ms)
		*stop_ms = clock_monotonic_ms() + HURRY_MS;
	return !*stop_ms || clock_monotonic_ms() < *stop_ms;
}

static void *
run(void *state)
{
	struct post *post = state;
	struct http_answer answer = {0};
	int64_t began_ms = clock_monotonic_ms(), stop_ms = 0;
	struct http_request request = { .method = "POST", .url = buf_text(&post->url),
		.body = HTTP_BYTES, .bytes = post->body.data, .size = (int64_t)post->body.size,
		.timeout_ms = post->timeout_ms, .answer_max = ANSWER_MAX, .answer_start = true,
		.progress = go_on, .progress_state = &stop_ms };
	struct err err = {0};

	http_add_header(&request, "Content-Type", "application/json");
	http_add_header(&request, "webhook-id", post->webhook_id);
	http_add_header(&request, "webhook-timestamp", post->timestamp);
	http_add_header(&request, "webhook-signature", buf_text(&post->signature));
	post->retry_after_s = 0;
	post->status = 0;
	/* a status is an answer, whatever became of the words behind it */
	if (http_send(post->http, &request, &answer, &err) || answer.status >= 200)
		judge(post, &answer);
	else
		judge_silence(post, &err);
	http_answer_clear(&answer);
	post->took_ms = clock_monotonic_ms() - began_ms;
	atomic_store(&post->is_over, true);
	return NULL;
}

void
post_begin(struct post *post)
{
	atomic_store(&post->is_over, false);
	post->in_use = true;
	if (pthread_create(&post->thread, NULL, run, post) == 0)
		return;
	run(post);	/* no thread to be had: then here */
	post->thread = 0;
}
