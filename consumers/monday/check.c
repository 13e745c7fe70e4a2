/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: does a target fit its board? Asks twice at most, and leaves nothing behind. */
#include <string.h>
#include "monday.h"

static const struct doc_value *
group_of(const struct doc_value *board, const char *id)
{
	const struct doc_value *groups = doc_member(board, "groups");

	for (size_t i = 0; i < doc_size(groups); i++) {
		const char *one = doc_text(doc_member(doc_item(groups, i), "id"));

		if (!id || (one && !strcmp(one, id)))
			return doc_item(groups, i);
	}
	return NULL;
}

/* What the API no longer tells is no defect of the board. */
static void
check_labels(struct buf *ret, struct call *call)
{
	const struct doc_value *columns = doc_member(call->settings, "columns");
	struct doc *answer = NULL, *labels = NULL;
	const char *text;
	struct ask ask;
	struct err err = {0};

	api_begin(&ask, QUERY_LABELS);
	put_text_of(&ask.variables, "board", doc_text(doc_member(call->settings, "board")));
	put_text_of(&ask.variables, "column", doc_text(doc_member(columns, "status")));
	if (!api_send(call, &ask, &answer))
		return;
	text = doc_text(doc_member(doc_item(doc_member(doc_item(api_data(answer, "boards"), 0),
	    "columns"), 0), "settings_str"));
	if (text && doc_read(&labels, text, strlen(text), &err))
		columns_check_labels(ret, call->settings, call->states, doc_root(labels));
	doc_free(labels);
	doc_free(answer);
}

static void
check_board(struct call *call, const struct doc_value *board)
{
	const char *group = doc_text(doc_member(call->settings, "group"));
	const struct doc_value *columns = doc_member(call->settings, "columns");
	const char *name = doc_text(doc_member(board, "name"));
	const char *title = doc_text(doc_member(group_of(board, group), "title"));
	struct buf defects = {0};

	columns_check(&defects, call->settings, board);
	if (!title)
		buf_print(&defects, "%sgroup: the board has no group '%s'", defects.size ? "; " : "",
		    group ? group : "");
	if (defects.size == 0 && doc_member(columns, "status"))
		check_labels(&defects, call);
	if (defects.size > 0)
		call_say(call, FATE_STOP, "board", "%s", buf_text(&defects));
	else
		call_say(call, FATE_DONE, "", "board %s, group %s, %zu columns", name ? name : "", title,
		    doc_size(columns));
	buf_clear(&defects);
}

void
monday_test(struct call *call)
{
	const char *id = doc_text(doc_member(call->settings, "board"));
	const struct doc_value *board;
	struct doc *answer = NULL;
	struct ask ask;

	api_begin(&ask, QUERY_BOARD);
	put_text_of(&ask.variables, "board", id);
	if (!api_send(call, &ask, &answer))
		return;
	board = doc_item(api_data(answer, "boards"), 0);
	if (board)
		check_board(call, board);
	else
		call_say(call, FATE_STOP, "board", "board: there is no board %s, or the token may not see it",
		    id);
	doc_free(answer);
}
