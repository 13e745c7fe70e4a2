/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete.c: a shell's completion, drawn from the two tables: commands, those within one, and the
 * options of each. Everything else is a file's name. zsh runs bash's by its own bashcompinit.
 */
#include <stdio.h>
#include <string.h>
#include "cli.h"

static const char for_zsh[] = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n";

static const char opening[] =
	"_batchline() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options= parts=\n"
	"\tcase $command in\n";

/* A part counts from the third word on; its options are another line's. */
static const char between[] =
	"\tesac\n"
	"\t[[ $COMP_CWORD -lt 3 ]] || case \"$command ${COMP_WORDS[2]}\" in\n";

static const char closing[] =
	"\tesac\n"
	"\t[[ $COMP_CWORD -eq 1 ]] && parts='%s'\n"
	"\t[[ $COMP_CWORD -le 2 ]] || parts=\n"
	"\t[[ $word != -* ]] || parts=$options\n"
	"\tCOMPREPLY=($(compgen -W \"$parts\" -- \"$word\"))\n"
	"}\n"
	"complete -o default -F _batchline batchline\n";

/* Every option that it takes, by its long name. */
static void
print_options(const struct command *command)
{
	const char *gap = "";

	for (size_t i = 0; i < ARGS; i++)
		if (command_takes(command, &arg_rows[i])) {
			printf("%s--%s", gap, arg_rows[i].name);
			gap = " ";
		}
}

/* Commands of one word when of is NULL; else what stands behind its name in those of two. */
static void
names_add(struct buf *ret, const struct command *of)
{
	size_t size = of ? strlen(of->name) : 0;

	for (const struct command *c = commands; c->name; c++) {
		const char *name = !of ? c->name
		    : !strncmp(c->name, of->name, size) && c->name[size] == ' ' ? c->name + size + 1 : NULL;

		if (name && !strchr(name, ' '))
			buf_print(ret, "%s%s", ret->size ? " " : "", name);
	}
}

static void
print_case(const struct command *command)
{
	struct buf parts = {0};

	if (command->run == run_help)
		names_add(&parts, NULL);
	else if (!strchr(command->name, ' '))
		names_add(&parts, command);
	printf("\t\"%s\") options='", command->name);
	print_options(command);
	printf("'%s%s%s ;;\n", parts.size ? " parts='" : "", parts.size ? buf_text(&parts) : "",
	    parts.size ? "'" : "");
	buf_clear(&parts);
}

bool
run_completion(struct cli *cli, struct err *err)
{
	const char *shell = cli->args.operands[1];
	struct buf names = {0};

	if (strcmp(shell, "bash") && strcmp(shell, "zsh"))
		return err_code(err, ERR_FATAL, "usage", "completion: bash or zsh, not \"%s\"", shell);
	fputs(strcmp(shell, "zsh") ? "" : for_zsh, stdout);
	fputs(opening, stdout);
	for (const struct command *c = commands; c->name; c++)
		if (!strchr(c->name, ' '))
			print_case(c);
	fputs(between, stdout);
	for (const struct command *c = commands; c->name; c++)
		if (strchr(c->name, ' '))
			print_case(c);
	names_add(&names, NULL);
	printf(closing, names.size ? buf_text(&names) : "");
	buf_clear(&names);
	return true;
}
