/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.c: libmicrohttpd, one thread a connection; patience.h ends those that keep us waiting. */
#include "port/httpd.h"
#include <ctype.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "port/address.h"
#include "port/head.h"
#include "port/parting.h"
#include "port/patience.h"
#include "port/reply.h"

/* Waiting: to be let in; a longer line is answered when it has gone, and costs the others.
 * Unsent: what a socket takes of an answer that the client is not yet ready for. */
enum { IDLE_S = 60, PATIENCE_MS = 20000, CONNECTION_BYTES = 64 * 1024,
	WAITING_MAX = 256, UNSENT_BYTES = 256 * 1024 };

struct httpd {
	struct MHD_Daemon *daemon;
	struct patience *patience;
	struct parting *parting;
	struct httpd_options options;
};

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

/* The body's bytes become the response's. */
static struct MHD_Response *
response_of(struct httpd_answer *answer)
{
	struct MHD_Response *response;

	if (answer->fd >= 0)
		return MHD_create_response_from_fd_at_offset64((uint64_t)answer->fd_size, answer->fd,
		    (uint64_t)answer->fd_offset);
	response = MHD_create_response_from_buffer(answer->body.size, answer->body.data,
	    MHD_RESPMEM_MUST_FREE);
	if (response)
		answer->body = (struct buf){0};
	return response;
}

static enum MHD_Result
answer_send(struct MHD_Connection *connection, struct httpd_answer *answer)
{
	struct MHD_Response *response = response_of(answer);
	enum MHD_Result sent;

	buf_clear(&answer->body);
	if (!response) {
		if (answer->fd >= 0)
			close(answer->fd);
		return MHD_NO;
	}
	if (answer->closes)
		MHD_add_response_header(response, "Connection", "close");
	if (answer->type)
		MHD_add_response_header(response, "Content-Type", answer->type);
	for (size_t i = 0; i < answer->n_headers; i++)
		MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	sent = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return sent;
}

/* The socket is the caller's, and a dead one stands in its place until the server closes it: what is
 * shut down with that is not the caller's. -1: it stays where it is. */
static int
socket_take(struct MHD_Connection *connection)
{
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), taken = -1;

	if (dead >= 0)
		taken = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (taken >= 0 && dup2(dead, fd) < 0) {
		close(taken);
		taken = -1;
	}
	if (dead >= 0)
		close(dead);
	return taken;
}

static enum MHD_Result
hand_over(struct MHD_Connection *connection, struct httpd_answer *answer)
{
	int fd = socket_take(connection);

	buf_clear(&answer->body);
	answer->take(answer->taker, fd);
	return MHD_NO;
}

/* The library answers before a body or behind it, not within. So this is said past it, and the
 * connection ends when the client has had time to hear it. */
static enum MHD_Result
answer_early(struct httpd *httpd, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct buf words = {0};
	int fd = -1;

	reply_print(&words, answer, MHD_get_reason_phrase_for((unsigned)answer->status),
	    !strcmp(request->method, MHD_HTTP_METHOD_HEAD));
	if (!words.failed)
		fd = socket_take(request->connection);
	if (fd >= 0)
		parting_add(httpd->parting, fd, &words);
	buf_clear(&words);
	buf_clear(&answer->body);
	return MHD_NO;
}

/* ---- the request ---- */

static struct patient *
patient_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* One request while its body comes in. */
struct intake {
	struct buf body;
	void *taker;			/* of a body that goes piece by piece */
	struct head head;
	bool drops;			/* nothing more of the body is wanted */
	bool too_large, refused;
	size_t came, dropped;
	struct httpd_answer answer;	/* of a refusal */
};

static int64_t
length_of(const struct httpd_request *request)
{
	const char *text = httpd_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return text ? strtoll(text, NULL, 10) : -1;
}

static void
refuse(struct httpd *httpd, const struct httpd_request *request, int status, const char *why,
    struct httpd_answer *answer)
{
	answer->status = status;
	if (httpd->options.refuse) {
		httpd->options.refuse(httpd->options.state, request, status, why, answer);
		return;
	}
	answer->type = "text/plain; charset=utf-8";
	buf_print(&answer->body, "%s\n", why);
}

static enum MHD_Result
answer_now(struct httpd *httpd, struct intake *intake, const struct httpd_request *request,
    bool is_early)
{
	struct httpd_answer *answer = &intake->answer;
	enum MHD_Result sent;

	patience_turn(httpd->patience, patient_of(request->connection), TURN_OURS);
	if (intake->refused)
		;
	else if (intake->too_large)
		refuse(httpd, request, 413, "The body is too large.", answer);
	else
		httpd->options.handler(httpd->options.state, request, answer);
	if (answer->take)
		return hand_over(request->connection, answer);
	if (is_early)
		return answer_early(httpd, request, answer);
	answer->closes |= patience_leaves(httpd->patience, patient_of(request->connection));
	sent = answer_send(request->connection, answer);
	patience_turn(httpd->patience, patient_of(request->connection), TURN_TAKES);
	return sent;
}

static enum MHD_Result
on_header(void *head, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	head_take(head, name, value);
	return MHD_YES;
}

/* Where the request goes; false: its head is refused. */
static bool
head_read(struct httpd *httpd, const struct httpd_request *request, const char *target,
    struct intake *intake)
{
	const char *why;

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, &intake->head);
	why = head_finish(&intake->head, target);
	if (!why)
		return true;
	refuse(httpd, request, 400, why, &intake->answer);
	intake->answer.closes = true;
	return false;
}

/* Is there too much of the body left to be read for nothing? With less the connection lives on. */
static bool
is_too_long(const struct httpd_request *request, const struct intake *intake)
{
	return request->length >= 0 ? request->length - (int64_t)intake->came > HTTPD_DRAIN_MAX
	    : intake->dropped > HTTPD_DRAIN_MAX;
}

static bool
has_body(const struct httpd_request *request)
{
	return request->length > 0 || httpd_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* The headers are here. What is refused now is answered now when the client waits for that, when
 * the body is too long to be read for nothing, or the connection ends with it; else after the body,
 * and the connection lives on. */
static enum MHD_Result
begin(struct httpd *httpd, const struct httpd_request *request, const char *target,
    struct intake *intake)
{
	const struct httpd_options *o = &httpd->options;

	patience_turn(httpd->patience, patient_of(request->connection), TURN_BEGUN);
	intake->answer = (struct httpd_answer){ .status = 200, .fd = -1 };
	intake->body.limit = o->body_max;
	if (!head_read(httpd, request, target, intake)
	    || (o->begin && !o->begin(o->state, request, &intake->taker, &intake->answer)))
		intake->refused = true;
	else if (!intake->taker && request->length > (int64_t)o->body_max)
		intake->too_large = true;
	else
		return MHD_YES;
	intake->drops = true;
	if (!intake->answer.closes && !is_too_long(request, intake)
	    && !httpd_header(request, MHD_HTTP_HEADER_EXPECT))
		return MHD_YES;
	return answer_now(httpd, intake, request, has_body(request));
}

/* A piece of the body; of what is refused, one more that is thrown away. */
static void
take(struct httpd *httpd, struct intake *intake, const char *piece, size_t size)
{
	intake->came += size;
	if (intake->drops) {
		intake->dropped += size;
	} else if (intake->taker) {
		intake->drops = !httpd->options.piece(intake->taker, piece, size);
	} else if (!buf_add(&intake->body, piece, size)) {
		intake->drops = intake->too_large = true;
		buf_clear(&intake->body);
	}
}

static enum MHD_Result
on_request(void *state, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *piece_size, void **mine)
{
	struct httpd *httpd = state;
	struct intake *intake = *mine;
	bool is_new = !intake;
	struct httpd_request request = { .method = method, .path = head_path(url),
		.connection = connection };

	(void)version;
	if (is_new)
		intake = *mine = calloc(1, sizeof(*intake));
	if (!intake)
		return MHD_NO;
	request.host = intake->head.host;
	request.length = length_of(&request);
	if (is_new)
		return begin(httpd, &request, url, intake);
	request.intake = intake->taker;
	if (*piece_size) {
		size_t size = *piece_size;
		int64_t from_ms = clock_monotonic_ms();

		*piece_size = 0;
		patience_gives(httpd->patience, patient_of(connection));
		take(httpd, intake, piece, size);
		patience_gave(httpd->patience, patient_of(connection), size,
		    clock_monotonic_ms() - from_ms);
		return intake->drops && is_too_long(&request, intake)
		    ? answer_now(httpd, intake, &request, true) : MHD_YES;
	}
	request.body = intake->body.data;
	request.body_size = intake->body.size;
	return answer_now(httpd, intake, &request, false);
}

static void
on_completed(void *state, struct MHD_Connection *connection, void **mine,
    enum MHD_RequestTerminationCode why)
{
	struct httpd *httpd = state;
	struct intake *intake = *mine;
	bool is_over = !intake || intake->answer.closes || why != MHD_REQUEST_TERMINATED_COMPLETED_OK;

	if (intake && intake->taker)
		httpd->options.end(intake->taker);
	patience_turn(httpd->patience, patient_of(connection), is_over ? TURN_GONE : TURN_IDLE);
	if (!intake)
		return;
	buf_clear(&intake->body);
	buf_clear(&intake->answer.body);
	free(intake);
	*mine = NULL;
}

static void
on_connection(void *state, struct MHD_Connection *connection, void **patient,
    enum MHD_ConnectionNotificationCode what)
{
	struct httpd *httpd = state;
	const int unsent = UNSENT_BYTES;
	int fd;

	if (what != MHD_CONNECTION_NOTIFY_STARTED) {
		patience_remove(httpd->patience, *patient);
		return;
	}
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	*patient = patience_add(httpd->patience, fd);
}

const char *
httpd_header(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *
httpd_cookie(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
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

/* %41 is A, in place. A NUL would cut the text off, and what was behind it would go unseen: it
 * becomes a byte that is never UTF-8, so that whoever takes texts refuses it. */
static size_t
unescape(void *state, struct MHD_Connection *connection, char *text)
{
	char *to = text;

	(void)state, (void)connection;
	for (const char *at = text; *at; at++) {
		unsigned byte;

		if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])
		    && sscanf(at + 1, "%2x", &byte) == 1) {
			*to++ = (char)(byte ? byte : 0xff);
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

bool
httpd_is_local(const struct httpd_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info && info->client_addr && address_is_loopback(info->client_addr);
}

bool
httpd_network(const struct httpd_request *request, uint8_t ret[HTTPD_NETWORK_SIZE])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info && info->client_addr && address_network(ret, info->client_addr);
}

bool
httpd_is_gone(const struct httpd_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd polled = { .fd = info->connect_fd, .events = POLLRDHUP };

	return poll(&polled, 1, 0) > 0;
}

static enum MHD_Result
on_forwarded(void *state, enum MHD_ValueKind kind, const char *name, const char *value)
{
	bool *is_forwarded = state;

	(void)kind, (void)value;
	*is_forwarded |= !strcasecmp(name, "Forwarded") || !strncasecmp(name, "X-Forwarded-", 12)
	    || !strcasecmp(name, "X-Real-IP");
	return MHD_YES;
}

bool
httpd_is_forwarded(const struct httpd_request *request)
{
	bool is_forwarded = false;

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_forwarded, &is_forwarded);
	return is_forwarded;
}

char *
httpd_address(const struct httpd_request *request, char ret[HTTPD_ADDRESS_SIZE])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	socklen_t size = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	    : sizeof(struct sockaddr_in);

	if (!address || getnameinfo(address, size, ret, HTTPD_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST))
		snprintf(ret, HTTPD_ADDRESS_SIZE, "unknown");
	return ret;
}

/* ---- life ---- */

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
	if (!patience_new(&httpd->patience, options->patience_ms ? options->patience_ms : PATIENCE_MS,
	        options->connections_max, err)
	    || !parting_new(&httpd->parting, err)
	    || !address_read(&address, options->listen, err))
		return false;
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	httpd->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, httpd,
	    MHD_OPTION_SOCK_ADDR, address->ai_addr,
	    MHD_OPTION_CONNECTION_LIMIT, options->connections_max + HTTPD_SPARE,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)WAITING_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd,
	    MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
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
	patience_free(httpd->patience);
	parting_free(httpd->parting);
	free(httpd);
}

int
httpd_port(const struct httpd *httpd)
{
	return MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
