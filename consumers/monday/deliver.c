/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c: which item of the board it is, what is done to it, and the archive. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/hash.h"
#include "delivery/shown.h"
#include "monday.h"
#include "port/blob.h"
#include "port/named.h"

enum { ROUNDS = 3, NAME_MAX_SIZE = 320, KEY_SIZE = SHA256_TEXT_SIZE };

/* One delivery under way. */
struct order {
	struct call *call;
	const struct doc_value *columns;
	const char *board, *name;	/* name: of the batch */
	char id[UUID_TEXT_SIZE];	/* of the batch */
	char item[DELIVERY_ID_MAX];	/* "": not known yet */
	char gone[DELIVERY_ID_MAX];	/* an item that somebody deleted */
	size_t twins;			/* items with the batch's key, beyond the one that is taken */
};

static const char *
setting(const struct order *order, const char *name)
{
	return doc_text(doc_member(order->call->settings, name));
}

/* ---- which item ---- */

/* Ids are digits: the shorter one is the older one. */
static bool
is_older(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);

	return m != n ? m < n : strcmp(a, b) < 0;
}

static void
take_oldest(struct order *order, const struct doc_value *items)
{
	for (size_t i = 0; i < doc_size(items); i++) {
		const char *id = doc_text(doc_member(doc_item(items, i), "id"));

		if (!id || !*id || strlen(id) >= sizeof(order->item))
			continue;
		if (!*order->item || is_older(id, order->item))
			snprintf(order->item, sizeof(order->item), "%s", id);
	}
	order->twins = doc_size(items) > 1 ? doc_size(items) - 1 : 0;
}

static bool
find(struct order *order)
{
	struct doc *answer = NULL;
	struct ask ask;
	struct put *put = &ask.variables;

	api_begin(&ask, QUERY_FIND);
	put_text_of(put, "board", order->board);
	put_name(put, "columns");
	put_open(put, '[');
	put_open(put, '{');
	put_text_of(put, "column_id", doc_text(doc_member(order->columns, "key")));
	put_name(put, "column_values");
	put_open(put, '[');
	put_text(put, order->id);
	put_close(put, ']');
	put_close(put, '}');
	put_close(put, ']');
	if (!api_send(order->call, &ask, &answer))
		return false;
	take_oldest(order, doc_member(api_data(answer, "items_page_by_column_values"), "items"));
	doc_free(answer);
	return true;
}

/* Follows from what is created, and from nothing that changes from one attempt to the next. */
static void
key_print(char ret[KEY_SIZE], const struct order *order, struct buf *variables)
{
	uint8_t digest[SHA256_SIZE];
	struct buf whole = {0};

	buf_print(&whole, "%s/%s/", order->call->target, order->gone);
	buf_add(&whole, variables->data, variables->size);
	hash_sha256(digest, whole.data, whole.size);
	buf_clear(&whole);
	hash_print(ret, digest);
}

/* Keeps what a member "id" says; false: it says nothing. */
static bool
take_id(struct order *order, const struct doc_value *item)
{
	const char *id = doc_text(doc_member(item, "id"));

	if (id && *id && strlen(id) < sizeof(order->item)) {
		snprintf(order->item, sizeof(order->item), "%s", id);
		return true;
	}
	call_say(order->call, FATE_AGAIN, "protocol", "the answer has no id of an item");
	return false;
}

static bool
create(struct order *order)
{
	struct buf values = {0};
	struct doc *answer = NULL;
	char key[KEY_SIZE];
	struct ask ask;
	bool well;

	columns_write_key(&values, order->call->settings, order->id);
	api_begin(&ask, QUERY_CREATE);
	put_text_of(&ask.variables, "board", order->board);
	put_text_of(&ask.variables, "group", setting(order, "group"));
	put_text_of(&ask.variables, "name", order->name);
	put_text_of(&ask.variables, "values", buf_text(&values));
	key_print(key, order, &ask.text);
	ask.key = key;
	well = api_send(order->call, &ask, &answer)
	    && take_id(order, api_data(answer, "create_item"));
	doc_free(answer);
	buf_clear(&values);
	return well;
}

/* ---- what is done to it ---- */

static bool
has(const struct order *order, const char *column)
{
	return !db_is_null_of(order->call->batch, 0, column);
}

/* The dashboard finds it by its name and opens it. */
static void
write_page(struct buf *ret, const struct order *order)
{
	const char *root = option_text(order->call->options, "BATCHLINE_PUBLIC_URL");
	size_t size = strlen(root);

	if (size == 0)
		return;
	buf_add(ret, root, root[size - 1] == '/' ? size - 1 : size);
	buf_add_text(ret, "/?q=");
	http_escape(ret, order->name);
	buf_print(ret, "&open=%s", order->id);
}

static void
write_values(struct buf *ret, const struct order *order)
{
	const struct call *call = order->call;
	struct buf page = {0};
	struct told told = { .id = order->id, .name = order->name, .state = call->state,
		.files = db_int_of(call->batch, 0, "total_files"),
		.failures = db_int_of(call->batch, 0, "jobs_failed"),
		.has_day = has(order, "batch_date") };

	if (has(order, "render_description"))
		told.description = db_text_of(call->batch, 0, "render_description");
	if (told.has_day)
		told.day = db_date_of(call->batch, 0, "batch_date");
	write_page(&page, order);
	told.page = buf_text(&page);
	columns_write(ret, call->settings, &told);
	buf_clear(&page);
}

/* A minute's budget that would not pay for one more item (a create and a change) is not asked for
 * more: the target rests until there is a new one. */
static void
take_budget(struct call *call, const struct doc_value *complexity)
{
	int64_t before, after, reset_s;

	if (doc_int(doc_member(complexity, "before"), &before)
	    && doc_int(doc_member(complexity, "after"), &after)
	    && doc_int(doc_member(complexity, "reset_in_x_seconds"), &reset_s)
	    && after < 2 * (before - after))
		call->retry_after_s = reset_s;
}

/* An archived item is where a person put it; one in the bin is none. */
static bool
take_changed(struct order *order, const struct doc *answer)
{
	const struct doc_value *item = api_data(answer, "change_multiple_column_values");
	const char *state = doc_text(doc_member(item, "state"));
	const char *url = doc_text(doc_member(item, "url"));

	if (state && !strcmp(state, "deleted")) {
		call_say(order->call, FATE_AGAIN, "item_deleted", "the item was deleted");
		return false;
	}
	if (!take_id(order, item))
		return false;
	snprintf(order->call->external_id, sizeof(order->call->external_id), "%s", order->item);
	snprintf(order->call->link, sizeof(order->call->link), "%s", url ? url : "");
	take_budget(order->call, api_data(answer, "complexity"));
	return true;
}

/* No Idempotency-Key: doing it again is right, an old answer of it would not be. */
static bool
change(struct order *order)
{
	struct buf values = {0};
	struct doc *answer = NULL;
	struct ask ask;
	bool well;

	write_values(&values, order);
	api_begin(&ask, QUERY_CHANGE);
	put_text_of(&ask.variables, "board", order->board);
	put_text_of(&ask.variables, "item", order->item);
	put_text_of(&ask.variables, "values", buf_text(&values));
	well = api_send(order->call, &ask, &answer) && take_changed(order, answer);
	doc_free(answer);
	buf_clear(&values);
	return well;
}

/* An item that is not there any more is looked for, and else made anew. */
static bool
item_tell(struct order *order)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (!*order->item && !(find(order) && (*order->item || create(order))))
			return false;
		if (change(order))
			return true;
		if (!api_is_missing(order->call))
			return false;
		memcpy(order->gone, order->item, sizeof(order->gone));
		*order->item = '\0';
	}
	order->call->fate = FATE_AGAIN;
	return false;
}

/* ---- the archive ---- */

static bool
wants_archive(const struct order *order)
{
	const char *state = order->call->state;

	return doc_text(doc_member(order->columns, "archive"))
	    && db_int_of(order->call->batch, 0, "jobs_completed") > 0
	    && strcmp(state, "queued") != 0 && strcmp(state, "processing") != 0;
}

/* Packed a moment after the batch is finished: nothing is sent before. */
static bool
archive_is_there(struct order *order)
{
	if (has(order, "archive_uri")
	    && db_int_of(order->call->batch, 0, "archive_run_no") == order->call->run_no)
		return true;
	call_say(order->call, FATE_AGAIN, "no_archive", "the archive is not packed yet");
	return false;
}

static bool
has_file(const struct doc *answer, const char *name)
{
	const struct doc_value *item = doc_item(api_data(answer, "items"), 0);
	const struct doc_value *files = doc_member(doc_item(doc_member(item, "column_values"), 0),
	    "files");

	for (size_t i = 0; i < doc_size(files); i++) {
		const char *one = doc_text(doc_member(doc_item(files, i), "name"));

		if (one && !strcmp(one, name))
			return true;
	}
	return false;
}

static bool
ask_attached(struct order *order, const char *name, bool *ret)
{
	struct doc *answer = NULL;
	struct ask ask;

	api_begin(&ask, QUERY_FILES);
	put_text_of(&ask.variables, "item", order->item);
	put_text_of(&ask.variables, "column", doc_text(doc_member(order->columns, "archive")));
	if (!api_send(order->call, &ask, &answer))
		return false;
	*ret = has_file(answer, name);
	doc_free(answer);
	return true;
}

/* The form reads the file by the descriptor's path. */
static bool
attach(struct order *order, const char *name)
{
	const char *uri = db_text_of(order->call->batch, 0, "archive_uri");
	struct doc *answer = NULL;
	struct err err = {0};
	char path[32];
	struct ask ask;
	int64_t size;
	bool well;
	int fd;

	if (!order->call->own) {
		call_say(order->call, FATE_STOP, "option", "columns.archive: BLOB_URI is not set");
		return false;
	}
	if (!blob_read_open(order->call->own, uri, &fd, &size, &err)) {
		call_say(order->call, FATE_AGAIN, *err.code ? err.code : "blob", "%s", err.text);
		return false;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	api_begin(&ask, QUERY_ATTACH);
	put_text_of(&ask.variables, "item", order->item);
	put_text_of(&ask.variables, "column", doc_text(doc_member(order->columns, "archive")));
	ask.file = path;
	ask.file_name = name;
	ask.file_size = size;
	well = api_send(order->call, &ask, &answer);
	doc_free(answer);
	close(fd);
	return well;
}

static bool
archive_tell(struct order *order)
{
	char name[NAME_MAX_SIZE], run[24] = "";
	bool is_there;

	if (order->call->run_no > 1)
		snprintf(run, sizeof(run), "_run-%" PRId32, order->call->run_no);
	snprintf(name, sizeof(name), "%s%s.zip", order->name, run);
	return ask_attached(order, name, &is_there) && (is_there || attach(order, name));
}

/* ---- all of it ---- */

void
monday_deliver(struct call *call)
{
	struct order order = { .call = call, .columns = doc_member(call->settings, "columns") };
	bool with_archive = wants_archive(&order);

	uuid_print(order.id, call->batch_id);
	order.board = setting(&order, "board");
	order.name = has(&order, "base_directory_name") ? db_text_of(call->batch, 0, "base_directory_name") : order.id;
	snprintf(order.item, sizeof(order.item), "%s", call->known_id);
	if ((with_archive && !archive_is_there(&order)) || !item_tell(&order)
	    || (with_archive && !archive_tell(&order)))
		return;
	if (order.twins)
		call_say(call, FATE_DONE, "", "item %s; %zu more have the key of this batch", order.item,
		    order.twins);
	else
		call_say(call, FATE_DONE, "", "item %s", order.item);
}
