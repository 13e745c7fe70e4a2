/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors.c: pages of other sites that may read our answers (BATCHLINE_CORS_ORIGINS). They ask with an API
 * key in Authorization: credentials of a browser are never allowed, so no cookie comes with it.
 */
#include <stdio.h>
#include <string.h>
#include "gateway.h"

#define METHODS "GET, HEAD, POST, PATCH, DELETE"
#define HEADERS                                                                                      \
	"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, " \
	"Range, traceparent"
#define EXPOSED                                                                                      \
	"Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Preference-Applied, "        \
	"Retry-After"

bool
cors_has(const char *origins, const char *origin)
{
	size_t size = strlen(origin);

	while (*origins) {
		origins += strspn(origins, ", ");
		if (size > 0 && !strncmp(origins, origin, size)
		    && (!origins[size] || strchr(", ", origins[size])))
			return true;
		origins += strcspn(origins, ", ");
	}
	return false;
}

bool
cors_check(const char *origins, struct err *err)
{
	while (*(origins += strspn(origins, ", "))) {
		int size = (int)strcspn(origins, ", ");
		size_t scheme = !strncmp(origins, "http://", 7) ? 7 : !strncmp(origins, "https://", 8) ? 8 : 0;

		if (!scheme || size == (int)scheme
		    || strcspn(origins + scheme, "/?#@, ") + scheme != (size_t)size)
			return err_code(err, ERR_FATAL, "option", "BATCHLINE_CORS_ORIGINS: \"%.*s\" is no origin "
			    "as https://app.example", size, origins);
		origins += size;
	}
	return true;
}

/* NULL: it has none, or not one of those. */
const char *
cors_origin(const struct call *call)
{
	const char *origin = httpd_header(call->request, "Origin");
	const char *origins = call->gateway->cors_origins;

	return origins && origin && cors_has(origins, origin) ? origin : NULL;
}

void
cors_answer(struct call *call)
{
	const char *origin = cors_origin(call);

	if (!call->gateway->cors_origins || !*call->gateway->cors_origins)
		return;
	httpd_answer_header(call->answer, "Vary", "Origin");
	if (!origin)
		return;
	httpd_answer_header(call->answer, "Access-Control-Allow-Origin", origin);
	httpd_answer_header(call->answer, "Access-Control-Expose-Headers", EXPOSED);
}

void
cors_preflight(struct call *call)
{
	if (!cors_origin(call) || !httpd_header(call->request, "Access-Control-Request-Method"))
		return;
	httpd_answer_header(call->answer, "Access-Control-Allow-Methods", METHODS);
	httpd_answer_header(call->answer, "Access-Control-Allow-Headers", HEADERS);
	httpd_answer_header(call->answer, "Access-Control-Max-Age", "600");
}
