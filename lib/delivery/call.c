/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: one delivery's thread, its requests, and what their answers mean. Knows no ledger. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "delivery/engine.h"
#include "delivery/secret.h"

enum { ANSWER_MAX = 64 * 1024, ANSWER_KEPT = 500, RETRY_AFTER_MOST_S = 2 * 86400, HURRY_MS = 5000 };

bool
call_open(struct call *call, struct delivery *d, struct err *err)
{
	const struct options *o = d->context->options;
	const char *ca_file = option_text(o, "BATCHLINE_CA_FILE");
	const struct http_options options = { .ca_file = *ca_file ? ca_file : NULL,
		.bytes_per_s = option_int(o, "BATCHLINE_BYTES_PER_S"),
		.may_connect = networks_may_call, .connect_state = &d->allowed };

	call->options = o;
	call->door = d->door;
	call->timeout_ms = option_int(o, "BATCHLINE_CALL_S") * 1000;
	return http_new(&call->http, &options, err) && (!d->door->open || d->door->open(call, err));
}

void
call_close(struct call *call)
{
	if (call->door && call->door->close)
		call->door->close(call);
	call_done(call);
	http_free(call->http);
	http_answer_clear(&call->answer);
}

/* ---- the thread ---- */

static void *
run(void *state)
{
	struct call *call = state;

	(call->batch ? call->door->deliver : call->door->test)(call);
	call->took_ms = clock_monotonic_ms() - call->began_ms;
	atomic_store(&call->is_over, true);
	return NULL;
}

void
call_begin(struct call *call)
{
	call->in_use = true;
	call->fate = FATE_AGAIN;
	call->retry_after_s = call->stop_ms = 0;
	*call->code = *call->words = *call->external_id = *call->link = '\0';
	call->began_ms = call->renewed_ms = clock_monotonic_ms();
	atomic_store(&call->is_over, false);
	atomic_store(&call->is_lost, false);
	if (pthread_create(&call->thread, NULL, run, call) == 0)
		return;
	call->thread = 0;
	call_say(call, FATE_AGAIN, "thread", "no thread to be had");
	atomic_store(&call->is_over, true);
}

void
call_end(struct call *call)
{
	if (call->thread)
		pthread_join(call->thread, NULL);
	call->thread = 0;
}

void
call_done(struct call *call)
{
	doc_free(call->document);
	db_rows_free(call->rows);
	call->document = NULL;
	call->rows = NULL;
	call->settings = NULL;
	call->batch = NULL;
	call->in_use = false;
}

/* What is under way when the service stops has a little time to end. */
bool
call_goes_on(struct call *call)
{
	if (atomic_load(&call->is_lost))
		return false;
	if (service_is_stopping() && !call->stop_ms)
		call->stop_ms = clock_monotonic_ms() + HURRY_MS;
	return !call->stop_ms || clock_monotonic_ms() < call->stop_ms;
}

/* ---- what came of it ---- */

void
call_say(struct call *call, enum fate fate, const char *code, const char *format, ...)
{
	va_list args;

	call->fate = fate;
	snprintf(call->code, sizeof(call->code), "%s", code);
	va_start(args, format);
	vsnprintf(call->words, sizeof(call->words), format, args);
	va_end(args);
	call->words[utf8_cut(call->words, strlen(call->words))] = '\0';
}

bool
call_secret(struct call *call, struct buf *ret)
{
	const char *folder = option_text(call->options, "BATCHLINE_SECRETS");
	struct err err = {0};

	*ret = (struct buf){ .limit = SECRET_MAX };
	if (secret_read(ret, folder, doc_text(doc_member(call->settings, "secret")), &err))
		return true;
	call_say(call, FATE_STOP, err.code, "%s", err.text);
	return false;
}

/* What a person may need to see of an answer, on one line. */
static void
quote(struct call *call)
{
	const struct buf *body = &call->answer.body;
	char text[ANSWER_KEPT];
	size_t n = body->size < sizeof(text) ? body->size : sizeof(text);
	int size = snprintf(call->words, sizeof(call->words), "answered %d", call->answer.status);

	n = n ? utf8_cut(body->data, n) : 0;
	if (n == 0 || !utf8_is_valid(body->data, n))
		return;
	memcpy(text, body->data, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	snprintf(call->words + size, sizeof(call->words) - (size_t)size, ": %.*s", (int)n, text);
}

void
call_judge(struct call *call)
{
	int s = call->answer.status;

	call->fate = s >= 200 && s < 300 ? FATE_DONE : s == 410 ? FATE_GONE
	    : s == 401 || s == 403 ? FATE_STOP : FATE_AGAIN;
	if (s == 429 || s == 503)
		call->retry_after_s = http_retry_after_s(&call->answer, 0, RETRY_AFTER_MOST_S);
	snprintf(call->code, sizeof(call->code), "http_%d", s);
	quote(call);
}

/* ---- a request ---- */

static bool
go_on(void *state, int64_t sent, int64_t received)
{
	(void)sent, (void)received;
	return call_goes_on(state);
}

/* Nobody answered: the world may get better, a wrong address does not. */
static void
judge_silence(struct call *call, const struct err *err)
{
	bool is_wrong = !strcmp(err->code, "refused") || !strcmp(err->code, "bad_url");

	call_say(call, is_wrong ? FATE_STOP : FATE_AGAIN, *err->code ? err->code : "call", "%s",
	    err->text);
}

bool
call_send(struct call *call, struct http_request *request)
{
	struct err err = {0};

	if (!request->timeout_ms)
		request->timeout_ms = call->timeout_ms;
	if (!request->answer_max && !request->to_file) {
		request->answer_max = ANSWER_MAX;
		request->answer_start = true;
	}
	request->progress = go_on;
	request->progress_state = call;
	/* a status is an answer to who reads no more than its start, whatever became of the rest */
	if (http_send(call->http, request, &call->answer, &err)
	    || (request->answer_start && call->answer.status >= 200))
		return true;
	judge_silence(call, &err);
	return false;
}
