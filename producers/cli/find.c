/* SPDX-License-Identifier: Apache-2.0 */
/* find.c: a batch by its id, or by its name, which is looked up in the list. */
#include <stdio.h>
#include <string.h>
#include "cli.h"

enum { NAME_MAX_SIZE = 200 };

static bool
path_of_search(struct buf *ret, const char *name)
{
	return buf_add_text(ret, "/api/batches?sort_by=base_directory_name&sort_order=ASC&limit=500&q=")
	    && http_escape(ret, name) && buf_text(ret);
}

/* The one whose name is just this; several batches may have it somewhere in theirs. */
static bool
pick(const struct doc_value *data, const char *name, struct named *ret, struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < doc_size(data); i++) {
		const struct doc_value *batch = doc_item(data, i);

		if (strcmp(text_in(batch, "base_directory_name"), name))
			continue;
		snprintf(ret->id, sizeof(ret->id), "%s", text_in(batch, "id"));
		found++;
	}
	if (found == 1)
		return true;
	if (found > 1)
		return err_code(err, ERR_REJECT, "ambiguous", "%zu batches are called \"%s\"; say which one "
		    "by its id", found, name);
	return err_code(err, ERR_REJECT, "not-found", "There is no batch called \"%s\"%s", name,
	    doc_size(data) ? "; `batchline list -q` shows those that have it in them" : "");
}

bool
find_batch(struct cli *cli, const char *operand, struct named *ret, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf path = {0};
	struct uuid id;
	bool well;

	if (uuid_read(&id, operand, strlen(operand))) {
		uuid_print(ret->id, id);
		return true;
	}
	if (strlen(operand) > NAME_MAX_SIZE || !*operand)
		return err_code(err, ERR_REJECT, "not-found", "No batch is called like that");
	well = path_of_search(&path, operand)
	    && peer_read(&cli->peer, buf_text(&path), &doc, err)
	    && pick(doc_member(doc_root(doc), "data"), operand, ret, err);
	buf_clear(&path);
	return well;
}
