/* SPDX-License-Identifier: Apache-2.0 */
/* members.c: the members of a JSON body, by a table. */
#include <string.h>
#include "base/json.h"
#include "filter.h"

struct reading {
	struct call *call;
	const struct body_rules *rules;
	bool is_new;
	void *wish;
};

static enum need
need_of(const struct reading *r, const struct member *member)
{
	return r->is_new ? member->of_new : member->of_change;
}

static bool
read_member(void *state, const char *name, const struct doc_value *value)
{
	const struct reading *r = state;
	const struct body_rules *rules = r->rules;
	int i = 0;

	while (i < rules->n && strcmp(rules->members[i].name, name))
		i++;
	if (i == rules->n)
		problem_field(r->call, name, "is no member of %s", rules->what);
	else if (need_of(r, &rules->members[i]) == NEED_NOT)
		problem_field(r->call, name, "%s", r->is_new ? rules->not_of_new : rules->not_of_change);
	else
		rules->members[i].read(r->wish, value);
	return true;
}

bool
members_read(struct call *call, const struct body_rules *rules, bool is_new,
    const struct doc_value *root, void *wish)
{
	struct reading r = { call, rules, is_new, wish };

	if (doc_kind(root) != DOC_OBJECT)
		return problem(call, &problem_invalid, "The body is no object.");
	doc_members(root, read_member, &r);
	for (int i = 0; i < rules->n; i++)
		if (need_of(&r, &rules->members[i]) == NEED_MUST
		    && doc_kind(doc_member(root, rules->members[i].name)) == DOC_ABSENT)
			problem_field(call, rules->members[i].name, "is missing");
	return !problem_is_set(call);
}

const char *
members_name(struct call *call, const struct doc_value *value)
{
	const char *name = doc_text(value);

	if (!name || !is_target_name(name))
		problem_field(call, "name", "is not 1 to 64 letters of ASCII, digits, dots, dashes and "
		    "underscores, a letter or digit first");
	return name;
}
