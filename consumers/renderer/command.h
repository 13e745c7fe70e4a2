/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h: the programs that command pipelines may run. An event carries a name alone; program
 * and arguments stand in this machine's own file (BATCHLINE_COMMANDS), so that who can write an
 * event or a row cannot run a program.
 *
 *	{"thumbnail":{"program":"/usr/bin/vipsthumbnail",
 *	  "arguments":["{input}","--size","512x512","-o","{output}"]}}
 *
 * What a program reads beside the system and itself (its own libraries, a profile) stands in
 * "reads", an array of absolute paths; the rest of the machine, and the blob store, are not there.
 *
 * {input} and {output} become paths in a folder of the job's own; {output:NAME} is the output of
 * that view, {output} that of the first.
 */
#ifndef COMMAND_H
#define COMMAND_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/own.h"
#include "consumers/renderer/channel.h"

enum { COMMANDS_MAX = 64, COMMAND_ARGUMENTS_MAX = 64, COMMAND_READS_MAX = 16,
	COMMAND_FILE_MAX = 256 * 1024 };

struct command {
	const char *name, *program;		/* program: an absolute path */
	const char *arguments[COMMAND_ARGUMENTS_MAX];
	size_t n_arguments;
	const char *reads[COMMAND_READS_MAX + 2];	/* the program first; ended by NULL */
};

struct commands {
	struct arena *arena;
	struct command list[COMMANDS_MAX];
	size_t n;
};

/* path "": no commands. A defect is fatal, code "option". */
bool commands_open(struct commands **ret, const char *path, struct err *err);
void commands_free(struct commands *commands);			/* NULL is fine */
const struct command *command_find(const struct commands *commands, const char *name);
OWN_FREEP(struct commands, commands_free)

/* An argument with its braces replaced; "in" and the outputs lie in folder. Code "bad_pipeline"
 * when it asks for an output that the pipeline has not. */
bool command_argument(char *ret, size_t size, const char *argument, const char *folder,
    const char *extension, const struct definition *definition, struct err *err);

/* In a child: runs the command on the input, in folder (its own, empty), to its end, or ends it after
 * deadline_ms; what it wrote goes to the outputs. Codes command_failed (with exit code) and
 * render_timeout, both with the tail of what it said, unknown_command, disk_full. Only where
 * wall_stands(). */
bool command_run(const struct command *command, const struct definition *definition,
    const char *folder, const char *extension, int deadline_ms, int input, const int *outputs,
    struct err *err);
/* The same without input and outputs. */
bool command_try(const struct command *command, const char *folder, struct err *err);
#endif
