/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c: who may ask. With API keys in the table each request under /api names one; without any
 * the gateway is for this machine alone, and any web page that is open here could post to it: so
 * Host must be a name of loopback (else a foreign name resolves to us) and Origin our own.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "gateway.h"
#include "port/named.h"
#include "sql.h"

enum { KEYS_FRESH_MS = 2000 };

const char *const scope_names[SCOPES] = { "read", "submit", "operate" };

/* Whether there is any key, as it was a moment ago. */
struct guard {
	pthread_mutex_t lock;
	bool known, has_keys;
	int64_t asked_ms;
};

bool
guard_new(struct guard **ret)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return false;
	pthread_mutex_init(&guard->lock, NULL);
	*ret = guard;
	return true;
}

void
guard_free(struct guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}

/* ---- names of this machine ---- */

bool
guard_host_is_local(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; host && i < sizeof(names) / sizeof(*names); i++) {
		size_t size = strlen(names[i]);

		if (!strncasecmp(host, names[i], size) && (!host[size] || host[size] == ':')
		    && host[size + strcspn(host + size, "/@")] == '\0')
			return true;
	}
	return false;
}

bool
guard_origin_is_own(const char *origin, const char *host)
{
	if (!origin)
		return true;
	return host && (!strncasecmp(origin, "http://", 7) || !strncasecmp(origin, "https://", 8))
	    && !strcasecmp(strstr(origin, "//") + 2, host);
}

bool
guard_is_own_page(struct call *call)
{
	const struct httpd_request *request = call->request;
	const char *site = httpd_header(request, "Sec-Fetch-Site");

	return (guard_origin_is_own(httpd_header(request, "Origin"), request->host)
	    && (!site || !strcmp(site, "same-origin") || !strcmp(site, "none")))
	    || problem(call, &problem_foreign_origin,
	        "A request that changes something comes from the gateway's own pages.");
}

/* ---- without keys ---- */

static bool
admit_local(struct call *call, bool changes)
{
	const struct httpd_request *request = call->request;
	const char *host = request->host;

	if (!httpd_is_local(request))
		return problem(call, &problem_forbidden,
		    "Without API keys only this machine itself is served.");
	if (httpd_is_forwarded(request))	/* behind a proxy the whole world looks local */
		return problem(call, &problem_forbidden,
		    "Without API keys nobody is served through a proxy: make a key on the gateway's machine.");
	if (!guard_host_is_local(host))
		return problem(call, &problem_foreign_host,
		    "Without API keys the gateway is called localhost, 127.0.0.1 or [::1].");
	if (changes && !guard_is_own_page(call))
		return false;
	snprintf(call->caller.name, sizeof(call->caller.name), "gateway");
	call->caller.scopes = ~0u;
	return true;
}

/* ---- with keys ---- */

static bool
keys_exist(struct call *call, bool *ret)
{
	struct guard *guard = call->gateway->guard;
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct err err = {0};
	bool fresh;

	pthread_mutex_lock(&guard->lock);
	fresh = guard->known && clock_monotonic_ms() - guard->asked_ms < KEYS_FRESH_MS;
	*ret = guard->has_keys;
	pthread_mutex_unlock(&guard->lock);
	if (fresh)
		return true;
	if (!db_call_run_args(call, &rows, &err, sql_gateway_keys_exist, NULL, 0))
		return problem_err(call, &err);
	pthread_mutex_lock(&guard->lock);
	guard->known = true;
	*ret = guard->has_keys = db_int_at(rows, 0, 0) != 0;
	guard->asked_ms = clock_monotonic_ms();
	pthread_mutex_unlock(&guard->lock);
	return true;
}

static unsigned
scopes_of(const struct db_rows *rows)
{
	unsigned scopes = 1u << SCOPE_ANY;

	scopes |= (unsigned)db_bool_of(rows, 0, "may_read") << SCOPE_READ;
	scopes |= (unsigned)db_bool_of(rows, 0, "may_submit") << SCOPE_SUBMIT;
	scopes |= (unsigned)db_bool_of(rows, 0, "may_operate") << SCOPE_OPERATE;
	return scopes;
}

void
guard_forget(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->known = false;
	pthread_mutex_unlock(&guard->lock);
}

/* A minute's first request writes that the key is used. It is answered all the same when it cannot. */
static void
note_use(struct call *call, const struct db_rows *rows)
{
	struct err err = {0};

	if (db_bool_of(rows, 0, "is_stale")
	    && !db_call_run(call, NULL, &err, sql_gateway_key_used,
	        db_uuid(db_uuid_of(rows, 0, "id"))))
		log_write(LOG_WARN, "cannot write that a key was used", "code=%s", err.code);
}

const char *
caller_customer(const struct caller *caller, int i)
{
	return db_text_of(caller->key, i, "customer");
}

static void
caller_fill(struct caller *caller, const struct db_rows *rows)
{
	caller->scopes = scopes_of(rows);
	caller->is_limited = db_bool_of(rows, 0, "is_limited");
	for (int i = 0; i < db_count(rows); i++)
		if (caller_customer(caller, i))
			db_array_add(&caller->customers, db_text(caller_customer(caller, i)));
}

bool
caller_take(struct call *call, const char *what, struct db_rows *rows)
{
	struct caller *caller = &call->caller;

	caller->key = rows;
	if (db_count(rows) == 0)
		return problem(call, &problem_unauthorized, "This %s is not known.", what);
	snprintf(caller->name, sizeof(caller->name), "%s", db_text_of(rows, 0, "name"));
	if (!db_is_null_of(rows, 0, "why_over"))
		return problem(call, &problem_unauthorized, "This %s is no longer valid: %s.", what,
		    db_text_of(rows, 0, "why_over"));
	note_use(call, rows);
	caller_fill(caller, rows);
	return true;
}

const char *
guard_bearer(const struct call *call)
{
	const char *header = httpd_header(call->request, "Authorization");

	return header && !strncasecmp(header, "Bearer ", 7) ? header + 7 : NULL;
}

bool
guard_key(struct call *call, const char *key)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	uint8_t *sha256 = call->caller.shown;
	struct err err = {0};

	hash_sha256(sha256, key, strlen(key));
	if (!db_call_run(call, &rows, &err, sql_gateway_key, db_bytes(sha256, SHA256_SIZE)))
		return problem_err(call, &err);
	return caller_take(call, "API key", db_rows_free_hand_over(&rows));
}

static bool
admit_known(struct call *call, enum scope needs, bool changes)
{
	const char *key = guard_bearer(call);

	if (key ? !guard_key(call, key) : !session_admit(call, changes))
		return false;
	if (!(call->caller.scopes & 1u << needs))
		return problem(call, &problem_forbidden, "This API key lacks the scope \"%s\".",
		    scope_names[needs - SCOPE_READ]);
	return true;
}

bool
guard_admit(struct call *call, enum scope needs, bool changes)
{
	bool has_keys = false;

	/* Health is asked by address, from probes on this machine and beside it. */
	if (call->route && needs == SCOPE_NONE && !strncmp(call->request->path, "/healthz", 8))
		return true;
	if (!keys_exist(call, &has_keys)) {
		if (needs != SCOPE_NONE || (call->route && changes))	/* which is to sign in */
			return false;
		call->problem.kind = NULL;	/* pages and readiness speak while the database is away */
	}
	if (!has_keys)
		return admit_local(call, changes);
	return needs == SCOPE_NONE || admit_known(call, needs, changes);
}

const char *
caller_word(const struct caller *caller)
{
	return *caller->name ? caller->name : "-";
}

struct db_arg
caller_customers(struct call *call)
{
	return call->caller.is_limited ? db_array(&call->caller.customers) : db_null_array(DB_TEXT);
}

bool
caller_is_of_all(struct call *call, const char *what)
{
	return !call->caller.is_limited || problem(call, &problem_forbidden,
	    "%s of all customers, and this API key is of some.", what);
}

bool
caller_may(const struct call *call, const char *customer_prefix)
{
	const struct caller *caller = &call->caller;

	if (!caller->is_limited)
		return true;
	for (int i = 0; customer_prefix && i < db_count(caller->key); i++) {
		const char *customer = caller_customer(caller, i);

		if (customer && !strcmp(customer, customer_prefix))
			return true;
	}
	return false;
}
