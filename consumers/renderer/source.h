/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h: fetches pictures that lie elsewhere (batch/source.h), before a child is asked. What came
 * is a stranger's, as every input is: a child judges it. Used by one thread, as its worker is.
 *
 * Only hosts that the operator named are asked, by TLS, at addresses that are public or of a network
 * of the operator's own; redirects are not followed. Nothing is kept: each attempt asks anew.
 *
 *   code                verdict
 *   unsupported_source  reject   no host that may be asked, or no https:// at all
 *   source_unreachable  retry    no answer, not all of it in time, or one that may pass: 408, 429, 5xx
 *   source_refused      reject   any other answer, a redirect too; an address that may not be called;
 *                                the other side is not who its name says
 *   source_too_large    reject
 *   cancelled, stopping          as worker_goes_on() says
 */
#ifndef RENDERER_SOURCE_H
#define RENDERER_SOURCE_H
#include "base/err.h"
#include "base/own.h"
#include "consumers/renderer/worker.h"
#include "port/address.h"
#include "port/blob.h"

struct source_options {
	const char *hosts;		/* checked; "" or NULL: none */
	const char *ca_file;		/* NULL: the system's certificates */
	int64_t size_max;
	struct networks allowed;	/* of one's own */
};

struct source;

bool source_new(struct source **ret, const struct source_options *options, struct err *err);
void source_free(struct source *source);	/* NULL is fine */
OWN_FREEP(struct source, source_free)

/* Into a file of the store that has no name: it goes with *file, which the caller frees. */
bool source_fetch(struct source *source, const char *uri, const struct worker *worker,
    struct blob_store *store, int64_t timeout_ms, struct blob_writer **file, int64_t *size,
    struct err *err);
#endif
