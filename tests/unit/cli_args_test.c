/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "producers/cli/cli.h"

enum { WORDS_MAX = 24 };

/* What was typed, word by word. */
struct typed { char text[400], *argv[WORDS_MAX]; int argc; };

static struct typed *
type(struct typed *typed, const char *line)
{
	char *rest = typed->text;

	*typed = (struct typed){0};
	snprintf(typed->text, sizeof(typed->text), "batchline %s", line);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			typed->argv[typed->argc++] = word;
	return typed;
}

static bool
read_line(struct args *args, struct typed *typed, const char *line, struct err *err)
{
	type(typed, line);
	return args_read(args, typed->argc, typed->argv, err);
}

Test(cli_args, options_stand_anywhere_and_in_every_form)
{
	static const char *const lines[] = {
		"submit a b --pipeline 2 --watch", "--watch submit --pipeline=2 a b",
		"submit a -p 2 b -w", "submit -wp2 a b", "submit -w -p 2 -- a b",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct typed typed;
		struct args args;
		struct err err = {0};

		cr_assert(read_line(&args, &typed, lines[i], &err), "%s: %s", lines[i], err.text);
		cr_assert_str_eq(args.texts[ARG_PIPELINE], "2");
		cr_assert(args.texts[ARG_WATCH]);
		cr_assert_eq(args.n_operands, 3);
		cr_assert_str_eq(args.operands[2], "b");
	}
}

Test(cli_args, behind_two_dashes_there_are_no_options)
{
	struct typed typed;
	struct args args;
	struct err err = {0};

	cr_assert(read_line(&args, &typed, "submit -p 1 -- --watch -x", &err));

	cr_assert(!args.texts[ARG_WATCH]);
	cr_assert_str_eq(args.operands[1], "--watch");
	cr_assert_str_eq(args.operands[2], "-x");
}

Test(cli_args, a_defect_is_told_by_the_options_name)
{
	static const struct { const char *line, *words; } rows[] = {
		{ "list --nope", "--nope is unknown" },
		{ "list --nope=3", "--nope is unknown" },
		{ "list -x", "-x is unknown" },
		{ "list --limit", "--limit wants a value" },
		{ "list -n", "-n wants a value" },
		{ "list --limit 0", "--limit is not a whole number from 1 to 500" },
		{ "list --limit 501", "--limit is not a whole number from 1 to 500" },
		{ "list --limit 5x", "--limit is not a whole number from 1 to 500" },
		{ "list --limit=", "--limit is not a whole number from 1 to 500" },
		{ "list --limit +5", "--limit is not a whole number from 1 to 500" },
		{ "list --offset 99999999999999999999", "--offset is not a whole number from 0 to 2147483647" },
		{ "list --from 2025-01-01 --from 2025-01-02", "--from is given twice" },
		{ "list --json=yes", "--json takes no value" },
		{ "targets add webhook a --settings a --settings b", "--settings is given twice" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct typed typed;
		struct args args;
		struct err err = {0};

		cr_assert(!read_line(&args, &typed, rows[i].line, &err), "%s", rows[i].line);
		cr_assert_str_eq(err.text, rows[i].words);
		cr_assert_eq(exit_code_of(&err), EXIT_USAGE);
	}
}

Test(cli_args, a_command_knows_its_operands_and_its_options)
{
	static const struct { const char *line, *words; } rows[] = {
		{ "submit", "submit: which DIR|FILE...?" },
		{ "show", "show: which BATCH?" },
		{ "show a b", "show takes BATCH, and \"b\" is too much" },
		{ "list a", "list takes no operand, and \"a\" is too much" },
		{ "show a --watch", "show takes no --watch" },
		{ "list --pipeline 1", "list takes no --pipeline" },
		{ "submit a b c d e -p 1", NULL },
		{ "download a -o b --json", NULL },
		{ "list", NULL },
		{ "list --customer PL --customer DE", "--customer is given twice" },
		{ "targets add webhook", "targets add: which SERVICE NAME?" },
		{ "targets add webhook a --setting b=c --setting d=e --state failed --customer PL --customer DE",
		    NULL },
		{ "targets remove a -y", NULL },
		{ "targets remove a --state failed", "targets remove takes no --state" },
		{ "targets list", NULL },
		{ "targets test a", NULL },
		{ "deliveries --target a --service b --phase c --state d --batch e -c PL -n 5 --offset 1", NULL },
		{ "deliveries replay a b c", NULL },
		{ "deliveries skip --target a --preview", NULL },
		{ "deliveries --preview", "deliveries takes no --preview" },
		{ "deliveries skip --limit 5", "deliveries skip takes no --limit" },
		{ "deliveries --state a --state b", "--state is given twice" },
		{ "deliveries show", "deliveries show: which ID|BATCH?" },
		{ "targets nothing", "targets takes no operand, and \"nothing\" is too much" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct command *command;
		struct typed typed;
		struct args args;
		struct err err = {0};

		cr_assert(read_line(&args, &typed, rows[i].line, &err));
		command = command_taken(&args);
		cr_assert_eq(command_fits(command, &args, &err), !rows[i].words, "%s", rows[i].line);
		cr_assert_str_eq(err.text, rows[i].words ? rows[i].words : "");
	}
}

Test(cli_args, no_two_options_have_one_name_or_letter)
{
	for (size_t a = 0; a < ARGS; a++)
		for (size_t b = a + 1; b < ARGS; b++) {
			cr_assert_str_neq(arg_rows[a].name, arg_rows[b].name);
			cr_assert(!arg_rows[a].letter || arg_rows[a].letter != arg_rows[b].letter);
		}
}

Test(cli_args, every_cause_has_its_exit_code)
{
	static const struct { const char *code; int exit_code; } rows[] = {
		{ "usage", 2 }, { "not-found", 4 }, { "unreachable", 5 }, { "cut", 5 }, { "timeout", 5 },
		{ "unavailable", 5 }, { "invalid", 1 }, { "", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};

		err_code(&err, ERR_FATAL, rows[i].code, "x");
		cr_assert_eq(exit_code_of(&err), rows[i].exit_code);
	}
}
