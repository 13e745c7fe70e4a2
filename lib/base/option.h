/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h: configuration, as one table for each program.
 *
 * Each row is an environment variable and a flag at once: DATABASE_URL is --database-url. The
 * flag wins over the environment, the environment over the default. `--kafka.linger.ms=5`
 * passes any librdkafka property through. `--help` prints the table, `--check-config` reads it
 * all and exits. A value outside its limits, or without its form, is an error that names the option:
 * what can be known to be wrong is refused before anything is opened. Where the fallback is "", an
 * empty value is none and always right.
 */
#ifndef OPTION_H
#define OPTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum option_kind {
	OPTION_TEXT, OPTION_INT, OPTION_BOOL,
	OPTION_BROKERS,		/* host:port, more of them with commas */
	OPTION_DATABASE,	/* postgresql://.., or name=value .. */
	OPTION_STORE,		/* file:///absolute/folder */
	OPTION_LISTEN,		/* host:port */
	OPTION_TOPIC,		/* what a topic's name may hold */
	OPTION_LOG_FORMAT, OPTION_LOG_LEVEL,
};

struct option_row {
	const char *name;	/* DATABASE_URL; NULL ends the table */
	enum option_kind kind;
	const char *fallback;	/* default as text; NULL: required */
	int64_t least, most;	/* of an OPTION_INT */
	const char *help;	/* one sentence; units first */
	bool secret;		/* never printed */
};

enum { OPTION_TABLES_MAX = 4, OPTION_ROWS_MAX = 64, OPTION_KAFKA_MAX = 32 };

struct option_value { const struct option_row *row; const char *text; int64_t number; };

struct options {
	struct option_value values[OPTION_ROWS_MAX];
	size_t n_values;
	const char *kafka[OPTION_KAFKA_MAX][2];		/* librdkafka property and value */
	size_t n_kafka;
	bool help, version, check;			/* --help, --version, --check-config */
	int first_argument;				/* argv index of what is no flag */
};

/* tables: n tables, each ended by a row without a name. argv must outlive *ret; it is changed
 * (a flag's '=' becomes NUL). Flags come before arguments. A defect is an ERR_FATAL that names
 * the option. With --help nothing is required. */
bool options_read(struct options *ret, const struct option_row *const *tables, size_t n_tables,
    int argc, char **argv, struct err *err);
void options_help(const struct options *options, const char *program, const char *what);

/* A name that stands in no table is a defect of ours: asserted. */
const char *option_text(const struct options *options, const char *name);
int64_t option_int(const struct options *options, const char *name);
bool option_bool(const struct options *options, const char *name);
#endif
