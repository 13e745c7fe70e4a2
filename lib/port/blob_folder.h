/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_folder.h: what the files of the directory backend share.
 *
 *	blob.c		names, the store, reading
 *	blob_write.c	writers: a temporary file, its hash, its name
 *	blob_remove.c	removing, and the sweeps of what is old
 */
#ifndef BLOB_FOLDER_H
#define BLOB_FOLDER_H
#include "port/blob.h"

#define BLOB_PREFIX "blob:"
enum { BLOB_TEMP_SIZE = 64 };

struct blob_store {
	int dir;		/* O_PATH: names begin here */
	int whole;		/* the same, for blob_sync() */
};

/* errno as an error; false. */
bool blob_system_err(struct err *err, const char *what);
int blob_open_beneath(const struct blob_store *store, const char *path, int flags);
/* The path that a URI names, within it. */
bool blob_path_of(const char *uri, const char **ret, struct err *err);
/* The same of a prefix, which may end with a slash; ret holds the text. */
bool blob_folder_of(const char *uri_prefix, char ret[BLOB_URI_MAX], const char **path,
    struct err *err);
/* Puts the name of what lies at that path on the disk. */
bool blob_folder_sync(struct blob_store *store, const char *path, struct err *err);
#endif
