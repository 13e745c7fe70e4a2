/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c: the table of addresses, and the way of a request: begin (headers) -> pieces of the body
 * -> serve -> end. Who may not come in is told before the body is read.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <stdio.h>
#include <inttypes.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gateway.h"

enum body { BODY_NONE, BODY_JSON, BODY_FORM, BODY_RAW };	/* form: JSON or multipart */

struct route {
	const char *method, *path;	/* ":id" is a uuid, ":" any one part */
	enum scope needs;
	enum body body;
	bool (*serve)(struct call *call);
};

static const struct route routes[] = {
	{ "GET", "/api/batches", SCOPE_READ, BODY_NONE, serve_list },
	{ "GET", "/api/batches/stats", SCOPE_READ, BODY_NONE, serve_stats },
	{ "GET", "/api/batches/:id", SCOPE_READ, BODY_NONE, serve_batch },
	{ "DELETE", "/api/batches/:id", SCOPE_OPERATE, BODY_NONE, serve_delete },
	{ "GET", "/api/batches/:id/jobs", SCOPE_READ, BODY_NONE, serve_jobs },
	{ "GET", "/api/batches/:id/download", SCOPE_READ, BODY_NONE, serve_download },
	{ "POST", "/api/batches/:id/cancel", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/retry", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/pause", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/resume", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/jobs", SCOPE_SUBMIT, BODY_FORM, serve_submit_one },
	{ "POST", "/api/jobs/batch", SCOPE_SUBMIT, BODY_FORM, serve_submit_batch },
	{ "GET", "/api/jobs/:id", SCOPE_READ, BODY_NONE, serve_job },
	{ "GET", "/api/jobs/:id/preview", SCOPE_READ, BODY_NONE, serve_preview },
	{ "GET", "/api/jobs/:id/outputs/:", SCOPE_READ, BODY_NONE, serve_output },
	{ "POST", "/api/blobs", SCOPE_SUBMIT, BODY_RAW, serve_blob },
	{ "GET", "/api/pipelines", SCOPE_READ, BODY_NONE, serve_pipelines },
	{ "GET", "/healthz", SCOPE_NONE, BODY_NONE, serve_live },
	{ "GET", "/readyz", SCOPE_NONE, BODY_NONE, serve_ready },
	{ "GET", "/metrics", SCOPE_NONE, BODY_NONE, serve_metrics },
	{ "GET", "/", SCOPE_NONE, BODY_NONE, serve_page },
	{ "GET", "/:", SCOPE_NONE, BODY_NONE, serve_page },
};
enum { N_ROUTES = sizeof(routes) / sizeof(*routes), ALLOW_SIZE = 64 };

static struct metric request_metrics[] = {
	{ "batchline_http_requests_total", "class=\"2xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"3xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"4xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
	{ "batchline_http_requests_total", "class=\"5xx\"", "Requests by answer.", METRIC_COUNTER, 0 },
};

void
call_metrics_add(void)
{
	metrics_add(request_metrics, sizeof(request_metrics) / sizeof(*request_metrics));
}

/* ---- addresses ---- */

/* One part of a path against one of a pattern; a variable one is kept. */
static bool
part_fits(struct call *call, size_t *n_arguments, const char *pattern, size_t pattern_size,
    const char *part, size_t size)
{
	char *kept = call->arguments[*n_arguments];

	if (pattern_size == 0 || *pattern != ':')
		return pattern_size == size && !memcmp(pattern, part, size);
	if (size == 0 || size >= ARGUMENT_SIZE)
		return false;
	memcpy(kept, part, size);
	kept[size] = '\0';
	(*n_arguments)++;
	return pattern_size == 1 || uuid_read(&call->id, part, size);
}

static bool
path_fits(struct call *call, const char *pattern, const char *path)
{
	size_t n_arguments = 0;

	while (*pattern == '/' && *path == '/') {
		size_t pattern_size = strcspn(++pattern, "/"), size = strcspn(++path, "/");

		if (!part_fits(call, &n_arguments, pattern, pattern_size, path, size))
			return false;
		pattern += pattern_size;
		path += size;
	}
	return !*pattern && !*path;
}

static bool
route_fits(struct call *call, const struct route *route, const char *path)
{
	return path_fits(call, route->path, path) && (route->serve != serve_page || page_is_there(path));
}

/* Which route; methods: those that the address takes, for Allow. */
static const struct route *
route_find(struct call *call, const char *method, const char *path, char methods[ALLOW_SIZE])
{
	bool head = !strcmp(method, "HEAD");

	*methods = '\0';
	for (size_t i = 0; i < N_ROUTES; i++) {
		if (!route_fits(call, &routes[i], path))
			continue;
		if (!strcmp(routes[i].method, head ? "GET" : method))
			return &routes[i];
		snprintf(methods + strlen(methods), ALLOW_SIZE - strlen(methods), "%s%s",
		    strcmp(routes[i].method, "GET") ? routes[i].method : "GET, HEAD", ", ");
	}
	if (*methods)
		snprintf(methods + strlen(methods), ALLOW_SIZE - strlen(methods), "OPTIONS");
	return NULL;
}

/* No route: what the address takes instead, or that there is none. */
static bool
refuse_route(struct call *call, const char *methods)
{
	if (!*methods)
		return problem(call, &problem_not_found, "There is nothing at this address.");
	httpd_answer_header(call->answer, "Allow", methods);
	if (strcmp(call->request->method, "OPTIONS"))
		return problem(call, &problem_no_method, "It takes %s.", methods);
	call->answer->status = 204;
	return false;
}

/* ---- the way of a request ---- */

const char *
type_of_body(const struct call *call)
{
	const char *type = httpd_header(call->request, "Content-Type");

	return type ? type : "";
}

static bool
type_is(const struct call *call, const char *wanted)
{
	const char *type = type_of_body(call);
	size_t size = strlen(wanted);

	return !strncasecmp(type, wanted, size) && (!type[size] || strchr("; \t", type[size]));
}

static bool
has_body(const struct httpd_request *request)
{
	return request->length > 0 || httpd_header(request, "Transfer-Encoding");
}

static bool
body_begin(struct call *call)
{
	enum body body = call->route->body;
	bool multipart = type_is(call, "multipart/form-data");

	call->body.limit = call->gateway->json_max;
	if (body == BODY_RAW || (body == BODY_FORM && multipart))
		return upload_begin(call);
	if (body == BODY_NONE || !has_body(call->request))
		return true;
	if (!type_is(call, "application/json"))
		return problem(call, &problem_media_type, body == BODY_FORM
		    ? "Content-Type is application/json or multipart/form-data."
		    : "Content-Type is application/json.");
	if (call->request->length > (int64_t)call->gateway->json_max)
		return problem(call, &problem_too_large, "A JSON body is at most %zu bytes.",
		    call->gateway->json_max);
	return true;
}

static void
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
	httpd_answer_header(answer, "X-Content-Type-Options", "nosniff");
	class = (size_t)(answer->status / 100) - 2;
	if (class < sizeof(request_metrics) / sizeof(*request_metrics))
		metric_count(&request_metrics[class], 1);
	log_write(answer->status >= 500 ? LOG_WARN : changes ? LOG_INFO : LOG_DEBUG, "request",
	    "method=%s path=%s status=%d ms=%" PRId64, call->request->method,
	    log_quote(path, sizeof(path), call->request->path), answer->status, ms);
}

bool
call_begin(void *state, const struct httpd_request *request, void **intake,
    struct httpd_answer *answer)
{
	struct call *call = calloc(1, sizeof(*call));
	bool changes = strcmp(request->method, "GET") && strcmp(request->method, "HEAD")
	    && strcmp(request->method, "OPTIONS");
	char methods[ALLOW_SIZE];

	*intake = call;
	if (!call) {
		answer->status = 500;
		return false;
	}
	call->gateway = state;
	call->request = request;
	call->answer = answer;
	call->begun_ms = clock_monotonic_ms();
	call->caller.customers.type = DB_TEXT;
	call->route = route_find(call, request->method, request->path, methods);
	if (guard_admit(call, call->route ? call->route->needs : SCOPE_NONE, changes)
	    && (call->route || refuse_route(call, methods)) && body_begin(call))
		return true;
	answer_end(call);
	return false;
}

bool
call_piece(void *intake, const void *bytes, size_t size)
{
	struct call *call = intake;

	if (call->upload)
		return upload_take(call->upload, bytes, size);
	if (call->route->body == BODY_NONE)
		return false;
	call->body_too_large = !buf_add(&call->body, bytes, size);
	return !call->body_too_large;
}

void
call_serve(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct call *call = request->intake;

	(void)state;
	call->request = request;
	call->answer = answer;
	if (call->body_too_large)
		problem(call, &problem_too_large, "A JSON body is at most %zu bytes.",
		    call->gateway->json_max);
	else
		call->route->serve(call);
	answer_end(call);
}

void
call_end(void *intake)
{
	struct call *call = intake;

	upload_free(call->upload);
	buf_clear(&call->body);
	buf_clear(&call->problem.fields);
	db_array_clear(&call->caller.customers);
	free(call);
}

struct put
answer_json(struct call *call, int status)
{
	call->answer->status = status;
	call->answer->type = "application/json";
	httpd_answer_header(call->answer, "Cache-Control", "no-store");
	return (struct put){ &call->answer->body, false };
}
