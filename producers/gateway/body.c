/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c: which body a request may bring, and JSON while it comes in: counted and paid for (see
 * tally.h, budget.c) before anything is built of it. Other bodies are upload.c's.
 */
#include <string.h>
#include <strings.h>
#include "base/json.h"
#include "gateway.h"

enum {
	DEPTH_MAX = 32,
	VALUES_A_FILE = 16, VALUES_SPARE = 20000,
	BYTE_COST = 3,			/* the body, its longest text read, and kept */
	VALUE_COST = 160,
};

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

static bool
too_large(struct call *call)
{
	return problem(call, &problem_too_large, "A JSON body is at most %zu bytes.",
	    call->gateway->json_max);
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
	const struct gateway *g = call->gateway;

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
	if (call->request->length > (int64_t)g->json_max)
		return too_large(call);
	call->takes_json = true;
	call->body.limit = g->json_max;
	call->tally.limits = (struct tally_limits){ DEPTH_MAX,
		VALUES_A_FILE * g->files_max + VALUES_SPARE, g->files_max };
	return true;
}

/* ---- JSON ---- */

static bool
counted(struct call *call, const void *bytes, size_t size)
{
	const struct tally_limits *most = &call->tally.limits;

	switch (tally_take(&call->tally, bytes, size)) {
	case TALLY_DEEP:
		return problem(call, &problem_malformed_json, "It nests more than %zu levels deep.",
		    most->depth);
	case TALLY_VALUES:
		return problem(call, &problem_too_large, "A JSON body holds at most %zu values.",
		    most->values);
	case TALLY_FILES:
		return problem_field(call, "files", "has more than %zu entries, which is the most",
		    most->files);
	case TALLY_WELL:
		break;
	}
	return true;
}

static bool
json_take(struct call *call, const void *bytes, size_t size)
{
	size_t values = call->tally.values;

	return counted(call, bytes, size)
	    && budget_take(call, BYTE_COST * size + VALUE_COST * (call->tally.values - values))
	    && (buf_add(&call->body, bytes, size) || too_large(call));
}

bool
body_take(struct call *call, const void *bytes, size_t size)
{
	if (call->upload)
		return upload_take(call->upload, bytes, size);
	if (!call->takes_json)
		return false;
	if (json_take(call, bytes, size))
		return true;
	body_clear(call);
	return false;
}

bool
body_json(struct call *call, struct doc **ret)
{
	const uint8_t *bytes = call->body.data;
	size_t size = call->body.size, mark = size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	struct err err = {0};

	if (!doc_read(ret, size ? bytes + mark : NULL, size - mark, &err))
		return problem(call, &problem_malformed_json, "%s", err.text);
	buf_clear(&call->body);
	return true;
}

void
body_clear(struct call *call)
{
	buf_clear(&call->body);
	budget_give_back(call);
}
