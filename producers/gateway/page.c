/* SPDX-License-Identifier: Apache-2.0 */
/* page.c: the dashboard's files, the API's description, and the gateway's own health. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/gzip.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gateway.h"
#include "range.h"
#include "web.h"

static const struct web_file *
file_find(const char *path)
{
	if (!strcmp(path, "/"))
		path = "/index.html";
	for (size_t i = 0; i < n_web_files; i++)
		if (!strcmp(web_files[i].path, path))
			return &web_files[i];
	return NULL;
}

bool
page_is_there(const char *path)
{
	return file_find(path) != NULL;
}

enum { FILES_MAX = 64 };

/* The files as they are sent to who takes gzip; empty where that is no smaller. */
static struct buf packed_files[FILES_MAX];

static void
files_pack(void)
{
	assert(n_web_files <= FILES_MAX);
	for (size_t i = 0; i < n_web_files; i++)
		if (web_files[i].size >= PACKED_LEAST)
			gzip_add(&packed_files[i], web_files[i].bytes, web_files[i].size, GZIP_BEST);
}

static void
file_put(struct call *call, const struct web_file *file)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct buf *packed = &packed_files[file - web_files];

	pthread_once(&once, files_pack);
	call->answer->type = file->type;
	if (packed->size == 0 || !answer_may_be_packed(call)) {
		buf_add(&call->answer->body, file->bytes, file->size);
		return;
	}
	answer_packed(call, packed);
}

bool
serve_page(struct call *call)
{
	const struct web_file *file = file_find(call->request->path);	/* route.c asked for it */
	const char *have = httpd_header(call->request, "If-None-Match");
	struct httpd_answer *answer = call->answer;
	uint8_t sha256[SHA256_SIZE];
	char hex[SHA256_TEXT_SIZE], etag[SHA256_TEXT_SIZE + 2];

	hash_sha256(sha256, file->bytes, file->size);
	snprintf(etag, sizeof(etag), "\"%s\"", hash_print(hex, sha256));
	answer_weak_tag(call, etag);
	httpd_answer_header(answer, "Cache-Control", "no-cache");
	httpd_answer_header(answer, "Content-Security-Policy", "default-src 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'; form-action 'self'");
	httpd_answer_header(answer, "Referrer-Policy", "no-referrer");
	if (have && etag_matches(have, etag, true)) {
		answer->status = 304;
		return true;
	}
	file_put(call, file);
	return true;
}

bool
serve_live(struct call *call)
{
	call->answer->type = "text/plain; charset=utf-8";
	buf_add_text(&call->answer->body, "ok\n");
	return true;
}

bool
gateway_is_ready(void *state)
{
	struct gateway *g = state;
	struct err err = {0};
	char quoted[700];
	int64_t low, high;

	if (db_pool_is_well(g->pool, &err)
	    && bus_bounds(g->bus, TOPIC_SUBMISSIONS, 0, 1, &low, &high, &err))
		return true;
	log_write(LOG_WARN, "not ready", "code=%s why=%s", *err.code ? err.code : "none",
	    log_quote(quoted, sizeof(quoted), err.text));	/* not for strangers */
	return false;
}

static bool
is_here(struct call *call)
{
	return !call->gateway->health_is_apart
	    || problem(call, &problem_not_found, "It is told on a port of its own.");
}

bool
serve_ready(struct call *call)
{
	bool ready;

	if (!is_here(call))
		return false;
	ready = gateway_is_ready(call->gateway);
	call->answer->type = "text/plain; charset=utf-8";
	call->answer->status = ready ? 200 : 503;
	buf_add_text(&call->answer->body, ready ? "ready\n" : "not ready\n");
	return true;
}

bool
serve_metrics(struct call *call)
{
	if (!is_here(call))
		return false;
	call->answer->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_print(&call->answer->body);
	return true;
}
