/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropbox.h: a finished batch as a folder of Dropbox.
 *
 *	main          options, and the door (delivery/delivery.h has the engine)
 *	deliver       the order of the work: folder, what is there, what is missing, link; the test
 *	items         what is to be there: entries of the archive, each a piece of one file
 *	upload        one small file at once, all else by sessions that are finished together
 *	api           one request: token, headers, and what an error's tags mean
 *	token         access tokens, from the grant that is the target's secret
 *	content_hash  what Dropbox calls a file's hash
 *	arg           JSON as it may stand in a header
 *
 * What must stay true: what is sent comes out of the archive, so that it is the same at every
 * attempt, and whatever was done before is found by asking: a folder that is there is the folder,
 * a file with our hash is done. So a crash anywhere, or an answer that never came, costs a request
 * and no second file. Files of the folder that are not ours are left alone.
 *
 * A file never is in memory: requests are pieces of the archive, at most 8 MiB each, read as they
 * are sent. Requests of one delivery come one after the other; a batch of sessions is ready for
 * several at once, since only its end, finish_batch_v2, takes the lock of a namespace.
 */
#ifndef DROPBOX_H
#define DROPBOX_H
#include "base/arena.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "delivery/delivery.h"
#include "port/blob.h"
#include "port/pack.h"

enum {
	CONTENT_BLOCK = 4 << 20,	/* bytes: of a hash, and of what sessions take */
	TOKEN_MAX = 4096,
	TAGS_MAX = 200,			/* "path/conflict/folder" */
};

/* One delivery, or test, under way. */
struct box {
	struct call *call;
	const char *api, *content;	/* addresses */
	const char *member;		/* Dropbox-API-Select-User; NULL: none */
	char root[128];			/* Dropbox-API-Path-Root; "": none */
	char token[TOKEN_MAX];		/* "": to be had */
	char folder[2304];		/* the batch's; of a test: the one above */
	struct doc *doc;		/* of the latest answer */
	char tags[TAGS_MAX];		/* of the latest error; "": none */
};

/* ---- deliver.c ---- */

void deliver_batch(struct call *call);
void deliver_test(struct call *call);
bool deliver_open(struct call *call, struct err *err);
void deliver_close(struct call *call);

/* ---- items.c ---- */

/* A file that is to be in the folder. */
struct item {
	const char *name;
	int64_t offset, size;		/* in the archive */
	uint32_t crc32;
	bool has_crc32;			/* the archive itself has none */
	bool is_hashed, is_done;
	char hash[SHA256_TEXT_SIZE];	/* its content_hash */
};

struct items {
	struct arena *arena;
	int fd;				/* the archive */
	struct item *list;
	struct item **by_name;		/* in the order of name_compare() */
	size_t n;
};

/* What the settings want of the archive. False: said. items_clear() either way. */
bool items_open(struct items *items, struct call *call, const struct blob_store *store);
void items_clear(struct items *items);
/* NULL: none of ours. Dropbox knows no case, and neither does this. */
struct item *items_find(const struct items *items, const char *name);
/* Reads it, once. False: said. */
bool item_hash(const struct items *items, struct item *item, struct call *call);

/* ---- upload.c ---- */

/* Whatever is not done. False: said; what came there is there. */
bool upload_items(struct box *box, struct items *items);

/* ---- api.c ---- */

struct ask {
	const char *route;		/* "files/upload" */
	struct buf *arg;		/* JSON */
	const struct items *from;	/* NULL: no bytes are sent */
	const struct http_piece *pieces;
	size_t n_pieces;
	int64_t size;
};

enum heard {
	HEARD_RESULT,			/* box->doc */
	HEARD_ERROR,			/* the route's own: box->tags, "error" of box->doc; unsaid */
	HEARD_NOTHING,			/* and said why */
};

enum heard api_ask(struct box *box, const struct ask *ask);
/* The same, where the route's errors mean what their tags say: they are said. */
bool api_must(struct box *box, const struct ask *ask);
/* By the tags of `error`, never by error_summary. */
void api_judge(struct box *box, const struct doc_value *error);
/* "path/conflict/folder" of an error's unions. */
void api_tags(char ret[TAGS_MAX], const struct doc_value *error);
bool api_has_tag(const char *tags, const char *tag);
const struct doc_value *api_result(const struct box *box);
void api_clear(struct box *box);

/* ---- token.c ---- */

/* box->token, from memory or, when there is none that holds for 300 s more, by the grant; fresh: by
 * the grant. False: said. */
bool token_find(struct box *box, bool fresh);

/* ---- content_hash.c ---- */

/* SHA-256 of the SHA-256s of each 4 MiB. Begin with {0}. */
struct content_hash {
	struct hash *all, *block;
	size_t in_block;		/* bytes */
	bool failed;			/* no memory */
};
void content_hash_add(struct content_hash *hash, const void *bytes, size_t size);
/* Once; false: no memory. */
bool content_hash_end(struct content_hash *hash, char ret[SHA256_TEXT_SIZE]);

/* ---- arg.c ---- */

/* The same JSON in ASCII, without DEL: what is none becomes \uXXXX. False: no UTF-8. */
bool arg_add(struct buf *ret, const char *json);
#endif
