/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h: batchline, the line by hand. What the files of the program share.
 *
 *   commands.c    the table of commands and the table of options
 *   args.c        what was typed, against these tables
 *   find.c        which batch is meant
 *   view.c        batches, jobs, counts and pipelines as tables
 *   follow.c      watching a batch until it is finished
 *   send.c        submit
 *   get.c         download, get: which file is meant
 *   fetch.c       and how it comes: goes on where it stopped, checks what came
 *   operate.c     one question or order each: list, show, stats, delete, cancel ...
 *   pipelines.c   what can be done with a picture; trial.c    tried on this machine
 *   targets.c deliveries.c    where finished batches go, and what became of it
 *   dlq.c settle.c    dead letters, and what becomes of them; view_letter.c    as people read them
 *   doctor.c      what is not well, and what to do
 *   keys.c        who may ask; audit.c    what each did
 *   table.c screen.c help.c    what people see; complete.c    what their shell adds
 */
#ifndef CLI_H
#define CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/uuid.h"
#include "client/peer.h"

/* ---- what was typed ---- */

enum arg {
	ARG_URL, ARG_JSON, ARG_HELP, ARG_VERSION, ARG_PIPELINE, ARG_DESCRIPTION, ARG_PREFIX,
	ARG_PRIORITY, ARG_FAILURES_TOLERATED, ARG_IDEMPOTENCY_KEY, ARG_RECURSIVE, ARG_WATCH,
	ARG_STATUS, ARG_CUSTOMER, ARG_FROM, ARG_TO, ARG_WORDS, ARG_SORT, ARG_ORDER, ARG_LIMIT,
	ARG_OFFSET, ARG_OUTPUT, ARG_SETTING, ARG_SETTINGS, ARG_STATE, ARG_YES, ARG_TARGET, ARG_SERVICE, ARG_PHASE,
	ARG_BATCH, ARG_PREVIEW, ARG_CHECK, ARG_ASSET, ARG_SCOPE,
	ARG_EXPIRES, ARG_GRACE, ARG_ACTOR, ARG_ACTION, ARG_OBJECT, ARG_NAME, ARG_CURSOR,
	ARG_TOPIC, ARG_CODE, ARG_BY, ARG_RAW, ARG_ALL, ARG_REASON, ARG_AGAIN, ARG_RATE, ARG_SHEET, ARGS
};
enum { ARG_VALUES_MAX = 100, OPERANDS_MAX = 1000 };

struct args {
	const char *texts[ARGS];	/* NULL: not given; a flag that is given: "" */
	int64_t numbers[ARGS];		/* of options that are numbers */
	struct { enum arg arg; const char *text; } values[ARG_VALUES_MAX];	/* of those that repeat */
	size_t n_values;
	char **operands;		/* what is no option, the command first; inside argv */
	size_t n_operands;
};

struct arg_row {
	const char *name;		/* without the dashes */
	char letter;			/* 0: none */
	const char *value;		/* NULL: a flag */
	bool is_number;
	int64_t least, most;
	uint64_t commands;		/* bits: which ones take it */
	const char *help;
	uint64_t repeats;		/* bits: which ones take it more than once */
};
extern const struct arg_row arg_rows[ARGS];

/* argv is put in another order. A defect has the code "usage". */
bool args_read(struct args *ret, int argc, char **argv, struct err *err);

/* ---- commands ---- */

struct cli;

struct command {
	const char *name, *operands;	/* name: one word or two; operands: as in the usage line */
	size_t least, most;		/* how many operands; most 0 with least > 0, or OPERANDS_MAX: any number */
	bool (*run)(struct cli *cli, struct err *err);
	const char *summary, *more, *examples;
	uint64_t bit;			/* its own, in arg_row's; 0: it takes no option but those for all */
};
extern const struct command commands[];		/* ended by one without a name */

const struct command *command_named(const char *name);	/* NULL: none */
/* Which one these words begin with, and how many of them are its name. NULL: none. */
const struct command *command_of(char *const *words, size_t n, size_t *taken);
/* The same of what was typed; a name of two words is one operand from then on. */
const struct command *command_taken(struct args *args);
bool command_takes(const struct command *command, const struct arg_row *row);
/* Operands and options of this command. A defect has the code "usage". */
bool command_fits(const struct command *command, const struct args *args, struct err *err);

/* ---- the program ---- */

enum {
	EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_BATCH_FAILED = 3, EXIT_NOT_FOUND = 4,
	EXIT_UNREACHABLE = 5, EXIT_INTERRUPTED = 130
};
enum { PATH_SIZE = 256 };

struct cli {
	struct args args;
	const struct command *command;
	struct peer peer;
	bool json;
	bool terminal, coloured;	/* of standard output */
	size_t width;			/* of the terminal; 0: none */
	int exit_code;			/* of a command that went well */
};

int cli_main(int argc, char **argv);
int exit_code_of(const struct err *err);

/* A GET; with --json its body is written as it came. */
bool read_to_show(struct cli *cli, const char *path, struct doc **ret, struct err *err);

/* One more parameter of a query. */
void path_add(struct buf *path, const char *name, const char *value);

/* Which batch the operand means: an id, or the name of a batch. */
struct named { char id[UUID_TEXT_SIZE]; };
bool find_batch(struct cli *cli, const char *operand, struct named *ret, struct err *err);

/* Which pipeline the operand means: a number, or a name, whose newest one it is; enabled_first: one
 * that is not enabled only where no other is. *ret lives as long as *list, the caller's. */
bool pipeline_read(struct cli *cli, const char *operand, bool enabled_first, struct doc **list,
    const struct doc_value **ret, struct err *err);

/* The file as it is, when it is JSON. */
struct put;
bool put_json_file(struct put *put, const char *path, struct err *err);
/* An option's values, each of which may be several joined by commas, as an array; without any: nothing. */
void put_values(struct put *put, const char *name, const struct args *args, enum arg arg);

/* What the gateway has under this path, into a file or to standard output as --output says. It is called
 * `name` unless that says so; NULL: as the gateway calls it. */
bool fetch_file(struct cli *cli, const char *path, const char *name, struct err *err);

/* Until the batch is finished; sets the exit code. */
bool follow_batch(struct cli *cli, const char *id, struct err *err);

/* ---- commands' functions ---- */

bool run_submit(struct cli *cli, struct err *err);
bool run_list(struct cli *cli, struct err *err);
bool run_show(struct cli *cli, struct err *err);
bool run_watch(struct cli *cli, struct err *err);
bool run_download(struct cli *cli, struct err *err);
bool run_get(struct cli *cli, struct err *err);
bool run_delete(struct cli *cli, struct err *err);
bool run_stats(struct cli *cli, struct err *err);
bool run_order(struct cli *cli, struct err *err);	/* cancel, retry, pause, resume */
bool run_priority(struct cli *cli, struct err *err);
bool run_parked(struct cli *cli, struct err *err);
bool run_pipelines(struct cli *cli, struct err *err);
bool run_pipeline_add(struct cli *cli, struct err *err);
bool run_pipeline_show(struct cli *cli, struct err *err);
bool run_pipeline_test(struct cli *cli, struct err *err);
bool run_pipeline_turn(struct cli *cli, struct err *err);	/* disable, enable */
bool run_targets(struct cli *cli, struct err *err);
bool run_target_add(struct cli *cli, struct err *err);
bool run_target_show(struct cli *cli, struct err *err);
bool run_target_turn(struct cli *cli, struct err *err);	/* pause, resume */
bool run_target_remove(struct cli *cli, struct err *err);
bool run_target_test(struct cli *cli, struct err *err);
bool run_deliveries(struct cli *cli, struct err *err);
bool run_deliveries_show(struct cli *cli, struct err *err);
bool run_deliveries_order(struct cli *cli, struct err *err);	/* replay, skip */
bool run_doctor(struct cli *cli, struct err *err);
bool run_dlq(struct cli *cli, struct err *err);
bool run_dlq_show(struct cli *cli, struct err *err);
bool run_dlq_settle(struct cli *cli, struct err *err);	/* replay, discard */
bool run_keys(struct cli *cli, struct err *err);
bool run_key_add(struct cli *cli, struct err *err);
bool run_key_show(struct cli *cli, struct err *err);
bool run_key_revoke(struct cli *cli, struct err *err);
bool run_key_rotate(struct cli *cli, struct err *err);
bool run_audit(struct cli *cli, struct err *err);
bool run_history(struct cli *cli, struct err *err);
bool run_completion(struct cli *cli, struct err *err);
bool run_help(struct cli *cli, struct err *err);
#endif
