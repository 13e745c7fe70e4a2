/* SPDX-License-Identifier: Apache-2.0 */
/* help.c: what the two tables say, for people. */
#include <stdio.h>
#include <string.h>
#include "cli.h"

enum { NAME_COLUMNS = 10, PART_COLUMNS = 18, OPTION_COLUMNS = 28, HELP_COLUMNS = 66 };

static const char opening[] =
	"batchline turns pictures into rendered pictures, in named batches.\n"
	"\n"
	"usage: batchline COMMAND [OPTIONS]\n"
	"\n"
	"  batchline submit photos --pipeline web --watch          render a folder of pictures\n"
	"  batchline list --status failed                          what went wrong lately\n"
	"  batchline show PL_DXB_2025-11-05_batch-1                one batch and its jobs\n"
	"  batchline download PL_DXB_2025-11-05_batch-1 -o a.zip   what was rendered\n"
	"\n"
	"COMMAND is one of these; `batchline help COMMAND` tells more of it.\n\n";

static const char closing[] =
	"\nBATCH is a batch's name or its id.\n"
	"\n"
	"Environment:\n"
	"  BATCHLINE_URL       the gateway, when --url does not say it\n"
	"  BATCHLINE_API_KEY   an API key, where the gateway wants one\n"
	"  NO_COLOR            when set: no colours\n"
	"\n"
	"Exit status: 0 done, 1 error, 2 wrong usage, 3 the batch ended failed, partial or cancelled,\n"
	"4 not found, 5 the gateway is not reachable.\n";

/* Bytes of the next line: up to the last blank that fits. */
static size_t
line_size(const char *help)
{
	size_t size = strlen(help);

	if (size <= HELP_COLUMNS)
		return size;
	for (size = HELP_COLUMNS; size > 0 && help[size] != ' ';)
		size--;
	return size ? size : HELP_COLUMNS;
}

static void
print_option(const struct arg_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", row->letter ? "-" : " ",
	    row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
	    row->value ? " " : "", row->value ? row->value : "");
	printf("  %-*s ", OPTION_COLUMNS, left);
	for (const char *help = row->help; *help;) {
		size_t size = line_size(help);

		printf("%.*s\n", (int)size, help);
		help += size + strspn(help + size, " ");
		if (*help)
			printf("%*s", OPTION_COLUMNS + 3, "");
	}
}

static void
print_options(const struct command *command)
{
	for (size_t i = 0; i < ARGS; i++) {
		bool general = arg_rows[i].commands == UINT64_MAX;

		if (command ? !general && command_takes(command, &arg_rows[i]) : general)
			print_option(&arg_rows[i]);
	}
}

static void
print_all(void)
{
	fputs(opening, stdout);
	for (const struct command *c = commands; c->name; c++)
		if (!strchr(c->name, ' '))
			printf("  %-*s %s\n", NAME_COLUMNS, c->name, c->summary);
	puts("\nOptions of every command:");
	print_options(NULL);
	fputs(closing, stdout);
}

/* Those whose name begins with this one's. */
static void
print_parts(const struct command *command)
{
	size_t size = strlen(command->name);

	for (const struct command *c = command + 1; c->name && !strncmp(c->name, command->name, size)
	     && c->name[size] == ' '; c++)
		printf("%s  %-*s %s\n", c == command + 1 ? "\nCommands:\n" : "", PART_COLUMNS, c->name,
		    c->summary);
}

static void
print_one(const struct command *c)
{
	const char *line = c->examples;
	size_t n;

	printf("batchline %s: %s\n\nusage: batchline %s%s%s [OPTIONS]\n", c->name, c->summary, c->name,
	    *c->operands ? " " : "", c->operands);
	if (*c->more)
		printf("\n%s", c->more);
	print_parts(c);
	puts("\nOptions:");
	print_options(c);
	print_options(NULL);
	puts("\nExamples:");
	for (; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		fputs("  ", stdout);
		fwrite(line, 1, n, stdout);
		putchar('\n');
	}
}

bool
run_help(struct cli *cli, struct err *err)
{
	const struct args *args = &cli->args;
	size_t at = args->n_operands > 1 && !strcmp(args->operands[0], "help") ? 1 : 0, words;
	const struct command *command = command_of(args->operands + at, args->n_operands - at, &words);

	if (args->n_operands == 0
	    || (args->n_operands == 1 && command && command->run == run_help && !args->texts[ARG_HELP]))
		print_all();
	else if (!command)
		return err_code(err, ERR_FATAL, "usage", "There is no command \"%s\"", args->operands[at]);
	else
		print_one(command);
	return true;
}
