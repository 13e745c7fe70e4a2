/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.c: API keys, made, shown, turned and ended. A key is told once, in the answer that makes it;
 * what is kept is its hash. Nobody gives what he has not himself, and a key that is limited to some
 * customers has no business here.
 */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/date.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"
#include "filter.h"
#include "port/named.h"
#include "sql.h"

enum { FIELD_SIZE = 100, OPEN_SIZE = 12, KEY_SIZE = SHA256_TEXT_SIZE + 3,
	GRACE_MAX_S = 30 * 86400 };

static const struct shown_member key_members[] = {
	{ "name", SHOWN_TEXT }, { "key_prefix", SHOWN_TEXT }, { "scopes", SHOWN_JSON },
	{ "customers", SHOWN_JSON }, { "created_at", SHOWN_TIME }, { "expires_at", SHOWN_TIME },
	{ "revoked_at", SHOWN_TIME }, { "rotated_at", SHOWN_TIME },
	{ "old_key_expires_at", SHOWN_TIME }, { "last_used_at", SHOWN_TIME }, { "state", SHOWN_TEXT },
};
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static bool
may_be_here(struct call *call)
{
	return caller_is_of_all(call, "Keys are");
}

/* ---- showing ---- */

static bool
rows_read(struct call *call, const char *name, struct db_rows **ret)
{
	struct err err = {0};

	return db_call_run(call, ret, &err, sql_gateway_keys, db_text(name))
	    || problem_err(call, &err);
}

/* The one of this name; without one: 404. *ret is the caller's. */
static bool
row_read(struct call *call, const char *name, struct db_rows **ret)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!may_be_here(call))
		return false;
	if (utf8_is_valid(name, strlen(name)) && !rows_read(call, name, &rows))
		return false;
	if (!rows || db_count(rows) == 0)
		return problem(call, &problem_not_found, "There is no API key of this name.");
	*ret = db_rows_free_hand_over(&rows);
	return true;
}

/* key: NULL, or the key itself, which is told this once. */
static bool
answer_key(struct call *call, int status, const char *name, const char *key)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	struct put put;

	if (!row_read(call, name, &rows))
		return false;
	const struct shown shown = shown_table(rows, key_members);

	put = answer_json(call, status);
	put_open(&put, '{');
	shown_members(&put, &shown, 0);
	if (key)
		put_text_of(&put, "key", key);
	put_close(&put, '}');
	return true;
}

bool
serve_keys(struct call *call)
{
	own(db_rows_freep) struct db_rows *rows = NULL;

	if (!may_be_here(call) || !rows_read(call, NULL, &rows))
		return false;
	const struct shown shown = shown_table(rows, key_members);

	return answer_rows(call, &shown);
}

bool
serve_key(struct call *call)
{
	return answer_key(call, 200, call->arguments[0], NULL);
}

/* ---- what is wished ---- */

struct wish {
	struct call *call;
	const char *name;
	struct db_array scopes, customers;
	bool is_limited, may_operate;
	int64_t expires_us, grace_s;
};

static void
read_name(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->name = members_name(wish->call, value);
}

static void
read_scope(struct wish *wish, const char *field, const struct doc_value *value)
{
	const char *text = doc_text(value);
	int i = 0;

	while (text && i < SCOPES && strcmp(scope_names[i], text))
		i++;
	if (!text || i == SCOPES)
		problem_field(wish->call, field, "is not one of read, submit and operate");
	else if (!(wish->call->caller.scopes & 1u << (SCOPE_READ + i)))
		problem_field(wish->call, field, "is a scope that the asking API key has not itself");
	else
		db_array_add(&wish->scopes, db_text(scope_names[i]));
	wish->may_operate |= i == SCOPE_OPERATE - SCOPE_READ;
}

static void
read_customer(struct wish *wish, const char *field, const struct doc_value *value)
{
	const char *text = doc_text(value);

	if (!text || !prefix_is_valid(text))
		problem_field(wish->call, field, "is not one to four tokens of capitals and digits, joined "
		    "by _");
	else
		db_array_add(&wish->customers, db_text(text));
}

static void
read_each(struct wish *wish, const char *name, const struct doc_value *value,
    void (*read)(struct wish *wish, const char *field, const struct doc_value *value))
{
	char field[FIELD_SIZE];

	if (doc_kind(value) != DOC_ARRAY || doc_size(value) == 0)
		problem_field(wish->call, name, "is not an array of at least one of them");
	for (size_t i = 0; doc_kind(value) == DOC_ARRAY && i < doc_size(value); i++) {
		snprintf(field, sizeof(field), "%s[%zu]", name, i);
		read(wish, field, doc_item(value, i));
	}
}

static void
read_scopes(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	read_each(wish, "scopes", value, read_scope);
}

static void
read_customers(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	wish->is_limited = doc_kind(value) != DOC_NULL;
	if (wish->is_limited)
		read_each(wish, "customers", value, read_customer);
}

static void
read_expires(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	if (doc_kind(value) == DOC_NULL)
		return;
	if (!time_read(&wish->expires_us, doc_text(value)))
		problem_field(wish->call, "expires_at", "is not a time like 2026-12-31T00:00:00Z");
	else if (wish->expires_us <= clock_now_us())
		problem_field(wish->call, "expires_at", "is past");
}

static const struct member members[] = {
	{ "name", NEED_MUST, NEED_NOT, read_name }, { "scopes", NEED_MUST, NEED_NOT, read_scopes },
	{ "customers", NEED_MAY, NEED_NOT, read_customers },
	{ "expires_at", NEED_MAY, NEED_NOT, read_expires },
};
static const struct body_rules key_rules = { "an API key", members, COUNT(members), NULL, NULL };

/* The first key shuts the door to who has none: it must be able to make the next. */
static bool
wish_read(struct wish *wish, const struct doc_value *root)
{
	members_read(wish->call, &key_rules, true, root, wish);
	if (!wish->call->caller.key && (!wish->may_operate || wish->is_limited) && wish->scopes.n > 0)
		problem_field(wish->call, wish->is_limited ? "customers" : "scopes", "the first key has "
		    "operate and is of all customers: without one nobody could make another");
	return !problem_is_set(wish->call);
}

/* ---- making, turning, ending ---- */

struct secret { char key[KEY_SIZE], open[OPEN_SIZE]; uint8_t sha256[SHA256_SIZE]; };

static void
secret_fill(struct secret *secret)
{
	uint8_t bytes[SHA256_SIZE];
	char hex[SHA256_TEXT_SIZE];

	random_fill(bytes, sizeof(bytes));
	snprintf(secret->key, sizeof(secret->key), "bl_%s", hash_print(hex, bytes));
	snprintf(secret->open, sizeof(secret->open), "%.*s", OPEN_SIZE - 1, secret->key);
	hash_sha256(secret->sha256, secret->key, strlen(secret->key));
}

static bool
key_add(struct wish *wish)
{
	struct call *call = wish->call;
	own(db_rows_freep) struct db_rows *rows = NULL;
	char path[FIELD_SIZE];
	struct secret secret;
	struct err err = {0};

	secret_fill(&secret);
	if (!db_call_run(call, &rows, &err, sql_gateway_key_add, db_text(wish->name),
	    db_text(secret.open), db_bytes(secret.sha256, SHA256_SIZE), db_array(&wish->scopes),
	    wish->is_limited ? db_array(&wish->customers) : db_null_array(DB_TEXT), db_time(wish->expires_us)))
		return problem_err(call, &err);
	if (db_affected(rows) == 0)
		return problem(call, &problem_taken, "There is an API key \"%s\" already, or there was.",
		    wish->name);
	guard_forget(call->gateway->guard);
	audit(call, "key_add", wish->name, "done");
	snprintf(path, sizeof(path), "/api/keys/%s", wish->name);
	httpd_answer_header(call->answer, "Location", path);
	return answer_key(call, 201, wish->name, secret.key);
}

bool
serve_key_add(struct call *call)
{
	struct wish wish = { .call = call, .scopes.type = DB_TEXT, .customers.type = DB_TEXT,
		.expires_us = INT64_MIN };
	own(doc_freep) struct doc *doc = NULL;
	bool well = may_be_here(call) && jsonbody_read(call, &doc) && wish_read(&wish, doc_root(doc))
	    && key_add(&wish);

	db_array_clear(&wish.scopes);
	db_array_clear(&wish.customers);
	return well;
}

bool
serve_key_revoke(struct call *call)
{
	own(db_rows_freep) struct db_rows *row = NULL, *done = NULL;
	const char *name = call->arguments[0];
	struct err err = {0};

	if (!row_read(call, name, &row))
		return false;
	if (!db_call_run(call, &done, &err, sql_gateway_key_revoke, db_text(name)))
		return problem_err(call, &err);
	if (db_affected(done) > 0)
		audit(call, "key_revoke", name, "done");
	return answer_key(call, 200, name, NULL);
}

/* Who has it after that has its scopes. */
static bool
may_have(struct call *call, const struct db_rows *row)
{
	char quoted[FIELD_SIZE];

	for (int i = 0; i < SCOPES; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", scope_names[i]);
		if (strstr(db_text_of(row, 0, "scopes"), quoted)
		    && !(call->caller.scopes & 1u << (SCOPE_READ + i)))
			return problem(call, &problem_forbidden,
			    "It has the scope %s, and the asking API key has not.", quoted);
	}
	return true;
}

static void
read_grace(void *state, const struct doc_value *value)
{
	struct wish *wish = state;

	if (!doc_int(value, &wish->grace_s) || wish->grace_s < 0 || wish->grace_s > GRACE_MAX_S)
		problem_field(wish->call, "grace_s", "is not a whole number of seconds from 0 to %d",
		    GRACE_MAX_S);
}

static const struct member turn_members[] = { { "grace_s", NEED_MAY, NEED_NOT, read_grace } };
static const struct body_rules turn_rules = { "this order", turn_members, COUNT(turn_members), NULL, NULL };

static bool
turn_read(struct wish *wish)
{
	struct call *call = wish->call;
	own(doc_freep) struct doc *doc = NULL;

	return !call->body.size || (jsonbody_read(call, &doc)
	    && members_read(call, &turn_rules, true, doc_root(doc), wish));
}

bool
serve_key_rotate(struct call *call)
{
	own(db_rows_freep) struct db_rows *row = NULL, *done = NULL;
	const char *name = call->arguments[0];
	struct wish wish = { .call = call };
	struct secret secret;
	struct err err = {0};

	if (!row_read(call, name, &row) || !may_have(call, row) || !turn_read(&wish))
		return false;
	secret_fill(&secret);
	if (!db_call_run(call, &done, &err, sql_gateway_key_rotate, db_text(name),
	    db_text(secret.open), db_bytes(secret.sha256, SHA256_SIZE), db_int(wish.grace_s)))
		return problem_err(call, &err);
	if (db_affected(done) == 0)
		return problem(call, &problem_not_possible, "This API key was revoked.");
	audit(call, "key_rotate", name, "done");
	return answer_key(call, 200, name, secret.key);
}
