/* SPDX-License-Identifier: Apache-2.0 */
/* get.c: which file is meant: a batch's archive or contact sheet, or one output of a job. */
#include <stdio.h>
#include <string.h>
#include "cli.h"

bool
run_download(struct cli *cli, struct err *err)
{
	char path[PATH_SIZE];
	struct named batch;

	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	snprintf(path, sizeof(path), "/api/batches/%s/%s", batch.id,
	    cli->args.texts[ARG_SHEET] ? "sheet" : "download");
	return fetch_file(cli, path, NULL, err);
}

/* The output of the view, or the first one. */
static const struct doc_value *
output_of(const struct doc_value *job, const char *view)
{
	const struct doc_value *outputs = doc_member(job, "outputs");

	for (size_t i = 0; i < doc_size(outputs); i++)
		if (!view || !strcmp(text_in(doc_item(outputs, i), "view"), view))
			return doc_item(outputs, i);
	return NULL;
}

static bool
refuse_view(const struct doc_value *job, const char *view, struct err *err)
{
	const struct doc_value *outputs = doc_member(job, "outputs");
	struct buf views = {0};

	if (!doc_size(outputs))
		return err_code(err, ERR_REJECT, "no-outputs", "The job has no outputs: it is %s",
		    text_in(job, "status"));
	for (size_t i = 0; i < doc_size(outputs); i++)
		buf_print(&views, "%s%s", i ? ", " : "", text_in(doc_item(outputs, i), "view"));
	err_code(err, ERR_REJECT, "not-found", "The job has no view \"%s\", but %s", view,
	    views.size ? buf_text(&views) : "others");
	buf_clear(&views);
	return false;
}

bool
run_get(struct cli *cli, struct err *err)
{
	const char *view = cli->args.n_operands > 2 ? cli->args.operands[2] : NULL, *name;
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *output;
	struct buf path = {0};
	char url[PATH_SIZE];
	struct uuid id;
	bool well;

	if (!uuid_read(&id, cli->args.operands[1], strlen(cli->args.operands[1])))
		return err_code(err, ERR_FATAL, "usage", "get: \"%s\" is no id of a job; `batchline show BATCH "
		    "--json` tells them", cli->args.operands[1]);
	snprintf(url, sizeof(url), "/api/jobs/%s", cli->args.operands[1]);
	if (!peer_read(&cli->peer, url, &doc, err))
		return false;
	if (!(output = output_of(doc_root(doc), view)))
		return refuse_view(doc_root(doc), view, err);
	name = text_in(output, "name");
	buf_print(&path, "%s/outputs/", url);
	http_escape(&path, name);
	well = buf_text(&path) ? fetch_file(cli, buf_text(&path), name, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	return well;
}
