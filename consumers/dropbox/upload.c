/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.c: files into the folder. One that is small goes by itself; all else in groups:
 *
 *	start_batch (a session a file) -> append_batch, request by request -> finish_batch_v2
 *
 * A request carries parts of many sessions: a part begins at a multiple of 4 MiB, and is one unless
 * it is the last of its file. When its answer was lost it is sent again, and a session that has the
 * part says so. A group that was not finished leaves nothing in the folder; one whose end was not
 * answered is gone, and the next attempt finds its files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "dropbox.h"

enum {
	REQUEST_MAX = 2 * CONTENT_BLOCK,	/* bytes of one request */
	ARG_MAX = 6000,				/* bytes of a header's JSON, before the last part */
	PARTS_MAX = 100,			/* of a request */
	FILES_MAX = 1000,			/* of a group: finish_batch_v2 takes no more */
	FINISHES = 4, FINISH_WAIT_MS = 500,
};
#define GROUP_MAX ((int64_t)256 << 20)	/* bytes: lost at most when it was for nothing */

/* Files on their way together. */
struct group {
	struct box *box;
	struct items *items;
	struct item *files[FILES_MAX];
	char *sessions[FILES_MAX];
	bool is_open[FILES_MAX];	/* not finished */
	size_t n;
};

/* A request that grows. */
struct request {
	struct http_piece pieces[PARTS_MAX];
	struct { size_t file; int64_t end; bool close; } parts[PARTS_MAX];
	size_t n;
	int64_t size;
	struct buf arg;
	struct put put;
};

static void
put_commit(struct put *put, const struct box *box, const struct item *item)
{
	struct buf path = {0};

	buf_print(&path, "%s/%s", box->folder, item->name);
	put_text_of(put, "path", buf_text(&path));
	put_text_of(put, "mode", "overwrite");
	put_name(put, "autorename");
	put_bool(put, false);
	put_name(put, "mute");
	put_bool(put, true);
	buf_clear(&path);
}

/* Dropbox says which bytes it has. */
static bool
check(struct box *box, struct item *item, const struct doc_value *metadata)
{
	const char *hash = doc_text(doc_member(metadata, "content_hash"));

	item->is_done = hash && !strcmp(hash, item->hash);
	if (!item->is_done)
		call_say(box->call, FATE_AGAIN, "content_hash", "%s: what is there has other bytes",
		    item->name);
	return item->is_done;
}

/* ---- one ---- */

static bool
upload_one(struct box *box, struct items *items, struct item *item)
{
	const struct http_piece piece = { item->offset, item->size };
	struct buf arg = {0};
	struct put put = { &arg, false };
	const struct ask ask = { .route = "files/upload", .arg = &arg, .from = items,
		.pieces = &piece, .n_pieces = 1, .size = item->size };
	bool well;

	put_open(&put, '{');
	put_commit(&put, box, item);
	put_text_of(&put, "content_hash", item->hash);
	put_close(&put, '}');
	well = api_must(box, &ask) && check(box, item, api_result(box));
	buf_clear(&arg);
	return well;
}

/* ---- sessions ---- */

static bool
start(struct group *g)
{
	struct buf arg = {0};
	const struct ask ask = { .route = "files/upload_session/start_batch", .arg = &arg };
	const struct doc_value *ids;
	bool well;

	buf_print(&arg, "{\"session_type\":\"concurrent\",\"num_sessions\":%zu}", g->n);
	well = api_must(g->box, &ask);
	buf_clear(&arg);
	if (!well)
		return false;
	ids = doc_member(api_result(g->box), "session_ids");
	for (size_t i = 0; well && i < g->n; i++) {
		const char *id = doc_text(doc_item(ids, i));

		g->sessions[i] = id ? arena_print(g->items->arena, "%s", id) : NULL;
		well = g->sessions[i];
	}
	if (!well)
		call_say(g->box->call, FATE_AGAIN, "bad_answer", "fewer sessions than asked for");
	return well;
}

static void
request_begin(struct request *r)
{
	buf_reset(&r->arg);
	r->put = (struct put){ &r->arg, false };
	r->n = 0;
	r->size = 0;
	put_open(&r->put, '{');
	put_name(&r->put, "entries");
	put_open(&r->put, '[');
}

static void
put_cursor(struct put *put, const char *session, int64_t offset)
{
	put_name(put, "cursor");
	put_open(put, '{');
	put_text_of(put, "session_id", session);
	put_int_of(put, "offset", offset);
	put_close(put, '}');
}

static void
request_add(struct request *r, const struct group *g, size_t i, int64_t at, int64_t size)
{
	const struct item *item = g->files[i];
	bool close = at + size == item->size;

	r->pieces[r->n] = (struct http_piece){ item->offset + at, size };
	r->parts[r->n].file = i;
	r->parts[r->n].end = at + size;
	r->parts[r->n++].close = close;
	r->size += size;
	put_open(&r->put, '{');
	put_cursor(&r->put, g->sessions[i], at);
	put_int_of(&r->put, "length", size);
	put_name(&r->put, "close");
	put_bool(&r->put, close);
	put_close(&r->put, '}');
}

/* A part that was sent before is in its session. */
static bool
is_there(const struct request *r, size_t i, const struct doc_value *entry)
{
	const char *tag = doc_text(doc_member(entry, ".tag"));
	const struct doc_value *failure = doc_member(entry, "failure");
	char tags[TAGS_MAX];
	int64_t offset;

	if (tag && !strcmp(tag, "success"))
		return true;
	api_tags(tags, failure);
	if (api_has_tag(tags, "closed"))
		return r->parts[i].close;
	return api_has_tag(tags, "incorrect_offset")
	    && doc_int(doc_member(failure, "correct_offset"), &offset) && offset >= r->parts[i].end;
}

static bool
request_send(struct request *r, struct group *g)
{
	const struct ask ask = { .route = "files/upload_session/append_batch", .arg = &r->arg,
		.from = g->items, .pieces = r->pieces, .n_pieces = r->n, .size = r->size };
	const struct doc_value *entries;

	if (r->n == 0)
		return true;
	put_close(&r->put, ']');
	put_close(&r->put, '}');
	if (!api_must(g->box, &ask))
		return false;
	entries = doc_member(api_result(g->box), "entries");
	for (size_t i = 0; i < r->n; i++)
		if (!is_there(r, i, doc_item(entries, i))) {
			api_judge(g->box, doc_member(doc_item(entries, i), "failure"));
			return false;
		}
	request_begin(r);
	return true;
}

static bool
append(struct group *g)
{
	struct request r = {0};
	bool well = true;

	request_begin(&r);
	for (size_t i = 0; well && i < g->n; i++) {
		int64_t at = 0;

		do {
			int64_t left = g->files[i]->size - at;
			int64_t size = left < REQUEST_MAX ? left : REQUEST_MAX;

			if (r.size + size > REQUEST_MAX || r.n == PARTS_MAX || r.arg.size > ARG_MAX)
				well = request_send(&r, g);
			if (well)
				request_add(&r, g, i, at, size);
			at += size;
		} while (well && at < g->files[i]->size);
	}
	well = well && request_send(&r, g);
	buf_clear(&r.arg);
	return well;
}

/* ---- the end of a group ---- */

static bool
ask_finish(struct group *g)
{
	struct buf arg = {0};
	struct put put = { &arg, false };
	const struct ask ask = { .route = "files/upload_session/finish_batch_v2", .arg = &arg };
	bool well;

	put_open(&put, '{');
	put_name(&put, "entries");
	put_open(&put, '[');
	for (size_t i = 0; i < g->n; i++) {
		if (!g->is_open[i])
			continue;
		put_open(&put, '{');
		put_cursor(&put, g->sessions[i], g->files[i]->size);
		put_name(&put, "commit");
		put_open(&put, '{');
		put_commit(&put, g->box, g->files[i]);
		put_close(&put, '}');
		put_close(&put, '}');
	}
	put_close(&put, ']');
	put_close(&put, '}');
	well = api_must(g->box, &ask);
	buf_clear(&arg);
	return well;
}

/* Every result is looked at: what is there is there. *again: the lock was another's. */
static bool
take_results(struct group *g, bool *again)
{
	const struct doc_value *entries = doc_member(api_result(g->box), "entries");
	bool well = true;
	size_t at = 0;

	*again = false;
	for (size_t i = 0; i < g->n; i++) {
		const struct doc_value *entry, *failure;
		char tags[TAGS_MAX];

		if (!g->is_open[i])
			continue;
		entry = doc_item(entries, at++);
		failure = doc_member(entry, "failure");
		api_tags(tags, failure);
		if (api_has_tag(tags, "too_many_write_operations")) {
			*again = true;
			continue;
		}
		g->is_open[i] = false;
		if (!failure)
			well = check(g->box, g->files[i], entry) && well;
		else if (well)		/* the first is told */
			api_judge(g->box, failure);
		well = well && !failure;
	}
	return well;
}

static bool
finish(struct group *g)
{
	bool again = true;

	for (int try = 1; again && try <= FINISHES; try++) {
		const struct timespec wait = { 0, FINISH_WAIT_MS * 1000000L };

		if (try > 1)
			nanosleep(&wait, NULL);
		if (!ask_finish(g) || !take_results(g, &again))
			return false;
	}
	if (again)
		call_say(g->box->call, FATE_AGAIN, "too_many_write_operations",
		    "others write into the same namespace");
	return !again;
}

/* ---- all ---- */

static bool
group_send(struct group *g)
{
	struct arena_mark mark = arena_mark(g->items->arena);
	bool well;

	if (g->n == 1 && g->files[0]->size <= REQUEST_MAX)
		return upload_one(g->box, g->items, g->files[0]);
	well = start(g) && append(g) && finish(g);
	arena_rewind(g->items->arena, mark);
	return well;
}

bool
upload_items(struct box *box, struct items *items)
{
	struct group *g = arena_take(items->arena, sizeof(*g));
	int64_t size = 0;

	if (!g) {
		call_say(box->call, FATE_AGAIN, "memory", "out of memory");
		return false;
	}
	*g = (struct group){ .box = box, .items = items };
	for (size_t i = 0; i < items->n; i++) {
		struct item *item = &items->list[i];

		if (item->is_done)
			continue;
		if (!item_hash(items, item, box->call))
			return false;
		if (g->n == FILES_MAX || (g->n > 0 && size + item->size > GROUP_MAX)) {
			if (!group_send(g))
				return false;
			g->n = 0;
			size = 0;
		}
		g->is_open[g->n] = true;
		g->files[g->n++] = item;
		size += item->size;
	}
	return g->n == 0 || group_send(g);
}
