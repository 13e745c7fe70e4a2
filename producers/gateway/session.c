/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c: people's browsers. An API key is traded for a token in a cookie that no script reads and
 * no other site's page sends; what is kept of it is its hash. A session is its key: its name, scopes
 * and customers as they are now, and it ends with it.
 *
 * A browser sends the cookie whoever asks it to. So what changes something must come from our own
 * page: by Origin and Sec-Fetch-Site, or, from what sends neither, by a header that no form can send.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/random.h"
#include "gateway.h"
#include "port/named.h"
#include "sql.h"

enum { SESSIONS_MAX = 100, COOKIE_SIZE = 256 };

/* ---- the cookie ---- */

static bool
is_https(const struct call *call)
{
	const char *by = httpd_header(call->request, "X-Forwarded-Proto");

	return by && !strcasecmp(by, "https");
}

/* By https one that no page of another name, and none without https, can have set. */
static const char *
cookie_name(const struct call *call)
{
	return is_https(call) ? "__Host-batchline-session" : "batchline-session";
}

static void
cookie_set(struct call *call, const char *token, int64_t seconds)
{
	char cookie[COOKIE_SIZE];

	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
	    cookie_name(call), token, (long long)seconds, is_https(call) ? "; Secure" : "");
	httpd_answer_header(call->answer, "Set-Cookie", cookie);
}

/* The hash of what the cookie holds. False: there is none. */
static bool
cookie_hash(const struct call *call, uint8_t ret[SHA256_SIZE])
{
	const char *token = httpd_cookie(call->request, cookie_name(call));

	if (token)
		hash_sha256(ret, token, strlen(token));
	return token != NULL;
}

/* ---- admission ---- */

static bool
is_from_our_page(struct call *call)
{
	const struct httpd_request *request = call->request;
	const char *said = httpd_header(request, "X-Batchline");

	if (httpd_header(request, "Origin") || httpd_header(request, "Sec-Fetch-Site"))
		return guard_is_own_page(call);
	return (said && !strcmp(said, "1")) || problem(call, &problem_foreign_origin,
	    "With a session, what changes something says where it comes from: Origin, Sec-Fetch-Site or "
	    "X-Batchline: 1.");
}

bool
session_admit(struct call *call, bool changes)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	uint8_t *sha256 = call->caller.shown;
	struct err err = {0};

	if (!cookie_hash(call, sha256))
		return problem(call, &problem_unauthorized, "Nobody is signed in, and no API key was sent (Authorization: Bearer KEY).");
	if (!db_call_run(call, &rows, &err, sql_gateway_session,
	    db_bytes(sha256, SHA256_SIZE), db_int(call->gateway->session_idle_s)))
		return problem_err(call, &err);
	if (!caller_take(call, "session", db_rows_free_hand_over(&rows))
	    || (changes && !is_from_our_page(call)))
		return false;
	call->caller.is_session = true;
	if (db_bool_of(call->caller.key, 0, "session_is_stale")
	    && !db_call_run(call, NULL, &err, sql_gateway_session_used,
	        db_bytes(sha256, SHA256_SIZE)))
		return problem_err(call, &err);
	return true;
}

/* ---- who am I ---- */

static void
put_scopes(struct put *put, unsigned scopes)
{
	put_name(put, "scopes");
	put_open(put, '[');
	for (int i = 0; i < SCOPES; i++)
		if (scopes & 1u << (SCOPE_READ + i))
			put_text(put, scope_names[i]);
	put_close(put, ']');
}

static void
put_customers(struct put *put, const struct caller *caller)
{
	put_name(put, "customers");
	if (!caller->is_limited) {
		put_null(put);
		return;
	}
	put_open(put, '[');
	for (int i = 0; i < db_count(caller->key); i++)
		if (caller_customer(caller, i))
			put_text(put, caller_customer(caller, i));
	put_close(put, ']');
}

/* What a page has to know before it sends something. */
static void
put_line(struct put *put, const struct gateway *gateway)
{
	put_text_of(put, "time_zone", gateway->time_zone ? gateway->time_zone : "UTC");
	put_name(put, "limits");
	put_open(put, '{');
	put_int_of(put, "files", (int64_t)gateway->files_max);
	put_int_of(put, "file_bytes", (int64_t)gateway->file_max);
	put_int_of(put, "form_bytes", (int64_t)gateway->upload_max);
	put_close(put, '}');
}

static void
answer_me(struct call *call, int status, int64_t expires_us)
{
	const struct caller *caller = &call->caller;
	struct put put = answer_json(call, status);

	put_open(&put, '{');
	put_text_of(&put, "name", caller->name);
	put_scopes(&put, caller->scopes);
	put_customers(&put, caller);
	put_name(&put, "expires_at");
	put_time(&put, expires_us);
	put_name(&put, "is_session");
	put_bool(&put, caller->is_session);
	put_line(&put, call->gateway);
	put_close(&put, '}');
}

bool
serve_session(struct call *call)
{
	const struct db_rows *key = call->caller.key;

	answer_me(call, 200, key ? db_time_of(key, 0, "expires_at") : INT64_MIN);
	return true;
}

/* ---- signing in ---- */

struct wish { struct call *call; const char *key; };

static void
read_key(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->key = doc_text(value);
	if (!wish->key)
		problem_field(wish->call, "key", "is not a text");
}

static const struct member members[] = { { "key", NEED_MAY, NEED_NOT, read_key } };
static const struct body_rules sign_in_rules = { "a sign-in", members, 1, NULL, NULL };

/* Whom the key admits; who is refused stands in the audit too. */
static bool
key_admits(struct call *call, const char *key)
{
	if (!key)
		return problem(call, &problem_unauthorized,
		    "Sign in with an API key: {\"key\": \"...\"}, or Authorization: Bearer KEY.");
	if (guard_key(call, key))
		return limit_key(call, false);
	if (call->problem.kind == &problem_unauthorized)
		audit_refused(call, "sign_in", caller_word(&call->caller));
	return false;
}

static bool
session_add(struct call *call, const char *key)
{
	const struct gateway *g = call->gateway;
	own(db_rows_freep) struct db_rows *rows = NULL;
	uint8_t bytes[SHA256_SIZE], token_sha256[SHA256_SIZE], key_sha256[SHA256_SIZE];
	char token[SHA256_TEXT_SIZE], source[AUDIT_SOURCE_SIZE];
	struct err err = {0};

	random_fill(bytes, sizeof(bytes));
	hash_print(token, bytes);
	hash_sha256(token_sha256, token, strlen(token));
	hash_sha256(key_sha256, key, strlen(key));
	if (!db_pool_run(g->pool, &rows, &err, sql_gateway_session_add,
	    db_bytes(token_sha256, SHA256_SIZE), db_bytes(key_sha256, SHA256_SIZE),
	    db_text(audit_source(call, source)), db_int(g->session_s), db_int(g->session_idle_s), db_int(SESSIONS_MAX)))
		return problem_err(call, &err);
	if (db_count(rows) == 0)
		return problem(call, &problem_unauthorized, "This API key is over.");
	audit(call, "sign_in", call->caller.name, "done");
	cookie_set(call, token, g->session_s);
	call->caller.is_session = true;
	answer_me(call, 201, db_time_of(rows, 0, "expires_at"));
	return true;
}

bool
serve_session_add(struct call *call)
{
	own(doc_freep) struct doc *doc = NULL;
	struct wish wish = { .call = call };

	if (!guard_is_own_page(call))
		return false;
	if (call->body.size > 0 && (!jsonbody_read(call, &doc)
	    || !members_read(call, &sign_in_rules, true, doc_root(doc), &wish)))
		return false;
	if (call->caller.scopes)
		return problem(call, &problem_not_possible, "There are no API keys, so nobody signs in.");
	if (guard_bearer(call))
		wish.key = guard_bearer(call);
	return key_admits(call, wish.key) && session_add(call, wish.key);
}

bool
serve_session_remove(struct call *call)
{
	uint8_t sha256[SHA256_SIZE];
	struct err err = {0};

	if (!call->caller.is_session || !cookie_hash(call, sha256))
		return problem(call, &problem_not_possible, "This request is of no session.");
	if (!db_call_run(call, NULL, &err, sql_gateway_session_remove,
	    db_bytes(sha256, SHA256_SIZE)))
		return problem_err(call, &err);
	audit(call, "sign_out", call->caller.name, "done");
	cookie_set(call, "", 0);
	call->answer->status = 204;
	return true;
}
