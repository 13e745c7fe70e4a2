/* SPDX-License-Identifier: Apache-2.0 */
/* targets.c: where finished batches go, by hand. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json_write.h"
#include "screen.h"
#include "view.h"

enum { FILE_MAX = 1 << 17, ANSWER_SIZE = 16 };

static bool
path_of(struct buf *ret, const char *name, const char *end)
{
	return buf_add_text(ret, "/api/targets/") && http_escape(ret, name) && buf_add_text(ret, end)
	    && buf_text(ret);
}

bool
run_targets(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	return read_to_show(cli, "/api/targets", &doc, err)
	    && (cli->json || view_targets(cli, doc_member(doc_root(doc), "data"), err));
}

static bool
target_read(struct cli *cli, const char *name, struct doc **ret, struct err *err)
{
	struct buf path = {0};
	bool well = path_of(&path, name, "") ? peer_read(&cli->peer, buf_text(&path), ret, err)
	                                     : err_set(err, ERR_FATAL, "out of memory");

	buf_clear(&path);
	return well;
}

bool
run_target_show(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	if (!target_read(cli, cli->args.operands[1], &doc, err))
		return false;
	if (cli->json)
		screen_write(&cli->peer.answer.body);
	else
		view_target(cli, doc_root(doc));
	return true;
}

/* ---- add ---- */

bool
put_json_file(struct put *put, const char *path, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct err why = {0};
	struct buf text = { .limit = FILE_MAX };
	char bytes[4096];
	FILE *file = fopen(path, "rb");
	bool well = file != NULL;

	for (size_t n; well && (n = fread(bytes, 1, sizeof(bytes), file)) > 0;)
		well = buf_add(&text, bytes, n);
	if (!file || ferror(file))
		well = err_code(err, ERR_FATAL, "usage", "%s: %s", path, strerror(errno));
	else if (!well)
		err_code(err, ERR_FATAL, "usage", "%s: longer than %d bytes", path, FILE_MAX);
	else if (!doc_read(&doc, text.data, text.size, &why))
		well = err_code(err, ERR_FATAL, "usage", "%s: %s", path, why.text);
	else
		put_raw(put, buf_text(&text));
	if (file)
		fclose(file);
	buf_clear(&text);
	return well;
}

static bool
put_setting(struct put *put, const char *setting, struct err *err)
{
	const char *equals = strchr(setting, '=');
	char *key = equals ? strndup(setting, (size_t)(equals - setting)) : NULL;

	if (!key || !*key) {
		free(key);
		return err_code(err, ERR_FATAL, "usage", "--setting wants KEY=VALUE, not \"%s\"",
		    setting);
	}
	put_name(put, key);
	free(key);
	if (!strcmp(equals + 1, "true") || !strcmp(equals + 1, "false"))
		put_bool(put, equals[1] == 't');
	else
		put_text(put, equals + 1);
	return true;
}

static bool
put_settings(struct put *put, const struct args *args, struct err *err)
{
	const char *path = args->texts[ARG_SETTINGS];

	if (path && args->texts[ARG_SETTING])
		return err_code(err, ERR_FATAL, "usage", "--setting has no place beside --settings");
	put_name(put, "settings");
	if (path)
		return put_json_file(put, path, err);
	put_open(put, '{');
	for (size_t i = 0; i < args->n_values; i++)
		if (args->values[i].arg == ARG_SETTING && !put_setting(put, args->values[i].text, err))
			return false;
	put_close(put, '}');
	return true;
}

void
put_values(struct put *put, const char *name, const struct args *args, enum arg arg)
{
	if (!args->texts[arg])
		return;
	put_name(put, name);
	put_open(put, '[');
	for (size_t i = 0; i < args->n_values; i++) {
		const char *list = args->values[i].arg == arg ? args->values[i].text : NULL;

		while (list) {
			size_t size = strcspn(list, ",");
			char *one = strndup(list, size);

			put_text(put, one);
			free(one);
			list = list[size] ? list + size + 1 : NULL;
		}
	}
	put_close(put, ']');
}

static bool
add(struct cli *cli, struct buf *json, struct doc **ret, struct err *err)
{
	struct put put = { json, false };

	put_open(&put, '{');
	put_text_of(&put, "service", cli->args.operands[1]);
	put_text_of(&put, "name", cli->args.operands[2]);
	put_values(&put, "customers", &cli->args, ARG_CUSTOMER);
	put_values(&put, "states", &cli->args, ARG_STATE);
	if (!put_settings(&put, &cli->args, err))
		return false;
	put_close(&put, '}');
	return peer_send(&cli->peer, "POST", "/api/targets", json, ret, err);
}

bool
run_target_add(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	bool well = add(cli, &json, &doc, err);

	buf_clear(&json);
	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	else if (well)
		screen_say(cli, TONE_PLAIN, "%s is there: what is finished from now on is delivered.",
		    cli->args.operands[2]);
	return well;
}

/* ---- pause, resume, remove, test ---- */

bool
run_target_turn(struct cli *cli, struct err *err)
{
	bool goes_on = !strcmp(cli->command->name, "targets resume"), well;
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0}, path = {0};

	buf_print(&json, "{\"enabled\":%s}", goes_on ? "true" : "false");
	well = path_of(&path, cli->args.operands[1], "")
	    ? peer_send(&cli->peer, "PATCH", buf_text(&path), &json, &doc, err)
	    : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&json);
	buf_clear(&path);
	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	else if (well)
		screen_say(cli, TONE_PLAIN, goes_on ? "%s goes on." : "%s is paused: what comes up waits.",
		    cli->args.operands[1]);
	return well;
}

/* Asks on a terminal; where there is none, --yes is wanted. */
static bool
is_sure(struct cli *cli, const struct doc_value *target, struct err *err)
{
	char answer[ANSWER_SIZE] = "";

	if (cli->args.texts[ARG_YES])
		return true;
	if (!isatty(STDIN_FILENO))
		return err_code(err, ERR_FATAL, "usage", "%s: without a terminal to ask on, say --yes",
		    cli->command->name);
	fprintf(stderr, "%s has %lld open and %lld failed deliveries. Remove it and its ledger? [y/N] ",
	    text_in(target, "name"), (long long)int_in(target, "open"),
	    (long long)int_in(target, "failed"));
	if (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y'))
		return true;
	return err_code(err, ERR_FATAL, "not-sure", "%s is still there", text_in(target, "name"));
}

static void
say_removed(struct cli *cli)
{
	struct buf json = {0};
	struct put put = { &json, false };

	put_open(&put, '{');
	put_text_of(&put, "name", cli->args.operands[1]);
	put_name(&put, "removed");
	put_bool(&put, true);
	put_close(&put, '}');
	if (cli->json)
		screen_write(&json);
	else
		screen_say(cli, TONE_PLAIN, "%s is removed.", cli->args.operands[1]);
	buf_clear(&json);
}

bool
run_target_remove(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct http_request request;
	struct buf path = {0};
	bool well;

	if (!target_read(cli, cli->args.operands[1], &doc, err) || !is_sure(cli, doc_root(doc), err))
		return false;
	if (!path_of(&path, cli->args.operands[1], ""))
		return err_set(err, ERR_FATAL, "out of memory");
	request = peer_request(&cli->peer, "DELETE", buf_text(&path));
	well = peer_ask(&cli->peer, &request, err);
	buf_clear(&path);
	if (well)
		say_removed(cli);
	return well;
}

bool
run_target_test(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct http_request request;
	struct buf path = {0};
	bool is_well = false, well;

	if (!path_of(&path, cli->args.operands[1], "/test"))
		return err_set(err, ERR_FATAL, "out of memory");
	request = peer_request(&cli->peer, "POST", buf_text(&path));
	well = peer_ask(&cli->peer, &request, err) && peer_answer_json(&cli->peer, &doc, err);
	buf_clear(&path);
	if (!well)
		return false;
	doc_bool(doc_member(doc_root(doc), "well"), &is_well);
	cli->exit_code = is_well ? EXIT_DONE : EXIT_ERROR;
	if (cli->json)
		screen_write(&cli->peer.answer.body);
	else
		screen_say(cli, is_well ? TONE_GOOD : TONE_BAD, "%s: %s%s", cli->args.operands[1],
		    is_well ? "well: " : "not well: ", text_in(doc_root(doc), "words"));
	return true;
}
