/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines.c: what can be done with a picture, by hand. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/json_write.h"
#include "screen.h"
#include "view.h"

bool
run_pipelines(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	return read_to_show(cli, "/api/pipelines", &doc, err)
	    && (cli->json || view_pipelines(cli, doc_member(doc_root(doc), "data"), err));
}

static bool
is_enabled(const struct doc_value *pipeline)
{
	bool enabled = false;

	return doc_bool(doc_member(pipeline, "enabled"), &enabled) && enabled;
}

/* The list is by id: the last one that fits is the newest. */
static const struct doc_value *
pipeline_find(const struct doc_value *pipelines, const char *wanted, bool enabled_first)
{
	const struct doc_value *found = NULL;
	char number[24];

	for (size_t i = 0; i < doc_size(pipelines); i++) {
		const struct doc_value *one = doc_item(pipelines, i);

		snprintf(number, sizeof(number), "%" PRId64, int_in(one, "id"));
		if (!strcmp(number, wanted))
			return one;
		if (!strcmp(text_in(one, "name"), wanted)
		    && (!found || !enabled_first || is_enabled(one) || !is_enabled(found)))
			found = one;
	}
	return found;
}

bool
pipeline_read(struct cli *cli, const char *wanted, bool enabled_first, struct doc **list,
    const struct doc_value **ret, struct err *err)
{
	if (!peer_read(&cli->peer, "/api/pipelines", list, err))
		return false;
	*ret = pipeline_find(doc_member(doc_root(*list), "data"), wanted, enabled_first);
	return *ret || err_code(err, ERR_REJECT, "unknown-pipeline",
	    "There is no pipeline \"%s\"; `batchline pipelines` lists them", wanted);
}

bool
run_pipeline_show(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *list = NULL;
	const struct doc_value *pipeline;
	struct buf json = {0};
	bool well;

	if (!pipeline_read(cli, cli->args.operands[1], true, &list, &pipeline, err))
		return false;
	well = doc_print(&json, cli->json ? pipeline : doc_member(pipeline, "definition"));
	if (well && cli->json)
		screen_write(&json);
	else if (well) {
		screen_say(cli, TONE_PLAIN, "%s", text_in(pipeline, "name"));
		say_of(cli, "number", "%" PRId64, int_in(pipeline, "id"));
		say_of(cli, "state", "%s", is_enabled(pipeline) ? "on" : "switched off");
		say_time(cli, "created", text_in(pipeline, "created_at"));
		say_of(cli, "definition", "%s", buf_text(&json));
	}
	buf_clear(&json);
	return well || err_set(err, ERR_FATAL, "out of memory");
}

/* ---- add ---- */

static bool
add(struct cli *cli, struct buf *json, struct doc **ret, struct err *err)
{
	struct put put = { json, false };

	put_open(&put, '{');
	put_text_of(&put, "name", cli->args.operands[1]);
	put_name(&put, "definition");
	if (!put_json_file(&put, cli->args.operands[2], err))
		return false;
	put_close(&put, '}');
	return peer_send(&cli->peer, "POST",
	    cli->args.texts[ARG_CHECK] ? "/api/pipelines?check" : "/api/pipelines", json, ret, err);
}

bool
run_pipeline_add(struct cli *cli, struct err *err)
{
	const char *name = cli->args.operands[1];
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	bool well = add(cli, &json, &doc, err);

	buf_clear(&json);
	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	else if (well && cli->args.texts[ARG_CHECK])
		screen_say(cli, TONE_GOOD, "%s could be rendered so.", name);
	else if (well)
		screen_say(cli, TONE_PLAIN, "%s is number %" PRId64 " from now on.", name,
		    int_in(doc_root(doc), "id"));
	return well;
}

/* ---- disable, enable ---- */

/* What the name means after it, since there may be an older one. */
static bool
say_turned(struct cli *cli, const struct doc_value *pipeline, struct err *err)
{
	own(doc_freep) struct doc *list = NULL;
	const char *name = text_in(pipeline, "name");
	const struct doc_value *other;

	if (!pipeline_read(cli, name, true, &list, &other, err))
		return false;
	screen_say(cli, TONE_PLAIN, is_enabled(pipeline) ? "%s, number %" PRId64 ", is on."
	    : "%s, number %" PRId64 ", takes no new batches; what is queued goes on.", name,
	    int_in(pipeline, "id"));
	if (is_enabled(other))
		screen_say(cli, TONE_PLAIN, "The name means number %" PRId64 " now.", int_in(other, "id"));
	return true;
}

bool
run_pipeline_turn(struct cli *cli, struct err *err)
{
	bool on = !strcmp(cli->command->name, "pipelines enable");
	own(doc_freep) struct doc *list = NULL, *doc = NULL;
	const struct doc_value *pipeline;
	char path[PATH_SIZE];
	struct buf json = {0};
	bool well;

	if (!pipeline_read(cli, cli->args.operands[1], !on, &list, &pipeline, err))
		return false;
	snprintf(path, sizeof(path), "/api/pipelines/%" PRId64, int_in(pipeline, "id"));
	buf_print(&json, "{\"enabled\":%s}", on ? "true" : "false");
	well = peer_send(&cli->peer, "PATCH", path, &json, &doc, err);
	buf_clear(&json);
	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	return well && (cli->json || say_turned(cli, doc_root(doc), err));
}
