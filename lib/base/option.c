/* SPDX-License-Identifier: Apache-2.0 */
/* option.c: reads flags and environment against the tables of a program. */
#include "base/option.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"

/* Whether the flag means the option of that name, which is what stands in every line of ours or not. */
static bool
flag_is(const char *flag, const char *name)
{
	static const char ours[] = "BATCHLINE_";

	if (!strncmp(name, ours, sizeof(ours) - 1) && strncmp(flag, "batchline-", sizeof(ours) - 1))
		name += sizeof(ours) - 1;
	for (; *flag && *name; flag++, name++)
		if (*flag != (*name == '_' ? '-' : tolower((unsigned char)*name)))
			return false;
	return !*flag && !*name;
}

static struct option_value *
value_of_flag(struct options *options, const char *flag)
{
	for (size_t i = 0; i < options->n_values; i++)
		if (flag_is(flag, options->values[i].row->name))
			return &options->values[i];
	return NULL;
}

static bool
bool_read(int64_t *ret, const char *text)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "no", "yes" }, { "off", "on" }, { "0", "1" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		for (int truth = 0; truth < 2; truth++)
			if (!strcmp(text, words[i][truth])) {
				*ret = truth;
				return true;
			}
	return false;
}

/* ---- forms of texts ---- */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* host, host:port, [2001:db8::1]:port; the port is a must where it says so. */
static bool
is_endpoint(const char *text, size_t size, bool with_port)
{
	const char *end = text + size, *port;
	size_t host = strspn(text, LETTERS DIGITS "._-");
	long number;

	if (*text == '[')
		host = strspn(text + 1, DIGITS "ABCDEFabcdef:.") + 2;
	if (host == 0 || host > size || (*text == '[' && (host == 2 || text[host - 1] != ']')))
		return false;
	if (text + host == end)
		return !with_port;
	port = text + host + 1;
	if (port[-1] != ':' || port == end || port + strspn(port, DIGITS) < end || end - port > 5)
		return false;
	number = strtol(port, NULL, 10);
	return number <= 65535;
}

static bool
is_listen(const char *text)
{
	return is_endpoint(text, strlen(text), true);
}

/* Each may name its protocol: SSL://host:port. */
static bool
is_brokers(const char *text)
{
	bool any = false;

	for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
		size_t size = strcspn(text, ", "), protocol = strspn(text, LETTERS "_");

		if (!strncmp(text + protocol, "://", 3)) {
			text += protocol + 3;
			size -= protocol + 3;
		}
		if (!is_endpoint(text, size, false))
			return false;
		any = true;
		text += size;
	}
	return any;
}

/* The hosts of a URI: none (a local server), one, or more with commas; a folder is %2Fso. */
static bool
are_hosts(const char *text, const char *end)
{
	while (text < end) {
		size_t size = strcspn(text, ",");

		if (size > (size_t)(end - text))
			size = (size_t)(end - text);
		if (size && *text != ':' && *text != '%' && !is_endpoint(text, size, false))
			return false;
		text += size + 1;
	}
	return true;
}

/* As libpq takes it; what its words mean is for the server to say. */
static bool
is_database(const char *text)
{
	static const char *const schemes[] = { "postgresql://", "postgres://" };
	size_t name = strspn(text, LETTERS "_");

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		const char *at = text + strlen(schemes[i]), *end, *role;

		if (strncmp(text, schemes[i], strlen(schemes[i])))
			continue;
		end = at + strcspn(at, "/?");
		role = memchr(at, '@', (size_t)(end - at));
		return !strpbrk(text, " \t\r\n") && are_hosts(role ? role + 1 : at, end);
	}
	return name && text[name + strspn(text + name, " ")] == '=';
}

static bool
is_store(const char *text)
{
	return !strncmp(text, "file:///", 8);
}

static bool
is_topic(const char *text)
{
	return !text[strspn(text, LETTERS DIGITS "._-")] && strlen(text) <= 200;
}

static bool
is_log_format(const char *text)
{
	return !strcmp(text, "logfmt") || !strcmp(text, "json");
}

static bool
is_log_level(const char *text)
{
	enum log_level level;

	return log_level_read(&level, text);
}

static const struct form {
	enum option_kind kind;
	bool (*fits)(const char *text);
	const char *what;
} forms[] = {
	{ OPTION_BROKERS, is_brokers, "host:port, more of them with commas" },
	{ OPTION_DATABASE, is_database, "postgresql://role@host:port/database or name=value .." },
	{ OPTION_STORE, is_store, "file:///absolute/folder" },
	{ OPTION_LISTEN, is_listen, "host:port" },
	{ OPTION_TOPIC, is_topic, "made of letters, digits, dots, dashes and underscores" },
	{ OPTION_LOG_FORMAT, is_log_format, "logfmt or json" },
	{ OPTION_LOG_LEVEL, is_log_level, "debug, info, warn or error" },
};

static bool
form_check(const struct option_value *value, struct err *err)
{
	const struct option_row *row = value->row;

	if (!*value->text && row->fallback && !*row->fallback)
		return true;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (forms[i].kind != row->kind || forms[i].fits(value->text))
			continue;
		if (row->secret)
			return err_code(err, ERR_FATAL, "option", "%s is not %s", row->name,
			    forms[i].what);
		return err_code(err, ERR_FATAL, "option", "%s is \"%s\": not %s", row->name,
		    value->text, forms[i].what);
	}
	return true;
}

static bool
value_check(struct option_value *value, struct err *err)
{
	const struct option_row *row = value->row;
	char *end;

	if (!value->text)
		return err_code(err, ERR_FATAL, "option", "%s is required: %s", row->name, row->help);
	if (row->kind == OPTION_BOOL && !bool_read(&value->number, value->text))
		return err_code(err, ERR_FATAL, "option", "%s is \"%s\": not true or false",
		    row->name, value->text);
	if (row->kind != OPTION_INT)
		return form_check(value, err);
	errno = 0;
	value->number = strtoll(value->text, &end, 10);
	if (errno || *end || end == value->text)
		return err_code(err, ERR_FATAL, "option", "%s is \"%s\": not a whole number",
		    row->name, value->text);
	if (value->number < row->least || value->number > row->most)
		return err_code(err, ERR_FATAL, "option", "%s is %s: not from %lld to %lld",
		    row->name, value->text, (long long)row->least, (long long)row->most);
	return true;
}

static bool
kafka_property_add(struct options *options, char *flag, struct err *err)
{
	char *equals = strchr(flag, '=');

	if (!equals)
		return err_code(err, ERR_FATAL, "option", "--%s: write --kafka.PROPERTY=VALUE", flag);
	if (options->n_kafka == OPTION_KAFKA_MAX)
		return err_code(err, ERR_FATAL, "option", "more than %d --kafka. properties",
		    OPTION_KAFKA_MAX);
	*equals = '\0';
	options->kafka[options->n_kafka][0] = flag + strlen("kafka.");
	options->kafka[options->n_kafka++][1] = equals + 1;
	return true;
}

/* One flag at argv[i]; *taken says how many words it used. */
static bool
flag_read(struct options *options, char **argv, int *taken, struct err *err)
{
	char *flag = argv[0] + 2, *equals = strchr(flag, '=');
	struct option_value *value;

	*taken = 1;
	if (!strncmp(flag, "kafka.", 6))
		return kafka_property_add(options, flag, err);
	options->help |= !strcmp(flag, "help");
	options->version |= !strcmp(flag, "version");
	options->check |= !strcmp(flag, "check-config");
	if (!strcmp(flag, "help") || !strcmp(flag, "version") || !strcmp(flag, "check-config"))
		return true;
	if (equals)
		*equals = '\0';
	value = value_of_flag(options, flag);
	if (!value)
		return err_code(err, ERR_FATAL, "option", "--%s is unknown; see --help", flag);
	if (!equals && value->row->kind == OPTION_BOOL)
		value->text = "true";
	else if (!equals && !argv[1])
		return err_code(err, ERR_FATAL, "option", "--%s needs a value", flag);
	else if (!equals)
		value->text = argv[(*taken)++];
	else
		value->text = equals + 1;
	return true;
}

static bool
flags_read(struct options *options, int argc, char **argv, struct err *err)
{
	int i = 1, taken;

	for (; i < argc && !strncmp(argv[i], "--", 2); i += taken) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (!flag_read(options, argv + i, &taken, err))
			return false;
	}
	options->first_argument = i;
	return true;
}

bool
options_read(struct options *ret, const struct option_row *const *tables, size_t n_tables,
    int argc, char **argv, struct err *err)
{
	*ret = (struct options){0};
	assert(n_tables <= OPTION_TABLES_MAX);
	for (size_t t = 0; t < n_tables; t++)
		for (const struct option_row *row = tables[t]; row && row->name; row++) {
			const char *given = getenv(row->name);

			assert(ret->n_values < OPTION_ROWS_MAX);
			ret->values[ret->n_values++] = (struct option_value){
				.row = row,
				.text = given && *given ? given : row->fallback,
			};
		}
	if (!flags_read(ret, argc, argv, err))
		return false;
	for (size_t i = 0; i < ret->n_values && !ret->help && !ret->version; i++)
		if (!value_check(&ret->values[i], err))
			return false;
	return true;
}

void
options_help(const struct options *options, const char *program, const char *what)
{
	printf("%s: %s\n\nusage: %s [--option=value ...]\n\n", program, what, program);
	printf("Each option is an environment variable or a flag (DATABASE_URL, --database-url).\n"
	    "The flag wins. --kafka.PROPERTY=VALUE passes any librdkafka property through.\n\n");
	for (size_t i = 0; i < options->n_values; i++) {
		const struct option_row *row = options->values[i].row;

		printf("  %s", row->name);
		if (!row->fallback)
			printf(" (required)");
		else if (*row->fallback && !row->secret)
			printf(" (%s)", row->fallback);
		if (row->kind == OPTION_INT)
			printf(" [%lld..%lld]", (long long)row->least, (long long)row->most);
		printf("\n      %s\n", row->help);
	}
	printf("\n  --help  --version  --check-config\n"
	    "\nexit: 0 stopped, 1 restart me, 2 usage or configuration (do not restart)\n");
}

static const struct option_value *
value_of(const struct options *options, const char *name)
{
	for (size_t i = 0; i < options->n_values; i++)
		if (!strcmp(options->values[i].row->name, name))
			return &options->values[i];
	assert(!"an option that stands in no table");
	return NULL;
}

const char *
option_text(const struct options *options, const char *name)
{
	return value_of(options, name)->text;
}

int64_t
option_int(const struct options *options, const char *name)
{
	assert(value_of(options, name)->row->kind == OPTION_INT);
	return value_of(options, name)->number;
}

bool
option_bool(const struct options *options, const char *name)
{
	assert(value_of(options, name)->row->kind == OPTION_BOOL);
	return value_of(options, name)->number != 0;
}
