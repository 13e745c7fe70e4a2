/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.h: answering HTTP. The only module that includes microhttpd.h.
 *
 * A server calls its handler once for each request, with the whole body in memory (up to a limit;
 * more is a 413). A server that wants large bodies takes them piece by piece: begin() is asked when
 * the headers are there. Each connection has its own thread, so a handler may wait; the number of
 * connections is bounded: beyond it those that ask nothing, or are slow in sending a body or taking an
 * answer, give way to newcomers, who was there for a second leaves behind an answer, and a few more than
 * told are there for that; 256 wait to be let in, and who comes then comes again. Who takes longer than
 * 20 s for a request's head, or sends its body or takes its answer at less than 1 kB/s after as long, is
 * cut off. The answer is bytes or a part of a file. HEAD is answered like GET, and its body stays here.
 *
 * A refusal before or within the body is sent at once to a client that waits for it (Expect:
 * 100-continue), and when more than HTTPD_DRAIN_MAX is still to come: the connection ends with it, but
 * not before the client had time to hear it (parting.h). A shorter rest is read first, and it lives on.
 */
#ifndef HTTPD_H
#define HTTPD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"

enum { HTTPD_HEADERS_MAX = 16, HTTPD_DRAIN_MAX = 64 << 10, HTTPD_SPARE = 64 };

struct httpd;

struct httpd_request {
	const char *method, *path;		/* path: decoded, without the query; see unescape() */
	const char *host;			/* as the target names it, else the header; or "" */
	const void *body;
	size_t body_size;
	int64_t length;				/* Content-Length; -1: not said */
	void *intake;				/* what begin() set */
	void *connection;			/* the server's own */
};

struct httpd_answer {
	int status;				/* 200 unless set */
	const char *type;			/* Content-Type; NULL: none */
	struct buf body;			/* freed by the server */
	int fd;					/* -1: body is the answer; else closed by the server */
	int64_t fd_offset, fd_size;
	struct { const char *name; char value[512]; } headers[HTTPD_HEADERS_MAX];
	size_t n_headers;
	bool closes;				/* the connection ends with it; a refusal: at once */
	/* Set by a handler: there is no answer from here. The socket is the taker's, who answers and
	 * closes it; -1: it could not be handed over. */
	void (*take)(void *taker, int fd);
	void *taker;
};

struct httpd_options {
	const char *listen;			/* host:port; port 0: any free one */
	size_t body_max;			/* bytes */
	unsigned connections_max;
	int64_t patience_ms;			/* with who keeps us waiting; 0: 20 s */
	void (*handler)(void *state, const struct httpd_request *request, struct httpd_answer *answer);
	/* Words for what is refused here: a body over the limit (413), a head that can be read in two
	 * ways (400, and the connection ends). NULL: why, as text. */
	void (*refuse)(void *state, const struct httpd_request *request, int status, const char *why,
	    struct httpd_answer *answer);
	/* Optional, before the body. False: the answer is filled, there is nothing to handle. With
	 * *intake set the body goes to piece(), whose false drops the rest, and end() frees it after
	 * the handler, or without it when the client went away. */
	bool (*begin)(void *state, const struct httpd_request *request, void **intake,
	    struct httpd_answer *answer);
	bool (*piece)(void *intake, const void *bytes, size_t size);
	void (*end)(void *intake);
	void *state;
};

/* code "option" when listen is malformed, "port_taken" when it cannot be had. */
bool httpd_start(struct httpd **ret, const struct httpd_options *options, struct err *err);
void httpd_free(struct httpd *httpd);		/* NULL is fine; waits for the requests under way */
int httpd_port(const struct httpd *httpd);

const char *httpd_header(const struct httpd_request *request, const char *name);
const char *httpd_cookie(const struct httpd_request *request, const char *name);
const char *httpd_query(const struct httpd_request *request, const char *name);	/* first one */
/* Every query argument in order, decoded; value NULL for a bare name. False from `each` ends it. */
void httpd_query_each(const struct httpd_request *request,
    bool (*each)(void *state, const char *name, const char *value), void *state);
bool httpd_is_local(const struct httpd_request *request);	/* the other side is this machine */
/* It sends no more: the client has gone, or, which nobody can tell, has ended its half alone. */
bool httpd_is_gone(const struct httpd_request *request);
/* A proxy says that it asks for somebody else: Forwarded, X-Forwarded-* or X-Real-IP. */
bool httpd_is_forwarded(const struct httpd_request *request);
/* .. and where it is: its address, of IPv6 its /64. False: it has none. */
enum { HTTPD_NETWORK_SIZE = 16 };
bool httpd_network(const struct httpd_request *request, uint8_t ret[HTTPD_NETWORK_SIZE]);
/* The other side's address without its port, "203.0.113.7"; returns ret. */
enum { HTTPD_ADDRESS_SIZE = 64 };
char *httpd_address(const struct httpd_request *request, char ret[HTTPD_ADDRESS_SIZE]);

/* value is copied, cut at 511 bytes; CR and LF end it. */
void httpd_answer_header(struct httpd_answer *answer, const char *name, const char *value);

OWN_FREEP(struct httpd, httpd_free)
#endif
