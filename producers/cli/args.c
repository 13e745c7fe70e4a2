/* SPDX-License-Identifier: Apache-2.0 */
/* args.c: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, in any order; -- ends the options. */
/* Not getopt_long(): it takes --lim for --limit, keeps no words of ours for what is wrong, and would want
 * the table once more in its own form; numbers, repetitions and lists stay to be done in any case. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static bool
misuse(struct err *err, const char *why, const char *dashes, const char *name, size_t size)
{
	return err_code(err, ERR_FATAL, "usage", "%s%.*s %s", dashes, (int)size, name, why);
}

static bool
number_set(struct args *args, enum arg arg, struct err *err)
{
	const struct arg_row *row = &arg_rows[arg];
	const char *text = args->texts[arg];
	long long number;
	char *end;

	if (!row->is_number)
		return true;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || end == text || *end || strchr(" \t\n\v\f\r+", *text) || number < row->least
	    || number > row->most)
		return err_code(err, ERR_FATAL, "usage", "--%s is not a whole number from %" PRId64
		    " to %" PRId64, row->name, row->least, row->most);
	args->numbers[arg] = number;
	return true;
}

static bool
value_set(struct args *args, enum arg arg, const char *value, struct err *err)
{
	const struct arg_row *row = &arg_rows[arg];

	if (row->repeats) {
		if (args->n_values == ARG_VALUES_MAX)
			return misuse(err, "is given too often", "--", row->name, strlen(row->name));
		args->values[args->n_values].arg = arg;
		args->values[args->n_values++].text = value;
	} else if (args->texts[arg] && row->value)
		return misuse(err, "is given twice", "--", row->name, strlen(row->name));
	args->texts[arg] = value;
	return number_set(args, arg, err);
}

/* *taken: how many of argv it was. */
static bool
long_read(struct args *args, char **argv, int left, int *taken, struct err *err)
{
	const char *name = argv[0] + 2, *equals = strchr(name, '=');
	size_t size = equals ? (size_t)(equals - name) : strlen(name);
	enum arg arg = 0;

	while (arg < ARGS && (strlen(arg_rows[arg].name) != size
	    || memcmp(arg_rows[arg].name, name, size)))
		arg++;
	if (arg == ARGS)
		return misuse(err, "is unknown", "--", name, size);
	if (!arg_rows[arg].value && equals)
		return misuse(err, "takes no value", "--", name, size);
	*taken = arg_rows[arg].value && !equals ? 2 : 1;
	if (*taken > left)
		return misuse(err, "wants a value", "--", name, size);
	return value_set(args, arg, equals ? equals + 1 : *taken == 2 ? argv[1] : "", err);
}

/* One or more letters behind one dash; the last may have a value. */
static bool
letters_read(struct args *args, char **argv, int left, int *taken, struct err *err)
{
	*taken = 1;
	for (const char *at = argv[0] + 1; *at; at++) {
		const char *value = "";
		enum arg arg = 0;
		bool wants;

		while (arg < ARGS && arg_rows[arg].letter != *at)
			arg++;
		if (arg == ARGS)
			return misuse(err, "is unknown", "-", at, 1);
		wants = arg_rows[arg].value != NULL;
		if (wants && !at[1]) {
			if (left < 2)
				return misuse(err, "wants a value", "-", at, 1);
			*taken = 2;
			value = argv[1];
		} else if (wants) {
			value = at + 1;
		}
		if (!value_set(args, arg, value, err))
			return false;
		if (wants)
			return true;
	}
	return true;
}

bool
args_read(struct args *ret, int argc, char **argv, struct err *err)
{
	bool options = true;

	*ret = (struct args){ .operands = argv };
	for (int i = 1, taken; i < argc; i += taken) {
		bool well = true;

		taken = 1;
		if (!options || argv[i][0] != '-' || !argv[i][1])
			ret->operands[ret->n_operands++] = argv[i];
		else if (!strcmp(argv[i], "--"))
			options = false;
		else if (argv[i][1] == '-')
			well = long_read(ret, argv + i, argc - i, &taken, err);
		else
			well = letters_read(ret, argv + i, argc - i, &taken, err);
		if (!well)
			return false;
	}
	return true;
}
