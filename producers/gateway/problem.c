/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c: what is wrong with a request, or with us, as application/problem+json (RFC 9457). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/utf8.h"
#include "gateway.h"

enum { FIELDS_MAX = 20, RETRY_AFTER_S = 2 };

const struct problem_kind
    problem_bad_request = { "bad-request", 400, "The request cannot be read" },
    problem_malformed_json = { "malformed-json", 400, "The body is not JSON" },
    problem_invalid = { "invalid", 400, "A value is not one that can be" },
    problem_unauthorized = { "unauthorized", 401, "An API key is wanted" },
    problem_forbidden = { "forbidden", 403, "This is not allowed to you" },
    problem_foreign_origin = { "foreign-origin", 403, "Another site's page may not do this" },
    problem_foreign_host = { "foreign-host", 403, "The gateway is not known by this name" },
    problem_not_found = { "not-found", 404, "There is no such thing" },
    problem_no_address = { "no-such-address", 404, "There is nothing at this address" },
    problem_no_method = { "method-not-allowed", 405, "This address does not take that method" },
    problem_not_finished = { "not-finished", 409, "The batch is not finished" },
    problem_no_outputs = { "no-outputs", 409, "The batch has no outputs" },
    problem_not_possible = { "not-possible", 409, "That is not possible in this state" },
    problem_taken = { "taken", 409, "There is one already" },
    problem_deleted = { "deleted", 409, "The batch was deleted" },
    problem_precondition = { "precondition-failed", 412, "It is no longer what you have" },
    problem_too_large = { "too-large", 413, "The body is too large" },
    problem_too_many = { "too-many", 429, "You ask too much at once" },
    problem_media_type = { "media-type", 415, "This kind of body is not taken here" },
    problem_range = { "range", 416, "The range lies outside" },
    problem_unknown_pipeline = { "unknown-pipeline", 422, "There is no such pipeline" },
    problem_conflict = { "idempotency-conflict", 422, "The key was used for another submission" },
    problem_not_accepted = { "not-accepted", 422, "The submission was not accepted" },
    problem_internal = { "internal", 500, "The gateway has a defect" },
    problem_unavailable = { "unavailable", 503, "Something we need does not answer" },
    problem_busy = { "busy", 503, "The gateway has too much to do" },
    problem_archive_pending = { "archive-pending", 503, "The archive is still being built" };

/* What people sent may stand in a detail: bytes that are no UTF-8 would make it no JSON. */
static void
make_printable(char *text)
{
	for (size_t left = strlen(text), n; left > 0; left -= n, text += n) {
		n = utf8_length(text, left);
		if (n == 0 || !utf8_is_printable(text, n)) {
			*text = '?';
			n = 1;
		}
	}
}

bool
problem_is_set(const struct call *call)
{
	return call->problem.kind != NULL;
}

bool
problem(struct call *call, const struct problem_kind *kind, const char *fmt, ...)
{
	va_list ap;

	if (call->problem.kind)
		return false;
	call->problem.kind = kind;
	va_start(ap, fmt);
	vsnprintf(call->problem.detail, sizeof(call->problem.detail), fmt, ap);
	va_end(ap);
	return false;
}

bool
problem_field(struct call *call, const char *field, const char *fmt, ...)
{
	struct put put = { &call->problem.fields, call->problem.n > 0 };
	char detail[400], where[100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	make_printable(detail);
	snprintf(where, sizeof(where), "%s", field);
	make_printable(where);
	problem(call, &problem_invalid, "%s: %s", where, detail);
	if (call->problem.n++ >= FIELDS_MAX)
		return false;
	put_open(&put, '{');
	put_text_of(&put, "field", where);
	put_text_of(&put, "detail", detail);
	put_close(&put, '}');
	return false;
}

/* Its code is an SQLSTATE then. Its words are of the inside, hosts, roles, relations: for the log. */
static bool
is_of_the_database(const struct err *err)
{
	return strlen(err->code) == 5 && *err->code >= '0' && *err->code <= '9';
}

bool
problem_err(struct call *call, const struct err *err)
{
	char quoted[700];

	if (!strcmp(err->code, "gone"))	/* and said, see limit_gone() */
		return false;
	log_quote(quoted, sizeof(quoted), err->text);
	if (err->verdict == ERR_REJECT && !is_of_the_database(err))
		return problem(call, &problem_bad_request, "%s", err->text);
	log_write(err->verdict == ERR_FATAL ? LOG_ERROR : LOG_WARN,
	    err->verdict == ERR_FATAL ? "defect" : err->verdict == ERR_RETRY ? "unavailable" : "rejected",
	    "code=%s why=%s", *err->code ? err->code : "none", quoted);
	if (err->verdict == ERR_REJECT)
		return problem(call, &problem_bad_request, "A value of it cannot be stored (%s).", err->code);
	if (err->verdict == ERR_RETRY)
		return problem(call, &problem_unavailable, "Nothing was lost: try again.");
	return problem(call, &problem_internal, "It is in the gateway's log.");
}

void
problem_answer(struct call *call)
{
	const struct problem_kind *kind = call->problem.kind;
	struct httpd_answer *answer = call->answer;
	struct put put = { &answer->body, false };
	char type[64], instance[512];

	buf_clear(&answer->body);
	answer->status = kind->status;
	answer->type = "application/problem+json";
	snprintf(type, sizeof(type), "/problems/%s", kind->slug);
	snprintf(instance, sizeof(instance), "%s", call->request->path);
	make_printable(instance);
	make_printable(call->problem.detail);
	put_open(&put, '{');
	put_text_of(&put, "type", type);
	put_text_of(&put, "title", kind->title);
	put_int_of(&put, "status", kind->status);
	put_text_of(&put, "detail", call->problem.detail);
	put_text_of(&put, "instance", instance);
	if (call->problem.n) {
		put_name(&put, "errors");
		put_open(&put, '[');
		buf_add(&answer->body, call->problem.fields.data, call->problem.fields.size);
		put_close(&put, ']');
	}
	put_close(&put, '}');
	httpd_answer_header(answer, "Cache-Control", "no-store");
	if (kind->status == 429)
		httpd_answer_header(answer, "Retry-After", "1");
	if (kind->status == 503)
		httpd_answer_header(answer, "Retry-After", "2");
	if (kind->status == 401)
		httpd_answer_header(answer, "WWW-Authenticate", "Bearer realm=\"batchline\"");
}
