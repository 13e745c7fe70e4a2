/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.c: libmicrohttpd, one thread a connection. */
#include "port/httpd.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_S = 60, HOST_MAX = 256 };

struct httpd {
	struct MHD_Daemon *daemon;
	struct httpd_options options;
};

/* One request while its body comes in. */
struct intake { struct buf body; bool too_large; };

/* ---- the answer ---- */

void
httpd_answer_header(struct httpd_answer *answer, const char *name, const char *value)
{
	size_t n = answer->n_headers;

	if (n == HTTPD_HEADERS_MAX)
		return;
	answer->headers[n].name = name;
	snprintf(answer->headers[n].value, sizeof(answer->headers[n].value), "%.*s",
	    (int)strcspn(value, "\r\n"), value);
	answer->n_headers++;
}

static struct MHD_Response *
response_of(struct httpd_answer *answer)
{
	if (answer->fd < 0) {
		struct MHD_Response *response = MHD_create_response_from_buffer(answer->body.size,
		    answer->body.data, MHD_RESPMEM_MUST_COPY);

		buf_clear(&answer->body);
		return response;
	}
	buf_clear(&answer->body);
	return MHD_create_response_from_fd_at_offset64((uint64_t)answer->fd_size, answer->fd,
	    (uint64_t)answer->fd_offset);
}

static enum MHD_Result
answer_send(struct MHD_Connection *connection, struct httpd_answer *answer)
{
	struct MHD_Response *response = response_of(answer);
	enum MHD_Result sent;

	if (!response) {
		if (answer->fd >= 0)
			close(answer->fd);
		return MHD_NO;
	}
	if (answer->type)
		MHD_add_response_header(response, "Content-Type", answer->type);
	for (size_t i = 0; i < answer->n_headers; i++)
		MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	sent = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return sent;
}

/* ---- the request ---- */

static enum MHD_Result
on_request(void *state, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *piece_size, void **mine)
{
	struct httpd *httpd = state;
	struct intake *intake = *mine;
	struct httpd_answer answer = { .status = 200, .fd = -1 };
	struct httpd_request request = { .method = method, .path = url, .connection = connection };

	(void)version;
	if (!intake) {
		*mine = intake = calloc(1, sizeof(*intake));
		if (intake)
			intake->body.limit = httpd->options.body_max;
		return intake ? MHD_YES : MHD_NO;
	}
	if (*piece_size) {
		if (!intake->too_large && !buf_add(&intake->body, piece, *piece_size)) {
			intake->too_large = true;
			buf_clear(&intake->body);
		}
		*piece_size = 0;
		return MHD_YES;
	}
	request.body = intake->body.data;
	request.body_size = intake->body.size;
	if (!intake->too_large)
		httpd->options.handler(httpd->options.state, &request, &answer);
	else if (httpd->options.too_large)
		httpd->options.too_large(httpd->options.state, &request, &answer);
	else
		answer.status = MHD_HTTP_CONTENT_TOO_LARGE;
	return answer_send(connection, &answer);
}

static void
on_completed(void *state, struct MHD_Connection *connection, void **mine,
    enum MHD_RequestTerminationCode why)
{
	struct intake *intake = *mine;

	(void)state, (void)connection, (void)why;
	if (!intake)
		return;
	buf_clear(&intake->body);
	free(intake);
	*mine = NULL;
}

const char *
httpd_header(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *
httpd_query(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct visit {
	bool (*each)(void *state, const char *name, const char *value);
	void *state;
};

static enum MHD_Result
on_argument(void *state, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct visit *visit = state;

	(void)kind;
	return visit->each(visit->state, name, value) ? MHD_YES : MHD_NO;
}

void
httpd_query_each(const struct httpd_request *request,
    bool (*each)(void *state, const char *name, const char *value), void *state)
{
	struct visit visit = { each, state };

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, on_argument, &visit);
}

/* ---- life ---- */

static bool
address_read(const char *listen, struct addrinfo **ret, struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	const char *colon = strrchr(listen, ':');
	char host[HOST_MAX];
	size_t size = colon ? (size_t)(colon - listen) : 0;

	if (!colon || size == 0 || size >= sizeof(host))
		return err_code(err, ERR_FATAL, "option", "\"%s\" is not host:port", listen);
	if (listen[0] == '[' && listen[size - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)size - 2, listen + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)size, listen);
	if (getaddrinfo(host, colon + 1, &hints, ret))
		return err_code(err, ERR_FATAL, "option", "\"%s\" is no address to listen on", listen);
	return true;
}

bool
httpd_start(struct httpd **ret, const struct httpd_options *options, struct err *err)
{
	own(httpd_freep) struct httpd *httpd = calloc(1, sizeof(*httpd));
	struct addrinfo *address = NULL;
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD
	    | MHD_USE_POLL;

	if (!httpd)
		return err_set(err, ERR_FATAL, "out of memory");
	httpd->options = *options;
	if (!address_read(options->listen, &address, err))
		return false;
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	httpd->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, httpd,
	    MHD_OPTION_SOCK_ADDR, address->ai_addr,
	    MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
	    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
	    MHD_OPTION_END);
	freeaddrinfo(address);
	if (!httpd->daemon)
		return err_code(err, ERR_FATAL, "port_taken", "cannot listen on %s: is the port taken?",
		    options->listen);
	*ret = httpd_free_hand_over(&httpd);
	return true;
}

void
httpd_free(struct httpd *httpd)
{
	if (!httpd)
		return;
	if (httpd->daemon)
		MHD_stop_daemon(httpd->daemon);
	free(httpd);
}

int
httpd_port(const struct httpd *httpd)
{
	return MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
