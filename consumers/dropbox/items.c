/* SPDX-License-Identifier: Apache-2.0 */
/* items.c: the archive's entries are stored, not deflated: a file of the batch is a piece of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/crc.h"
#include "batch/name.h"
#include "delivery/shown.h"
#include "dropbox.h"
#include "port/named.h"

enum { PIECE = 64 * 1024 };
#define MEMORY ((size_t)256 << 20)	/* bytes: names and hashes of a million files */

/* ---- which ---- */

static bool
wants(const struct call *call, const char *what)
{
	const char *content = doc_text(doc_member(call->settings, "content"));

	if (!content)
		content = "pictures";
	return !strcmp(content, what) || !strcmp(content, "both");
}

static int
compare(const void *a, const void *b)
{
	return name_compare((*(struct item *const *)a)->name, (*(struct item *const *)b)->name);
}

/* Below the folder of the archive, which is the batch's name, names stay as they are. */
static bool
list(struct items *items, const struct call *call, int64_t archive_size, struct err *err)
{
	const char *folder = db_text_of(call->batch, 0, "base_directory_name");
	size_t skip = strlen(folder) + 1, n = 0;
	struct packed *packed = NULL;

	if (wants(call, "pictures") && !pack_list(items->fd, items->arena, &packed, &n, err))
		return false;
	items->list = arena_take(items->arena, (n + 1) * sizeof(*items->list));
	items->by_name = arena_take(items->arena, (n + 1) * sizeof(*items->by_name));
	if (!items->list || !items->by_name)
		return err_set(err, ERR_FATAL, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct packed *p = &packed[i];
		bool is_below = !strncmp(p->name, folder, skip - 1) && p->name[skip - 1] == '/';

		items->list[items->n++] = (struct item){ .name = p->name + (is_below ? skip : 0),
			.offset = p->offset, .size = p->size,
			.crc32 = p->crc32, .has_crc32 = true };
	}
	if (wants(call, "archive"))
		items->list[items->n++] = (struct item){ .size = archive_size,
			.name = arena_print(items->arena, "%s.zip", folder) };
	for (size_t i = 0; i < items->n; i++)
		items->by_name[i] = &items->list[i];
	qsort(items->by_name, items->n, sizeof(*items->by_name), compare);
	return true;
}

bool
items_open(struct items *items, struct call *call, const struct blob_store *store)
{
	const char *uri = db_text_of(call->batch, 0, "archive_uri");
	struct err err = {0};
	int64_t size;

	*items = (struct items){ .fd = -1 };
	if (!uri)
		return true;
	items->arena = arena_new(MEMORY);
	if (!items->arena)
		err_set(&err, ERR_RETRY, "out of memory");
	else if (blob_read_open(store, uri, &items->fd, &size, &err)
	    && list(items, call, size, &err))
		return true;
	call_say(call, strcmp(err.code, PACK_DIFFERS) ? FATE_AGAIN : FATE_FAILED,
	    *err.code ? err.code : "archive", "the archive: %s", err.text);
	return false;
}

void
items_clear(struct items *items)
{
	if (items->fd >= 0)
		close(items->fd);
	arena_free(items->arena);
	*items = (struct items){ .fd = -1 };
}

struct item *
items_find(const struct items *items, const char *name)
{
	struct item wanted = { .name = name }, *key = &wanted, **found = NULL;

	if (items->n > 0)
		found = bsearch(&key, items->by_name, items->n, sizeof(*items->by_name), compare);
	return found ? *found : NULL;
}

/* ---- hashes ---- */

static bool
read_through(const struct items *items, struct item *item, struct call *call,
    struct content_hash *hash, uint32_t *crc32)
{
	char piece[PIECE];

	for (int64_t at = 0; at < item->size;) {
		int64_t left = item->size - at;
		ssize_t n = pread(items->fd, piece, left < PIECE ? (size_t)left : PIECE,
		    item->offset + at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			call_say(call, FATE_AGAIN, "blob_store", "%s: %s", item->name,
			    n ? strerror(errno) : "the archive became shorter");
			return false;
		}
		content_hash_add(hash, piece, (size_t)n);
		*crc32 = crc_add(*crc32, piece, (size_t)n);
		at += n;
		if (!call_goes_on(call)) {
			call_say(call, FATE_AGAIN, "stopped", "the service stops");
			return false;
		}
	}
	return true;
}

bool
item_hash(const struct items *items, struct item *item, struct call *call)
{
	struct content_hash hash = {0};
	uint32_t crc32 = 0;
	bool well;

	if (item->is_hashed)
		return true;
	well = read_through(items, item, call, &hash, &crc32);
	if (!content_hash_end(&hash, item->hash) && well) {
		call_say(call, FATE_AGAIN, "memory", "out of memory");
		well = false;
	}
	if (well && item->has_crc32 && crc32 != item->crc32) {
		call_say(call, FATE_FAILED, PACK_DAMAGED,
		    "%s: its bytes are damaged in the archive", item->name);
		well = false;
	}
	item->is_hashed = well;
	return well;
}
