/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definition.h: what a pipeline says, read from its JSON and checked against the allow-list.
 *
 *	{"views":[{"name":"web","operations":[{"operation":"thumbnail_image","width":2048, ..}, ..],
 *	  "format":"jpeg","options":{"Q":85}}]}
 *	{"command":"thumbnail","views":[{"name":"out","format":"png"}]}
 *
 * What is said beside the views is said of all of them, and is already in their steps and options
 * when it was read:
 *	"background":[r,g,b]	behind what is clear, and around; white without it
 *	"on_alpha":"flatten"	nothing stays clear, though the format could ("keep")
 *	"upscale":false		a thumbnail never becomes larger than its picture
 *	"metadata":"copyright"	author and rights stay, and nothing else of people ("none")
 *
 * "deadline_s":30 says how long an attempt may take, of a command too; "contact_sheet":true, that the
 * archive of a batch holds its contact sheet.
 *
 * A view's format may be "same": what its input is; and with "animated":true, in a format that can,
 * it has every frame of its input.
 *
 * Operations and options are libvips' own, by their own names and arguments; what the tables of
 * operations.c do not list is refused. Of a command only the name stands here: program and
 * arguments are the renderer's own configuration. Pure; knows nothing of libvips.
 */
#ifndef DEFINITION_H
#define DEFINITION_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/hash.h"
#include "base/own.h"

enum {
	VIEWS_MAX = 16, STEPS_MAX = 32, ARGUMENTS_MAX = 16, NUMBERS_MAX = 8,
	ASSETS_MAX = 8, VIEW_NAME_SIZE = 33, COMMAND_NAME_SIZE = 64,
	AVIF_EFFORT_MAX = 6,			/* more takes minutes */
	DEFINITION_MAX = 64 * 1024,		/* bytes of JSON */
	DEADLINE_MAX_S = 3600,
};

enum argument_kind {
	ARGUMENT_INT, ARGUMENT_REAL, ARGUMENT_BOOL, ARGUMENT_WORD, ARGUMENT_NUMBERS, ARGUMENT_HASH,
	ARGUMENT_TEXT,
};

/* What an argument may be. words: those allowed, with blanks between them. least, most: of a text its
 * bytes. */
struct argument_rule {
	const char *name;			/* NULL ends a table */
	enum argument_kind kind;
	bool required;
	double least, most;
	const char *words;
};

struct operation { const char *name; const struct argument_rule *rules; };
struct format {
	const char *name, *extension, *media_type;
	const char *saver;			/* NULL: that of the input's own format */
	const struct argument_rule *rules;
};

const struct operation *operation_find(const char *name);	/* NULL: not allowed */
const struct format *format_find(const char *name);
const struct argument_rule *rule_find(const struct argument_rule *rules, const char *name);

struct argument {
	const struct argument_rule *rule;
	double number;				/* int, real, bool */
	char word[SHA256_TEXT_SIZE];
	const char *text;			/* no control characters but the end of a line */
	double numbers[NUMBERS_MAX];
	size_t n_numbers;
};

struct step {
	const struct operation *operation;
	struct argument *arguments;
	size_t n_arguments;
	size_t asset;				/* of composite and text: its place in assets */
};

/* A picture of the pipeline's own: a blob, or the words of a step, to be drawn where fonts are. */
struct asset {
	char key[SHA256_TEXT_SIZE];		/* of a blob its SHA-256; of words, that of all that shapes them */
	const struct step *label;		/* NULL: a blob */
};

struct view {
	char name[VIEW_NAME_SIZE];		/* [a-z0-9-], unique; no _, so <stem>_<view> is too */
	const struct format *format;
	bool animated;				/* every frame, where the input has several */
	struct step *steps;
	size_t n_steps;
	struct argument *options;
	size_t n_options;
};

struct definition {
	struct arena *arena;
	char command[COMMAND_NAME_SIZE];	/* "": a pipeline of operations */
	int deadline_s;				/* of an attempt; 0: as the order says */
	bool contact_sheet;			/* in the archive */
	struct view *views;
	size_t n_views;
	struct asset assets[ASSETS_MAX];	/* each once, however often it is laid over something */
	size_t n_assets;
};

/* A defect rejects, code "bad_pipeline"; the text names the place: views[0].operations[1].width. */
bool definition_read(struct definition **ret, const char *json, struct err *err);
void definition_free(struct definition *definition);		/* NULL is fine */
OWN_FREEP(struct definition, definition_free)

/* What a view is saved as when its input is of this kind: jpeg, png, webp, tiff, gif, avif, or NULL
 * for none that we know. */
const struct format *view_format(const struct view *view, const char *kind);
bool view_may_move(const struct view *view);	/* can its format hold frames? */
/* Would it cut the frames of one animation each at another place? */
bool step_follows_content(const struct step *step);

/* The argument of that name, or NULL. */
const struct argument *argument_find(const struct argument *arguments, size_t n, const char *name);

#endif
