/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c: the table of addresses, and the way of a request: begin (headers) -> pieces of the body
 * -> serve -> end. Who may not come in is told before the body is read.
 */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include "base/clock.h"
#include "gateway.h"
#include "kept.h"

struct route {
	const char *method, *path;	/* ":id" is a uuid, ":" any one part */
	enum scope needs;
	enum body body;
	bool (*serve)(struct call *call);
};

static const struct route routes[] = {
	{ "GET", "/api/batches", SCOPE_READ, BODY_NONE, serve_list },
	{ "GET", "/api/batches/stats", SCOPE_READ, BODY_NONE, serve_stats },
	{ "GET", "/api/batches/hours", SCOPE_READ, BODY_NONE, serve_hours },
	{ "GET", "/api/batches/:id", SCOPE_READ, BODY_NONE, serve_batch },
	{ "DELETE", "/api/batches/:id", SCOPE_OPERATE, BODY_NONE, serve_delete },
	{ "GET", "/api/batches/:id/jobs", SCOPE_READ, BODY_NONE, serve_jobs },
	{ "GET", "/api/batches/:id/history", SCOPE_READ, BODY_NONE, serve_history },
	{ "GET", "/api/batches/:id/deliveries", SCOPE_READ, BODY_NONE, serve_batch_deliveries },
	{ "GET", "/api/batches/:id/download", SCOPE_READ, BODY_NONE, serve_download },
	{ "GET", "/api/batches/:id/sheet", SCOPE_READ, BODY_NONE, serve_sheet },
	{ "POST", "/api/batches/:id/cancel", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/retry", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/pause", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/resume", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/batches/:id/priority", SCOPE_OPERATE, BODY_JSON, serve_command },
	{ "POST", "/api/jobs", SCOPE_SUBMIT, BODY_FORM, serve_submit_one },
	{ "POST", "/api/jobs/batch", SCOPE_SUBMIT, BODY_FORM, serve_submit_batch },
	{ "GET", "/api/jobs/:id", SCOPE_READ, BODY_NONE, serve_job },
	{ "GET", "/api/jobs/:id/input", SCOPE_READ, BODY_NONE, serve_input },
	{ "GET", "/api/jobs/:id/preview", SCOPE_READ, BODY_NONE, serve_preview },
	{ "GET", "/api/jobs/:id/outputs/:", SCOPE_READ, BODY_NONE, serve_output },
	{ "POST", "/api/blobs", SCOPE_SUBMIT, BODY_RAW, serve_blob },
	{ "GET", "/api/parked", SCOPE_OPERATE, BODY_NONE, serve_parked },
	{ "GET", "/api/working", SCOPE_READ, BODY_NONE, serve_working },
	{ "GET", "/api/pipelines", SCOPE_READ, BODY_NONE, serve_pipelines },
	{ "POST", "/api/pipelines", SCOPE_OPERATE, BODY_JSON, serve_pipeline_add },
	{ "GET", "/api/pipelines/:", SCOPE_READ, BODY_NONE, serve_pipeline },
	{ "PATCH", "/api/pipelines/:", SCOPE_OPERATE, BODY_JSON, serve_pipeline_change },
	{ "GET", "/api/targets", SCOPE_READ, BODY_NONE, serve_targets },
	{ "POST", "/api/targets", SCOPE_OPERATE, BODY_JSON, serve_target_add },
	{ "GET", "/api/targets/:", SCOPE_READ, BODY_NONE, serve_target },
	{ "PATCH", "/api/targets/:", SCOPE_OPERATE, BODY_JSON, serve_target_change },
	{ "DELETE", "/api/targets/:", SCOPE_OPERATE, BODY_NONE, serve_target_remove },
	{ "POST", "/api/targets/:/test", SCOPE_OPERATE, BODY_NONE, serve_target_test },
	{ "GET", "/api/deliveries", SCOPE_READ, BODY_NONE, serve_deliveries },
	{ "POST", "/api/deliveries/replay", SCOPE_OPERATE, BODY_JSON, serve_delivery_orders },
	{ "POST", "/api/deliveries/skip", SCOPE_OPERATE, BODY_JSON, serve_delivery_orders },
	{ "GET", "/api/deliveries/:id", SCOPE_READ, BODY_NONE, serve_delivery },
	{ "POST", "/api/deliveries/:id/replay", SCOPE_OPERATE, BODY_JSON, serve_delivery_order },
	{ "POST", "/api/deliveries/:id/skip", SCOPE_OPERATE, BODY_JSON, serve_delivery_order },
	{ "GET", "/api/audit", SCOPE_OPERATE, BODY_NONE, serve_audit },
	{ "GET", "/api/line", SCOPE_OPERATE, BODY_NONE, serve_line },
	{ "GET", "/api/letters", SCOPE_OPERATE, BODY_NONE, serve_letters },
	{ "GET", "/api/letters/:", SCOPE_OPERATE, BODY_NONE, serve_letter },
	{ "POST", "/api/letters/:/replay", SCOPE_OPERATE, BODY_JSON, serve_letter_order },
	{ "POST", "/api/letters/:/discard", SCOPE_OPERATE, BODY_JSON, serve_letter_order },
	{ "GET", "/api/letters/:/value", SCOPE_OPERATE, BODY_NONE, serve_letter_value },
	{ "GET", "/api/keys", SCOPE_OPERATE, BODY_NONE, serve_keys },
	{ "POST", "/api/keys", SCOPE_OPERATE, BODY_JSON, serve_key_add },
	{ "GET", "/api/keys/:", SCOPE_OPERATE, BODY_NONE, serve_key },
	{ "POST", "/api/keys/:/revoke", SCOPE_OPERATE, BODY_NONE, serve_key_revoke },
	{ "POST", "/api/keys/:/rotate", SCOPE_OPERATE, BODY_JSON, serve_key_rotate },
	{ "GET", "/api/session", SCOPE_ANY, BODY_NONE, serve_session },
	{ "POST", "/api/session", SCOPE_NONE, BODY_JSON, serve_session_add },
	{ "DELETE", "/api/session", SCOPE_ANY, BODY_NONE, serve_session_remove },
	{ "GET", "/api/events", SCOPE_READ, BODY_NONE, serve_events },
	{ "GET", "/healthz", SCOPE_NONE, BODY_NONE, serve_live },
	{ "GET", "/readyz", SCOPE_NONE, BODY_NONE, serve_ready },
	{ "GET", "/metrics", SCOPE_NONE, BODY_NONE, serve_metrics },
	{ "GET", "/", SCOPE_NONE, BODY_NONE, serve_page },
	{ "GET", "/:", SCOPE_NONE, BODY_NONE, serve_page },
};
enum { N_ROUTES = sizeof(routes) / sizeof(*routes), ALLOW_SIZE = 64 };

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

/* No route: what the address takes instead, or that there is none. Outside of the API, whoever looks for
 * that has another address than ours in mind. */
static bool
refuse_route(struct call *call, const char *methods)
{
	bool is_api = !strncmp(call->request->path, "/api/", strlen("/api/"));

	if (!*methods)
		return problem(call, is_api ? &problem_not_found : &problem_no_address,
		    "docs/openapi.yaml tells what there is.");
	httpd_answer_header(call->answer, "Allow", methods);
	if (strcmp(call->request->method, "OPTIONS"))
		return problem(call, &problem_no_method, "It takes %s.", methods);
	cors_preflight(call);
	call->answer->status = 204;
	return false;
}

/* ---- the way of a request ---- */

/* A place among the requests in work. Health has one always, so that strangers cannot make us look
 * dead; the others' connection is wanted back. */
static bool
place_take(struct call *call)
{
	struct gateway *g = call->gateway;
	bool (*serve)(struct call *call) = call->route ? call->route->serve : NULL;

	call->is_counted = serve != serve_live && serve != serve_ready && serve != serve_metrics;
	if (!call->is_counted || atomic_fetch_add(&g->calls, 1) < g->calls_max)
		return true;
	return limit_all(call);
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
	call->begun_us = clock_now_us();
	call->caller.customers.type = DB_TEXT;
	call->route = route_find(call, request->method, request->path, methods);
	if (place_take(call) && (!call->is_counted || limit_address(call))
	    && guard_admit(call, call->route ? call->route->needs : SCOPE_NONE, changes)
	    && (call->route || refuse_route(call, methods))
	    && limit_key(call, call->route->needs == SCOPE_SUBMIT) && body_begin(call, call->route->body))
		return true;
	answer_end(call);
	return false;
}

bool
call_piece(void *intake, const void *bytes, size_t size)
{
	return body_take(intake, bytes, size);
}

/* Does its answer follow from the database alone, and from no clock? */
static bool
is_of_rows(const struct route *route)
{
	bool (*const these[])(struct call *call) = { serve_list, serve_batch, serve_jobs, serve_job,
		serve_history, serve_working };

	for (size_t i = 0; i < sizeof(these) / sizeof(*these); i++)
		if (route->serve == these[i])
			return true;
	return false;
}

void
call_serve(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct call *call = request->intake;

	(void)state;
	call->request = request;
	call->answer = answer;
	if (!problem_is_set(call) && !(is_of_rows(call->route) && kept_answer(call)))
		call->route->serve(call);
	answer_end(call);
}

void
call_end(void *intake)
{
	struct call *call = intake;

	if (call->is_counted)
		atomic_fetch_sub(&call->gateway->calls, 1);
	limit_end(call);
	upload_free(call->upload);
	jsonbody_clear(call);
	buf_clear(&call->problem.fields);
	buf_clear(&call->question);
	db_rows_free(call->caller.key);
	db_array_clear(&call->caller.customers);
	free(call);
}

void
call_refuse(void *state, const struct httpd_request *request, int status, const char *why,
    struct httpd_answer *answer)
{
	struct call call = { .gateway = state, .request = request, .answer = answer,
		.begun_ms = clock_monotonic_ms() };

	problem(&call, status == 413 ? &problem_too_large : &problem_bad_request, "%s", why);
	answer_end(&call);
}
