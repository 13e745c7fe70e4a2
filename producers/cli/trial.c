/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c: `pipelines test` is the renderer itself, which alone knows pictures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/program.h"
#include "cli.h"

enum { WORDS_MAX = OPERANDS_MAX + ARG_VALUES_MAX + 8 };

#define RENDERER "batchline-renderer"

/* The one beside this program goes before one of the PATH: they are of one version. */
static void
renderer_run(char **words)
{
	char path[PROGRAM_PATH_SIZE];

	if (program_beside(path, RENDERER))
		execv(path, words);
	execvp(RENDERER, words);
}

bool
run_pipeline_test(struct cli *cli, struct err *err)
{
	static char *words[WORDS_MAX];
	const struct args *args = &cli->args;
	const char *folder = args->texts[ARG_OUTPUT] ? args->texts[ARG_OUTPUT] : "tried";
	struct buf assets[ARG_VALUES_MAX] = {0};
	size_t n = 0;

	words[n++] = RENDERER;
	words[n++] = "--try";
	if (cli->json)
		words[n++] = "--json";
	for (size_t i = 0; i < args->n_values; i++) {
		buf_print(&assets[i], "--asset=%s", args->values[i].text);
		words[n++] = (char *)(uintptr_t)buf_text(&assets[i]);
	}
	words[n++] = "--";
	words[n++] = args->operands[1];
	words[n++] = (char *)(uintptr_t)folder;
	for (size_t i = 2; i < args->n_operands && n < WORDS_MAX - 1; i++)
		words[n++] = args->operands[i];
	renderer_run(words);
	for (size_t i = 0; i < args->n_values; i++)
		buf_clear(&assets[i]);
	if (errno == ENOENT)
		return err_code(err, ERR_FATAL, "no-renderer",
		    "A test renders on this machine, and " RENDERER " is not installed here");
	return err_code(err, ERR_FATAL, "no-renderer", RENDERER ": %s", strerror(errno));
}
