/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: one request to Dropbox, and what its answer means. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "delivery/secret.h"
#include "dropbox.h"

enum { ANSWER_MAX = 8 << 20, WAIT_S = 5, WAIT_MOST_S = 86400 };

/* ---- errors ---- */

/* Unions are nested by the name of their tag; where a struct stands between, by "reason". */
void
api_tags(char ret[TAGS_MAX], const struct doc_value *error)
{
	size_t size = 0;

	*ret = '\0';
	while (error && size < TAGS_MAX - 1) {
		const char *tag = doc_text(doc_kind(error) == DOC_TEXT ? error
		    : doc_member(error, ".tag"));
		const struct doc_value *inner = tag ? doc_member(error, tag) : NULL;

		if (tag)
			size += (size_t)snprintf(ret + size, TAGS_MAX - size, "%s%s",
			    size ? "/" : "", tag);
		error = inner ? inner : doc_member(error, "reason");
	}
}

bool
api_has_tag(const char *tags, const char *tag)
{
	size_t size = strlen(tag);

	for (const char *at = tags; (at = strstr(at, tag)); at += size)
		if ((at == tags || at[-1] == '/') && (at[size] == '/' || !at[size]))
			return true;
	return false;
}

/* What is not here is tried again. */
static const struct meaning {
	const char *tag;
	enum fate fate;
	const char *words;
} meanings[] = {
	{ "too_many_write_operations", FATE_AGAIN, "others write into the same namespace" },
	{ "not_found", FATE_AGAIN, "it is not there, or not any more" },
	{ "insufficient_space", FATE_STOP, "no room is left in the account" },
	{ "member_folder_insufficient_space", FATE_STOP, "no room is left for this member" },
	{ "team_folder_insufficient_space", FATE_STOP, "no room is left in the team folder" },
	{ "no_write_permission", FATE_STOP, "the account may not write there" },
	{ "access_restricted", FATE_STOP, "access to the folder is restricted" },
	{ "access_denied", FATE_STOP, "the account may not do this" },
	{ "team_folder", FATE_STOP, "the team's own folders are not to be written so" },
	{ "email_not_verified", FATE_STOP, "links need an account whose address is verified" },
	{ "settings_error", FATE_STOP, "the account may not make such links" },
	{ "banned_member", FATE_STOP, "the account may not make links" },
	{ "disallowed_name", FATE_FAILED, "Dropbox takes no such name" },
	{ "malformed_path", FATE_FAILED, "Dropbox takes no such path" },
	{ "conflict", FATE_FAILED, "something else is there already" },
	{ "invalid_access_token", FATE_STOP, "the token is not valid: link the app again" },
	{ "expired_access_token", FATE_STOP, "a token that was just given has expired" },
	{ "user_suspended", FATE_STOP, "the account is suspended" },
	{ "invalid_select_user", FATE_STOP, "the team has no such member" },
	{ "missing_scope", FATE_STOP, "the app lacks a permission; grant it, then link it again" },
	{ "route_access_denied", FATE_STOP, "the app may not call this" },
};

void
api_judge(struct box *box, const struct doc_value *error)
{
	const struct meaning *found = NULL;
	const char *scope = doc_text(doc_member(error, "required_scope"));
	char tags[TAGS_MAX];
	const char *last;

	api_tags(tags, error);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings) && !found; i++)
		if (api_has_tag(tags, meanings[i].tag))
			found = &meanings[i];
	last = strrchr(tags, '/');
	call_say(box->call, found ? found->fate : FATE_AGAIN,
	    found ? found->tag : last ? last + 1 : *tags ? tags : "dropbox", "%s (%s%s%s)",
	    found ? found->words : "Dropbox refused", *tags ? tags : "no reason told",
	    scope ? ": " : "", scope ? scope : "");
}

/* ---- the answer ---- */

void
api_clear(struct box *box)
{
	doc_free(box->doc);
	box->doc = NULL;
	*box->tags = '\0';
}

const struct doc_value *
api_result(const struct box *box)
{
	return doc_root(box->doc);
}

/* Its body may be plain text, and then says less. */
static void
wait_said(struct box *box, const struct doc_value *error)
{
	struct call *call = box->call;
	int64_t said_s = 0;

	call_judge(call);
	if (call->retry_after_s == 0 && doc_int(doc_member(error, "retry_after"), &said_s)
	    && said_s > 0)
		call->retry_after_s = said_s < WAIT_MOST_S ? said_s : WAIT_MOST_S;
	if (call->retry_after_s == 0)
		call->retry_after_s = WAIT_S;
	snprintf(call->code, sizeof(call->code), "%s", "too_many_requests");
	snprintf(call->words, sizeof(call->words), "Dropbox asks for %" PRId64 " seconds of quiet",
	    call->retry_after_s);
}

static enum heard
judge_status(struct box *box)
{
	struct call *call = box->call;
	const struct doc_value *error = box->doc ? doc_member(doc_root(box->doc), "error") : NULL;
	int status = call->answer.status;

	api_tags(box->tags, error);
	if ((status == 409 || status == 404) && error)
		return HEARD_ERROR;
	if (status == 429) {
		wait_said(box, error);
	} else if (status == 422) {
		call_say(call, FATE_STOP, "path_root", "path_root is not one of the account's (%s)",
		    box->tags);
	} else if ((status == 401 || status == 403) && error) {
		api_judge(box, error);
		call->fate = FATE_STOP;
	} else {
		call_judge(call);
		if (status == 400)
			call->fate = FATE_FAILED;	/* it would say the same again */
	}
	return HEARD_NOTHING;
}

static enum heard
read_answer(struct box *box)
{
	struct call *call = box->call;
	const struct buf *body = &call->answer.body;
	struct err err = {0};

	api_clear(box);
	if (!doc_read(&box->doc, body->data, body->size, &err))
		box->doc = NULL;
	if (call->answer.status != 200)
		return judge_status(box);
	if (box->doc)
		return HEARD_RESULT;
	call_say(call, FATE_AGAIN, "bad_answer", "the answer is not JSON: %s", err.text);
	return HEARD_NOTHING;
}

/* ---- the request ---- */

static bool
post(struct box *box, const struct ask *ask)
{
	struct http_request request = { .method = "POST", .answer_max = ANSWER_MAX,
		.body = HTTP_BYTES, .bytes = ask->arg->data, .size = (int64_t)ask->arg->size };
	struct buf url = {0}, bearer = {0}, arg = {0};
	bool well = buf_print(&url, "%s/2/%s", ask->from ? box->content : box->api, ask->route)
	    && buf_print(&bearer, "Bearer %s", box->token);

	http_add_header(&request, "Authorization", buf_text(&bearer));
	http_add_header(&request, "Dropbox-API-Path-Root", *box->root ? box->root : NULL);
	http_add_header(&request, "Dropbox-API-Select-User", box->member);
	http_add_header(&request, "Content-Type", ask->from ? "application/octet-stream"
	    : "application/json");
	if (well && ask->from) {
		well = arg_add(&arg, buf_text(ask->arg));
		http_add_header(&request, "Dropbox-API-Arg", buf_text(&arg));
		request.body = HTTP_FILE;
		request.fd = ask->from->fd;
		request.pieces = ask->pieces;
		request.n_pieces = ask->n_pieces;
		request.size = ask->size;
	}
	request.url = buf_text(&url);
	if (!well)
		call_say(box->call, FATE_FAILED, "bad_name", "%s: an argument that is no UTF-8",
		    ask->route);
	well = well && call_send(box->call, &request);
	buf_clear(&url);
	secret_clear(&bearer);
	buf_clear(&arg);
	return well;
}

/* Dropbox may have done it and the word of it was lost: whatever is asked may be asked twice. */
static bool
post_surely(struct box *box, const struct ask *ask)
{
	struct call *call = box->call;

	if (post(box, ask))
		return true;
	return !strcmp(call->code, "cut") && call_goes_on(call) && post(box, ask);
}

enum heard
api_ask(struct box *box, const struct ask *ask)
{
	enum heard heard = HEARD_NOTHING;

	api_clear(box);
	if ((!*box->token && !token_find(box, false)) || !post_surely(box, ask))
		return HEARD_NOTHING;
	heard = read_answer(box);
	if (box->call->answer.status != 401 || !api_has_tag(box->tags, "expired_access_token"))
		return heard;
	if (!token_find(box, true) || !post_surely(box, ask))
		return HEARD_NOTHING;
	return read_answer(box);
}

bool
api_must(struct box *box, const struct ask *ask)
{
	enum heard heard = api_ask(box, ask);

	if (heard == HEARD_ERROR)
		api_judge(box, doc_member(doc_root(box->doc), "error"));
	return heard == HEARD_RESULT;
}
