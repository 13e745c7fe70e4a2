/* SPDX-License-Identifier: Apache-2.0 */
/* operate.c: commands that are one question or one order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json_write.h"
#include "screen.h"
#include "view.h"

enum { HTTP_NO_CONTENT = 204, HTTP_ACCEPTED = 202, CURSOR_SIZE = 32 };

bool
read_to_show(struct cli *cli, const char *path, struct doc **doc, struct err *err)
{
	if (!peer_read(&cli->peer, path, doc, err))
		return false;
	if (cli->json)
		screen_write(&cli->peer.answer.body);
	return true;
}

/* ---- list ---- */

static const struct { enum arg arg; const char *name; } filters[] = {
	{ ARG_CUSTOMER, "customer_prefix" }, { ARG_FROM, "date_from" }, { ARG_TO, "date_to" },
	{ ARG_WORDS, "q" }, { ARG_NAME, "name" }, { ARG_SORT, "sort_by" }, { ARG_ORDER, "sort_order" },
	{ ARG_LIMIT, "limit" }, { ARG_OFFSET, "offset" },
	{ ARG_CURSOR, "cursor" },
};

void
path_add(struct buf *path, const char *name, const char *value)
{
	buf_add_byte(path, buf_text(path) && strchr(buf_text(path), '?') ? '&' : '?');
	buf_add_text(path, name);
	buf_add_byte(path, '=');
	http_escape(path, value);
}

/* failed,partial is two filters of one name */
static void
add_statuses(struct buf *path, const char *list)
{
	while (list) {
		size_t size = strcspn(list, ",");
		char *one = strndup(list, size);

		if (one)
			path_add(path, "status", one);
		free(one);
		list = list[size] ? list + size + 1 : NULL;
	}
}

/* The answer at the address, for what the filters show. */
static bool
read_filtered(struct cli *cli, const char *address, struct doc **doc, struct err *err)
{
	struct buf path = {0};
	bool well;

	buf_add_text(&path, address);
	add_statuses(&path, cli->args.texts[ARG_STATUS]);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		if (cli->args.texts[filters[i].arg])
			path_add(&path, filters[i].name, cli->args.texts[filters[i].arg]);
	well = buf_text(&path) ? read_to_show(cli, buf_text(&path), doc, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	return well;
}

bool
run_list(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	return read_filtered(cli, "/api/batches", &doc, err)
	    && (cli->json || view_batches(cli, doc_root(doc), err));
}

bool
run_stats(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	return read_filtered(cli, "/api/batches/stats", &doc, err)
	    && (cli->json || view_stats(cli, doc_root(doc), err));
}

bool
run_parked(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;

	return read_to_show(cli, "/api/parked", &doc, err)
	    && (cli->json || view_parked(cli, doc_member(doc_root(doc), "data"), err));
}

/* ---- show ---- */

/* A page of jobs, of one state when --status names it. */
static bool
read_jobs(struct cli *cli, const char *id, const char *cursor, struct doc **doc, struct err *err)
{
	const char *status = cli->args.texts[ARG_STATUS];
	struct buf path = {0};
	bool well;

	buf_print(&path, "/api/batches/%s/jobs?cursor=%s", id, cursor);
	if (status)
		path_add(&path, "status", status);
	well = buf_text(&path) ? peer_read(&cli->peer, buf_text(&path), doc, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	return well;
}

/* The page at this cursor, which becomes the one of the next; "" behind the last one. */
static bool
next_jobs(struct cli *cli, const char *id, char cursor[CURSOR_SIZE], struct doc **doc, struct err *err)
{
	if (!read_jobs(cli, id, cursor, doc, err))
		return false;
	snprintf(cursor, CURSOR_SIZE, "%s", text_in(doc_root(*doc), "next_cursor"));
	return true;
}

/* The pages of jobs from the cursor on. */
static bool
show_jobs(struct cli *cli, const char *id, const char *cursor, struct err *err)
{
	char next[CURSOR_SIZE];

	snprintf(next, sizeof(next), "%s", cursor);
	while (*next) {
		own(doc_freep) struct doc *doc = NULL;

		if (!next_jobs(cli, id, next, &doc, err)
		    || !view_jobs(cli, doc_member(doc_root(doc), "data"), err))
			return false;
	}
	return true;
}

static void
put_doc(struct put *put, const struct doc_value *value)
{
	struct buf text = {0};

	if (doc_print(&text, value))
		put_raw(put, buf_text(&text));
	else
		put->buf->failed = true;
	buf_clear(&text);
}

static void
put_items(struct put *put, const struct doc_value *array)
{
	for (size_t i = 0; i < doc_size(array); i++)
		put_doc(put, doc_item(array, i));
}

/* Its members but for the array and the cursor of the next page, which come behind, whole. */
struct paged { struct put put; const char *array, *cursor; };

static bool
put_member(void *state, const char *name, const struct doc_value *value)
{
	struct paged *p = state;

	if (strcmp(name, p->array) && strcmp(name, p->cursor)) {
		put_name(&p->put, name);
		put_doc(&p->put, value);
	}
	return true;
}

static bool
put_whole(struct paged *p, struct cli *cli, const char *id, const struct doc_value *first,
    struct err *err)
{
	char next[CURSOR_SIZE];

	put_open(&p->put, '{');
	doc_members(first, put_member, p);
	put_name(&p->put, p->array);
	put_open(&p->put, '[');
	put_items(&p->put, doc_member(first, p->array));
	snprintf(next, sizeof(next), "%s", text_in(first, p->cursor));
	while (*next) {
		own(doc_freep) struct doc *doc = NULL;

		if (!next_jobs(cli, id, next, &doc, err))
			return false;
		put_items(&p->put, doc_member(doc_root(doc), "data"));
	}
	put_close(&p->put, ']');
	put_name(&p->put, p->cursor);
	put_null(&p->put);
	put_close(&p->put, '}');
	return true;
}

/* For programs: with --status those jobs, else the batch with its jobs; all of them. */
static bool
show_json(struct cli *cli, const char *id, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = { .limit = SIZE_MAX };
	struct paged page = { { &json, false }, "jobs", "jobs_next_cursor" };
	char path[PATH_SIZE];
	bool well;

	snprintf(path, sizeof(path), "/api/batches/%s", id);
	if (cli->args.texts[ARG_STATUS])
		page.array = "data", page.cursor = "next_cursor";
	well = (cli->args.texts[ARG_STATUS] ? read_jobs(cli, id, "0", &doc, err)
	                                    : peer_read(&cli->peer, path, &doc, err))
	    && put_whole(&page, cli, id, doc_root(doc), err)
	    && (buf_text(&json) || err_set(err, ERR_FATAL, "out of memory"));
	if (well)
		screen_write(&json);
	buf_clear(&json);
	return well;
}

bool
run_show(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	char path[PATH_SIZE];
	struct named batch;

	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	if (cli->json)
		return show_json(cli, batch.id, err);
	snprintf(path, sizeof(path), "/api/batches/%s", batch.id);
	if (!peer_read(&cli->peer, path, &doc, err))
		return false;
	view_batch(cli, doc_root(doc));
	screen_say(cli, TONE_PLAIN, "%s", "");
	if (cli->args.texts[ARG_STATUS])
		return show_jobs(cli, batch.id, "0", err);
	return view_jobs(cli, doc_member(doc_root(doc), "jobs"), err)
	    && show_jobs(cli, batch.id, text_in(doc_root(doc), "jobs_next_cursor"), err);
}

bool
run_watch(struct cli *cli, struct err *err)
{
	struct named batch;

	return find_batch(cli, cli->args.operands[1], &batch, err)
	    && follow_batch(cli, batch.id, err);
}

/* ---- orders ---- */

static void
say_deleted(struct cli *cli, const char *id, bool done)
{
	struct buf json = {0};
	struct put put = { &json, false };

	put_open(&put, '{');
	put_text_of(&put, "id", id);
	put_name(&put, "deleted");
	put_bool(&put, done);
	put_close(&put, '}');
	if (cli->json)
		screen_write(&json);
	else
		screen_say(cli, TONE_PLAIN, done ? "%s is deleted." : "%s will be deleted in a moment.",
		    cli->args.operands[1]);
	buf_clear(&json);
}

bool
run_delete(struct cli *cli, struct err *err)
{
	struct http_request request;
	char path[PATH_SIZE];
	struct named batch;

	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	snprintf(path, sizeof(path), "/api/batches/%s", batch.id);
	request = peer_request(&cli->peer, "DELETE", path);
	if (!peer_ask(&cli->peer, &request, err))
		return false;
	say_deleted(cli, batch.id, cli->peer.answer.status == HTTP_NO_CONTENT);
	return true;
}

/* What is ordered of a job is ordered of its batch, in its name. False: there is no such job. */
static bool
find_job(struct cli *cli, const char *operand, struct named *batch, struct buf *order)
{
	own(doc_freep) struct doc *doc = NULL;
	struct put put = { order, false };
	struct err ignored = {0};
	char path[PATH_SIZE];
	struct uuid id;

	if (!uuid_read(&id, operand, strlen(operand)))
		return false;
	snprintf(path, sizeof(path), "/api/jobs/%s", operand);
	if (!peer_read(&cli->peer, path, &doc, &ignored))
		return false;
	snprintf(batch->id, sizeof(batch->id), "%s", text_in(doc_root(doc), "batch_id"));
	put_open(&put, '{');
	put_name(&put, "job_ids");
	put_open(&put, '[');
	put_uuid(&put, id);
	put_close(&put, ']');
	put_close(&put, '}');
	return true;
}

/* json: the order's body, which is cleared. */
static bool
order_send(struct cli *cli, const struct named *batch, struct buf *json, struct doc **ret, struct err *err)
{
	char path[PATH_SIZE];
	bool well;

	snprintf(path, sizeof(path), "/api/batches/%s/%s", batch->id, cli->command->name);
	well = peer_send(&cli->peer, "POST", path, json, ret, err);
	buf_clear(json);
	if (well && cli->json)
		screen_write(&cli->peer.answer.body);
	return well;
}

static const char *
on_its_way(const struct cli *cli)
{
	return cli->peer.answer.status == HTTP_ACCEPTED ? "; the order is on its way" : "";
}

bool
run_order(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	struct buf json = {0};
	struct named batch;
	bool of_job;

	of_job = !strcmp(cli->command->name, "retry")
	    && find_job(cli, cli->args.operands[1], &batch, &json);
	if (!of_job && !find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	if (!of_job)
		buf_add_text(&json, "{}");
	if (!order_send(cli, &batch, &json, &doc, err))
		return false;
	if (!cli->json)
		screen_say(cli, TONE_PLAIN, "%s: %s%s", text_in(doc_root(doc), "base_directory_name"),
		    text_in(doc_root(doc), "status"), on_its_way(cli));
	return true;
}

bool
run_priority(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const char *number = cli->args.operands[2];
	struct buf json = {0};
	struct named batch;

	if (strlen(number) != 1 || *number < '0' || *number > '9')
		return err_code(err, ERR_FATAL, "usage", "priority: %s is not a whole number from 0 to 9", number);
	if (!find_batch(cli, cli->args.operands[1], &batch, err))
		return false;
	buf_print(&json, "{\"priority\":%s}", number);
	if (!order_send(cli, &batch, &json, &doc, err))
		return false;
	if (!cli->json)
		screen_say(cli, TONE_PLAIN, "%s: priority %s%s", text_in(doc_root(doc), "base_directory_name"),
		    number, on_its_way(cli));
	return true;
}
