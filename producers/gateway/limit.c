/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.c: what a client may ask, by fair.h: as its address before it is known, as its API key then.
 * This machine's own addresses are not counted: they are a proxy's, whose clients have keys, or, without
 * keys, those of whom the gateway is.
 */
#include <string.h>
#include "base/clock.h"
#include "base/metrics.h"
#include "gateway.h"

static struct metric refused[] = {
	[FAIR_WELL] = { "batchline_http_refused_total", "limit=\"all\"",
	    "Requests refused since there are too many.", METRIC_COUNTER, 0 },
	[FAIR_IN_FLIGHT] = { "batchline_http_refused_total", "limit=\"in_flight\"", "", METRIC_COUNTER, 0 },
	[FAIR_RATE] = { "batchline_http_refused_total", "limit=\"rate\"", "", METRIC_COUNTER, 0 },
	[FAIR_SUBMISSIONS] = { "batchline_http_refused_total", "limit=\"submissions\"", "",
	    METRIC_COUNTER, 0 },
};

static struct metric budgets[] = {
	[BUDGET_BODIES] = { "batchline_http_refused_total", "limit=\"bodies\"", "", METRIC_COUNTER, 0 },
	[BUDGET_LISTENERS] = { "batchline_http_refused_total", "limit=\"listeners\"", "", METRIC_COUNTER, 0 },
	[BUDGET_SEARCHES] = { "batchline_http_refused_total", "limit=\"searches\"", "", METRIC_COUNTER, 0 },
};

static struct metric gone[] = {
	{ "batchline_http_refused_total", "limit=\"gone\"", "", METRIC_COUNTER, 0 },
};

void
limit_metrics_add(void)
{
	metrics_add(refused, sizeof(refused) / sizeof(*refused));
	metrics_add(budgets, sizeof(budgets) / sizeof(*budgets));
	metrics_add(gone, sizeof(gone) / sizeof(*gone));
}

bool
limit_budget(struct call *call, enum budget budget, const char *why)
{
	metric_count(&budgets[budget], 1);
	return problem(call, &problem_busy, "%s", why);
}

/* What changes something is done, once it is here whole: who sent it may not know that it was not. */
bool
limit_gone(struct call *call)
{
	const char *method = call->request->method;

	if ((strcmp(method, "GET") && strcmp(method, "HEAD")) || !httpd_is_gone(call->request))
		return false;
	metric_count(&gone[0], 1);
	problem(call, &problem_busy, "You had gone when it was your turn.");
	return true;
}

bool
limit_open(struct gateway *g, const struct options *o)
{
	g->limits = (struct fair_limits){ option_int(o, "BATCHLINE_IN_FLIGHT_MAX"),
		option_int(o, "BATCHLINE_RATE_REQUESTS"), option_int(o, "BATCHLINE_RATE_SUBMISSIONS") };
	return fair_new(&g->fair);
}

static bool
admit(struct call *call, const char *what, const void *who, size_t size, bool submits,
    struct fair_client **ret)
{
	struct gateway *g = call->gateway;
	const struct fair_limits *most = &g->limits;
	enum fair_why why;

	if (!g->fair)
		return true;
	why = fair_enter(g->fair, who, size, most, submits, clock_monotonic_ms(), ret);
	if (why == FAIR_WELL)
		return true;
	metric_count(&refused[why], 1);
	if (why == FAIR_IN_FLIGHT)
		return problem(call, &problem_too_many, "%s has %lld requests in work, which is the most.",
		    what, (long long)most->in_flight);
	return problem(call, &problem_too_many, "%s may send %lld %s a second.", what,
	    (long long)(why == FAIR_RATE ? most->rate : most->submissions),
	    why == FAIR_RATE ? "requests" : "submissions");
}

bool
limit_address(struct call *call)
{
	uint8_t network[HTTPD_NETWORK_SIZE];

	if (httpd_is_local(call->request) || !httpd_network(call->request, network))
		return true;
	return admit(call, "An address", network, sizeof(network), false, &call->place[0]);
}

bool
limit_key(struct call *call, bool submits)
{
	return !call->caller.key
	    || admit(call, "An API key", call->caller.name, strlen(call->caller.name), submits,
	        &call->place[1]);
}

bool
limit_all(struct call *call)
{
	metric_count(&refused[FAIR_WELL], 1);
	call->answer->closes = true;
	return problem(call, &problem_busy, "%u requests are in work, which is the most.",
	    call->gateway->calls_max);
}

void
limit_end(struct call *call)
{
	for (size_t i = 0; i < sizeof(call->place) / sizeof(*call->place); i++)
		fair_leave(call->gateway->fair, call->place[i]);
}
