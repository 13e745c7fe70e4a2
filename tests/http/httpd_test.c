/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP port on a real loopback socket: what it hands to a handler, what it sends back. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"
#include "port/httpd.h"

/* A server that answers what it saw: "<method> <path> <bytes of the body> <body>". */
static void
echo(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	(void)state;
	answer->type = "text/plain";
	buf_print(&answer->body, "%s %s %zu ", request->method, request->path, request->body_size);
	buf_add(&answer->body, request->body, request->body_size);
}

static int
serve(struct httpd_options options)
{
	static struct httpd *httpd; /* lives as long as the test's process */
	struct err err = { 0 };

	options.listen = "127.0.0.1:0";
	options.connections_max = 16;
	if (!options.handler)
		options.handler = echo;
	if (!options.body_max)
		options.body_max = 1000;
	cr_assert(httpd_start(&httpd, &options, &err), "%s", err.text);
	return httpd_port(httpd);
}

#define HOST "Host: localhost\r\n"

Test(httpd, hands_the_whole_body_to_its_handler)
{
	int port = serve((struct httpd_options){ 0 }), fd = client_open(port);

	client_say_text(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n01234");
	client_say_text(fd, "56789");
	cr_assert_str_eq(answer_body(client_hear(fd, 0)), "POST /a 10 0123456789");
}

Test(httpd, takes_a_body_of_unknown_length)
{
	char *answer = client_ask(serve((struct httpd_options){ 0 }),
	    "POST /a HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");

	cr_assert_str_eq(answer_body(answer), "POST /a 5 abcde");
}

Test(httpd, answers_several_requests_on_one_connection)
{
	int fd = client_open(serve((struct httpd_options){ 0 }));

	for (int i = 0; i < 3; i++) {
		client_say_text(fd, "GET /a HTTP/1.1\r\n" HOST "\r\n");
		cr_assert_str_eq(answer_body(client_hear(fd, 0)), "GET /a 0 ");
	}
}

Test(httpd, decodes_paths_and_leaves_what_is_no_escape)
{
	static const struct {
		const char *asked, *path;
	} rows[] = {
		{ "/a%20b", "/a b" },
		{ "/%C3%BC", "/ü" },
		{ "/%", "/%" },
		{ "/%2", "/%2" },
		{ "/%zz", "/%zz" },
		{ "/a+b", "/a+b" },
		{ "/a%00b",
		    "/a\xff"
		    "b" },
		{ "/a?b=c", "/a" },
	};
	int port = serve((struct httpd_options){ 0 });
	char request[100], said[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(
		    request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", rows[i].asked);
		snprintf(said, sizeof(said), "GET %s 0 ", rows[i].path);
		cr_assert_str_eq(answer_body(client_ask(port, request)), said);
	}
}

Test(httpd, head_is_answered_without_a_body)
{
	int fd = client_open(serve((struct httpd_options){ 0 }));
	char *answer;

	client_say_text(fd, "HEAD /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n");
	answer = client_hear(fd, 1);
	cr_assert_str_eq(answer_header(answer, "Content-Length"), "10");
	cr_assert_str_eq(answer_body(answer), "");
	cr_assert_str_eq(answer_body(client_hear(fd, 0)), "GET /b 0 ");
}

/* ---- limits ---- */

static void
say_in_words(void *state, const struct httpd_request *request, int status, const char *why,
    struct httpd_answer *answer)
{
	(void)state, (void)request;
	buf_print(&answer->body, "in words: %d %s", status, why);
}

Test(httpd, a_body_over_the_limit_is_read_and_refused_and_the_connection_lives_on)
{
	int fd = client_open(
	    serve((struct httpd_options){ .body_max = 4, .refuse = say_in_words }));

	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345");
	cr_assert_eq(answer_status(client_hear(fd, 0)), 413);
	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\n1234");
	cr_assert_str_eq(answer_body(client_hear(fd, 0)), "POST / 4 1234");
}

Test(httpd, a_body_of_unknown_length_is_refused_where_it_passes_the_limit)
{
	char *answer = client_ask(
	    serve((struct httpd_options){ .body_max = 4, .refuse = say_in_words }),
	    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n");

	cr_assert_eq(answer_status(answer), 413);
}

Test(httpd, who_waits_for_leave_to_send_too_much_is_refused_at_once)
{
	char *answer = client_ask(serve((struct httpd_options){ .refuse = say_in_words }),
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n");

	cr_assert_eq(answer_status(answer), 413);
	cr_assert_str_eq(answer_body(answer), "in words: 413 The body is too large.");
}

Test(httpd, without_words_for_it_too_much_is_refused_in_ours)
{
	char *answer = client_ask(serve((struct httpd_options){ .body_max = 1 }),
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n12");

	cr_assert_eq(answer_status(answer), 413);
	cr_assert_str_eq(answer_body(answer), "The body is too large.\n");
}

/* ---- heads that can be read in two ways ---- */

static const struct {
	const char *head, *why;	/* why NULL: libmicrohttpd 1.0 refuses it itself, in its own words */
} doubtful[] = {
	{ HOST "Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length is given twice.\n" },
	{ HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
	    "Content-Length has no place beside Transfer-Encoding.\n" },
	{ HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
	    "Content-Length has no place beside Transfer-Encoding.\n" },
	{ HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
	    "Transfer-Encoding is given twice.\n" },
	{ HOST "Transfer-Encoding: gzip, chunked\r\n", NULL },
	{ HOST "Transfer-Encoding: identity\r\n", NULL },
	{ HOST HOST, "Host is given twice.\n" },
	{ HOST "HOST: evil.example\r\n", "Host is given twice.\n" },
	{ HOST "Authorization: a\r\nAuthorization: b\r\n", "Authorization is given twice.\n" },
	{ HOST "Content-Type: a\r\nContent-Type: b\r\n", "Content-Type is given twice.\n" },
};

Test(httpd, a_head_that_can_be_read_in_two_ways_is_refused_and_the_connection_ends)
{
	int port = serve((struct httpd_options){ 0 });
	char request[300], end;

	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		int fd = client_open(port);
		char *answer;

		snprintf(request, sizeof(request), "POST / HTTP/1.1\r\n%s\r\n", doubtful[i].head);
		client_say_text(fd, request);
		answer = client_hear(fd, 0);
		cr_expect_eq(answer_status(answer), 400, "%s", doubtful[i].head);
		if (doubtful[i].why)
			cr_expect_str_eq(answer_body(answer), doubtful[i].why);
		else
			cr_expect(strstr(answer_body(answer), "Transfer-Encoding"));
		cr_expect_leq(recv(fd, &end, 1, 0), 0, "%s", doubtful[i].head);
	}
}

Test(httpd, what_is_said_twice_and_means_the_same_is_taken)
{
	char *answer = client_ask(serve((struct httpd_options){ 0 }),
	    "POST /a HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n"
	    "Cookie: a\r\nCookie: b\r\n\r\nx");

	cr_assert_str_eq(answer_body(answer), "POST /a 1 x");
}

/* ---- where a request goes ---- */

static void
tell_host(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	(void)state;
	buf_print(&answer->body, "%s at %s", request->path, request->host);
}

Test(httpd, a_target_may_name_its_host_which_is_believed)
{
	static const struct {
		const char *target, *seen;
	} rows[] = {
		{ "/a", "/a at localhost" },
		{ "http://other:8080/a/b", "/a/b at other:8080" },
		{ "HTTPS://other/a?b=c", "/a at other" },
		{ "http://other", "/ at other" },
		{ "http://other?b=c", "/ at other" },
		{ "/http://other/a", "/http://other/a at localhost" },
	};
	int port = serve((struct httpd_options){ .handler = tell_host });
	char request[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(
		    request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", rows[i].target);
		cr_expect_str_eq(answer_body(client_ask(port, request)), rows[i].seen);
	}
}

/* ---- who keeps us waiting ---- */

/* Says `what` again and again, until the connection ends; false: it never did. */
static bool
is_cut_off(int fd, const char *what)
{
	char heard[500];

	for (int i = 0; i < 1000; i++) {
		client_say_text(fd, what);
		if (recv(fd, heard, sizeof(heard), MSG_DONTWAIT) == 0 || errno != EAGAIN)
			return true;
		usleep(10000);
	}
	return false;
}

Test(httpd, a_head_that_comes_in_drops_is_not_waited_for)
{
	int fd = client_open(serve((struct httpd_options){ .patience_ms = 100 }));

	client_say_text(fd, "GET / HTTP/1.1\r\n" HOST);
	cr_assert(is_cut_off(fd, "X-Drop: 1\r\n"));
}

Test(httpd, a_body_that_comes_in_drops_is_not_waited_for)
{
	int fd = client_open(
	    serve((struct httpd_options){ .patience_ms = 100, .body_max = 1 << 20 }));

	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
	cr_assert(is_cut_off(fd, "x"));
}

Test(httpd, a_body_that_comes_at_any_pace_of_use_is_waited_for)
{
	int fd = client_open(
	    serve((struct httpd_options){ .patience_ms = 2000, .body_max = 1 << 20 }));
	static char piece_of_it[10000];

	memset(piece_of_it, 'x', sizeof(piece_of_it));
	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	for (int i = 0; i < 10; i++) { /* longer than 2 s in all */
		usleep(300000);
		client_say(fd, piece_of_it, sizeof(piece_of_it));
	}
	cr_assert_eq(answer_status(client_hear(fd, 0)), 200);
}

Test(httpd, who_holds_a_connection_for_nothing_gives_way)
{
	int port = serve((struct httpd_options){ 0 });

	for (int i = 0; i < 200; i++)
		client_say_text(client_open(port), "GET / HTTP/1.1\r\n");
	cr_assert_eq(answer_status(client_ask(port, "GET / HTTP/1.1\r\n" HOST "\r\n")), 200);
}

/* As often 64 KiB as the path says; 256 are more than sockets hold. */
static void
answer_much(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	static char bytes[65536];

	(void)state;
	for (int i = 0; i < (*request->path ? atoi(request->path + 1) : 0); i++)
		buf_add(&answer->body, bytes, sizeof(bytes));
}

static size_t
heard_to_the_end(int fd)
{
	static char bytes[65536];
	size_t heard = 0;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		heard += (size_t)n;
	return heard;
}

#define MUCH "GET /256 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

static bool
is_answered(int port)
{
	int fd = client_open(port);
	char first[16] = "";
	ssize_t n;

	client_say_text(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	n = recv(fd, first, sizeof(first) - 1, MSG_WAITALL);
	close(fd);
	return n > 0 && answer_status(first) == 200;
}

/* However late the look at them comes: it comes, and then there is a place for others. */
Test(httpd, who_does_not_take_its_answer_is_not_waited_for, .timeout = 60)
{
	int port = serve((struct httpd_options){ .patience_ms = 100, .handler = answer_much });
	int fds[40], cut = 0;

	for (int i = 0; i < 40; i++) { /* more than there are connections */
		fds[i] = client_open(port);
		client_say_text(fds[i], MUCH);
		usleep(50000);
	}
	while (!is_answered(port))
		usleep(10000);
	for (int i = 0; i < 40; i++)
		cut += heard_to_the_end(fds[i]) < 256 * 65536;
	cr_assert_gt(cut, 0);
}

#define LONG_BODY "POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n"

enum { CROWD = 100, VERY_PATIENT_MS = 3600000 };
struct crowd {
	int port;
	const char *begin;
};

/* More than there are connections; each comes again as soon as it is ended. */
static void *
come_again(void *state)
{
	const struct crowd *crowd = state;
	struct pollfd fds[CROWD] = { 0 };

	for (;;) {
		for (int i = 0; i < CROWD; i++) {
			if (fds[i].events && !(fds[i].revents & (POLLRDHUP | POLLHUP | POLLERR)))
				continue;
			if (fds[i].events)
				close(fds[i].fd);
			fds[i].fd = client_open(crowd->port);
			fds[i].events = POLLRDHUP;
			client_say_text(fds[i].fd, crowd->begin);
		}
		poll(fds, CROWD, -1);
	}
	return NULL;
}

/* Nobody is late, so who is answered has a place because somebody gave way. On a machine that is slow
 * enough a newcomer may look slow, too: most are answered. */
static void
cr_assert_answered_beside(const char *begin)
{
	static struct crowd crowd;
	pthread_t thread;
	int answered = 0;

	crowd.port = serve((struct httpd_options){ .patience_ms = VERY_PATIENT_MS,
	    .body_max = 1 << 20, .handler = answer_much });
	crowd.begin = begin;
	cr_assert_eq(pthread_create(&thread, NULL, come_again, &crowd), 0);
	usleep(300000);
	for (int i = 0; i < 10; i++)
		answered += is_answered(crowd.port);
	cr_assert_gt(answered, 5);
}

Test(httpd, who_sends_hardly_any_of_its_body_gives_way, .timeout = 60)
{
	cr_assert_answered_beside(LONG_BODY "x");
}

Test(httpd, who_takes_nothing_of_its_answer_gives_way, .timeout = 60)
{
	cr_assert_answered_beside("GET /64 HTTP/1.1\r\n" HOST "\r\n");
}

Test(httpd, who_sends_its_body_at_any_pace_of_use_does_not_give_way, .timeout = 60)
{
	static char bytes[20000];
	int port = serve((struct httpd_options){ .body_max = 1 << 20, .handler = answer_much });
	int fd = client_open(port);

	client_say_text(fd, LONG_BODY);
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < 2; k++)
			client_say_text(client_open(port), LONG_BODY "x");
		client_say(fd, bytes, sizeof(bytes));
		usleep(50000);
	}
	cr_assert_eq(answer_status(client_hear(fd, 0)), 200);
}

Test(httpd, who_takes_its_answer_at_any_pace_of_use_has_it_whole)
{
	int fd = client_open(
	    serve((struct httpd_options){ .patience_ms = 1000, .handler = answer_much }));
	static char bytes[65536];
	size_t heard = 0;

	client_say_text(fd, MUCH);
	for (int i = 0; i < 30; i++) { /* longer than a second in all */
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		cr_assert_gt(n, 0);
		heard += (size_t)n;
		usleep(100000);
	}
	cr_assert_gt(heard + heard_to_the_end(fd), 256 * 65536);
}

/* ---- more than can be done ---- */

static void
never_answer(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	(void)state, (void)request, (void)answer;
	for (;;)
		pause();
}

static bool
knocks(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (poll(&polled, 1, 100) != 1)
		return false;
	client_say_text(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	return true;
}

Test(httpd, who_would_wait_too_long_is_not_let_in)
{
	int port = serve((struct httpd_options){ .handler = never_answer }), n = 0;

	while (n < 500 && knocks(port))
		n++;
	cr_assert_lt(n, 500);
}

/* ---- piece by piece ---- */

struct taken {
	struct buf bytes;
};
static int n_ended;

static bool
begin(void *state, const struct httpd_request *request, void **intake, struct httpd_answer *answer)
{
	(void)state;
	if (!strcmp(request->path, "/refused")) {
		answer->status = 403;
		buf_add_text(&answer->body, "no");
		return false;
	}
	*intake = calloc(1, sizeof(struct taken));
	return true;
}

static bool
piece(void *intake, const void *bytes, size_t size)
{
	struct taken *taken = intake;

	return buf_add(&taken->bytes, bytes, size) && taken->bytes.size < 10;
}

static void
end(void *intake)
{
	buf_clear(&((struct taken *)intake)->bytes);
	free(intake);
	n_ended++;
}

static void
tell(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct taken *taken = request->intake;

	(void)state;
	buf_print(&answer->body, "%zu and %zu", taken->bytes.size, request->body_size);
}

static const struct httpd_options by_pieces = {
	.handler = tell, .begin = begin, .piece = piece, .end = end
};

Test(httpd, a_server_can_take_the_body_piece_by_piece)
{
	char *answer = client_ask(
	    serve(by_pieces), "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345");

	cr_assert_str_eq(answer_body(answer), "5 and 0");
}

Test(httpd, who_has_enough_is_given_no_more)
{
	char body[1000], request[1200];

	memset(body, 'x', sizeof(body));
	snprintf(request, sizeof(request),
	    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "a\r\n%.10s\r\na\r\n%.10s\r\n0\r\n\r\n",
	    body, body);
	cr_assert_str_eq(answer_body(client_ask(serve(by_pieces), request)), "10 and 0");
}

Test(httpd, a_refusal_comes_after_the_body_and_the_connection_lives_on)
{
	int fd = client_open(serve(by_pieces));

	client_say_text(fd, "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345");
	cr_assert_str_eq(answer_body(client_hear(fd, 0)), "no");
	client_say_text(fd, "GET /refused HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(answer_status(client_hear(fd, 0)), 403);
	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345");
	cr_assert_str_eq(answer_body(client_hear(fd, 0)), "5 and 0");
}

Test(httpd, a_refusal_comes_before_the_body_to_who_waits_for_it)
{
	char *answer = client_ask(serve(by_pieces),
	    "POST /refused HTTP/1.1\r\n" HOST
	    "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");

	cr_assert_eq(answer_status(answer), 403);
}

/* How much of two GiB a client can say that does not listen before it has said all. */
static size_t
say_two_gib(int fd)
{
	static char bytes[65536];
	size_t said = 0;

	while (said < (size_t)2 << 30) {
		ssize_t n = send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);

		if (n <= 0)
			break;
		said += (size_t)n;
	}
	return said;
}

/* What is thrown away, and what lies in the sockets. */
enum { LITTLE = 64 << 20 };

Test(httpd, a_refusal_is_heard_by_who_sends_far_more_than_is_read)
{
	static const char *const heads[] = { "Content-Length: 2147483648\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n80000000\r\n" };
	char request[200];
	int port = serve(by_pieces);

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		int fd = client_open(port);
		char *answer;

		snprintf(request, sizeof(request), "POST /refused HTTP/1.1\r\n" HOST "%s", heads[i]);
		client_say_text(fd, request);
		cr_expect_lt(say_two_gib(fd), LITTLE);
		answer = client_hear(fd, 0);
		cr_expect_eq(answer_status(answer), 403);
		cr_expect_str_eq(answer_body(answer), "no");
		cr_expect_str_eq(answer_header(answer, "Connection"), "close");
	}
}

Test(httpd, who_has_enough_in_the_midst_of_a_body_says_so_at_once)
{
	int fd = client_open(serve(by_pieces));

	client_say_text(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2147483648\r\n\r\n");
	cr_assert_lt(say_two_gib(fd), LITTLE);
	cr_assert_not_null(strstr(answer_body(client_hear(fd, 0)), " and 0"));
}

Test(httpd, those_who_part_hold_no_place)
{
	int port = serve(by_pieces);

	for (int i = 0; i < 300; i++) /* more than there are connections, and than may part at a time */
		client_say_text(client_open(port),
		    "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 2147483648\r\n\r\n");
	cr_assert_eq(answer_status(client_ask(port,
			 "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n1")),
	    200);
}

/* ---- files ---- */

static void
send_part(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	FILE *file = tmpfile();

	(void)state, (void)request;
	fputs("0123456789", file);
	fflush(file);
	answer->fd = dup(fileno(file));
	fclose(file);
	answer->fd_offset = 3;
	answer->fd_size = 4;
	answer->status = 206;
	httpd_answer_header(answer, "X-Said", "one line\r\nX-Other: no second");
}

Test(httpd, sends_a_part_of_a_file)
{
	char *answer = client_ask(serve((struct httpd_options){ .handler = send_part }),
	    "GET / HTTP/1.1\r\n" HOST "\r\n");

	cr_assert_eq(answer_status(answer), 206);
	cr_assert_str_eq(answer_body(answer), "3456");
	cr_assert_str_eq(answer_header(answer, "X-Said"), "one line");
	cr_assert_null(answer_header(answer, "X-Other"));
}

/* ---- what a handler can ask ---- */

static bool
add_argument(void *state, const char *name, const char *value)
{
	return buf_print(state, "[%s=%s]", name, value ? value : "(none)");
}

static void
show(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	(void)state;
	buf_print(&answer->body, "%s %s %s ", httpd_header(request, "x-word"),
	    httpd_query(request, "a"), httpd_is_local(request) ? "local" : "from afar");
	httpd_query_each(request, add_argument, &answer->body);
}

Test(httpd, shows_headers_and_arguments_in_order_and_decoded)
{
	char *answer = client_ask(serve((struct httpd_options){ .handler = show }),
	    "GET /?a=1&b=%26+x&a=2&c&d=%00 HTTP/1.1\r\n" HOST "X-Word: said\r\n\r\n");

	cr_assert_str_eq(answer_body(answer), "said 1 local [a=1][b=& x][a=2][c=(none)][d=\xff]");
}

/* ---- starting ---- */

Test(httpd, says_what_is_wrong_with_an_address)
{
	static const char *const bad[] = { "", "8080", ":8080", "localhost", "localhost:x",
		"nowhere..:1" };
	struct httpd *httpd = NULL;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = (struct err){ 0 };
		cr_assert_not(httpd_start(&httpd,
		    &(struct httpd_options){
			.listen = bad[i], .connections_max = 1, .handler = echo },
		    &err));
		cr_assert_str_eq(err.code, "option", "%s", bad[i]);
	}
}

Test(httpd, says_that_a_port_is_taken)
{
	struct httpd *httpd = NULL;
	struct err err = { 0 };
	char listen[40];

	snprintf(listen, sizeof(listen), "127.0.0.1:%d", serve((struct httpd_options){ 0 }));
	cr_assert_not(httpd_start(&httpd,
	    &(struct httpd_options){ .listen = listen, .connections_max = 1, .handler = echo },
	    &err));
	cr_assert_str_eq(err.code, "port_taken");
}

Test(httpd, answers_on_the_other_loopback_too)
{
	struct httpd *httpd = NULL;
	struct err err = { 0 };

	cr_assert(httpd_start(&httpd,
		      &(struct httpd_options){
			  .listen = "[::1]:0", .connections_max = 1, .handler = echo },
		      &err),
	    "%s", err.text);
	cr_assert_gt(httpd_port(httpd), 0);
	httpd_free(httpd);
}

/* ---- a socket that is taken ---- */

static void
greet(void *taker, int fd)
{
	int *kept = taker;

	*kept = fd;
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "hello ", 6), 6);
}

static void
give_away(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	if (strcmp(request->path, "/taken")) {
		echo(NULL, request, answer);
		return;
	}
	answer->take = greet;
	answer->taker = state;
}

Test(httpd, a_socket_that_is_taken_outlives_its_connection_and_costs_none)
{
	static int taken = -1;
	int port = serve((struct httpd_options){ .handler = give_away, .state = &taken });
	char text[8] = "";

	for (int i = 0; i < 40; i++) { /* more than there are connections */
		int fd = client_open(port);

		client_say_text(fd, "GET /taken HTTP/1.1\r\n" HOST "\r\n");
		cr_assert_eq(recv(fd, text, 6, MSG_WAITALL), 6);
		cr_assert_str_eq(
		    answer_body(client_ask(port, "GET /a HTTP/1.1\r\n" HOST "\r\n")), "GET /a 0 ");
		cr_assert_eq(write(taken, "again.", 6), 6);
		cr_assert_eq(recv(fd, text, 6, MSG_WAITALL), 6);
		cr_assert_str_eq(text, "again.");
	}
}
