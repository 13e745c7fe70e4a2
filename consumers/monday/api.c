/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: one request of Monday's, and what its answer means.
 *
 * An error comes with HTTP 200 as often as not: errors[] with a code each, or, from older parts of
 * theirs, error_code at the top. What a code leads to is the table below; one that is not in it is
 * tried again, for nothing may be lost to a word that nobody knew.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "delivery/secret.h"
#include "monday.h"

#define API_VERSION "2026-10"

enum {
	ANSWER_MAX = 1 << 20,		/* bytes */
	SLOWEST = 32 * 1024,		/* bytes a second of a file */
	DAY_S = 86400, WAIT_MOST_S = 2 * DAY_S,
	TOO_LARGE = 413,		/* a status */
};

/* ---- errors ---- */

enum kind { WAIT, MIDNIGHT, STOP, MISSING, REFUSED };

static const struct error {
	const char *code;
	enum kind kind;
} errors[] = {
	{ "COMPLEXITY_BUDGET_EXHAUSTED", WAIT },
	{ "ComplexityException", WAIT },
	{ "maxConcurrencyExceeded", WAIT },
	{ "CONCURRENCY_LIMIT_EXCEEDED", WAIT },
	{ "RATE_LIMIT_EXCEEDED", WAIT },
	{ "IP_RATE_LIMIT_EXCEEDED", WAIT },
	{ "FIELD_LIMIT_EXCEEDED", WAIT },
	{ "API_TEMPORARILY_BLOCKED", WAIT },
	{ "IDEMPOTENCY_CONFLICT", WAIT },
	{ "DAILY_LIMIT_EXCEEDED", MIDNIGHT },

	/* the target does not fit the board */
	{ "ColumnValueException", STOP },
	{ "CorrectedValueException", STOP },
	{ "InvalidColumnIdException", STOP },
	{ "InvalidBoardIdException", STOP },
	{ "InvalidGroupIdException", STOP },
	{ "ItemsLimitationException", STOP },

	/* the token may not */
	{ "UserUnauthorizedException", STOP },
	{ "USER_UNAUTHORIZED", STOP },
	{ "USER_ACCESS_DENIED", STOP },
	{ "UNAUTHORIZED_FIELD_OR_TYPE", STOP },
	{ "missingRequiredPermissions", STOP },

	/* the API is another one than ours */
	{ "InvalidVersionException", STOP },
	{ "GRAPHQL_PARSE_FAILED", STOP },
	{ "GRAPHQL_VALIDATION_FAILED", STOP },
	{ "undefinedField", STOP },
	{ "missingRequiredArguments", STOP },
	{ "argumentLiteralsIncompatible", STOP },
	{ "variableMismatch", STOP },

	/* of an item when there was one, of the board else */
	{ "ResourceNotFoundException", MISSING },
	{ "InvalidItemIdException", MISSING },
	{ "item_deleted", MISSING },	/* our own word */

	{ "ItemNameTooLongException", REFUSED },
};
enum { N_ERRORS = sizeof(errors) / sizeof(*errors) };

static const struct error *
error_of(const char *code)
{
	for (int i = 0; code && i < N_ERRORS; i++)
		if (!strcmp(errors[i].code, code))
			return &errors[i];
	return NULL;
}

bool
api_is_missing(const struct call *call)
{
	const struct error *error = error_of(call->code);

	return error && error->kind == MISSING;
}

/* What is said of one error, wherever it stands. */
struct said {
	const struct doc_value *error;	/* of errors[], or the top itself */
	const char *code, *message;
	const struct doc_value *data;	/* error_data */
};

static void
take_error(struct said *said, const struct doc_value *error)
{
	const struct doc_value *more = doc_member(error, "extensions");

	said->error = error;
	said->code = doc_text(doc_member(more, "code"));
	said->message = doc_text(error) ? doc_text(error) : doc_text(doc_member(error, "message"));
	said->data = doc_member(more, "error_data");
}

/* The first error with a code that means something to us, or else the first. */
static bool
find_error(struct said *said, const struct doc_value *root)
{
	const struct doc_value *all = doc_member(root, "errors");

	if (doc_kind(all) == DOC_ARRAY && doc_size(all) > 0) {
		for (size_t i = 0; i < doc_size(all); i++) {
			take_error(said, doc_item(all, i));
			if (error_of(said->code))
				return true;
		}
		take_error(said, doc_item(all, 0));
		return true;
	}
	*said = (struct said){ root, doc_text(doc_member(root, "error_code")),
		doc_text(doc_member(root, "error_message")), doc_member(root, "error_data") };
	return said->code || said->message;
}

/* "... reset in 12 seconds" */
static int64_t
seconds_in(const char *message)
{
	const char *at = message ? strstr(message, "reset in ") : NULL;

	return at && isdigit((unsigned char)at[9]) ? strtoll(at + 9, NULL, 10) : 0;
}

static int64_t
wait_of(const struct call *call, const struct said *said)
{
	const struct doc_value *more = doc_member(said->error, "extensions");
	double s = 0;

	if (!doc_real(doc_member(more, "retry_in_seconds"), &s)
	    && !doc_real(doc_member(said->data, "retry_in_seconds"), &s))
		s = (double)http_retry_after_s(&call->answer, 0, WAIT_MOST_S);
	if (s <= 0)
		s = (double)seconds_in(said->message);
	return s <= 0 ? 0 : s > WAIT_MOST_S ? WAIT_MOST_S : (int64_t)s + (s > (double)(int64_t)s);
}

/* A minute past it: clocks differ. */
static int64_t
until_midnight(void)
{
	return DAY_S - clock_now_us() / 1000000 % DAY_S + 60;
}

static const char *
column_of(const struct said *said)
{
	return doc_text(doc_member(said->data, "column_id"));
}

/* On one line; the column first, by the name that the target has for it. */
static void
say(struct call *call, enum fate fate, const struct said *said)
{
	const char *id = column_of(said), *setting = columns_setting(call->settings, id);
	const char *code = said->code ? said->code : "";
	char http[24];

	snprintf(http, sizeof(http), "http_%d", call->answer.status);
	call_say(call, fate, *code ? code : http, "%s%s%s%s%s%s", setting ? "columns." : "",
	    setting ? setting : "", setting ? " (" : "", setting ? id : "", setting ? "): " : "",
	    said->message ? said->message : "an error without words");
	for (char *c = call->words; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
}

/* The status decides where the code says nothing. */
static enum fate
fate_of(const struct call *call, const struct error *error)
{
	int status = call->answer.status;

	if (error && (error->kind == STOP || error->kind == MISSING))
		return FATE_STOP;
	if ((error && error->kind == REFUSED) || (!error && status == TOO_LARGE))
		return FATE_FAILED;
	return !error && (status == 401 || status == 403) ? FATE_STOP : FATE_AGAIN;
}

static bool
judge(struct call *call, const struct said *said)
{
	const struct error *error = error_of(said->code);
	int status = call->answer.status;
	enum fate fate = fate_of(call, error);

	/* an old error, told again for its key: the board may have been mended meanwhile */
	if (fate != FATE_AGAIN && http_header_of(&call->answer, "Idempotency-Replayed"))
		fate = FATE_AGAIN;
	say(call, fate, said);
	if (fate != FATE_AGAIN)
		return false;
	if (error && error->kind == MIDNIGHT)
		call->retry_after_s = until_midnight();
	else if ((error && error->kind == WAIT) || status == 409 || status == 423 || status == 429
	    || status == 503)
		call->retry_after_s = wait_of(call, said);
	return false;
}

bool
api_read(struct call *call, struct doc **ret)
{
	const struct http_answer *answer = &call->answer;
	struct doc *doc = NULL;
	struct err err = {0};
	struct said said = {0};

	if (doc_read(&doc, answer->body.data, answer->body.size, &err)) {
		bool is_error = find_error(&said, doc_root(doc));

		if (!is_error && answer->status == 200
		    && doc_kind(doc_member(doc_root(doc), "data")) == DOC_OBJECT) {
			*ret = doc;
			return true;
		}
		if (is_error)
			judge(call, &said);
		doc_free(doc);
		if (is_error)
			return false;
	}
	call_judge(call);
	if (answer->status == 409 || answer->status == 423)
		call->retry_after_s = http_retry_after_s(answer, 0, WAIT_MOST_S);
	if (answer->status == TOO_LARGE)
		call->fate = FATE_FAILED;
	if (call->fate == FATE_DONE || call->fate == FATE_GONE)
		call->fate = FATE_AGAIN;	/* a yes without data is none; neither is a proxy's 410 */
	return false;
}

const struct doc_value *
api_data(const struct doc *answer, const char *member)
{
	return doc_member(doc_member(doc_root(answer), "data"), member);
}

/* ---- a request ---- */

void
api_begin(struct ask *ask, enum query query)
{
	*ask = (struct ask){ .query = query };
	ask->variables.buf = &ask->text;
	put_open(&ask->variables, '{');
}

/* One line of letters and signs, as a header may hold. */
static bool
token_read(struct call *call, struct buf *ret)
{
	bool well = call_secret(call, ret);

	if (!well)
		return false;
	while (ret->size > 0 && isspace(ret->data[ret->size - 1]))
		ret->size--;
	for (size_t i = 0; i < ret->size; i++)
		well = well && ret->data[i] > ' ' && ret->data[i] < 0x7f;
	if (well && ret->size > 0 && buf_text(ret))
		return true;
	call_say(call, FATE_STOP, "secret", "the secret is not a token on one line");
	return false;
}

static void
add_part(struct http_request *request, const char *name, const char *text)
{
	request->parts[request->n_parts++] = (struct http_part){ .name = name, .bytes = text,
		.size = strlen(text) };
}

/* A file cannot be in JSON: a form with the request's members, and which variable is which part. */
static void
add_form(struct http_request *request, const struct ask *ask, const char *variables)
{
	request->body = HTTP_FORM;
	request->once = true;		/* there would be two files */
	add_part(request, "query", queries[ask->query]);
	add_part(request, "variables", variables);
	add_part(request, "map", "{\"0\":[\"variables.file\"]}");
	request->parts[request->n_parts++] = (struct http_part){ .name = "0", .path = ask->file,
		.file_name = ask->file_name, .type = "application/zip" };
}

static void
add_json(struct http_request *request, struct buf *body, const struct ask *ask,
    const char *variables)
{
	struct put put = { body, false };

	put_open(&put, '{');
	put_text_of(&put, "query", queries[ask->query]);
	put_name(&put, "variables");
	put_raw(&put, variables);
	put_close(&put, '}');
	request->body = HTTP_BYTES;
	request->bytes = body->data;
	request->size = (int64_t)body->size;
	http_add_header(request, "Content-Type", "application/json");
}

/* A file takes the time that it takes, as long as it moves. */
static int64_t
time_for(const struct call *call, const struct ask *ask)
{
	int64_t most = option_int(call->options, "BATCHLINE_BYTES_PER_S");
	int64_t slowest = most && most / 2 < SLOWEST ? most / 2 + 1 : SLOWEST;

	return call->timeout_ms + ask->file_size / slowest * 1000;
}

static bool
send_it(struct call *call, const struct ask *ask, const char *variables, struct buf *token,
    struct buf *url, struct buf *body)
{
	struct http_request request = { .method = "POST", .answer_max = ANSWER_MAX,
		.timeout_ms = time_for(call, ask) };

	buf_print(url, "%s%s", option_text(call->options, "BATCHLINE_MONDAY_API"),
	    ask->file ? "/file" : "");
	request.url = buf_text(url);
	if (ask->file)
		add_form(&request, ask, variables);
	else
		add_json(&request, body, ask, variables);
	if (!request.url || body->failed) {
		call_say(call, FATE_AGAIN, "memory", "out of memory");
		return false;
	}
	http_add_header(&request, "Authorization", (const char *)token->data);
	http_add_header(&request, "API-Version", API_VERSION);
	http_add_header(&request, "Idempotency-Key", ask->key);
	return call_send(call, &request);
}

bool
api_send(struct call *call, struct ask *ask, struct doc **ret)
{
	struct buf token = {0}, url = {0}, body = {0};
	const char *variables;
	bool well = false;

	put_close(&ask->variables, '}');
	variables = buf_text(&ask->text);
	if (!variables)
		call_say(call, FATE_FAILED, "too_large", "what is to be sent is too large");
	else
		well = token_read(call, &token)
		    && send_it(call, ask, variables, &token, &url, &body) && api_read(call, ret);
	secret_clear(&token);
	buf_clear(&url);
	buf_clear(&body);
	buf_clear(&ask->text);
	return well;
}
