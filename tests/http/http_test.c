/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a scripted server: what is sent, what comes of every kind of answer. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "port/address.h"
#include "port/http.h"
#include "script.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Some: \t thing\r\n\r\nhello"
#define SCRIPT(...) script_start((const char *[]){ __VA_ARGS__ }, \
    sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *))

static struct http *
a_client(int64_t silence_ms)
{
	const struct http_options options = { .connect_ms = 2000, .silence_ms = silence_ms };
	struct http *http = NULL;
	struct err err = {0};

	cr_assert(http_new(&http, &options, &err), "%s", err.text);
	return http;
}

/* A file that is gone when it is closed. */
static int
a_file(const char *text)
{
	char path[] = "/tmp/http-test-XXXXXX";
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	unlink(path);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void
assert_holds(int fd, const char *text)
{
	char bytes[200] = "";
	ssize_t n = pread(fd, bytes, sizeof(bytes) - 1, 0);

	cr_assert_eq(n, (ssize_t)strlen(text));
	cr_assert_str_eq(bytes, text);
}

/* One request to a script: whether it went well. */
struct asked {
	struct script *script;
	struct http *http;
	struct http_answer answer;
	struct err err;
};

static bool
ask(struct asked *a, struct http_request request)
{
	a->http = a->http ? a->http : a_client(0);
	request.method = request.method ? request.method : "GET";
	request.url = request.url ? request.url : script_url(a->script);
	return http_send(a->http, &request, &a->answer, &a->err);
}

static void
end(struct asked *a)
{
	http_answer_clear(&a->answer);
	http_free(a->http);
	if (a->script)
		script_stop(a->script);
}

Test(http, an_answer_has_its_status_its_headers_and_its_body)
{
	struct asked a = { .script = SCRIPT(OK) };

	cr_assert(ask(&a, (struct http_request){ 0 }), "%s", a.err.text);

	cr_assert_eq(a.answer.status, 200);
	cr_assert_str_eq(buf_text(&a.answer.body), "hello");
	cr_assert_str_eq(http_header_of(&a.answer, "x-some"), "thing");
	cr_assert_null(http_header_of(&a.answer, "x-som"));
	end(&a);
}

Test(http, a_request_is_sent_as_it_was_given)
{
	struct http_request request = { .method = "PUT", .body = HTTP_BYTES, .bytes = "12345", .size = 5 };
	struct asked a = { .script = SCRIPT(OK) };
	const char *asked;

	http_add_header(&request, "Authorization", "Bearer abc");
	http_add_header(&request, "X-Empty", "");
	http_add_header(&request, "X-None", NULL);
	cr_assert(ask(&a, request), "%s", a.err.text);

	asked = script_asked(a.script, 0);
	cr_assert_eq(strncmp(asked, "PUT / HTTP/1.1\r\n", 16), 0);
	cr_assert(strstr(asked, "\r\nAuthorization: Bearer abc\r\n"));
	cr_assert(strstr(asked, "\r\nX-Empty:\r\n"));
	cr_assert_null(strstr(asked, "X-None"));
	cr_assert(strstr(asked, "\r\n\r\n12345"));
	end(&a);
}

Test(http, a_piece_of_a_file_is_sent_and_no_more)
{
	struct http_request request = { .method = "POST", .body = HTTP_FILE, .offset = 2, .size = 3 };
	struct asked a = { .script = SCRIPT(OK) };

	request.fd = a_file("abcdefgh");
	cr_assert(ask(&a, request), "%s", a.err.text);

	cr_assert(strstr(script_asked(a.script, 0), "\r\nContent-Length: 3\r\n"));
	cr_assert(strstr(script_asked(a.script, 0), "\r\n\r\ncde"));
	close(request.fd);
	end(&a);
}

Test(http, pieces_of_a_file_are_one_body)
{
	const struct http_piece pieces[] = { { 6, 2 }, { 0, 1 }, { 3, 0 }, { 2, 3 } };
	struct http_request request = { .method = "POST", .body = HTTP_FILE, .size = 6,
		.pieces = pieces, .n_pieces = 4 };
	struct asked a = { .script = SCRIPT(OK) };

	request.fd = a_file("abcdefgh");
	cr_assert(ask(&a, request), "%s", a.err.text);

	cr_assert(strstr(script_asked(a.script, 0), "\r\nContent-Length: 6\r\n"));
	cr_assert(strstr(script_asked(a.script, 0), "\r\n\r\nghacde"));
	close(request.fd);
	end(&a);
}

Test(http, a_file_that_became_shorter_is_an_error_of_ours)
{
	struct http_request request = { .method = "POST", .body = HTTP_FILE, .size = 10 };
	struct asked a = { .script = SCRIPT(OK) };

	request.fd = a_file("abc");
	cr_assert(!ask(&a, request));

	cr_assert_str_eq(a.err.code, "file");
	cr_assert(strstr(a.err.text, "became shorter"));
	close(request.fd);
	end(&a);
}

Test(http, a_form_has_its_fields_and_files)
{
	struct http_request request = { .method = "POST", .body = HTTP_FORM, .n_parts = 2, .parts = {
		{ .name = "pipeline_id", .bytes = "2", .size = 1 },
		{ .name = "files", .path = "/proc/self/comm", .file_name = "x.png", .type = "image/png" } } };
	struct asked a = { .script = SCRIPT(OK) };
	const char *asked;

	cr_assert(ask(&a, request), "%s", a.err.text);

	asked = script_asked(a.script, 0);
	cr_assert(strstr(asked, "\r\nContent-Type: multipart/form-data; boundary="));
	cr_assert(strstr(asked, "name=\"pipeline_id\"\r\n\r\n2\r\n"));
	cr_assert(strstr(asked, "name=\"files\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n"));
	end(&a);
}

Test(http, an_error_status_is_an_answer_and_goes_to_memory)
{
	struct http_request request = { .to_file = true };
	struct asked a = { .script = SCRIPT(
	    "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy") };

	request.answer_fd = a_file("kept");
	cr_assert(ask(&a, request), "%s", a.err.text);

	cr_assert_eq(a.answer.status, 503);
	cr_assert_str_eq(buf_text(&a.answer.body), "busy");
	cr_assert(!a.answer.in_file);
	assert_holds(request.answer_fd, "kept");
	cr_assert_eq(http_retry_after_s(&a.answer, 1, 60), 7);
	cr_assert_eq(http_retry_after_s(&a.answer, 1, 5), 5);
	close(request.answer_fd);
	end(&a);
}

Test(http, a_whole_answer_takes_the_place_of_the_file)
{
	struct http_request request = { .to_file = true, .answer_offset = 3 };
	struct asked a = { .script = SCRIPT(OK) };

	request.answer_fd = a_file("longer than that");
	cr_assert(ask(&a, request), "%s", a.err.text);

	cr_assert(a.answer.in_file);
	assert_holds(request.answer_fd, "hello");
	close(request.answer_fd);
	end(&a);
}

Test(http, a_part_of_an_answer_continues_the_file)
{
	struct http_request request = { .to_file = true, .answer_offset = 3 };
	struct asked a = { .script = SCRIPT("HTTP/1.1 206 Part\r\n"
	    "Content-Range: bytes 3-4/5\r\nContent-Length: 2\r\n\r\nlo") };

	request.answer_fd = a_file("hel");
	cr_assert(ask(&a, request), "%s", a.err.text);

	assert_holds(request.answer_fd, "hello");
	cr_assert_eq(a.answer.file_size, 2);
	close(request.answer_fd);
	end(&a);
}

Test(http, another_part_than_was_asked_for_is_not_written)
{
	struct http_request request = { .to_file = true, .answer_offset = 3 };
	struct asked a = { .script = SCRIPT("HTTP/1.1 206 Part\r\n"
	    "Content-Range: bytes 0-1/5\r\nContent-Length: 2\r\n\r\nhe") };

	request.answer_fd = a_file("hel");
	cr_assert(!ask(&a, request));

	cr_assert_str_eq(a.err.code, "protocol");
	assert_holds(request.answer_fd, "hel");
	close(request.answer_fd);
	end(&a);
}

Test(http, what_came_of_a_cut_answer_stays_in_the_file)
{
	struct http_request request = { .to_file = true };
	struct asked a = { .script = SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhel") };

	request.answer_fd = a_file("");
	cr_assert(!ask(&a, request));

	cr_assert_str_eq(a.err.code, "cut");
	cr_assert_eq(a.err.verdict, ERR_RETRY);
	cr_assert_eq(a.answer.file_size, 3);
	assert_holds(request.answer_fd, "hel");
	close(request.answer_fd);
	end(&a);
}

Test(http, a_file_becomes_no_longer_than_it_may_whether_its_length_was_said_or_not)
{
	static const char *const said = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	static const char *const unsaid = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
	struct http_request request = { .to_file = true };

	for (int i = 0; i < 4; i++) {
		struct asked a = { .script = SCRIPT(i % 2 ? said : unsaid) };

		request.file_max = i < 2 ? 4 : 5;
		request.answer_fd = a_file("");
		cr_expect_eq(ask(&a, request), i >= 2);
		cr_expect_str_eq(a.err.code, i < 2 ? "too_large" : "");
		assert_holds(request.answer_fd, i < 2 ? "" : "hello");
		close(request.answer_fd);
		end(&a);
	}
}

Test(http, every_way_of_no_answer_has_its_code)
{
	static const struct { const char *reply, *code; enum err_verdict verdict; } rows[] = {
		{ "", "cut", ERR_RETRY },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "cut", ERR_RETRY },
		{ "SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol", ERR_RETRY },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" OK OK OK, "too_large", ERR_REJECT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asked a = { .script = SCRIPT(rows[i].reply) };

		cr_assert(!ask(&a, (struct http_request){ .answer_max = 20 }), "row %zu", i);
		cr_assert_str_eq(a.err.code, rows[i].code, "row %zu: %s: %s", i, a.err.code, a.err.text);
		cr_assert_eq(a.err.verdict, rows[i].verdict);
		end(&a);
	}
}

Test(http, nobody_there_is_unreachable)
{
	struct script *gone = SCRIPT(OK);
	struct asked a = {0};
	char url[60];

	snprintf(url, sizeof(url), "%s", script_url(gone));
	script_stop(gone);
	cr_assert(!ask(&a, (struct http_request){ .url = url }));

	cr_assert_str_eq(a.err.code, "unreachable");
	cr_assert_eq(a.err.verdict, ERR_RETRY);
	end(&a);
}

Test(http, silence_and_a_deadline_end_a_request)
{
	struct asked silent = { .script = SCRIPT(NULL), .http = a_client(1000) };
	struct asked late = { .script = SCRIPT(NULL) };

	cr_assert(!ask(&silent, (struct http_request){ 0 }));
	cr_assert(!ask(&late, (struct http_request){ .timeout_ms = 100 }));

	cr_assert_str_eq(silent.err.code, "timeout");
	cr_assert_str_eq(late.err.code, "timeout");
	end(&silent);
	end(&late);
}

Test(http, a_wrong_address_is_told_and_is_no_reason_to_try_again)
{
	static const char *const urls[] = { "ftp://example.com/", "file:///etc/passwd", "http://", "x y" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct asked a = {0};

		cr_assert(!ask(&a, (struct http_request){ .url = urls[i] }), "%s", urls[i]);
		cr_assert_str_eq(a.err.code, "bad_url", "%s: %s", urls[i], a.err.text);
		cr_assert_eq(a.err.verdict, ERR_FATAL);
		end(&a);
	}
}

Test(http, an_error_says_where_without_what_is_secret)
{
	struct asked a = { .script = SCRIPT("") };
	char url[100];

	snprintf(url, sizeof(url), "http://user:secret@%s/a/b?token=secret#c", script_url(a.script) + 7);
	cr_assert(!ask(&a, (struct http_request){ .url = url }));

	cr_assert_eq(strncmp(a.err.text, "GET http://127.0.0.1:", 21), 0, "%s", a.err.text);
	cr_assert(strstr(a.err.text, "/a/b: "));
	cr_assert_null(strstr(a.err.text, "secret"));
	end(&a);
}

Test(http, a_redirect_is_an_answer_and_is_not_followed)
{
	struct asked a = { .script = SCRIPT(
	    "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", OK) };

	cr_assert(ask(&a, (struct http_request){ 0 }), "%s", a.err.text);

	cr_assert_eq(a.answer.status, 302);
	cr_assert_str_eq(http_header_of(&a.answer, "Location"), "/other");
	cr_assert_eq(script_count(a.script), 1);
	end(&a);
}

Test(http, of_a_longer_answer_the_start_is_kept_when_that_was_asked_for)
{
	struct asked a = { .script = SCRIPT(OK, OK) };

	cr_assert(ask(&a, (struct http_request){ .answer_max = 3, .answer_start = true }), "%s",
	    a.err.text);
	cr_assert_eq(a.answer.status, 200);
	cr_assert_str_eq(buf_text(&a.answer.body), "hel");
	cr_assert(!ask(&a, (struct http_request){ .answer_max = 3 }));
	cr_assert_str_eq(a.err.code, "too_large");
	end(&a);
}

/* Allows the loopback when *state does, and keeps what it was shown. */
static bool
may_connect(void *state, const struct sockaddr *address, bool is_plain)
{
	cr_assert(address_is_loopback(address) && is_plain);
	return *(bool *)state;
}

Test(http, an_address_is_asked_about_before_it_is_connected_to)
{
	bool allowed = false;
	const struct http_options options = { .may_connect = may_connect, .connect_state = &allowed };
	struct asked a = { .script = SCRIPT(OK) };

	setenv("http_proxy", "http://192.0.2.1:9", 1);	/* nothing goes by a proxy then */
	cr_assert(http_new(&a.http, &options, &a.err));
	cr_assert(!ask(&a, (struct http_request){ 0 }));
	cr_assert_str_eq(a.err.code, "refused");
	cr_assert_eq(script_count(a.script), 0);
	allowed = true;
	cr_assert(ask(&a, (struct http_request){ 0 }), "%s", a.err.text);
	cr_assert_eq(a.answer.status, 200);
	end(&a);
}

Test(http, one_answer_serves_request_after_request)
{
	struct asked a = { .script = SCRIPT(
	    "HTTP/1.1 200 OK\r\nContent-Length: 30\r\nX-Old: 1\r\nConnection: close\r\n\r\ncut", OK) };

	cr_assert(!ask(&a, (struct http_request){ 0 }));
	cr_assert(ask(&a, (struct http_request){ 0 }), "%s", a.err.text);

	cr_assert_eq(a.err.verdict, ERR_NONE);
	cr_assert_str_eq(buf_text(&a.answer.body), "hello");
	cr_assert_null(http_header_of(&a.answer, "X-Old"));
	end(&a);
}

static bool
give_up(void *state, int64_t sent, int64_t received)
{
	(void)sent, (void)received;
	++*(int *)state;
	return false;
}

Test(http, progress_may_give_up)
{
	struct asked a = { .script = SCRIPT(NULL) };
	int calls = 0;

	cr_assert(!ask(&a, (struct http_request){ .progress = give_up, .progress_state = &calls }));

	cr_assert_str_eq(a.err.code, "stopped");
	cr_assert_eq(calls, 1);
	end(&a);
}

Test(http, retry_after_may_be_a_date_and_may_be_nonsense)
{
	struct http_answer answer = {0};
	time_t later = time(NULL) + 600;
	struct tm tm;
	char line[80];

	strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &tm));
	buf_add(&answer.headers, line, strlen(line) + 1);
	cr_assert(http_retry_after_s(&answer, 1, 100000) > 500);
	buf_reset(&answer.headers);
	buf_add(&answer.headers, "Retry-After: soon", 18);

	cr_assert_eq(http_retry_after_s(&answer, 3, 60), 3);
	http_answer_clear(&answer);
}

Test(http, a_query_is_escaped)
{
	struct buf text = {0};

	cr_assert(http_escape(&text, "a b&c=/\xc3\xa9~_-.%"));
	cr_assert_str_eq(buf_text(&text), "a%20b%26c%3D%2F%C3%A9~_-.%25");
	buf_clear(&text);
}
