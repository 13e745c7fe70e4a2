/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c: who may ask the gateway, by hand. A key stands in the answer that makes it, and nowhere
 * after. */
#include <stdio.h>
#include <string.h>
#include "base/json_write.h"
#include "screen.h"
#include "table.h"
#include "view.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
enum { TIME_SIZE = 64 };

static bool
path_of(struct buf *ret, const char *name, const char *end)
{
	return buf_add_text(ret, "/api/keys/") && http_escape(ret, name) && buf_add_text(ret, end)
	    && buf_text(ret);
}

static enum tone
tone_of(const char *state)
{
	return !strcmp(state, "valid") ? TONE_GOOD : TONE_FAINT;
}

static void
add_list(struct buf *ret, const struct doc_value *texts)
{
	for (size_t i = 0; i < doc_size(texts); i++)
		buf_print(ret, "%s%s", i ? ", " : "", doc_text(doc_item(texts, i)));
}

static bool
add_key(struct table *table, const struct doc_value *key)
{
	struct buf scopes = {0}, customers = {0};
	bool well;

	add_list(&scopes, doc_member(key, "scopes"));
	add_list(&customers, doc_member(key, "customers"));
	well = table_add(table, text_in(key, "name"), TONE_PLAIN)
	    && table_print(table, TONE_FAINT, "%s..", text_in(key, "key_prefix"))
	    && table_add(table, text_in(key, "state"), tone_of(text_in(key, "state")))
	    && table_add(table, buf_text(&scopes), TONE_PLAIN)
	    && table_add(table, customers.size ? buf_text(&customers) : "all", TONE_PLAIN)
	    && table_print(table, TONE_PLAIN, "%.10s", text_in(key, "expires_at"))
	    && table_print(table, TONE_PLAIN, "%.16s", text_in(key, "last_used_at"));
	buf_clear(&scopes);
	buf_clear(&customers);
	return well;
}

bool
run_keys(struct cli *cli, struct err *err)
{
	static const struct table_column columns[] = { { "KEY", false, false },
		{ "BEGINS", false, false }, { "STATE", false, false }, { "MAY", false, false },
		{ "CUSTOMERS", false, true }, { "EXPIRES", false, false }, { "LAST USED", false, false } };
	own(doc_freep) struct doc *doc = NULL;
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	const struct doc_value *keys;

	if (!read_to_show(cli, "/api/keys", &doc, err))
		return false;
	if (cli->json)
		return true;
	keys = doc_member(doc_root(doc), "data");
	if (doc_size(keys) == 0)
		screen_say(cli, TONE_PLAIN, "There are no keys: the gateway serves its own machine alone.");
	for (size_t i = 0; table && i < doc_size(keys); i++)
		if (!add_key(table, doc_item(keys, i)))
			return err_set(err, ERR_FATAL, "out of memory");
	if (!table)
		return err_set(err, ERR_FATAL, "out of memory");
	return doc_size(keys) == 0 || screen_table(cli, table, err);
}

bool
run_key_show(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf path = {0}, scopes = {0}, customers = {0};
	const struct doc_value *key;
	bool well = path_of(&path, cli->args.operands[1], "")
	    ? peer_read(&cli->peer, buf_text(&path), &doc, err)
	    : err_set(err, ERR_FATAL, "out of memory");

	key = doc_root(doc);
	if (well && cli->json) {
		screen_write(&cli->peer.answer.body);
	} else if (well) {
		add_list(&scopes, doc_member(key, "scopes"));
		add_list(&customers, doc_member(key, "customers"));
		screen_say(cli, TONE_PLAIN, "%s", text_in(key, "name"));
		say_of(cli, "begins", "%s", text_in(key, "key_prefix"));
		say_of(cli, "state", "%s", text_in(key, "state"));
		say_of(cli, "may", "%s", buf_text(&scopes));
		say_of(cli, "customers", "%s", customers.size ? buf_text(&customers) : "all");
		say_time(cli, "created", text_in(key, "created_at"));
		say_time(cli, "rotated", text_in(key, "rotated_at"));
		say_time(cli, "old until", text_in(key, "old_key_expires_at"));
		say_of(cli, "expires", "%s", text_in(key, "expires_at"));
		say_time(cli, "revoked", text_in(key, "revoked_at"));
		say_time(cli, "last used", text_in(key, "last_used_at"));
	}
	buf_clear(&path);
	buf_clear(&scopes);
	buf_clear(&customers);
	return well;
}

/* ---- add, rotate, revoke ---- */

/* The key alone on a line, so that it can be taken from there. */
static void
say_secret(struct cli *cli, const struct doc_value *key, const char *what)
{
	if (cli->json) {
		screen_write(&cli->peer.answer.body);
		return;
	}
	screen_say(cli, TONE_PLAIN, "%s %s. This is shown once, and kept nowhere:", text_in(key, "name"),
	    what);
	screen_say(cli, TONE_PLAIN, "%s", text_in(key, "key"));
}

static bool
add(struct cli *cli, struct buf *json, struct doc **ret, struct err *err)
{
	const char *expires = cli->args.texts[ARG_EXPIRES];
	struct put put = { json, false };
	char time[TIME_SIZE];

	put_open(&put, '{');
	put_text_of(&put, "name", cli->args.operands[1]);
	if (cli->args.texts[ARG_SCOPE])
		put_values(&put, "scopes", &cli->args, ARG_SCOPE);
	else {
		put_name(&put, "scopes");
		put_raw(&put, "[\"read\"]");
	}
	put_values(&put, "customers", &cli->args, ARG_CUSTOMER);
	if (expires) {
		snprintf(time, sizeof(time), "%s%s", expires,
		    strchr(expires, 'T') ? "" : "T00:00:00Z");
		put_text_of(&put, "expires_at", time);
	}
	put_close(&put, '}');
	return peer_send(&cli->peer, "POST", "/api/keys", json, ret, err);
}

bool
run_key_add(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	bool well = add(cli, &json, &doc, err);

	buf_clear(&json);
	if (well)
		say_secret(cli, doc_root(doc), "is there");
	return well;
}

/* json: of the order, or NULL. */
static bool
order(struct cli *cli, const char *word, struct buf *json, struct doc **ret, struct err *err)
{
	struct http_request request;
	struct buf path = {0};
	bool well;

	if (!path_of(&path, cli->args.operands[1], word))
		return err_set(err, ERR_FATAL, "out of memory");
	request = peer_request(&cli->peer, "POST", buf_text(&path));
	well = json ? peer_send(&cli->peer, "POST", buf_text(&path), json, ret, err)
	    : peer_ask(&cli->peer, &request, err) && peer_answer_json(&cli->peer, ret, err);
	buf_clear(&path);
	return well;
}

bool
run_key_rotate(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	struct put put = { &json, false };
	bool well;

	put_open(&put, '{');
	if (cli->args.texts[ARG_GRACE])
		put_int_of(&put, "grace_s", cli->args.numbers[ARG_GRACE]);
	put_close(&put, '}');
	well = order(cli, "/rotate", &json, &doc, err);
	buf_clear(&json);
	if (well)
		say_secret(cli, doc_root(doc), "has another key now");
	return well;
}

bool
run_key_revoke(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	bool well = order(cli, "/revoke", NULL, &doc, err);

	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	else if (well)
		screen_say(cli, TONE_PLAIN, "%s is revoked: it opens nothing any more.",
		    cli->args.operands[1]);
	return well;
}
