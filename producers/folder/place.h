/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h: files and folders that are whole or not there, and that take nobody's place. What the disk
 * will not do is an ERR_RETRY with the code "file"; a name that is taken has the code "taken".
 */
#ifndef PLACE_H
#define PLACE_H
#include "folder.h"

bool place_is_there(const char *path);
bool place_make(const char *folder, struct err *err);		/* there already is well */
/* Beside it and hidden at first, then renamed; on the disk when this returns. */
bool place_write(const char *path, const void *bytes, size_t size, struct err *err);
/* What is at `to` stays. */
bool place_move(const char *from, const char *to, struct err *err);
/* NAME, else NAME-2, NAME-3 ..: the first that is not in the folder. */
bool place_name(char ret[NAME_SIZE], const char *folder, const char *name, struct err *err);
/* A folder with what is in it, one deep. */
void place_remove(const char *folder);
bool place_sync(const char *folder, struct err *err);		/* the names in it */
bool place_sync_all(const char *folder, struct err *err);	/* all of its disk */
#endif
