/* SPDX-License-Identifier: Apache-2.0 */
/* health.c: three answers from what the loop last said. */
#include "health.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/metrics.h"
#include "notify.h"
#include "port/httpd.h"

enum { SILENT_MS = 30000, WORDS_SIZE = 512, CONNECTIONS_MAX = 16 };

struct health {
	struct httpd *httpd;
	pthread_mutex_t lock;		/* of what follows */
	int64_t beat_ms;
	bool ready;
	bool (*is_ready)(void *state);	/* NULL: as the last beat said */
	void *state;
	char words[WORDS_SIZE];
};

static void
answer_live(struct health *h, struct httpd_answer *answer)
{
	bool silent = clock_monotonic_ms() - h->beat_ms > SILENT_MS;

	answer->status = silent ? 503 : 200;
	buf_print(&answer->body, silent ? "the loop stands still\n" : "ok\n");
}

static void
answer_ready(struct health *h, struct httpd_answer *answer)
{
	answer->status = h->ready ? 200 : 503;
	buf_print(&answer->body, "%s%s%s\n", h->ready ? "ready" : "not ready",
	    *h->words ? ": " : "", h->words);
}

/* What is asked may wait for others, and the loop's beat does not wait for that. */
static void
ask(struct health *h)
{
	bool (*is_ready)(void *state), ready;
	void *asked;

	pthread_mutex_lock(&h->lock);
	is_ready = h->is_ready;
	asked = h->state;
	pthread_mutex_unlock(&h->lock);
	if (!is_ready)
		return;
	ready = is_ready(asked);
	pthread_mutex_lock(&h->lock);
	h->ready = ready;
	*h->words = '\0';
	pthread_mutex_unlock(&h->lock);
}

static void
on_request(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct health *h = state;

	answer->type = "text/plain; charset=utf-8";
	if (!strcmp(request->path, "/readyz"))
		ask(h);
	pthread_mutex_lock(&h->lock);
	if (!strcmp(request->path, "/healthz"))
		answer_live(h, answer);
	else if (!strcmp(request->path, "/readyz"))
		answer_ready(h, answer);
	else if (!strcmp(request->path, "/metrics"))
		metrics_print(&answer->body);
	else
		answer->status = 404;
	pthread_mutex_unlock(&h->lock);
}

bool
health_start(struct health **ret, const char *listen, struct err *err)
{
	own(health_freep) struct health *h = NULL;

	*ret = NULL;
	if (!*listen)
		return true;
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(err, ERR_FATAL, "out of memory");
	pthread_mutex_init(&h->lock, NULL);
	h->beat_ms = clock_monotonic_ms();
	snprintf(h->words, sizeof(h->words), "starting");
	const struct httpd_options options = { .listen = listen, .body_max = 1024,
		.connections_max = CONNECTIONS_MAX, .handler = on_request, .state = h };
	if (!httpd_start(&h->httpd, &options, err))
		return err_at(err, "BATCHLINE_HEALTH_LISTEN");
	*ret = health_free_hand_over(&h);
	return true;
}

void
health_free(struct health *h)
{
	if (!h)
		return;
	httpd_free(h->httpd);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void
health_ask(struct health *h, bool (*is_ready)(void *state), void *state)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->is_ready = is_ready;
	h->state = state;
	pthread_mutex_unlock(&h->lock);
}

void
health_beat(struct health *h, bool ready, const char *words)
{
	notify_beat(ready, words);
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->beat_ms = clock_monotonic_ms();
	if (!h->is_ready)
		h->ready = ready;
	snprintf(h->words, sizeof(h->words), "%s", words ? words : "");
	pthread_mutex_unlock(&h->lock);
}
