/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c: one question to the gateway, and what it says when it will not answer. */
#include "peer.h"
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/words.h"

enum { TRIES = 6, WAIT_FIRST_MS = 250, RETRY_AFTER_MOST_S = 10, TITLE_SIZE = 160,
	DETAIL_SIZE = 340 };

bool
peer_open(struct peer *ret, const char *url, const char *key, struct err *err)
{
	const struct http_options options = { .connect_ms = 5000 };

	*ret = (struct peer){ .url = url, .key = key };
	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
		return err_code(err, ERR_FATAL, "usage",
		    "the gateway's address is no http:// or https:// one: %s", url);
	if (key && (size_t)snprintf(ret->bearer, sizeof(ret->bearer), "Bearer %s", key)
	    >= sizeof(ret->bearer))
		return err_code(err, ERR_FATAL, "usage", "BATCHLINE_API_KEY is too long to be a key");
	return http_new(&ret->http, &options, err);
}

void
peer_close(struct peer *peer)
{
	http_free(peer->http);
	http_answer_clear(&peer->answer);
	buf_clear(&peer->address);
	buf_clear(&peer->details);
}

struct http_request
peer_request(struct peer *peer, const char *method, const char *path)
{
	size_t size = strlen(peer->url);
	struct http_request request = { .method = method };

	while (size && peer->url[size - 1] == '/')
		size--;
	buf_reset(&peer->address);
	buf_add(&peer->address, peer->url, size);
	buf_add_text(&peer->address, path);
	request.url = buf_text(&peer->address);
	http_add_header(&request, "Authorization", peer->key ? peer->bearer : NULL);
	http_add_header(&request, "Accept", "application/json, application/problem+json, */*");
	return request;
}

/* ---- problems ---- */

static void
copy_printable(char *ret, size_t size, const char *text)
{
	struct buf shown = {0};

	words_add_printable(&shown, text);
	snprintf(ret, size, "%s", shown.size ? buf_text(&shown) : "");
	buf_clear(&shown);
}

/* A line for each field that the detail does not name already. */
static void
keep_fields(struct peer *peer, const struct doc_value *errors, const char *detail)
{
	char line[DETAIL_SIZE], shown[DETAIL_SIZE];

	for (size_t i = 0; i < doc_size(errors); i++) {
		const struct doc_value *e = doc_item(errors, i);

		snprintf(line, sizeof(line), "%s: %s", text_in(e, "field"), text_in(e, "detail"));
		if (!strcmp(line, detail))
			continue;
		copy_printable(shown, sizeof(shown), line);
		buf_print(&peer->details, "  %s\n", shown);
	}
}

static enum err_verdict
verdict_of(int status)
{
	return status == 429 || status >= 500 ? ERR_RETRY
	    : status == 401 || status == 403  ? ERR_FATAL
	                                      : ERR_REJECT;
}

/* Something answered that is no gateway of ours. */
static bool
refuse_stranger(const struct peer *peer, int status, struct err *err)
{
	const char *code = status == 502 || status == 503 || status == 504 ? "unavailable" : "stranger";

	return err_code(err, verdict_of(status), code,
	    "%s answers with status %d, and not as a gateway of Batchline does", peer->url, status);
}

static bool
refuse(struct peer *peer, struct err *err)
{
	static const char slugs[] = "/problems/";
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *root;
	int status = peer->answer.status;
	char title[TITLE_SIZE], detail[DETAIL_SIZE];
	struct err ignored = {0};
	const char *type;

	buf_reset(&peer->details);
	if (!doc_read(&doc, peer->answer.body.data, peer->answer.body.size, &ignored))
		return refuse_stranger(peer, status, err);
	root = doc_root(doc);
	type = text_in(root, "type");
	if (strncmp(type, slugs, sizeof(slugs) - 1))
		return refuse_stranger(peer, status, err);
	copy_printable(title, sizeof(title), text_in(root, "title"));
	copy_printable(detail, sizeof(detail), text_in(root, "detail"));
	keep_fields(peer, doc_member(root, "errors"), text_in(root, "detail"));
	return err_code(err, verdict_of(status), type + sizeof(slugs) - 1, "%s: %s", title, detail);
}

/* ---- asking ---- */

bool
peer_ask(struct peer *peer, const struct http_request *request, struct err *err)
{
	err_clear(err);
	if (!request->url)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!http_send(peer->http, request, &peer->answer, err))
		return false;
	return (peer->answer.status >= 200 && peer->answer.status < 300) || refuse(peer, err);
}

bool
peer_ask_patiently(struct peer *peer, const struct http_request *request, struct err *err)
{
	int64_t wait_ms = WAIT_FIRST_MS;

	for (int i = 1;; i++, wait_ms *= 2) {
		int64_t asked_ms;

		if (peer_ask(peer, request, err))
			return true;
		if (err->verdict != ERR_RETRY || i == TRIES)
			return false;
		asked_ms = peer->answer.status < 400 ? 0
		    : http_retry_after_s(&peer->answer, 0, RETRY_AFTER_MOST_S) * 1000;
		clock_sleep_ms(asked_ms > wait_ms ? asked_ms : wait_ms);
	}
}

bool
peer_answer_json(struct peer *peer, struct doc **ret, struct err *err)
{
	if (doc_read(ret, peer->answer.body.data, peer->answer.body.size, err))
		return true;
	return err_code(err, ERR_FATAL, "stranger", "%s answers with something that is no JSON: is it "
	    "a gateway of Batchline?", peer->url);
}

bool
peer_read(struct peer *peer, const char *path, struct doc **ret, struct err *err)
{
	struct http_request request = peer_request(peer, "GET", path);

	return peer_ask(peer, &request, err) && peer_answer_json(peer, ret, err);
}

bool
peer_send(struct peer *peer, const char *method, const char *path, struct buf *json,
    struct doc **ret, struct err *err)
{
	struct http_request request = peer_request(peer, method, path);

	request.body = HTTP_BYTES;
	request.bytes = buf_text(json);
	request.size = json->size;
	http_add_header(&request, "Content-Type", "application/json");
	if (!request.bytes)
		return err_set(err, ERR_FATAL, "out of memory");
	return peer_ask(peer, &request, err) && peer_answer_json(peer, ret, err);
}

/* ---- what stands in JSON ---- */

const char *
text_in(const struct doc_value *object, const char *name)
{
	const char *text = doc_text(doc_member(object, name));

	return text ? text : "";
}

int64_t
int_in(const struct doc_value *object, const char *name)
{
	int64_t number = 0;

	doc_int(doc_member(object, name), &number);
	return number;
}

bool
is_in(const struct doc_value *object, const char *name)
{
	return doc_kind(doc_member(object, name)) > DOC_NULL;
}
