/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c: access tokens, kept in the process for all its calls, by the secret they come from: a
 * secret that was changed is another one. A token is asked for without the lock; two at once are
 * two tokens that both hold.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "delivery/secret.h"
#include "dropbox.h"

enum { TOKENS_MAX = 64, SPARE_S = 300, LIFE_S = 14400 };

struct token {
	uint8_t of[SHA256_SIZE];	/* the secret */
	char text[TOKEN_MAX];
	int64_t until_ms;		/* monotonic; 0: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct token tokens[TOKENS_MAX];

static bool
recall(struct box *box, const uint8_t of[SHA256_SIZE])
{
	int64_t now = clock_monotonic_ms();

	pthread_mutex_lock(&lock);
	for (int i = 0; i < TOKENS_MAX && !*box->token; i++)
		if (tokens[i].until_ms > now && !memcmp(tokens[i].of, of, SHA256_SIZE))
			snprintf(box->token, sizeof(box->token), "%s", tokens[i].text);
	pthread_mutex_unlock(&lock);
	return *box->token;
}

/* In place of the older one, else of the one that ends first. */
static void
keep(const struct box *box, const uint8_t of[SHA256_SIZE], int64_t life_s)
{
	struct token *place = &tokens[0];

	pthread_mutex_lock(&lock);
	for (int i = 0; i < TOKENS_MAX; i++) {
		bool same = tokens[i].until_ms && !memcmp(tokens[i].of, of, SHA256_SIZE);

		if (same || tokens[i].until_ms < place->until_ms)
			place = &tokens[i];
		if (same)
			break;
	}
	memcpy(place->of, of, SHA256_SIZE);
	snprintf(place->text, sizeof(place->text), "%s", box->token);
	place->until_ms = clock_monotonic_ms() + (life_s - SPARE_S) * 1000;
	pthread_mutex_unlock(&lock);
}

/* ---- the grant ---- */

static bool
add_field(struct buf *form, const char *name, const char *value)
{
	return !value || (buf_print(form, "%s%s=", form->size ? "&" : "", name)
	    && http_escape(form, value));
}

static bool
write_form(struct buf *form, const struct buf *secret)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *root;
	struct err err = {0};

	if (!doc_read(&doc, secret->data, secret->size, &err))
		return false;
	root = doc_root(doc);
	return doc_text(doc_member(root, "client_id"))
	    && doc_text(doc_member(root, "refresh_token"))
	    && add_field(form, "grant_type", "refresh_token")
	    && add_field(form, "client_id", doc_text(doc_member(root, "client_id")))
	    && add_field(form, "client_secret", doc_text(doc_member(root, "client_secret")))
	    && add_field(form, "refresh_token", doc_text(doc_member(root, "refresh_token")));
}

/* Of the answer's own words no more than `error` is told: it names no secret. */
static void
refuse(struct call *call, const struct doc_value *root)
{
	const char *error = doc_text(doc_member(root, "error"));

	call_judge(call);
	if (call->answer.status != 400 && call->answer.status != 401)
		snprintf(call->words, sizeof(call->words), "the token was refused with status %d",
		    call->answer.status);
	else if (error && !strncmp(error, "invalid_grant", 13))
		call_say(call, FATE_STOP, "invalid_grant",
		    "the grant was revoked or is another app's: link the app to the account again");
	else if (error && !strncmp(error, "invalid_client", 14))
		call_say(call, FATE_STOP, "invalid_client",
		    "client_id or client_secret is not the app's");
	else
		call_say(call, FATE_STOP, "token", "the token was refused: %.80s",
		    error ? error : "?");
}

static bool
take(struct box *box, const uint8_t of[SHA256_SIZE])
{
	struct call *call = box->call;
	own(doc_freep) struct doc *doc = NULL;
	struct err err = {0};
	const char *text;
	int64_t life_s;

	if (!doc_read(&doc, call->answer.body.data, call->answer.body.size, &err))
		doc = NULL;
	text = doc ? doc_text(doc_member(doc_root(doc), "access_token")) : NULL;
	if (call->answer.status != 200) {
		refuse(call, doc ? doc_root(doc) : NULL);
		return false;
	}
	if (!text || !*text || strlen(text) >= sizeof(box->token)) {
		call_say(call, FATE_AGAIN, "token", "the answer holds no access token");
		return false;
	}
	if (!doc_int(doc_member(doc_root(doc), "expires_in"), &life_s))
		life_s = LIFE_S;
	snprintf(box->token, sizeof(box->token), "%s", text);
	keep(box, of, life_s);
	return true;
}

static bool
refresh(struct box *box, const struct buf *form, const uint8_t of[SHA256_SIZE])
{
	struct http_request request = { .method = "POST", .body = HTTP_BYTES, .bytes = form->data,
		.size = (int64_t)form->size };
	struct buf url = {0};
	bool well;

	buf_print(&url, "%s/oauth2/token", box->api);
	request.url = buf_text(&url);
	http_add_header(&request, "Content-Type", "application/x-www-form-urlencoded");
	well = call_send(box->call, &request) && take(box, of);
	secret_clear(&box->call->answer.body);
	buf_clear(&url);
	return well;
}

bool
token_find(struct box *box, bool fresh)
{
	uint8_t of[SHA256_SIZE];
	struct buf secret, form = {0};
	bool well;

	*box->token = '\0';
	well = call_secret(box->call, &secret);
	if (well)
		hash_sha256(of, secret.data, secret.size);
	if (well && (fresh || !recall(box, of))) {
		well = write_form(&form, &secret);
		if (!well)
			call_say(box->call, FATE_STOP, "secret",
			    "the secret is not JSON with client_id and refresh_token");
		well = well && refresh(box, &form, of);
	}
	secret_clear(&secret);
	secret_clear(&form);
	return well;
}
