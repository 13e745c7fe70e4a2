/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.h: the door to the blob store, where pictures and archives lie.
 *
 * A blob is named by a URI: `blob:` and a path of safe components (letters, digits, `.`, `_`,
 * `-`; none is `.` or `..`). Inputs are named by their content, blob:sha256/<hex>; outputs lie
 * under blob:outputs/<batch>/<job>/<attempt>-<random>/, archives at
 * blob:archives/<batch>/<run_no>.zip. A blob appears whole or not at all (written under a
 * temporary name, fsync, rename, fsync of the folder and of those above that were made for it) and
 * never changes afterwards.
 *
 * Many small blobs have their sync in common: blob_write_place() gives each its name, and one
 * blob_sync() makes all of them last. Between the two a blob is there as long as the power is: so
 * that is for names which nobody knows yet, and which are told after the sync.
 *
 * Backend: a directory (BLOB_URI=file:///absolute/path). Verdicts: a missing blob and a malformed
 * URI reject (code "blob_not_found", "bad_uri"); a full or sick disk asks for a retry.
 */
#ifndef BLOB_H
#define BLOB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/hash.h"
#include "base/own.h"

enum { BLOB_URI_MAX = 512 };	/* bytes with the NUL */

struct blob_store;
struct blob_writer;

bool blob_open(struct blob_store **ret, const char *store_uri, struct err *err);
void blob_free(struct blob_store *store);			/* NULL is fine */

bool blob_uri_is_valid(const char *uri);

/* Reading: *fd is the caller's to close; it is seekable and read-only. size may be NULL. */
bool blob_read_open(const struct blob_store *store, const char *uri, int *fd, int64_t *size,
    struct err *err);

/* Whether anything lies below blob:outputs/ and the like. */
bool blob_has_below(const struct blob_store *store, const char *uri_prefix, bool *ret,
    struct err *err);

/* Writing. uri NULL: named by its SHA-256 when it is finished. The bytes go in by blob_write() or
 * straight to blob_writer_fd() (then the writer reads them again for the hash). */
bool blob_write_open(struct blob_store *store, struct blob_writer **ret, const char *uri,
    struct err *err);
bool blob_write(struct blob_writer *writer, const void *bytes, size_t size, struct err *err);
int blob_writer_fd(struct blob_writer *writer);
/* Asked between pieces of what blob_write_finish() reads again; false ends it with its error. */
void blob_writer_ask(struct blob_writer *writer, bool (*go_on)(void *state, struct err *err),
    void *state);
struct blob_done { char uri[BLOB_URI_MAX]; char sha256[SHA256_TEXT_SIZE]; int64_t size; };
bool blob_write_finish(struct blob_writer *writer, struct blob_done *ret, struct err *err);
/* As finish, without a sync. */
bool blob_write_place(struct blob_writer *writer, struct blob_done *ret, struct err *err);
/* What was placed before this was called outlives a power cut when it answers true. One thread at a
 * time. */
bool blob_sync(struct blob_store *store, struct err *err);
void blob_writer_free(struct blob_writer *writer);	/* NULL is fine; unfinished: nothing stays */

bool blob_put(struct blob_store *store, const void *bytes, size_t size, struct blob_done *ret,
    struct err *err);		/* whole, named by its SHA-256; there already: nothing is written */

bool blob_remove(struct blob_store *store, const char *uri, struct err *err);	/* gone is fine */
/* Everything below blob:outputs/<batch>/ and the like; gone is fine. */
bool blob_remove_below(struct blob_store *store, const char *uri_prefix, struct err *err);
/* An input is named now: its time is fresh. "blob_not_found" when it is not there. */
bool blob_touch(struct blob_store *store, const char *uri, struct err *err);
/* Each input (blob:sha256/..) whose time is older; see() false ends it with its error. */
bool blob_each_old(struct blob_store *store, int64_t age_s,
    bool (*see)(void *state, const char *uri, struct err *err), void *state, struct err *err);
/* Removes it if it is still so old once nobody finds it any more; put or touched meanwhile it stays. */
bool blob_remove_old(struct blob_store *store, const char *uri, int64_t age_s, bool *removed,
    struct err *err);
/* Unfinished writes that nobody added to for age_s seconds: their writer is dead. */
bool blob_remove_stale(struct blob_store *store, int64_t age_s, size_t *n, struct err *err);

OWN_FREEP(struct blob_store, blob_free)
OWN_FREEP(struct blob_writer, blob_writer_free)
#endif
