/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonbody.c: JSON while it comes in: counted and paid for (tally.h, budget.c) before anything is
 * built of it.
 */
#include <string.h>
#include "base/json.h"
#include "gateway.h"

enum {
	DEPTH_MAX = 32,
	STRANGER_MAX = 4096,		/* bytes of who is not known yet: an API key, to sign in */
	VALUES_A_FILE = 16, VALUES_SPARE = 20000,
	BYTE_COST = 3,			/* the body, its longest text read, and kept */
	VALUE_COST = 160,
};

static size_t
most_of(const struct call *call)
{
	return call->caller.scopes ? call->gateway->json_max : STRANGER_MAX;
}

static bool
too_large(struct call *call)
{
	return problem(call, &problem_too_large, "A JSON body is at most %zu bytes here.", most_of(call));
}

bool
jsonbody_begin(struct call *call)
{
	const struct gateway *g = call->gateway;

	if (call->request->length > (int64_t)most_of(call))
		return too_large(call);
	call->takes_json = true;
	call->body.limit = most_of(call);
	call->tally.limits = (struct tally_limits){ DEPTH_MAX,
		VALUES_A_FILE * g->files_max + VALUES_SPARE, g->files_max };
	return true;
}

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
keep(struct call *call, const void *bytes, size_t size)
{
	size_t values = call->tally.values;

	return counted(call, bytes, size)
	    && budget_take(call, BYTE_COST * size + VALUE_COST * (call->tally.values - values))
	    && (buf_add(&call->body, bytes, size) || too_large(call));
}

bool
jsonbody_take(struct call *call, const void *bytes, size_t size)
{
	if (keep(call, bytes, size))
		return true;
	jsonbody_clear(call);
	return false;
}

bool
jsonbody_read(struct call *call, struct doc **ret)
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
jsonbody_clear(struct call *call)
{
	buf_clear(&call->body);
	budget_give_back(call);
}
