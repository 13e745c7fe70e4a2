/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c: the terms of a filter of deliveries, each with what it may say. */
#include "filter.h"
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_SIZE = 64 };
#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
is_target_name(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if (!is_letter_or_digit(text[i]) && (i == 0 || !strchr("_.-", text[i])))
			return false;
	return size > 0 && size <= NAME_MAX_SIZE;
}

bool
is_delivered_state(const char *text)
{
	static const char *const states[] = { "queued", "processing", "completed", "partial",
		"failed", "cancelled", "deleted" };
	int i = 0;

	while (i < COUNT(states) && strcmp(states[i], text))
		i++;
	return i < COUNT(states);
}

static bool
is_service(const char *text)
{
	return !strcmp(text, "dropbox") || !strcmp(text, "monday") || !strcmp(text, "webhook");
}

static bool
is_phase(const char *text)
{
	static const char *const phases[] = { "intent", "called", "done", "failed", "passed" };
	int i = 0;

	while (i < COUNT(phases) && strcmp(phases[i], text))
		i++;
	return i < COUNT(phases);
}

static bool
is_id(const char *text)
{
	struct uuid id;

	return uuid_read(&id, text, strlen(text));
}

const char *const term_names[TERMS] = { "target", "service", "phase", "state", "batch_id",
	"customer_prefix" };

static const struct { const char *what; bool (*is_well)(const char *text); } terms[TERMS] = {
	[TERM_TARGET] = { "the name of a target", is_target_name },
	[TERM_SERVICE] = { "one of dropbox, monday, webhook", is_service },
	[TERM_PHASE] = { "one of intent, called, done, failed, passed", is_phase },
	[TERM_STATE] = { "one of queued, processing, completed, partial, failed, cancelled, deleted",
	    is_delivered_state },
	[TERM_BATCH] = { "the id of a batch", is_id },
	[TERM_CUSTOMER] = { "one to four tokens of capitals and digits, joined by _", prefix_is_valid },
};

enum term
term_named(const char *name)
{
	enum term t = 0;

	while (t < TERMS && strcmp(term_names[t], name))
		t++;
	return t;
}

void
term_set(struct filter *filter, enum term t, const char *value)
{
	if (!value || strlen(value) >= TERM_SIZE || !terms[t].is_well(value))
		problem_field(filter->call, term_names[t], "is not %s", terms[t].what);
	else
		snprintf(filter->terms[t], TERM_SIZE, "%s", value);
}

static struct db_arg
term_arg(const struct filter *filter, enum term t)
{
	return db_text(*filter->terms[t] ? filter->terms[t] : NULL);
}

void
filter_args(struct filter *filter, struct db_arg args[FILTER_ARGS])
{
	const char *batch = filter->terms[TERM_BATCH];
	struct uuid id = {0};

	args[0] = caller_customers(filter->call);
	args[1] = filter->has_ids ? db_array(&filter->ids) : db_null_array(DB_UUID);
	for (enum term t = TERM_TARGET; t <= TERM_STATE; t++)
		args[2 + t] = term_arg(filter, t);
	args[6] = uuid_read(&id, batch, strlen(batch)) ? db_uuid(id) : db_null(DB_UUID);
	args[7] = term_arg(filter, TERM_CUSTOMER);
}
