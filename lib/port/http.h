/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h: asking others by HTTP. The only module that includes curl.
 *
 * A client keeps its connections between requests and belongs to one thread. A request's body
 * comes from memory, from pieces of a file, or as the parts of a form; files are streamed. The
 * answer's body goes to memory up to a limit, or, when it was asked for as a file and is a 200 or
 * a 206, to that file.
 *
 * True means that an answer came, whatever its status. False means that none came, or not all of
 * it, and says what and where, "GET http://host/path: cannot connect"; a URL's query and user are
 * not told. Redirects are answers like others: they are not followed.
 *
 *   code          verdict
 *   unreachable   retry    no connection, or a name that is not known
 *   timeout       retry    silence for too long, or not finished in time
 *   cut           retry    the connection broke under way
 *   protocol      retry    what came is no HTTP, or a part that was not asked for
 *   tls           fatal    the other side is not who it should be
 *   bad_url       fatal
 *   file          fatal    a file of ours cannot be read or written
 *   too_large     reject   the answer is larger than its limit
 *   stopped       fatal    `progress` said so
 *   refused       fatal    `may_connect` said no to every address of the host
 */
#ifndef HTTP_H
#define HTTP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"

enum {
	HTTP_HEADERS_MAX = 16,		/* of a request */
	HTTP_PARTS_MAX = 16,		/* of a form */
	HTTP_ANSWER_HEADERS_MAX = 16 * 1024,	/* bytes that are kept */
	HTTP_ANSWER_MAX = 64 << 20,	/* bytes of a body in memory unless said otherwise */
};

struct http;		/* a client */

struct http_options {
	const char *agent;		/* User-Agent; NULL: batchline/VERSION */
	const char *ca_file;		/* trusted certificates; NULL: the system's */
	int64_t connect_ms;		/* to be connected; 0: 10 s */
	int64_t silence_ms;		/* without a byte either way; 0: 60 s */
	int64_t bytes_per_s;		/* sent at most; 0: any number */
	/* Optional: asked before each connection, after the name was resolved; the connection then
	 * goes to just that address, and to no proxy. is_plain: without TLS. */
	bool (*may_connect)(void *state, const struct sockaddr *address, bool is_plain);
	void *connect_state;
};

/* A run of bytes of a file. */
struct http_piece { int64_t offset, size; };

struct http_header { const char *name, *value; };

/* One field of a multipart/form-data body: bytes, or a whole file. */
struct http_part {
	const char *name;
	const void *bytes;
	size_t size;
	const char *path;		/* instead of bytes */
	const char *file_name, *type;	/* NULL: not said */
};

enum http_body { HTTP_NO_BODY, HTTP_BYTES, HTTP_FILE, HTTP_FORM };

struct http_request {
	const char *method, *url;	/* http or https */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t n_headers;
	enum http_body body;
	const void *bytes;		/* HTTP_BYTES */
	int64_t size;			/* HTTP_BYTES, HTTP_FILE */
	int fd;				/* HTTP_FILE: read from offset on; stays the caller's */
	int64_t offset;
	const struct http_piece *pieces;	/* HTTP_FILE from here and there: one behind the other, */
	size_t n_pieces;		/* `size` bytes together; 0: from offset on */
	struct http_part parts[HTTP_PARTS_MAX];
	size_t n_parts;
	bool once;			/* sent once at most: curl sends again by itself when a kept
					 * connection turns out to be closed, so it gets its own */
	int64_t timeout_ms;		/* for all of it; 0: no end while bytes move */
	size_t answer_max;		/* bytes in memory; 0: HTTP_ANSWER_MAX */
	bool answer_start;		/* a longer answer is no error: its start is kept, the rest not read */
	/* The answer into a file: a 206 from *answer_offset on, a 200 from 0 on after the file was
	 * emptied. What is there of an answer that was cut stays. A pipe takes the bytes as they come. */
	bool to_file;
	struct hash *answer_hash;	/* gets what is written, too; NULL: none */
	int answer_fd;			/* stays the caller's */
	int64_t file_max;		/* bytes; 0: any number */
	int64_t answer_offset;		/* a 206 that begins elsewhere is an error */
	/* Now and then, from the same thread: bytes so far. False gives up. */
	bool (*progress)(void *state, int64_t sent, int64_t received);
	void *progress_state;
};

struct http_answer {
	int status;
	struct buf headers;		/* "Name: value" lines, each ended by a NUL */
	struct buf body;
	int64_t file_size;		/* bytes written to the file by this request */
	bool in_file;			/* the body went there */
};

bool http_new(struct http **ret, const struct http_options *options, struct err *err);
void http_free(struct http *http);	/* NULL is fine */
/* Whether an option's ca_file can be read; "" is none and well. Else code "option". */
bool http_ca_file_check(const char *path, struct err *err);

/* *ret is emptied first, so that one answer may serve many requests. After a false its body is not
 * to be used; its status is what came before, or 0; file_size tells how much of a file came. */
bool http_send(struct http *http, const struct http_request *request, struct http_answer *ret,
    struct err *err);

/* The first one of that name; NULL: none. Lives as long as the answer. */
const char *http_header_of(const struct http_answer *answer, const char *name);
/* Seconds to wait by Retry-After, at most `most`; `otherwise` when nothing usable is said. */
int64_t http_retry_after_s(const struct http_answer *answer, int64_t otherwise, int64_t most);
void http_answer_clear(struct http_answer *answer);

/* More than HTTP_HEADERS_MAX is a defect of ours and asserted. name and value must outlive the
 * request; a NULL value adds nothing. */
void http_add_header(struct http_request *request, const char *name, const char *value);

/* text as it may stand in a query or a path's part. */
bool http_escape(struct buf *ret, const char *text);

OWN_FREEP(struct http, http_free)
#endif
