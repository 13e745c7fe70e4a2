/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h: what a target is called with and nobody may read: tokens, signing keys.
 *
 * A secret is a file in the folder BATCHLINE_SECRETS that its service alone can read; a target
 * names the file. It is read for each call, so that a new one needs no restart, and is in no
 * database, log, metric or error.
 */
#ifndef SECRET_H
#define SECRET_H
#include <stdbool.h>
#include "base/buf.h"
#include "base/err.h"

enum { SECRET_MAX = 4096 };	/* bytes */

/* Is every file of the folder the service's alone? ERR_FATAL "option", which names the first that
 * is not. "" is no folder, and right. */
bool secrets_check(const char *folder, struct err *err);
/* False: ERR_FATAL "secret", which names the file. *ret is to be given to secret_clear(). */
bool secret_read(struct buf *ret, const char *folder, const char *name, struct err *err);
void secret_clear(struct buf *secret);	/* nothing of it stays in memory */
#endif
