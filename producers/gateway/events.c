/* SPDX-License-Identifier: Apache-2.0 */
/* events.c: GET /api/events: who may hear what, from where on; the rest is live.h's. */
#include <stdlib.h>
#include <string.h>
#include "gateway.h"
#include "live.h"

struct reading { struct call *call; struct list_query query; };
struct listener { struct live *live; struct stream *stream; };

static bool
read_argument(void *state, const char *name, const char *value)
{
	struct reading *reading = state;
	char detail[300];

	if (!list_query_read(&reading->query, name, value ? value : "", detail, sizeof(detail)))
		problem_field(reading->call, name, "%s", detail);
	return true;
}

/* The list's filters, but for the words: a record does not have the names of the files. */
static bool
wanted_read(struct call *call, struct wanted *ret)
{
	struct reading reading = { .call = call };
	const struct list_query *q = &reading.query;
	const char *name;
	char detail[300];

	list_query_init(&reading.query);
	httpd_query_each(call->request, read_argument, &reading);
	if (!problem_is_set(call) && *q->pattern)
		problem_field(call, "q", "is no filter of events: a change does not tell the files' names");
	if (problem_is_set(call))
		return false;
	if (!list_query_finish(&reading.query, &name, detail, sizeof(detail)))
		return problem_field(call, name, "%s", detail);
	ret->statuses = q->statuses;
	memcpy(ret->customer_prefix, q->customer_prefix, sizeof(ret->customer_prefix));
	ret->date_from = q->date_from;
	ret->date_to = q->date_to;
	ret->counter = q->counter;
	return true;
}

/* The key's customers outlive the request. */
static bool
customers_keep(const struct caller *caller, struct wanted *ret)
{
	size_t n = 0;

	if (!caller->is_limited)
		return true;
	ret->customers = calloc((size_t)db_count(caller->key) + 1, sizeof(*ret->customers));
	for (int i = 0; ret->customers && i < db_count(caller->key); i++)
		if (caller_customer(caller, i)
		    && !(ret->customers[n++] = strdup(caller_customer(caller, i))))
			return false;
	return ret->customers;
}

static void
take(void *taker, int fd)
{
	struct listener *listener = taker;

	listener->stream->fd = fd;
	if (fd >= 0) {
		live_join(listener->live, listener->stream);
	} else {
		live_place_back(listener->live);
		stream_free(listener->stream);
	}
	free(listener);
}

static struct stream *
stream_of(struct call *call)
{
	const char *last = httpd_header(call->request, "Last-Event-ID");
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = -1;
	s->origin = cors_origin(call) ? strdup(cors_origin(call)) : NULL;
	memcpy(s->shown, call->caller.shown, sizeof(s->shown));
	if (last && *last && (!position_read(&s->position, &s->second, last) || s->second == 0))
		s->second = -1;
	if (!wanted_read(call, &s->wanted) || !customers_keep(&call->caller, &s->wanted)) {
		stream_free(s);
		return NULL;
	}
	return s;
}

bool
serve_events(struct call *call)
{
	struct live *live = call->gateway->live;
	struct listener *listener;
	struct stream *stream;

	if (!live || !live_is_well(live))
		return problem(call, &problem_unavailable, "The topic of batches cannot be read just now.");
	call->answer->type = "text/event-stream";
	if (!strcmp(call->request->method, "HEAD"))
		return true;
	stream = stream_of(call);
	listener = stream ? malloc(sizeof(*listener)) : NULL;
	if (!listener || !live_place(live)) {
		stream_free(stream);
		free(listener);
		return problem_is_set(call) ? false
		    : limit_budget(call, BUDGET_LISTENERS, "There are as many listeners as there may be.");
	}
	*listener = (struct listener){ live, stream };
	call->answer->take = take;
	call->answer->taker = listener;
	return true;
}
