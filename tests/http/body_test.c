/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies while they come in: what is counted, what all of them together may take. The gateway's
 * own code on real sockets; only the guard, who wants a database, stands aside. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "client.h"
#include "producers/gateway/gateway.h"

#define HOST "Host: localhost\r\n"
#define JSON "POST /api/jobs HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"

static bool
begin(void *state, const struct httpd_request *request, void **intake, struct httpd_answer *answer)
{
	struct call *call = *intake = calloc(1, sizeof(*call));

	call->gateway = state;
	call->request = request;
	call->answer = answer;
	call->caller.scopes = ~0u;
	if (body_begin(call, BODY_FORM))
		return true;
	answer_end(call);
	return false;
}

/* Answers the kind of the JSON that came. */
static void
handle(void *state, const struct httpd_request *request, struct httpd_answer *answer)
{
	struct call *call = request->intake;
	own(doc_freep) struct doc *doc = NULL;

	(void)state;
	call->request = request;
	call->answer = answer;
	if (!problem_is_set(call) && jsonbody_read(call, &doc))
		buf_add_text(&answer->body, doc_kind_name(doc_kind(doc_root(doc))));
	answer_end(call);
}

static struct gateway g = { .json_max = 1 << 20,
	.file_max = 1000,
	.upload_max = 2000,
	.files_max = 10,
	.bodies_max = 1 << 20 };

static int
serve(void)
{
	static struct httpd *httpd;
	const struct httpd_options options = { .listen = "127.0.0.1:0",
		.body_max = g.json_max,
		.connections_max = 16,
		.handler = handle,
		.begin = begin,
		.piece = call_piece,
		.end = call_end,
		.state = &g };
	struct err err = { 0 };

	cr_assert(httpd_start(&httpd, &options, &err), "%s", err.text);
	return httpd_port(httpd);
}

static char *kept[4];
static size_t n_kept;

/* head, then n times what, then tail; kept until the test's process ends. */
static char *
repeated(const char *head, const char *what, size_t n, const char *tail)
{
	char *text = calloc(1, strlen(head) + n * strlen(what) + strlen(tail) + 1), *at;

	cr_assert(text && n_kept < 4);
	kept[n_kept++] = text;
	at = stpcpy(text, head);
	while (n-- > 0)
		at = stpcpy(at, what);
	strcpy(at, tail);
	return text;
}

static void
say_json(int fd, const char *body)
{
	char head[300];

	snprintf(head, sizeof(head), JSON "Content-Length: %zu\r\n\r\n", strlen(body));
	client_say_text(fd, head);
	client_say_text(fd, body);
}

static char *
answer_to(const char *body)
{
	int fd = client_open(serve());

	say_json(fd, body);
	return client_hear(fd, 0);
}

Test(body, more_files_than_allowed_are_refused_before_they_are_read)
{
	char *answer = answer_to(repeated("{\"files\":[{}", ",{}", 10, ""));

	cr_assert_eq(answer_status(answer), 400);
	cr_assert_not_null(strstr(answer_body(answer), "\"field\":\"files\""), "%s", answer);
}

Test(body, more_values_than_anything_needs_are_refused_before_they_are_read)
{
	char *answer = answer_to(repeated("{\"x\":[{}", ",{}", 20000, ""));

	cr_assert_eq(answer_status(answer), 413);
	cr_assert_not_null(strstr(answer_body(answer), "values"), "%s", answer);
}

Test(body, what_nests_too_deep_is_refused_before_it_is_read)
{
	char *answer = answer_to(repeated("", "[", 33, ""));

	cr_assert_eq(answer_status(answer), 400);
	cr_assert_not_null(strstr(answer_body(answer), "32 levels"), "%s", answer);
}

Test(body, json_may_begin_with_a_mark_of_byte_order)
{
	cr_assert_str_eq(answer_body(answer_to("\xef\xbb\xbf{}")), "an object");
	cr_assert_eq(answer_status(answer_to("\xef\xbb\xbf")), 400);
}

Test(body, one_that_is_encoded_is_refused_and_the_coding_named)
{
	static const char *const heads[] = { "Content-Type: application/json\r\n",
		"Content-Type: multipart/form-data; boundary=x\r\n" };
	int port = serve();
	char request[300], *answer;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		snprintf(request, sizeof(request),
		    "POST / HTTP/1.1\r\n" HOST
		    "%sContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
		    heads[i]);
		answer = client_ask(port, request);
		cr_expect_eq(answer_status(answer), 415);
		cr_expect_str_eq(answer_header(answer, "Accept-Encoding"), "identity");
		cr_expect_not_null(strstr(answer_body(answer), "Content-Encoding gzip"));
	}
	answer = client_ask(port, JSON "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}");
	cr_assert_str_eq(answer_body(answer), "an object");
}

/* ---- the budget of all ---- */

Test(body, what_does_not_fit_beside_others_is_to_be_sent_again)
{
	int port = serve(), first = client_open(port), second;
	char *big = repeated("\"", "x", 300000, ""), *answer;

	/* given one that has paid for most of the budget and waits for its last byte */
	client_say_text(first, JSON "Content-Length: 300002\r\n\r\n");
	client_say_text(first, big);
	while (atomic_load(&g.bodies) < 900000)
		usleep(1000);
	second = client_open(port);
	say_json(second, repeated("\"", "y", 100000, "\""));
	answer = client_hear(second, 0);

	cr_assert_eq(answer_status(answer), 503);
	cr_assert_str_eq(answer_header(answer, "Retry-After"), "2");
	cr_assert_not_null(strstr(answer_body(answer), "\"type\":\"/problems/busy\""));

	client_say_text(first, "\"");
	cr_assert_str_eq(answer_body(client_hear(first, 0)), "a text");
	say_json(second, "\"z\"");
	cr_assert_str_eq(answer_body(client_hear(second, 0)), "a text");
}

Test(body, one_that_is_alone_is_taken_whatever_the_budget_says)
{
	cr_assert_str_eq(answer_body(answer_to(repeated("\"", "x", 900000, "\""))), "a text");
}

Test(body, what_it_took_is_given_back_when_the_client_goes_away)
{
	int fd = client_open(serve());

	client_say_text(fd, JSON "Content-Length: 10\r\n\r\n[1,2,");
	while (!atomic_load(&g.bodies))
		usleep(1000);
	close(fd);
	while (atomic_load(&g.bodies))
		usleep(1000);
}

/* ---- counting ---- */

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X512 X64 X64 X64 X64 X64 X64 X64 X64		/* a window of tally.c */

static const struct {
	const char *what, *json;
	size_t depth, values, files;
} counts[] = {
	{ "nothing", "", 0, 0, 0 },
	{ "an open object", "{", 1, 1, 0 },
	{ "three files", "{\"files\":[{},{},{}]}", 0, 7, 3 },
	{ "one file", " { \"files\" : [ {} ] } ", 0, 3, 1 },
	{ "the last of two lists counts", "{\"files\":[1,2],\"files\":[1]}", 0, 5, 1 },
	{ "files elsewhere are none", "{\"x\":{\"files\":[{},{}]}}", 0, 6, 0 },
	{ "a text that is called so", "{\"x\":\"files\",\"y\":[1,2]}", 0, 4, 0 },
	{ "longer names", "{\"files2\":[1,2]}", 0, 3, 0 },
	{ "what stands in a text", "{\"x\":\"[[{,\\\",,\"}", 0, 1, 0 },
	{ "a backslash at the end of a text", "[\"\\\\\",1]", 0, 2, 0 },
	{ "commas within a file", "{\"files\":[{\"a\":1,\"b\":[1,2]},{}]}", 0, 8, 2 },
	{ "a text at the edge of its window",
	    "[\"" X512 "\\\\\",[1,\"x" X512 "\\\"\"],\"xx" X512 "\",{}]", 0, 7, 0 },
	{ "closed too often", "]]}[", 1, 1, 0 },
};

Test(tally, counts_the_same_however_it_is_cut)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (size_t step = 1; step <= strlen(counts[i].json); step++) {
			struct tally t = { .limits = { 100, 100, 100 } };
			size_t size = strlen(counts[i].json);

			for (size_t at = 0; at < size; at += step)
				tally_take(
				    &t, counts[i].json + at, at + step < size ? step : size - at);
			cr_expect_eq(t.depth, counts[i].depth, "%s", counts[i].what);
			cr_expect_eq(
			    t.values, counts[i].values, "%s: %zu", counts[i].what, t.values);
			cr_expect_eq(t.files, counts[i].files, "%s: %zu", counts[i].what, t.files);
		}
}
