/* SPDX-License-Identifier: Apache-2.0 */
/* source.c: one GET, and what its answer means for the job. */
#include "consumers/renderer/source.h"
#include <stdlib.h>
#include <string.h>
#include "batch/source.h"
#include "port/http.h"

enum { WORDS_MAX = 4096 };	/* of an answer that is no picture: not looked at */

struct source {
	struct source_options options;
	struct http *http;
	struct http_answer answer;
};

bool
source_new(struct source **ret, const struct source_options *options, struct err *err)
{
	own(source_freep) struct source *s = calloc(1, sizeof(*s));
	struct http_options of_http = { .ca_file = options->ca_file,
		.may_connect = networks_may_call };

	if (!s)
		return err_set(err, ERR_FATAL, "out of memory");
	s->options = *options;
	of_http.connect_state = &s->options.allowed;
	if (!http_new(&s->http, &of_http, err))
		return false;
	*ret = source_free_hand_over(&s);
	return true;
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	http_free(s->http);
	http_answer_clear(&s->answer);
	free(s);
}

static bool
may_be_asked(const struct source *s, const char *uri, struct err *err)
{
	const char *hosts = s->options.hosts, *defect;

	if (!source_is_https(uri))
		return err_code(err, ERR_REJECT, "unsupported_source", "%.200s: pictures are read from "
		    "blob:sha256/<64 hex digits> and https://", uri);
	defect = source_defect(uri, hosts ? hosts : "");
	return !defect || err_code(err, ERR_REJECT, "unsupported_source", "the source %s", defect);
}

static bool
go_on(void *state, int64_t sent, int64_t received)
{
	struct err ignored = {0};

	(void)sent, (void)received;
	return worker_goes_on(state, &ignored);
}

/* No answer, or not all of it; why[] is http.h's code. */
static bool
judge_silence(const struct worker *worker, const struct err *why, struct err *err)
{
	bool is_wrong = !strcmp(why->code, "refused") || !strcmp(why->code, "bad_url")
	    || !strcmp(why->code, "tls");

	if (!strcmp(why->code, "stopped") && !worker_goes_on(worker, err))
		return false;
	if (!strcmp(why->code, "file"))		/* ours */
		return err_code(err, ERR_RETRY, "blob_store", "%s", why->text);
	if (!strcmp(why->code, "too_large"))
		return err_code(err, ERR_REJECT, "source_too_large", "%s", why->text);
	return err_code(err, is_wrong ? ERR_REJECT : ERR_RETRY,
	    is_wrong ? "source_refused" : "source_unreachable", "%s", why->text);
}

static bool
judge_status(int status, struct err *err)
{
	if (status == 200)
		return true;
	if (status == 408 || status == 429 || status >= 500)
		return err_code(err, ERR_RETRY, "source_unreachable", "the source answers %d", status);
	return err_code(err, ERR_REJECT, "source_refused", "the source answers %d%s", status,
	    status >= 300 && status < 400 ? "; redirects are not followed" : "");
}

bool
source_fetch(struct source *s, const char *uri, const struct worker *worker,
    struct blob_store *store, int64_t timeout_ms, struct blob_writer **file, int64_t *size,
    struct err *err)
{
	own(blob_writer_freep) struct blob_writer *fresh = NULL;
	struct http_request request = { .method = "GET", .url = uri, .timeout_ms = timeout_ms,
		.to_file = true, .file_max = s->options.size_max, .answer_max = WORDS_MAX,
		.answer_start = true, .progress = go_on,
		.progress_state = (void *)(uintptr_t)worker };
	struct err why = {0};

	if (!may_be_asked(s, uri, err) || !blob_write_open(store, &fresh, NULL, err))
		return false;
	request.answer_fd = blob_writer_fd(fresh);
	if (!http_send(s->http, &request, &s->answer, &why))
		return judge_silence(worker, &why, err);
	if (!judge_status(s->answer.status, err))
		return false;
	*size = s->answer.file_size;
	*file = blob_writer_free_hand_over(&fresh);
	return true;
}
