/* SPDX-License-Identifier: Apache-2.0 */
/* arguments.c: what stands in an object, against a table of what may. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "pipeline/reading.h"

/* Reads members of one object against a table of rules. */
struct reading {
	struct arena *arena;
	const struct argument_rule *rules;
	const char *leave;			/* a member that is not an argument: "operation" */
	char place[PLACE_SIZE];
	struct argument *arguments;		/* room for ARGUMENTS_MAX */
	size_t n;
	struct err *err;
	bool well;
};

bool
defect(struct err *err, const char *place, const char *what)
{
	return err_code(err, ERR_REJECT, "bad_pipeline", "%s: %s", place, what);
}

bool
defect_member(struct err *err, const char *place, const char *member, const char *what)
{
	return err_code(err, ERR_REJECT, "bad_pipeline", "%s.%s: %s", place, member, what);
}

static bool
word_is_among(const char *word, const char *words)
{
	size_t size = strlen(word);

	for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == size && !strncmp(at, word, size))
			return true;
	return false;
}
static bool
number_read(const struct argument_rule *rule, const struct doc_value *value, double *ret,
    const char *place, struct err *err)
{
	char text[PLACE_SIZE];
	int64_t whole;

	if (rule->kind == ARGUMENT_INT ? !doc_int(value, &whole) : !doc_real(value, ret))
		return defect(err, place, rule->kind == ARGUMENT_INT ? "is not a whole number"
		    : "is not a number");
	if (rule->kind == ARGUMENT_INT)
		*ret = (double)whole;
	if (*ret >= rule->least && *ret <= rule->most)
		return true;
	snprintf(text, sizeof(text), "is not from %g to %g", rule->least, rule->most);
	return defect(err, place, text);
}

/* One number stands for an array of one. */
static bool
numbers_read(struct argument *ret, const struct doc_value *value, const char *place,
    struct err *err)
{
	bool is_array = doc_kind(value) == DOC_ARRAY;

	ret->n_numbers = is_array ? doc_size(value) : 1;
	if (ret->n_numbers < 1 || ret->n_numbers > NUMBERS_MAX)
		return defect(err, place, "is not an array of 1 to 8 numbers");
	for (size_t i = 0; i < ret->n_numbers; i++)
		if (!number_read(ret->rule, is_array ? doc_item(value, i) : value, &ret->numbers[i],
		    place, err))
			return false;
	return true;
}

/* Words for people: something to be seen, and nothing that is no character. */
static bool
text_read(struct argument *ret, struct arena *arena, const char *text, const char *place,
    struct err *err)
{
	char why[PLACE_SIZE];
	size_t size = text ? strlen(text) : 0;

	if (size < ret->rule->least || size > ret->rule->most) {
		snprintf(why, sizeof(why), "is not a text of %g to %g bytes", ret->rule->least,
		    ret->rule->most);
		return defect(err, place, why);
	}
	if (text[strspn(text, " \n")] == '\0')
		return defect(err, place, "is blank");
	for (const char *c = text; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f)
			return defect(err, place, "has a control character");
	ret->text = arena_text(arena, text, size);
	return ret->text || defect(err, place, "is too large");
}

bool
argument_read(struct argument *ret, struct arena *arena, const struct doc_value *value,
    const char *place, struct err *err)
{
	const char *word = doc_text(value);
	bool truth = false;

	switch (ret->rule->kind) {
	case ARGUMENT_BOOL:
		if (!doc_bool(value, &truth))
			return defect(err, place, "is not true or false");
		ret->number = truth;
		return true;
	case ARGUMENT_WORD:
		if (!word || strlen(word) >= sizeof(ret->word)
		    || !word_is_among(word, ret->rule->words))
			return err_code(err, ERR_REJECT, "bad_pipeline", "%s: is not one of: %s",
			    place, ret->rule->words);
		strcpy(ret->word, word);
		return true;
	case ARGUMENT_HASH:
		if (!word || !hash_is_hex(word))
			return defect(err, place, "is not the SHA-256 of a blob, 64 hex digits");
		strcpy(ret->word, word);
		return true;
	case ARGUMENT_NUMBERS:
		return numbers_read(ret, value, place, err);
	case ARGUMENT_TEXT:
		return text_read(ret, arena, word, place, err);
	default:
		return number_read(ret->rule, value, &ret->number, place, err);
	}
}

static bool
member_read(void *state, const char *name, const struct doc_value *value)
{
	struct reading *r = state;
	const struct argument_rule *rule = rule_find(r->rules, name);
	char place[PLACE_SIZE + 64];

	if (r->leave && !strcmp(name, r->leave))
		return true;
	snprintf(place, sizeof(place), "%s.%.60s", r->place, name);
	if (!rule)
		r->well = defect(r->err, place, "is not allowed here");
	else if (r->n == ARGUMENTS_MAX)
		r->well = defect(r->err, r->place, "has too many arguments");
	else {
		r->arguments[r->n] = (struct argument){ .rule = rule };
		r->well = argument_read(&r->arguments[r->n++], r->arena, value, place, r->err);
	}
	return r->well;
}

bool
arguments_read(struct definition *d, struct argument **ret, size_t *n,
    const struct argument_rule *rules, const char *leave, const struct doc_value *object,
    const char *place, struct err *err)
{
	struct reading r = { .arena = d->arena, .rules = rules, .leave = leave, .err = err, .well = true };

	snprintf(r.place, sizeof(r.place), "%.127s", place);
	r.arguments = arena_take(d->arena, (doc_size(object) + OF_ALL_MAX) * sizeof(*r.arguments));
	if (!r.arguments || doc_size(object) > ARGUMENTS_MAX)
		return defect(err, place, "has too many arguments");
	doc_members(object, member_read, &r);
	if (!r.well)
		return false;
	for (const struct argument_rule *rule = rules; rule->name; rule++)
		if (rule->required && !argument_find(r.arguments, r.n, rule->name))
			return err_code(err, ERR_REJECT, "bad_pipeline", "%s.%s: is missing", place,
			    rule->name);
	*ret = r.arguments;
	*n = r.n;
	return true;
}
