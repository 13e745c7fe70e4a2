/* SPDX-License-Identifier: Apache-2.0 */
/* deliveries.c: what became of deliveries, and a person's word about them. */
#include <stdio.h>
#include <string.h>
#include "base/json_write.h"
#include "screen.h"
#include "view.h"

/* The filters, by their names in the API. That of the batch is its id, once it is found. */
static const struct { enum arg arg; const char *name; } filters[] = {
	{ ARG_TARGET, "target" }, { ARG_SERVICE, "service" }, { ARG_PHASE, "phase" },
	{ ARG_STATE, "state" }, { ARG_CUSTOMER, "customer_prefix" }, { ARG_BATCH, "batch_id" },
};
enum { N_FILTERS = sizeof(filters) / sizeof(*filters) };

/* --batch by name becomes its id. */
static bool
batch_found(struct cli *cli, struct named *ret, struct err *err)
{
	if (!cli->args.texts[ARG_BATCH])
		return true;
	if (!find_batch(cli, cli->args.texts[ARG_BATCH], ret, err))
		return false;
	cli->args.texts[ARG_BATCH] = ret->id;
	return true;
}

bool
run_deliveries(struct cli *cli, struct err *err)
{
	const char *const *texts = cli->args.texts;
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *data;
	struct buf path = {0};
	struct named batch;
	bool well;

	if (!batch_found(cli, &batch, err))
		return false;
	buf_add_text(&path, "/api/deliveries");
	for (size_t i = 0; i < N_FILTERS; i++)
		if (texts[filters[i].arg])
			path_add(&path, filters[i].name, texts[filters[i].arg]);
	if (texts[ARG_LIMIT])
		path_add(&path, "limit", texts[ARG_LIMIT]);
	if (texts[ARG_OFFSET])
		path_add(&path, "offset", texts[ARG_OFFSET]);
	well = buf_text(&path) ? read_to_show(cli, buf_text(&path), &doc, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	if (!well || cli->json)
		return well;
	data = doc_member(doc_root(doc), "data");
	if (int_in(doc_root(doc), "total") == 0)
		screen_say(cli, TONE_PLAIN, "No deliveries here.");
	if (!view_deliveries(cli, data, err))
		return false;
	say_page(cli, doc_root(doc), (int64_t)doc_size(data));
	return true;
}

/* ---- show ---- */

/* One by its id; false with "not-found" when it is none. */
static bool
show_one(struct cli *cli, const char *id, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/api/deliveries/%s", id);
	if (!read_to_show(cli, path, &doc, err))
		return false;
	if (!cli->json)
		view_delivery(cli, doc_root(doc));
	return true;
}

static bool
show_batch(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *data;
	char path[PATH_SIZE];
	struct named batch;

	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	snprintf(path, sizeof(path), "/api/batches/%s/deliveries", batch.id);
	if (!read_to_show(cli, path, &doc, err))
		return false;
	data = doc_member(doc_root(doc), "data");
	if (!cli->json && doc_size(data) == 0)
		screen_say(cli, TONE_PLAIN, "No target wants anything of it so far.");
	for (size_t i = 0; !cli->json && i < doc_size(data); i++) {
		if (i)
			screen_say(cli, TONE_PLAIN, "%s", "");
		view_delivery(cli, doc_item(data, i));
	}
	return true;
}

bool
run_deliveries_show(struct cli *cli, struct err *err)
{
	const char *operand = cli->args.operands[1];
	struct uuid id;

	if (uuid_read(&id, operand, strlen(operand))) {
		if (show_one(cli, operand, err))
			return true;
		if (strcmp(err->code, "not-found"))
			return false;
		err_clear(err);
	}
	return show_batch(cli, err);
}

/* ---- replay, skip ---- */

static bool
is_skip(const struct cli *cli)
{
	return !strcmp(cli->command->name, "deliveries skip");
}

/* These ids, one order each: what cannot be done is told with its reason. */
static bool
order_ids(struct cli *cli, struct buf *all, struct err *err)
{
	const char *word = is_skip(cli) ? "skip" : "replay";

	for (size_t i = 1; i < cli->args.n_operands; i++) {
		struct http_request request;
		struct buf path = {0};
		bool well;

		buf_add_text(&path, "/api/deliveries/");
		http_escape(&path, cli->args.operands[i]);
		buf_print(&path, "/%s", word);
		request = peer_request(&cli->peer, "POST", buf_text(&path) ? buf_text(&path) : "");
		well = peer_ask(&cli->peer, &request, err);
		buf_clear(&path);
		if (!well)
			return err_at(err, "%s", cli->args.operands[i]);
		buf_add_text(all, i > 1 ? "," : "[");
		buf_add(all, cli->peer.answer.body.data, cli->peer.answer.body.size);
		if (!cli->json)
			screen_say(cli, TONE_PLAIN, is_skip(cli) ? "%s is skipped." : "%s is sent again.",
			    cli->args.operands[i]);
	}
	buf_add_text(all, "]");
	return true;
}

static void
put_order(struct put *put, const struct cli *cli)
{
	put_open(put, '{');
	if (cli->args.n_operands > 1) {
		put_name(put, "ids");
		put_open(put, '[');
		for (size_t i = 1; i < cli->args.n_operands; i++)
			put_text(put, cli->args.operands[i]);
		put_close(put, ']');
	}
	for (size_t i = 0; i < N_FILTERS; i++)
		if (cli->args.texts[filters[i].arg])
			put_text_of(put, filters[i].name, cli->args.texts[filters[i].arg]);
	put_name(put, "preview");
	put_bool(put, cli->args.texts[ARG_PREVIEW] != NULL);
	put_close(put, '}');
}

static bool
view_order(struct cli *cli, const struct doc_value *answer, struct err *err)
{
	const struct doc_value *data = doc_member(answer, "data");
	bool preview = cli->args.texts[ARG_PREVIEW] != NULL, more = false;
	long long count = int_in(answer, "count");

	doc_bool(doc_member(answer, "more"), &more);
	screen_say(cli, TONE_PLAIN, "%lld %s %s %s%s", count, count == 1 ? "delivery" : "deliveries",
	    preview ? "would be" : count == 1 ? "is" : "are", is_skip(cli) ? "skipped" : "sent again",
	    count && preview ? ":" : ".");
	if (preview && !view_deliveries(cli, data, err))
		return false;
	if (preview && (long long)doc_size(data) < count)
		screen_say(cli, TONE_FAINT, "and %lld others", count - (long long)doc_size(data));
	if (more)
		screen_say(cli, TONE_PLAIN, "There are more than one order takes: give it again for the rest.");
	return true;
}

static bool
order_filtered(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	struct put put = { &json, false };
	struct named batch;
	bool well;

	if (!batch_found(cli, &batch, err))
		return false;
	put_order(&put, cli);
	well = peer_send(&cli->peer, "POST", is_skip(cli) ? "/api/deliveries/skip"
	    : "/api/deliveries/replay", &json, &doc, err);
	buf_clear(&json);
	if (!well)
		return false;
	if (!cli->json)
		return view_order(cli, doc_root(doc), err);
	screen_write(&cli->peer.answer.body);
	return true;
}

bool
run_deliveries_order(struct cli *cli, struct err *err)
{
	bool by_ids = cli->args.n_operands > 1, filtered = false;
	struct buf all = {0};
	bool well;

	for (size_t i = 0; i < N_FILTERS; i++)
		filtered = filtered || cli->args.texts[filters[i].arg];
	if (by_ids == filtered)
		return err_code(err, ERR_FATAL, "usage", "%s wants ids, or options that say which",
		    cli->command->name);
	if (!by_ids || cli->args.texts[ARG_PREVIEW])
		return order_filtered(cli, err);
	well = order_ids(cli, &all, err);
	if (well && cli->json)
		screen_write(&all);
	buf_clear(&all);
	return well;
}
