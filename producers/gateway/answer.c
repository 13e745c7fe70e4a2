/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: what handlers put into answers, and the end of each answer: its problem, metric and log
 * line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gateway.h"
#include "kept.h"
#include "range.h"

static struct metric request_metrics[] = {
	{ "batchline_http_requests_total", "class=\"2xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"3xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"4xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"5xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
};

static struct metric packed_metrics[] = {
	{ "batchline_http_packed_total", NULL, "Texts made smaller for an answer.", METRIC_COUNTER, 0 },
};

void
answer_metrics_add(void)
{
	metrics_add(request_metrics, sizeof(request_metrics) / sizeof(*request_metrics));
	metrics_add(packed_metrics, sizeof(packed_metrics) / sizeof(*packed_metrics));
}

struct put
answer_json(struct call *call, int status)
{
	call->answer->status = status;
	call->answer->type = "application/json";
	httpd_answer_header(call->answer, "Cache-Control", "no-store");
	return (struct put){ &call->answer->body, false };
}

void
put_rows(struct put *put, const char *name, const struct shown *shown, int n)
{
	put_name(put, name);
	put_open(put, '[');
	for (int i = 0; i < n; i++)
		shown_row(put, shown, i);
	put_close(put, ']');
}

bool
answer_rows(struct call *call, const struct shown *shown)
{
	struct put put = answer_json(call, 200);

	put_open(&put, '{');
	put_rows(&put, "data", shown, db_count(shown->rows));
	put_close(&put, '}');
	return true;
}

bool
answer_row(struct call *call, int status, const struct shown *shown)
{
	struct put put = answer_json(call, status);

	shown_row(&put, shown, 0);
	return true;
}

void
answer_weak_tag(struct call *call, const char *etag)
{
	char weak[SHA256_TEXT_SIZE + 4];

	snprintf(weak, sizeof(weak), "W/%s", etag);
	httpd_answer_header(call->answer, "ETag", weak);
}

void
answer_etag(struct call *call, const char *etag)
{
	const char *have = httpd_header(call->request, "If-None-Match");

	answer_weak_tag(call, etag);
	if (!have || !etag_matches(have, etag, true))
		return;
	buf_clear(&call->answer->body);
	call->answer->status = 304;
	call->answer->type = NULL;
}

void
answer_tag(struct call *call)
{
	struct buf *body = &call->answer->body;
	char hex[SHA256_TEXT_SIZE], etag[ETAG_SIZE];
	uint8_t sha256[SHA256_SIZE];

	if (body->failed)
		return;
	hash_sha256(sha256, body->data, body->size);
	snprintf(etag, sizeof(etag), "\"%s\"", hash_print(hex, sha256));
	kept_add(call, etag);
	answer_etag(call, etag);
}

void
answer_location(struct call *call, struct uuid batch_id)
{
	char id[UUID_TEXT_SIZE], path[64];

	snprintf(path, sizeof(path), "/api/batches/%s", uuid_print(id, batch_id));
	httpd_answer_header(call->answer, "Location", path);
}

/* ---- smaller on the wire ---- */

/* Words, but not pictures, archives or parts of them, which are small already or files. */
static bool
is_text(const struct httpd_answer *answer)
{
	static const char *const types[] = { "application/json", "application/problem+json",
		"application/yaml", "text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml" };

	for (size_t i = 0; answer->fd < 0 && answer->type && i < sizeof(types) / sizeof(*types); i++)
		if (!strncmp(answer->type, types[i], strlen(types[i])))
			return true;
	return false;
}

bool
answer_may_be_packed(const struct call *call)
{
	return gzip_is_accepted(httpd_header(call->request, "Accept-Encoding"));
}

void
answer_packed(struct call *call, const struct buf *packed)
{
	call->is_packed = true;
	httpd_answer_header(call->answer, "Content-Encoding", "gzip");
	buf_add(&call->answer->body, packed->data, packed->size);
}

static void
pack(struct call *call)
{
	struct httpd_answer *answer = call->answer;
	struct buf packed = {0};

	if (answer->take || (answer->status != 304 && !is_text(answer)))
		return;
	httpd_answer_header(answer, "Vary", "Accept-Encoding");
	if (call->is_packed || answer->body.size < PACKED_LEAST || !answer_may_be_packed(call)
	    || !gzip_add(&packed, answer->body.data, answer->body.size, GZIP_QUICK))
		return;
	metric_count(&packed_metrics[0], 1);
	kept_add_packed(call, &packed);
	buf_clear(&answer->body);
	answer_packed(call, &packed);
	buf_clear(&packed);
}

void
answer_end(struct call *call)
{
	struct httpd_answer *answer = call->answer;
	int64_t ms = clock_monotonic_ms() - call->begun_ms;
	bool changes = strcmp(call->request->method, "GET") && strcmp(call->request->method, "HEAD");
	size_t class;
	char path[300];

	if (problem_is_set(call))
		problem_answer(call);
	if (answer->body.failed) {
		buf_clear(&answer->body);
		answer->status = 500;
	}
	cors_answer(call);
	pack(call);
	httpd_answer_header(answer, "X-Content-Type-Options", "nosniff");
	class = (size_t)(answer->status / 100) - 2;
	if (class < sizeof(request_metrics) / sizeof(*request_metrics))
		metric_count(&request_metrics[class], 1);
	log_write(answer->status >= 500 ? LOG_WARN : changes ? LOG_INFO : LOG_DEBUG, "request",
	    "method=%s path=%s status=%d ms=%" PRId64, call->request->method,
	    log_quote(path, sizeof(path), call->request->path), answer->status, ms);
}
