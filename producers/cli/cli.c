/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c: from what was typed to a command, and from how it went to an exit code. */
#include "cli.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "screen.h"

static const struct { const char *code; int exit_code; } exits[] = {
	{ "usage", EXIT_USAGE },
	{ "bad_url", EXIT_USAGE },
	{ "not-found", EXIT_NOT_FOUND },
	{ "no-such-address", EXIT_UNREACHABLE },
	{ "unreachable", EXIT_UNREACHABLE },
	{ "timeout", EXIT_UNREACHABLE },
	{ "cut", EXIT_UNREACHABLE },
	{ "unavailable", EXIT_UNREACHABLE },
	{ "interrupted", EXIT_INTERRUPTED },
};

int
exit_code_of(const struct err *err)
{
	for (size_t i = 0; i < sizeof(exits) / sizeof(*exits); i++)
		if (!strcmp(exits[i].code, err->code))
			return exits[i].exit_code;
	return EXIT_ERROR;
}

static int
complain(struct cli *cli, const struct err *err)
{
	const struct command *command = cli->command;
	struct buf shown = {0};

	words_add_printable(&shown, err->text);
	fprintf(stderr, "batchline: %s\n", shown.size ? buf_text(&shown) : "something is wrong");
	fprintf(stderr, "%s", cli->peer.details.size ? buf_text(&cli->peer.details) : "");
	if (!strcmp(err->code, "usage"))
		fprintf(stderr, "`batchline help%s%s` tells more.\n", command ? " " : "",
		    command ? command->name : "");
	if (!strcmp(err->code, "no-such-address"))
		fprintf(stderr, "Is %s the gateway's whole address?\n", cli->peer.url);
	if (!strcmp(err->code, "unreachable"))
		fputs("Is the gateway running? Its address is --url or BATCHLINE_URL.\n", stderr);
	buf_clear(&shown);
	return exit_code_of(err);
}

static bool
choose(struct cli *cli, struct err *err)
{
	if (!cli->args.n_operands)
		return err_code(err, ERR_FATAL, "usage", "What shall it do? There is no command");
	cli->command = command_taken(&cli->args);
	if (!cli->command)
		return err_code(err, ERR_FATAL, "usage", "There is no command \"%s\"",
		    cli->args.operands[0]);
	return command_fits(cli->command, &cli->args, err);
}

static bool
run(struct cli *cli, struct err *err)
{
	const char *url = cli->args.texts[ARG_URL], *key = getenv("BATCHLINE_API_KEY");

	if (cli->command->run == run_help)
		return run_help(cli, err);
	if (!url || !*url)
		url = getenv("BATCHLINE_URL");
	if (!url || !*url)
		url = "http://127.0.0.1:8080";
	cli->json = cli->args.texts[ARG_JSON] != NULL;
	screen_look(cli);
	return peer_open(&cli->peer, url, key && *key ? key : NULL, err) && cli->command->run(cli, err);
}

int
cli_main(int argc, char **argv)
{
	struct cli cli = {0};
	struct err err = {0};
	bool well;
	int code;

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (!args_read(&cli.args, argc, argv, &err))
		return complain(&cli, &err);
	if (cli.args.texts[ARG_VERSION])
		return puts("batchline " BATCHLINE_VERSION) < 0;
	well = cli.args.texts[ARG_HELP] ? run_help(&cli, &err) : choose(&cli, &err) && run(&cli, &err);
	if (well && (fflush(stdout) != 0 || ferror(stdout)))
		well = err_set(&err, ERR_FATAL, "cannot write to standard output");
	code = well ? cli.exit_code : complain(&cli, &err);
	peer_close(&cli.peer);
	return code;
}
