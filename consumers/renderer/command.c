/* SPDX-License-Identifier: Apache-2.0 */
/* command.c: reads the file of commands and fills the braces of an argument. */
#include "consumers/renderer/command.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/json.h"

struct reading { struct commands *commands; struct err *err; bool well; };

static bool
bad(struct err *err, const char *name, const char *what)
{
	return err_code(err, ERR_FATAL, "option", "command %.60s: %s", name, what);
}

static bool
reads_read(struct command *c, struct arena *arena, const struct doc_value *reads)
{
	c->reads[0] = c->program;
	if (reads && (doc_kind(reads) != DOC_ARRAY || doc_size(reads) > COMMAND_READS_MAX))
		return false;
	for (size_t i = 0; reads && i < doc_size(reads); i++) {
		const char *path = doc_text(doc_item(reads, i));

		if (!path || path[0] != '/')
			return false;
		c->reads[i + 1] = arena_text(arena, path, strlen(path));
	}
	return true;
}

static bool
command_read(void *state, const char *name, const struct doc_value *value)
{
	struct reading *r = state;
	struct commands *commands = r->commands;
	struct command *c = &commands->list[commands->n];
	const struct doc_value *arguments = doc_member(value, "arguments");
	const char *program = doc_text(doc_member(value, "program"));

	r->well = false;
	if (commands->n == COMMANDS_MAX || !*name || strlen(name) >= COMMAND_NAME_SIZE)
		return bad(r->err, name, "one too many, or its name is too long");
	if (!program || program[0] != '/')
		return bad(r->err, name, "its program is no absolute path");
	if (doc_kind(arguments) != DOC_ARRAY || doc_size(arguments) >= COMMAND_ARGUMENTS_MAX)
		return bad(r->err, name, "its arguments are no array of at most 63 texts");
	c->name = arena_text(commands->arena, name, strlen(name));
	c->program = arena_text(commands->arena, program, strlen(program));
	for (size_t i = 0; i < doc_size(arguments); i++) {
		const char *text = doc_text(doc_item(arguments, i));

		if (!text)
			return bad(r->err, name, "its arguments are no array of at most 63 texts");
		c->arguments[c->n_arguments++] = arena_text(commands->arena, text, strlen(text));
	}
	if (!reads_read(c, commands->arena, doc_member(value, "reads")))
		return bad(r->err, name, "its reads are no array of at most 16 absolute paths");
	commands->n++;
	r->well = true;
	return true;
}

static bool
file_read(char *ret, size_t size, size_t *n, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	*n = 0;
	if (fd < 0)
		return err_code(err, ERR_FATAL, "option", "BATCHLINE_COMMANDS %s: %s", path,
		    strerror(errno));
	while (*n < size && (got = read(fd, ret + *n, size - *n)) > 0)
		*n += (size_t)got;
	close(fd);
	return (got == 0 && *n < size) || err_code(err, ERR_FATAL, "option",
	    "BATCHLINE_COMMANDS %s: cannot be read, or is longer than 256 KiB", path);
}

static bool
commands_read(struct commands *commands, const char *path, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	char *text = arena_take(commands->arena, COMMAND_FILE_MAX);
	struct reading r = { commands, err, true };
	size_t n;

	if (!text || !file_read(text, COMMAND_FILE_MAX, &n, path, err))
		return false;
	if (!doc_read(&doc, text, n, err)) {
		err->verdict = ERR_FATAL;
		snprintf(err->code, sizeof(err->code), "option");
		return err_at(err, "BATCHLINE_COMMANDS %s", path);
	}
	if (doc_kind(doc_root(doc)) != DOC_OBJECT)
		return err_code(err, ERR_FATAL, "option", "BATCHLINE_COMMANDS %s: no object", path);
	doc_members(doc_root(doc), command_read, &r);
	return r.well || err_at(err, "BATCHLINE_COMMANDS %s", path);
}

bool
commands_open(struct commands **ret, const char *path, struct err *err)
{
	own(commands_freep) struct commands *commands = calloc(1, sizeof(*commands));

	if (commands)
		commands->arena = arena_new((size_t)4 * COMMAND_FILE_MAX);
	if (!commands || !commands->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (*path && !commands_read(commands, path, err))
		return false;
	*ret = commands_free_hand_over(&commands);
	return true;
}

void
commands_free(struct commands *commands)
{
	if (!commands)
		return;
	arena_free(commands->arena);
	free(commands);
}

const struct command *
command_find(const struct commands *commands, const char *name)
{
	for (size_t i = 0; i < commands->n; i++)
		if (!strcmp(commands->list[i].name, name))
			return &commands->list[i];
	return NULL;
}

/* The view that {output} or {output:NAME} means; *end is behind the brace. NULL: none. */
static const struct view *
view_meant(const char *brace, const char **end, const struct definition *d)
{
	size_t size;

	if (!strncmp(brace, "{output}", 8)) {
		*end = brace + 8;
		return &d->views[0];
	}
	brace += strlen("{output:");
	size = strcspn(brace, "}");
	*end = brace + size + (brace[size] == '}');
	for (size_t i = 0; i < d->n_views; i++)
		if (strlen(d->views[i].name) == size && !strncmp(d->views[i].name, brace, size))
			return &d->views[i];
	return NULL;
}

bool
command_argument(char *ret, size_t size, const char *argument, const char *folder,
    const char *extension, const struct definition *d, struct err *err)
{
	int n = 0;

	for (const char *at = argument; *at && (size_t)n < size;) {
		if (!strncmp(at, "{input}", 7)) {
			n += snprintf(ret + n, size - (size_t)n, "%s/input%s%s", folder,
			    *extension ? "." : "", extension);
			at += 7;
		} else if (!strncmp(at, "{output}", 8) || !strncmp(at, "{output:", 8)) {
			const struct view *view = view_meant(at, &at, d);

			if (!view)
				return err_code(err, ERR_REJECT, "bad_pipeline",
				    "the command's argument %.60s names no view", argument);
			n += snprintf(ret + n, size - (size_t)n, "%s/output_%s.%s", folder, view->name,
			    view->format->extension);
		} else {
			ret[n++] = *at++;
		}
	}
	if ((size_t)n >= size)
		return err_code(err, ERR_REJECT, "bad_pipeline", "an argument is too long");
	ret[n] = '\0';
	return true;
}
