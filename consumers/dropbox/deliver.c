/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c: the order of the work.
 *
 *	root -> folder (new, or there) -> what is there already -> upload the rest -> link
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "delivery/shown.h"
#include "dropbox.h"
#include "port/named.h"

enum { PAGE = 500 };

bool
deliver_open(struct call *call, struct err *err)
{
	struct blob_store *store = NULL;

	if (!blob_open(&store, option_text(call->options, "BLOB_URI"), err))
		return false;
	call->own = store;
	return true;
}

void
deliver_close(struct call *call)
{
	blob_free(call->own);
	call->own = NULL;
}

/* ---- requests of one member ---- */

/* {"path":...} and whatever stands behind it. */
static struct buf
about(const char *path, const char *more)
{
	struct buf arg = {0};
	struct put put = { &arg, false };

	put_open(&put, '{');
	put_text_of(&put, "path", path);
	buf_add_text(&arg, more);
	put_close(&put, '}');
	return arg;
}

static enum heard
ask_about(struct box *box, const char *route, const char *path, const char *more)
{
	struct buf arg = about(path, more);
	enum heard heard = api_ask(box, &(struct ask){ .route = route, .arg = &arg });

	buf_clear(&arg);
	return heard;
}

static bool
must_about(struct box *box, const char *route, const char *path, const char *more)
{
	enum heard heard = ask_about(box, route, path, more);

	if (heard == HEARD_ERROR)
		api_judge(box, doc_member(api_result(box), "error"));
	return heard == HEARD_RESULT;
}

static bool
must(struct box *box, const char *route)
{
	struct buf arg = {0};
	bool well;

	buf_add_text(&arg, "null");
	well = api_must(box, &(struct ask){ .route = route, .arg = &arg });
	buf_clear(&arg);
	return well;
}

/* ---- where ---- */

static const char *
setting(const struct call *call, const char *name, const char *otherwise)
{
	const char *text = doc_text(doc_member(call->settings, name));

	return text ? text : otherwise;
}

/* A team's space is named by its root, which the account knows. */
static bool
root_find(struct box *box)
{
	const char *wanted = setting(box->call, "path_root", "home"), *root;

	if (!strcmp(wanted, "home"))
		return true;
	if (strcmp(wanted, "root")) {
		snprintf(box->root, sizeof(box->root),
		    "{\".tag\":\"namespace_id\",\"namespace_id\":\"%s\"}", wanted);
		return true;
	}
	if (!must(box, "users/get_current_account"))
		return false;
	root = doc_text(doc_member(doc_member(api_result(box), "root_info"), "root_namespace_id"));
	if (!root || strspn(root, "0123456789") != strlen(root) || strlen(root) > 40) {
		call_say(box->call, FATE_AGAIN, "bad_answer", "the account tells no root");
		return false;
	}
	snprintf(box->root, sizeof(box->root), "{\".tag\":\"root\",\"root\":\"%s\"}", root);
	return true;
}

static bool
box_open(struct box *box, struct call *call)
{
	const char *name = call->batch ? db_text_of(call->batch, 0, "base_directory_name") : NULL;

	*box = (struct box){ .call = call, .member = setting(call, "member", NULL),
		.api = option_text(call->options, "BATCHLINE_DROPBOX_API"),
		.content = option_text(call->options, "BATCHLINE_DROPBOX_CONTENT") };
	snprintf(box->folder, sizeof(box->folder), "%s%s%s", setting(call, "folder", ""),
	    name ? "/" : "", name ? name : "");
	return root_find(box);
}

static void
box_clear(struct box *box)
{
	api_clear(box);
	explicit_bzero(box->token, sizeof(box->token));
}

/* ---- the folder ---- */

static bool
folder_note(struct box *box, const struct doc_value *metadata)
{
	const char *id = doc_text(doc_member(metadata, "id"));
	const char *tag = doc_text(doc_member(metadata, ".tag"));

	if (tag && strcmp(tag, "folder")) {
		call_say(box->call, FATE_FAILED, "conflict", "%s is a file", box->folder);
		return false;
	}
	if (!id || strlen(id) >= sizeof(box->call->external_id)) {
		call_say(box->call, FATE_AGAIN, "bad_answer", "the folder has no id");
		return false;
	}
	snprintf(box->call->external_id, sizeof(box->call->external_id), "%s", id);
	return true;
}

/* *is_new: nothing can be in it. */
static bool
folder_make(struct box *box, bool *is_new)
{
	enum heard heard = ask_about(box, "files/create_folder_v2", box->folder,
	    ",\"autorename\":false");

	*is_new = heard == HEARD_RESULT;
	if (*is_new)
		return folder_note(box, doc_member(api_result(box), "metadata"));
	if (heard == HEARD_ERROR && api_has_tag(box->tags, "folder"))
		return must_about(box, "files/get_metadata", box->folder, "")
		    && folder_note(box, api_result(box));
	if (heard == HEARD_ERROR)
		api_judge(box, doc_member(api_result(box), "error"));
	return false;
}

/* A file of ours that has our bytes is done. */
static bool
entry_take(struct box *box, const struct items *items, const struct doc_value *entry)
{
	const char *name = doc_text(doc_member(entry, "name"));
	const char *hash = doc_text(doc_member(entry, "content_hash"));
	struct item *item = name && hash ? items_find(items, name) : NULL;
	int64_t size;

	if (!item || !doc_int(doc_member(entry, "size"), &size) || size != item->size)
		return true;
	if (!item_hash(items, item, box->call))
		return false;
	item->is_done = !strcmp(item->hash, hash);
	return true;
}

static bool
cursor_ask(struct box *box, const char *cursor)
{
	struct buf arg = {0};
	struct put put = { &arg, false };
	bool well;

	put_open(&put, '{');
	put_text_of(&put, "cursor", cursor);
	put_close(&put, '}');
	well = api_must(box, &(struct ask){ .route = "files/list_folder/continue", .arg = &arg });
	buf_clear(&arg);
	return well;
}

static bool
look(struct box *box, const struct items *items)
{
	char limit[32], cursor[4096];
	bool more = true;

	snprintf(limit, sizeof(limit), ",\"limit\":%d", PAGE);
	if (!must_about(box, "files/list_folder", box->folder, limit))
		return false;
	while (more) {
		const struct doc_value *page = api_result(box);
		const struct doc_value *entries = doc_member(page, "entries");
		const char *next = doc_text(doc_member(page, "cursor"));

		for (size_t i = 0; i < doc_size(entries); i++)
			if (!entry_take(box, items, doc_item(entries, i)))
				return false;
		if (!doc_bool(doc_member(page, "has_more"), &more) || !more || !next)
			break;
		snprintf(cursor, sizeof(cursor), "%s", next);
		if (!cursor_ask(box, cursor))
			return false;
	}
	return true;
}

/* ---- the link ---- */

static bool
link_note(struct box *box, const struct doc_value *link)
{
	const char *url = doc_text(doc_member(link, "url"));

	if (!url || strlen(url) >= sizeof(box->call->link))
		return false;
	snprintf(box->call->link, sizeof(box->call->link), "%s", url);
	return true;
}

static bool
link_make(struct box *box)
{
	static const char exists[] = "shared_link_already_exists";
	const struct doc_value *error;
	enum heard heard = ask_about(box, "sharing/create_shared_link_with_settings", box->folder,
	    "");

	if (heard == HEARD_NOTHING)
		return false;
	error = doc_member(api_result(box), "error");
	if (heard == HEARD_ERROR && !api_has_tag(box->tags, exists)) {
		api_judge(box, error);
		return false;
	}
	if (link_note(box, heard == HEARD_RESULT ? api_result(box)
	    : doc_member(doc_member(error, exists), "metadata")))
		return true;
	if (!must_about(box, "sharing/list_shared_links", box->folder, ",\"direct_only\":true"))
		return false;
	if (link_note(box, doc_item(doc_member(api_result(box), "links"), 0)))
		return true;
	call_say(box->call, FATE_AGAIN, "bad_answer", "the link has no URL");
	return false;
}

/* ---- a batch ---- */

static bool
fill(struct box *box, const struct blob_store *store, bool is_new)
{
	struct items items;
	bool well = items_open(&items, box->call, store)
	    && (is_new || items.n == 0 || look(box, &items))
	    && (items.n == 0 || upload_items(box, &items));

	items_clear(&items);
	return well;
}

void
deliver_batch(struct call *call)
{
	bool is_new, link = false;
	struct box box;

	doc_bool(doc_member(call->settings, "link"), &link);
	if (box_open(&box, call) && folder_make(&box, &is_new) && fill(&box, call->own, is_new)
	    && (!link || link_make(&box)))
		call->fate = FATE_DONE;
	box_clear(&box);
}

/* ---- a test ---- */

/* "7.0 GB free", as far as the account says so. */
static void
space_say(char *ret, size_t size, const struct doc_value *usage)
{
	const struct doc_value *allocation = doc_member(usage, "allocation");
	int64_t used, allocated;

	*ret = '\0';
	if (!doc_int(doc_member(allocation, "used"), &used))	/* a team's; else one's own */
		if (!doc_int(doc_member(usage, "used"), &used))
			return;
	if (doc_int(doc_member(allocation, "allocated"), &allocated) && allocated >= used)
		snprintf(ret, size, ", %.1f GB free", (double)(allocated - used) / 1e9);
}

static bool
test_folder(struct box *box, const char **ret)
{
	enum heard heard;

	*ret = "is there";
	if (!*box->folder)
		return true;
	heard = ask_about(box, "files/get_metadata", box->folder, "");
	if (heard == HEARD_RESULT)
		return folder_note(box, api_result(box));
	*ret = "will be made";
	if (heard == HEARD_ERROR && api_has_tag(box->tags, "not_found"))
		return true;
	if (heard == HEARD_ERROR)
		api_judge(box, doc_member(api_result(box), "error"));
	return false;
}

static bool
test_account(struct box *box)
{
	char name[200], space[64];
	const struct doc_value *account;
	const char *text, *folder;

	if (!must(box, "users/get_current_account"))
		return false;
	account = api_result(box);
	text = doc_text(doc_member(doc_member(account, "name"), "display_name"));
	snprintf(name, sizeof(name), "%s", text ? text : "?");
	if (!must(box, "users/get_space_usage"))
		return false;
	space_say(space, sizeof(space), api_result(box));
	if (!test_folder(box, &folder))
		return false;
	call_say(box->call, FATE_DONE, "", "account %s, folder %s %s%s", name,
	    *box->folder ? box->folder : "/", folder, space);
	return true;
}

void
deliver_test(struct call *call)
{
	struct box box;

	if (box_open(&box, call))
		test_account(&box);
	box_clear(&box);
	*call->external_id = '\0';
}
