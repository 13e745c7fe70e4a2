/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.h: reading multipart/form-data (RFC 7578) while it comes in, in pieces of any size.
 *
 * Each part is told by its name, and its file's name where it has one; then its bytes; then its
 * end. A listener that answers false stops the reading. Pure: it knows neither HTTP nor files.
 */
#ifndef MULTIPART_H
#define MULTIPART_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/own.h"

enum { MULTIPART_BOUNDARY_MAX = 70, MULTIPART_HEADERS_MAX = 8192, MULTIPART_NAME_MAX = 1024 };

struct multipart;

struct multipart_listener {
	/* file_name: NULL when the part is no file. Both live until the call returns. */
	bool (*begin)(void *state, const char *name, const char *file_name);
	bool (*bytes)(void *state, const void *bytes, size_t size);
	bool (*end)(void *state);
	void *state;
};

/* content_type: of the request. Without a usable boundary it rejects, code "bad_multipart". */
bool multipart_new(struct multipart **ret, const char *content_type,
    const struct multipart_listener *listener, struct err *err);
void multipart_free(struct multipart *multipart);	/* NULL is fine */

/* False without an error: the listener stopped. */
bool multipart_take(struct multipart *multipart, const void *bytes, size_t size, struct err *err);
/* The body is over: was it whole? */
bool multipart_finish(const struct multipart *multipart, struct err *err);

OWN_FREEP(struct multipart, multipart_free)
#endif
