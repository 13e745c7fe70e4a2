/* SPDX-License-Identifier: Apache-2.0 */
/* definition.c: JSON to the structs of definition.h, complaining with the place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "pipeline/reading.h"

enum { ARENA_LIMIT = 8 * 1024 * 1024 };

/* The finder's words, under our code. */
static bool
bad_json(struct err *err)
{
	snprintf(err->code, sizeof(err->code), "bad_pipeline");
	return err_at(err, "the definition");
}

static bool
is_word(const char *text, size_t room)
{
	return *text && strlen(text) < room
	    && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* A member that is not known may be a slip of the pen: it is refused, not passed over. */
struct known_members { const char *const *names; const char *place; struct err *err; bool well; };

static bool
member_known(void *state, const char *name, const struct doc_value *value)
{
	struct known_members *k = state;

	(void)value;
	for (const char *const *known = k->names; *known; known++)
		if (!strcmp(*known, name))
			return true;
	k->well = err_code(k->err, ERR_REJECT, "bad_pipeline", "%s%s%.60s: is not known", k->place,
	    *k->place ? "." : "", name);
	return false;
}

static bool
members_check(const struct doc_value *object, const char *const *names, const char *place,
    struct err *err)
{
	struct known_members k = { names, place, err, true };

	doc_members(object, member_known, &k);
	return k.well;
}

/* All that shapes the words, and not how they are laid: two steps of the same words are one asset. */
static void
label_key(char ret[SHA256_TEXT_SIZE], const struct step *step)
{
	static const char *const shaping[] = { "text", "font", "size", "colour", "width", "align" };
	struct buf said = {0};
	uint8_t sum[SHA256_SIZE];

	for (size_t i = 0; i < sizeof(shaping) / sizeof(*shaping); i++) {
		const struct argument *a = argument_find(step->arguments, step->n_arguments, shaping[i]);

		buf_print(&said, "%s=%s %s %g", shaping[i], a && a->text ? a->text : "", a ? a->word : "",
		    a ? a->number : 0);
		for (size_t k = 0; a && k < a->n_numbers; k++)
			buf_print(&said, " %g", a->numbers[k]);
		buf_add(&said, "", 1);
	}
	hash_sha256(sum, buf_text(&said), said.size);
	hash_print(ret, sum);
	buf_clear(&said);
}

/* Each asset stands once in the definition, however often it is laid over something. */
static bool
asset_note(struct definition *d, struct step *step, const char *place, struct err *err)
{
	const struct argument *blob = argument_find(step->arguments, step->n_arguments, "asset");
	struct asset asset = { .label = blob ? NULL : step };

	if (blob)
		strcpy(asset.key, blob->word);
	else if (!strcmp(step->operation->name, "text"))
		label_key(asset.key, step);
	else
		return true;
	while (step->asset < d->n_assets && strcmp(d->assets[step->asset].key, asset.key))
		step->asset++;
	if (step->asset == ASSETS_MAX)
		return defect(err, place, "is one more than 8 different assets and texts");
	if (step->asset == d->n_assets)
		d->assets[d->n_assets++] = asset;
	return true;
}

static bool
step_read(struct definition *d, struct step *step, const struct doc_value *value,
    const char *place, struct err *err)
{
	const char *name = doc_text(doc_member(value, "operation"));

	if (!name)
		return defect_member(err, place, "operation", "is missing, or not a text");
	step->operation = operation_find(name);
	if (!step->operation)
		return err_code(err, ERR_REJECT, "bad_pipeline",
		    "%s.operation: \"%.60s\" is not allowed", place, name);
	return arguments_read(d, &step->arguments, &step->n_arguments, step->operation->rules,
	    "operation", value, place, err) && asset_note(d, step, place, err);
}

static bool
view_name_read(struct definition *d, struct view *view, const struct doc_value *value,
    const char *place, struct err *err)
{
	const char *name = doc_text(doc_member(value, "name"));

	if (!name || !is_word(name, VIEW_NAME_SIZE))
		return defect_member(err, place, "name", "is not 1 to 32 of a-z, 0-9 and -");
	for (const struct view *other = d->views; other < view; other++)
		if (!strcmp(other->name, name))
			return defect_member(err, place, "name", "is the name of another view, too");
	strcpy(view->name, name);
	return true;
}

static bool
format_read(struct definition *d, struct view *view, const struct doc_value *value,
    const char *place, struct err *err)
{
	const struct doc_value *options = doc_member(value, "options");
	const char *format = doc_text(doc_member(value, "format"));
	char inner[PLACE_SIZE];

	view->format = format ? format_find(format) : NULL;
	if (!view->format)
		return defect_member(err, place, "format",
		    "is not jpeg, webp, png, tiff, gif, avif or same");
	if (*d->command && !view->format->saver)
		return defect_member(err, place, "format", "the output of a command has one of its own");
	snprintf(inner, sizeof(inner), "%.64s.options", place);
	if (options && doc_kind(options) != DOC_OBJECT)
		return defect(err, inner, "is not an object");
	return arguments_read(d, &view->options, &view->n_options, view->format->rules, NULL, options,
	    inner, err);
}

static bool
steps_read(struct definition *d, struct view *view, const struct doc_value *steps,
    const char *place, struct err *err)
{
	char inner[PLACE_SIZE];

	view->n_steps = doc_size(steps);
	view->steps = arena_take(d->arena, (view->n_steps + 1) * sizeof(*view->steps));	/* of_all */
	if (view->n_steps > STEPS_MAX || !view->steps || (steps && doc_kind(steps) != DOC_ARRAY))
		return defect_member(err, place, "operations", "is not an array of at most 32");
	for (size_t i = 0; i < view->n_steps; i++) {
		snprintf(inner, sizeof(inner), "%.64s.operations[%zu]", place, i);
		if (!step_read(d, &view->steps[i], doc_item(steps, i), inner, err))
			return false;
	}
	return true;
}

/* What looks for a place in the picture would find another one in every frame. */
static bool
animated_read(struct view *view, const struct doc_value *value, const char *place,
    struct err *err)
{
	char inner[PLACE_SIZE];

	if (value && !doc_bool(value, &view->animated))
		return defect_member(err, place, "animated", "is not true or false");
	if (!view->animated)
		return true;
	if (!view_may_move(view))
		return defect_member(err, place, "animated", "only gif, webp and same have frames");
	for (size_t i = 0; i < view->n_steps; i++) {
		snprintf(inner, sizeof(inner), "%.64s.operations[%zu]", place, i);
		if (step_follows_content(&view->steps[i]))
			return defect(err, inner, "would cut each frame at another place");
	}
	return true;
}

static bool
view_read(struct definition *d, struct view *view, const struct doc_value *value,
    const char *place, struct err *err)
{
	static const char *const known[] = { "name", "operations", "format", "options", "animated",
		NULL };

	if (!members_check(value, known, place, err) || !view_name_read(d, view, value, place, err)
	    || !format_read(d, view, value, place, err)
	    || !steps_read(d, view, doc_member(value, "operations"), place, err)
	    || !animated_read(view, doc_member(value, "animated"), place, err))
		return false;
	return !*d->command || !(view->n_steps || view->n_options || view->animated)
	    || defect(err, place, "a view of a command has no operations and no options");
}

/* ---- what is said of all views ---- */

static const struct argument_rule of_all[] = {
	{ "background", ARGUMENT_NUMBERS, false, 0, 255, NULL },
	{ "on_alpha", ARGUMENT_WORD, false, 0, 0, "keep flatten" },
	{ "metadata", ARGUMENT_WORD, false, 0, 0, "none copyright" },
	{ "upscale", ARGUMENT_BOOL, false, 0, 1, NULL },
};

struct of_all { struct argument background, on_alpha, metadata, upscale; };

static bool
of_all_read(struct of_all *ret, const struct definition *d, const struct doc_value *root,
    struct err *err)
{
	struct argument *arguments[] = { &ret->background, &ret->on_alpha, &ret->metadata,
		&ret->upscale };

	*ret = (struct of_all){ { .rule = &of_all[0], .numbers = { 255 }, .n_numbers = 1 },
		{ .rule = &of_all[1], .word = "keep" }, { .rule = &of_all[2], .word = "none" },
		{ .rule = &of_all[3], .number = true } };
	for (size_t i = 0; i < sizeof(arguments) / sizeof(*arguments); i++) {
		const struct doc_value *value = doc_member(root, of_all[i].name);

		if (value && *d->command)
			return defect(err, of_all[i].name, "is not for the outputs of a command");
		if (value && !argument_read(arguments[i], d->arena, value, of_all[i].name, err))
			return false;
	}
	if (ret->background.n_numbers != 1 && ret->background.n_numbers != 3)
		return defect(err, "background", "is not one number or three");
	if (ret->background.n_numbers == 1)
		ret->background.numbers[1] = ret->background.numbers[2] = ret->background.numbers[0];
	ret->background.n_numbers = 3;
	return true;
}

static void
add(struct argument *arguments, size_t *n, const struct argument *more)
{
	if (!argument_find(arguments, *n, more->rule->name))
		arguments[(*n)++] = *more;
}

static void
of_all_add(struct step *step, const struct of_all *said)
{
	const struct argument_rule *size = rule_find(step->operation->rules, "size");
	struct argument down = { .rule = size, .word = "down" };

	if (rule_find(step->operation->rules, said->background.rule->name))
		add(step->arguments, &step->n_arguments, &said->background);
	if (!said->upscale.number && size && size->kind == ARGUMENT_WORD)	/* a thumbnail's */
		add(step->arguments, &step->n_arguments, &down);
}

/* Whatever a view does not say itself. A picture is flattened last, so that its clear border can be
 * found before. */
static bool
of_all_apply(struct definition *d, const struct of_all *said)
{
	for (struct view *view = d->views; view < d->views + d->n_views; view++) {
		add(view->options, &view->n_options, &said->background);
		add(view->options, &view->n_options, &said->metadata);
		if (!strcmp(said->on_alpha.word, "flatten")) {
			struct step *last = &view->steps[view->n_steps++];

			last->operation = operation_find("flatten");
			last->n_arguments = 0;
			last->arguments = arena_take(d->arena, sizeof(*last->arguments));
			if (!last->arguments)
				return false;
		}
		for (struct step *step = view->steps; step < view->steps + view->n_steps; step++)
			of_all_add(step, said);
	}
	return true;
}

static bool
deadline_read(struct definition *d, const struct doc_value *value, struct err *err)
{
	static const struct argument_rule rule = { "deadline_s", ARGUMENT_INT, false, 1,
		DEADLINE_MAX_S, NULL };
	struct argument argument = { .rule = &rule };

	if (value && !argument_read(&argument, d->arena, value, rule.name, err))
		return false;
	d->deadline_s = (int)argument.number;
	return true;
}

static bool
root_read(struct definition *d, const struct doc_value *root, struct err *err)
{
	const struct doc_value *views = doc_member(root, "views");
	const struct doc_value *command = doc_member(root, "command");
	const struct doc_value *sheet = doc_member(root, "contact_sheet");
	static const char *const known[] = { "command", "views", "background", "on_alpha", "metadata",
		"upscale", "deadline_s", "contact_sheet", NULL };
	struct of_all said;
	char place[PLACE_SIZE];

	if (!members_check(root, known, "", err))
		return false;
	if (command) {
		if (!doc_text(command) || !is_word(doc_text(command), sizeof(d->command)))
			return defect(err, "command", "is not 1 to 63 of a-z, 0-9 and -");
		strcpy(d->command, doc_text(command));
	}
	if (sheet && !doc_bool(sheet, &d->contact_sheet))
		return defect(err, "contact_sheet", "is not true or false");
	if (!deadline_read(d, doc_member(root, "deadline_s"), err)
	    || !of_all_read(&said, d, root, err))
		return false;
	d->n_views = doc_size(views);
	if (doc_kind(views) != DOC_ARRAY || d->n_views < 1 || d->n_views > VIEWS_MAX)
		return defect(err, "views", "is not an array of 1 to 16 views");
	d->views = arena_take(d->arena, d->n_views * sizeof(*d->views));
	if (!d->views)
		return defect(err, "views", "is too large");
	for (size_t i = 0; i < d->n_views; i++) {
		snprintf(place, sizeof(place), "views[%zu]", i);
		if (!view_read(d, &d->views[i], doc_item(views, i), place, err))
			return false;
	}
	return *d->command || of_all_apply(d, &said) || defect(err, "views", "are too large");
}

bool
definition_read(struct definition **ret, const char *json, struct err *err)
{
	own(definition_freep) struct definition *d = calloc(1, sizeof(*d));
	own(doc_freep) struct doc *doc = NULL;
	size_t size = strlen(json);

	if (d)
		d->arena = arena_new(ARENA_LIMIT);
	if (!d || !d->arena)
		return err_set(err, ERR_FATAL, "out of memory");
	if (size > DEFINITION_MAX)
		return defect(err, "the definition", "is longer than 64 KiB");
	if (!doc_read(&doc, json, size, err))
		return bad_json(err);
	if (!root_read(d, doc_root(doc), err))
		return false;
	*ret = definition_free_hand_over(&d);
	return true;
}

void
definition_free(struct definition *d)
{
	if (!d)
		return;
	arena_free(d->arena);
	free(d);
}
