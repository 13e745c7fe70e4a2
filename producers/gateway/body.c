/* SPDX-License-Identifier: Apache-2.0 */
/* body.c: which body a request may bring, and who takes it: jsonbody.c or upload.c. */
#include <string.h>
#include <strings.h>
#include "gateway.h"

static bool
type_is(const struct call *call, const char *wanted)
{
	const char *type = httpd_header(call->request, "Content-Type");
	size_t size = strlen(wanted);

	return type && !strncasecmp(type, wanted, size) && (!type[size] || strchr("; \t", type[size]));
}

static bool
has_body(const struct httpd_request *request)
{
	return request->length > 0 || httpd_header(request, "Transfer-Encoding");
}

/* A body is stored as it came, so it must come as it is. */
static bool
is_plain(struct call *call)
{
	const char *encoding = httpd_header(call->request, "Content-Encoding");

	if (!encoding || !*encoding || !strcasecmp(encoding, "identity"))
		return true;
	httpd_answer_header(call->answer, "Accept-Encoding", "identity");
	return problem(call, &problem_media_type, "Content-Encoding %.100s is not taken: send the body "
	    "as it is.", encoding);
}

bool
body_begin(struct call *call, enum body body)
{
	if (body != BODY_NONE && !is_plain(call))
		return false;
	if (body == BODY_RAW || (body == BODY_FORM && type_is(call, "multipart/form-data")))
		return upload_begin(call);
	if (body == BODY_NONE || !has_body(call->request))
		return true;
	if (!type_is(call, "application/json"))
		return problem(call, &problem_media_type, body == BODY_FORM
		    ? "Content-Type is application/json or multipart/form-data."
		    : "Content-Type is application/json.");
	return jsonbody_begin(call);
}

bool
body_take(struct call *call, const void *bytes, size_t size)
{
	if (call->upload)
		return upload_take(call->upload, bytes, size);
	return call->takes_json && jsonbody_take(call, bytes, size);
}
