/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's own answers, with neither Kafka nor Postgres behind it: what it says while they are
 * away, and what it can say by itself. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/metrics.h"
#include "client.h"
#include "producers/gateway/gateway.h"

#define HOST "Host: localhost\r\n"

static struct gateway g = { .json_max = 1000,
	.file_max = 1000,
	.upload_max = 2000,
	.files_max = 10,
	.bodies_max = 1 << 20,
	.calls_max = 2 };

static int
serve_beside(const char *conninfo)
{
	static struct httpd *httpd;
	const struct httpd_options options = { .listen = "127.0.0.1:0",
		.body_max = g.json_max,
		.connections_max = 16,
		.handler = call_serve,
		.begin = call_begin,
		.piece = call_piece,
		.end = call_end,
		.refuse = call_refuse,
		.state = &g };
	struct err err = { 0 };

	cr_assert(db_pool_new(&g.pool, conninfo, 1) && guard_new(&g.guard));
	cr_assert(httpd_start(&httpd, &options, &err), "%s", err.text);
	return httpd_port(httpd);
}

/* Nobody listens at port 1. */
static int
serve(void)
{
	return serve_beside("postgresql://nobody@127.0.0.1:1/none");
}

Test(gateway, what_needs_the_database_is_to_be_asked_again)
{
	static const char *const asked[] = { "GET /api/batches", "GET /api/batches/stats",
		"GET /api/pipelines", "GET /api/jobs/018f3c5e-7a10-7b3c-9d2e-0123456789ab",
		"DELETE /api/batches/018f3c5e-7a10-7b3c-9d2e-0123456789ab", "POST /api/jobs" };
	int port = serve();
	char request[200];

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		snprintf(request, sizeof(request), "%s HTTP/1.1\r\n" HOST "\r\n", asked[i]);
		char *answer = client_ask(port, request);

		cr_assert_eq(answer_status(answer), 503, "%s: %s", asked[i], answer);
		cr_assert_str_eq(answer_header(answer, "Content-Type"), "application/problem+json");
		cr_assert_str_eq(answer_header(answer, "Retry-After"), "2");
		cr_assert_not_null(
		    strstr(answer_body(answer), "\"type\":\"/problems/unavailable\""));
		cr_assert_null(strstr(answer_body(answer), "127.0.0.1"), "%s", answer);
		cr_assert_null(strstr(answer_body(answer), "postgres"), "%s", answer);
	}
}

Test(gateway, pages_and_health_are_there_all_the_same)
{
	int port = serve();
	char *answer;

	cr_assert_eq(answer_status(client_ask(port, "GET / HTTP/1.1\r\n" HOST "\r\n")), 200);
	cr_assert_eq(
	    answer_status(client_ask(port, "GET /openapi.yaml HTTP/1.1\r\n" HOST "\r\n")), 200);
	cr_assert_eq(answer_status(client_ask(port, "GET /healthz HTTP/1.1\r\n" HOST "\r\n")), 200);
	answer = client_ask(port, "GET /readyz HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(answer_status(answer), 503);
	cr_assert_str_eq(answer_body(answer), "not ready\n");
}

Test(gateway, health_is_answered_whatever_is_in_work)
{
	static const char slow[] = "POST /api/jobs HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n1";
	static const char *const asked[] = { "GET /healthz", "GET /readyz", "GET /metrics" };
	int port = serve();
	char request[100], *answer;

	client_say_text(client_open(port), slow);
	client_say_text(client_open(port), slow);
	while (atomic_load(&g.calls) < 2)
		usleep(1000);
	answer = client_ask(port, "GET / HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(answer_status(answer), 503);
	cr_assert_not_null(strstr(answer_body(answer), "\"type\":\"/problems/busy\""));
	cr_assert_str_eq(answer_header(answer, "Connection"), "close");
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		snprintf(request, sizeof(request), "%s HTTP/1.1\r\n" HOST "\r\n", asked[i]);
		answer = client_ask(port, request);
		cr_expect_null(strstr(answer_body(answer), "busy"), "%s: %s", asked[i], answer);
	}
}

Test(gateway, health_that_has_a_port_of_its_own_is_not_here)
{
	int port = serve();

	g.health_is_apart = true;
	cr_assert_eq(answer_status(client_ask(port, "GET /readyz HTTP/1.1\r\n" HOST "\r\n")), 404);
	cr_assert_eq(
	    answer_status(client_ask(port, "GET /metrics HTTP/1.1\r\n" HOST "\r\n")), 404);
	cr_assert_eq(answer_status(client_ask(port, "GET /healthz HTTP/1.1\r\n" HOST "\r\n")), 200);
}

Test(gateway, foreign_names_get_no_page)
{
	char *answer = client_ask(serve(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");

	cr_assert_eq(answer_status(answer), 403);
	cr_assert_not_null(strstr(answer_body(answer), "\"type\":\"/problems/foreign-host\""));
}

Test(gateway, the_name_that_a_target_says_counts)
{
	int port = serve();

	cr_assert_eq(answer_status(client_ask(port,
			 "GET http://127.0.0.1:8080/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n")),
	    200);
	cr_assert_eq(
	    answer_status(client_ask(port, "GET http://evil.example/ HTTP/1.1\r\n" HOST "\r\n")),
	    403);
}

Test(gateway, a_head_that_can_be_read_in_two_ways_is_a_problem)
{
	char *answer = client_ask(serve(), "GET / HTTP/1.1\r\n" HOST "Host: evil.example\r\n\r\n");

	cr_assert_eq(answer_status(answer), 400);
	cr_assert_not_null(strstr(answer_body(answer), "\"type\":\"/problems/bad-request\""));
	cr_assert_not_null(strstr(answer_body(answer), "Host is given twice."));
}

Test(gateway, probes_may_call_it_what_they_like)
{
	cr_assert_eq(
	    answer_status(client_ask(serve(), "GET /healthz HTTP/1.1\r\nHost: pod-7\r\n\r\n")),
	    200);
}

Test(gateway, an_address_that_is_not_there_takes_nothing)
{
	static const char *const asked[] = { "GET /x", "POST /x", "OPTIONS /x", "DELETE /x.y",
		"GET /api/", "GET /api/batches/x", "GET //", "GET /index.html/",
		"GET /web/index.html" };
	int port = serve();
	char request[100];

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		snprintf(request, sizeof(request), "%s HTTP/1.1\r\n" HOST "\r\n", asked[i]);
		cr_expect_eq(answer_status(client_ask(port, request)), 404, "%s", asked[i]);
	}
}

Test(gateway, a_problem_quotes_an_address_as_json_and_utf_8)
{
	char *answer = client_ask(serve(), "GET /%22%0a%ff%C3%BC HTTP/1.1\r\n" HOST "\r\n");

	cr_assert_not_null(strstr(answer_body(answer), "\"instance\":\"/\\\"??ü\""), "%s", answer);
}

/* The bytes of a body are not text: its size is what Content-Length says. */
static char *
ask_packed(int port, const char *method, const char *path, const char *accepted)
{
	char request[300];
	int fd = client_open(port), head = !strcmp(method, "HEAD");

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n" HOST "Accept-Encoding: %s\r\n\r\n",
	    method, path, accepted);
	client_say_text(fd, request);
	return client_hear(fd, head);
}

static int
length_of(const char *answer)
{
	return atoi(answer_header(answer, "Content-Length"));
}

Test(gateway, a_text_is_packed_for_who_takes_that_and_head_says_the_same)
{
	int port = serve();
	char *plain = ask_packed(port, "GET", "/style.css", "br, identity");
	char *packed = ask_packed(port, "GET", "/style.css", "br, gzip");
	char *head = ask_packed(port, "HEAD", "/style.css", "gzip");

	cr_assert_null(answer_header(plain, "Content-Encoding"));
	cr_assert_str_eq(answer_header(plain, "Vary"), "Accept-Encoding");
	cr_assert_str_eq(answer_header(packed, "Content-Encoding"), "gzip");
	cr_assert_str_eq(answer_header(packed, "Vary"), "Accept-Encoding");
	cr_assert_lt(length_of(packed), length_of(plain) / 2);
	cr_assert_eq(memcmp(answer_body(packed), "\x1f\x8b\x08", 3), 0);
	cr_assert_str_eq(answer_header(head, "Content-Encoding"), "gzip");
	cr_assert_eq(length_of(head), length_of(packed));
}

Test(gateway, packed_or_not_a_page_has_one_weak_tag)
{
	int port = serve();
	char request[300], tag[200], *again;

	snprintf(tag, sizeof(tag), "%s",
	    answer_header(ask_packed(port, "GET", "/style.css", "gzip"), "ETag"));
	cr_assert_eq(strncmp(tag, "W/\"", 3), 0);
	cr_assert_str_eq(
	    answer_header(ask_packed(port, "GET", "/style.css", "identity"), "ETag"), tag);
	snprintf(request, sizeof(request),
	    "GET /style.css HTTP/1.1\r\n" HOST
	    "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n\r\n",
	    tag);
	again = client_ask(port, request);
	cr_assert_eq(answer_status(again), 304);
	cr_assert_str_eq(answer_header(again, "Vary"), "Accept-Encoding");
}

Test(gateway, what_is_short_is_sent_as_it_is)
{
	char *answer = ask_packed(serve(), "GET", "/healthz", "gzip");

	cr_assert_null(answer_header(answer, "Content-Encoding"));
	cr_assert_str_eq(answer_body(answer), "ok\n");
}

/* ---- pages of other sites ---- */

static char *
ask_from(const char *origin, const char *method, const char *path, const char *more)
{
	static int port;
	char request[400];

	port = port ? port : serve();
	g.cors_origins = "https://app.example, http://localhost:3000";
	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n" HOST "Origin: %s\r\n%s\r\n", method,
	    path, origin, more);
	return client_ask(port, request);
}

Test(gateway, a_page_of_a_named_origin_reads_answers_and_problems)
{
	static const char *const paths[] = { "/healthz", "/openapi.yaml", "/nothing" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char *answer = ask_from("https://app.example", "GET", paths[i], "");

		cr_expect_str_eq(
		    answer_header(answer, "Access-Control-Allow-Origin"), "https://app.example");
		cr_expect_str_eq(answer_header(answer, "Vary"), "Origin");
		cr_expect_not_null(
		    strstr(answer_header(answer, "Access-Control-Expose-Headers"), "Retry-After"));
		cr_expect_null(answer_header(answer, "Access-Control-Allow-Credentials"));
	}
}

Test(gateway, a_page_of_any_other_origin_reads_nothing)
{
	static const char *const origins[] = { "https://app.example.evil", "https://app", "null", "",
		"http://app.example", "https://app.example:444", "," };

	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++) {
		char *answer = ask_from(origins[i], "GET", "/healthz", "");

		cr_expect_null(answer_header(answer, "Access-Control-Allow-Origin"), "%s", origins[i]);
		cr_expect_str_eq(answer_header(answer, "Vary"), "Origin");
	}
}

#define PREFLIGHT "Access-Control-Request-Method: POST\r\n"

Test(gateway, a_preflight_is_answered_to_a_named_origin_alone)
{
	char *answer = ask_from("http://localhost:3000", "OPTIONS", "/api/jobs", PREFLIGHT);

	cr_assert_eq(answer_status(answer), 204);
	cr_assert_not_null(strstr(answer_header(answer, "Access-Control-Allow-Methods"), "POST"));
	cr_assert_not_null(
	    strstr(answer_header(answer, "Access-Control-Allow-Headers"), "Authorization"));
	answer = ask_from("http://localhost:3001", "OPTIONS", "/api/jobs", PREFLIGHT);
	cr_assert_null(answer_header(answer, "Access-Control-Allow-Methods"));
	cr_assert_null(answer_header(answer, "Access-Control-Allow-Origin"));
}

Test(gateway, without_origins_nothing_is_said_of_them)
{
	char *answer = client_ask(serve(),
	    "GET /healthz HTTP/1.1\r\n" HOST "Origin: https://app.example\r\n\r\n");

	cr_assert_null(answer_header(answer, "Access-Control-Allow-Origin"));
	cr_assert_str_eq(answer_header(answer, "Vary"), "Accept-Encoding");
}

Test(gateway, an_origin_is_a_scheme_and_a_host)
{
	static const struct {
		const char *said;
		bool well;
	} rows[] = {
		{ "", true },
		{ "https://app.example", true },
		{ "http://localhost:3000,https://[::1]:8443", true },
		{ "*", false },
		{ "null", false },
		{ "app.example", false },
		{ "https://", false },
		{ "https://app.example/", false },
		{ "https://app.example, ftp://app.example", false },
		{ "https://me@app.example", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = { 0 };

		cr_expect_eq(cors_check(rows[i].said, &err), rows[i].well, "%s", rows[i].said);
		cr_expect(rows[i].well || !strcmp(err.code, "option"));
	}
}

Test(gateway, a_page_is_not_sent_twice)
{
	int port = serve();
	char request[300], *whole = client_ask(port, "GET /style.css HTTP/1.1\r\n" HOST "\r\n"),
			   *again;

	snprintf(request, sizeof(request),
	    "GET /style.css HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n",
	    answer_header(whole, "ETag"));
	again = client_ask(port, request);
	cr_assert_eq(answer_status(whole), 200);
	cr_assert_eq(answer_status(again), 304);
	cr_assert_str_eq(answer_body(again), "");
}

/* ---- who has gone ---- */

/* A database that takes connections and says nothing. */
static int
listen_mute(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(!bind(fd, (struct sockaddr *)&at, size) && !listen(fd, 10));
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* One waits for the only connection, which another has, and leaves. Then the other's is given up. */
static void
leave_while_waiting(int database, int port, const char *asked)
{
	int first = client_open(port), second, held;

	client_say_text(first, "GET /api/batches HTTP/1.1\r\n" HOST "\r\n");
	held = accept(database, NULL, NULL);
	second = client_open(port);
	client_say_text(second, asked);
	while (atomic_load(&g.calls) < 2)
		usleep(1000);
	usleep(200000);	/* from there to where it waits */
	close(second);
	close(held);
	cr_assert_eq(answer_status(client_hear(first, 0)), 503);
}

Test(gateway, for_who_has_gone_while_it_waited_nothing_is_asked)
{
	int at, database = listen_mute(&at);
	struct pollfd polled = { .fd = database, .events = POLLIN };
	struct buf metrics = { 0 };
	char conninfo[80];

	snprintf(conninfo, sizeof(conninfo), "postgresql://nobody@127.0.0.1:%d/none", at);
	limit_metrics_add();
	leave_while_waiting(database, serve_beside(conninfo), "GET /api/batches HTTP/1.1\r\n" HOST "\r\n");
	while (atomic_load(&g.calls) > 0 && poll(&polled, 1, 10) == 0)
		;
	cr_expect_eq(poll(&polled, 1, 0), 0, "the database was asked");
	cr_assert(metrics_print(&metrics) && buf_add(&metrics, "", 1));
	cr_expect_not_null(
	    strstr((const char *)metrics.data, "batchline_http_refused_total{limit=\"gone\"} 1\n"), "%s", metrics.data);
	buf_clear(&metrics);
}

Test(gateway, what_who_has_gone_wants_changed_is_begun_all_the_same)
{
	int at, database = listen_mute(&at), held;
	char conninfo[80];

	snprintf(conninfo, sizeof(conninfo), "postgresql://nobody@127.0.0.1:%d/none", at);
	leave_while_waiting(database, serve_beside(conninfo),
	    "DELETE /api/batches/018f3c5e-7a10-7b3c-9d2e-0123456789ab HTTP/1.1\r\n" HOST "\r\n");
	held = accept(database, NULL, NULL);
	cr_assert_geq(held, 0);
	close(held);
}
