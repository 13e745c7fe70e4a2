/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: libcurl's easy interface, one handle a client. */
#include "port/http.h"
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/hash.h"

enum { CONNECT_MS = 10000, SILENCE_MS = 60000, WHERE_SIZE = 300 };

struct http {
	CURL *curl;
	struct http_options options;
	char why[CURL_ERROR_SIZE];
};

/* One request under way. */
struct exchange {
	const struct http_request *request;
	struct http_answer *answer;
	struct err *err;		/* set by the callback that ended it; else ERR_NONE */
	struct curl_slist *headers;
	curl_mime *form;
	int64_t sent;			/* of HTTP_FILE */
	bool begun;			/* the first byte of the answer's body was seen */
	bool enough;			/* of the answer: the rest is not read */
	bool was_refused;		/* an address, by may_connect */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool
http_new(struct http **ret, const struct http_options *options, struct err *err)
{
	own(http_freep) struct http *http = calloc(1, sizeof(*http));

	pthread_once(&once, start_curl);
	if (!http || !(http->curl = curl_easy_init()))
		return err_set(err, ERR_FATAL, "out of memory");
	http->options = *options;
	if (!http->options.connect_ms)
		http->options.connect_ms = CONNECT_MS;
	if (!http->options.silence_ms)
		http->options.silence_ms = SILENCE_MS;
	*ret = http_free_hand_over(&http);
	return true;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	free(http);
}

bool
http_ca_file_check(const char *path, struct err *err)
{
	return !*path || access(path, R_OK) == 0
	    || err_code(err, ERR_FATAL, "option", "%s: %s", path, strerror(errno));
}

/* ---- errors ---- */

/* The URL without user, query and fragment. */
static void
where_print(char ret[WHERE_SIZE], const char *method, const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t scheme;

	host = host ? host + 3 : url;
	scheme = (size_t)(host - url);
	at = memchr(host, '@', strcspn(host, "/?#"));
	if (at)
		host = at + 1;
	snprintf(ret, WHERE_SIZE, "%s %.*s%.*s", method, (int)scheme, url,
	    (int)strcspn(host, "?#"), host);
}

static const struct cause {
	CURLcode curl;
	enum err_verdict verdict;
	const char *code, *words;	/* words NULL: curl's own */
} causes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_RETRY, "unreachable", NULL },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_RETRY, "unreachable", NULL },
	{ CURLE_COULDNT_CONNECT, ERR_RETRY, "unreachable", NULL },
	{ CURLE_OPERATION_TIMEDOUT, ERR_RETRY, "timeout", NULL },
	{ CURLE_GOT_NOTHING, ERR_RETRY, "cut", "the connection was closed without an answer" },
	{ CURLE_SEND_ERROR, ERR_RETRY, "cut", NULL },
	{ CURLE_RECV_ERROR, ERR_RETRY, "cut", NULL },
	{ CURLE_PARTIAL_FILE, ERR_RETRY, "cut", "the connection broke before the end of the answer" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_RETRY, "cut", NULL },
	{ CURLE_HTTP2, ERR_RETRY, "cut", NULL },
	{ CURLE_HTTP2_STREAM, ERR_RETRY, "cut", NULL },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_RETRY, "protocol", NULL },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_RETRY, "protocol", NULL },	/* HTTP/0.9, or no HTTP */
	{ CURLE_URL_MALFORMAT, ERR_FATAL, "bad_url", "is no http:// or https:// address" },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_FATAL, "tls", NULL },
	{ CURLE_SSL_CACERT_BADFILE, ERR_FATAL, "tls", NULL },
	{ CURLE_SSL_CERTPROBLEM, ERR_FATAL, "tls", NULL },
	{ CURLE_READ_ERROR, ERR_FATAL, "file", NULL },
	{ CURLE_ABORTED_BY_CALLBACK, ERR_FATAL, "stopped", "was given up" },
	{ CURLE_OUT_OF_MEMORY, ERR_FATAL, "", "out of memory" },
};

static bool
refuse(struct http *http, struct exchange *x, CURLcode why)
{
	struct cause cause = { why, ERR_RETRY, "protocol", NULL };
	char where[WHERE_SIZE];

	where_print(where, x->request->method, x->request->url);
	if (x->err->verdict != ERR_NONE)
		return err_at(x->err, "%s", where);
	if (x->was_refused && why == CURLE_COULDNT_CONNECT)
		return err_code(x->err, ERR_FATAL, "refused", "%s: its address may not be called", where);
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (causes[i].curl == why)
			cause = causes[i];
	if (!cause.words)
		cause.words = *http->why ? http->why : curl_easy_strerror(why);
	return err_code(x->err, cause.verdict, cause.code, "%s: %s", where, cause.words);
}

/* ---- the request ---- */

/* Where the next byte of the body lies in the file, and how many follow it there. */
static int64_t
run_find(const struct exchange *x, int64_t *offset)
{
	const struct http_request *r = x->request;
	int64_t at = x->sent;

	*offset = r->offset + at;
	if (r->n_pieces == 0)
		return r->size - at;
	for (size_t i = 0; i < r->n_pieces; at -= r->pieces[i++].size)
		if (at < r->pieces[i].size) {
			*offset = r->pieces[i].offset + at;
			return r->pieces[i].size - at;
		}
	return 0;
}

static size_t
read_file(char *bytes, size_t one, size_t size, void *state)
{
	struct exchange *x = state;
	int64_t offset, left = run_find(x, &offset);
	ssize_t n;

	size *= one;
	if ((int64_t)size > left)
		size = (size_t)left;
	do
		n = pread(x->request->fd, bytes, size, offset);
	while (n < 0 && errno == EINTR);
	if (n < 0 || (n == 0 && size > 0)) {
		err_code(x->err, ERR_FATAL, "file", "the file to be sent %s",
		    n < 0 ? strerror(errno) : "became shorter while it was read");
		return CURL_READFUNC_ABORT;
	}
	x->sent += n;
	return (size_t)n;
}

/* curl sends again on a fresh connection when a kept one turned out to be closed. */
static int
seek_file(void *state, curl_off_t offset, int origin)
{
	struct exchange *x = state;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	x->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static bool
add_part(curl_mime *form, const struct http_part *part)
{
	curl_mimepart *p = curl_mime_addpart(form);

	return p && curl_mime_name(p, part->name) == CURLE_OK
	    && (part->path ? curl_mime_filedata(p, part->path)
	                   : curl_mime_data(p, part->bytes, part->size)) == CURLE_OK
	    && (!part->file_name || curl_mime_filename(p, part->file_name) == CURLE_OK)
	    && (!part->type || curl_mime_type(p, part->type) == CURLE_OK);
}

static bool
set_form(CURL *curl, struct exchange *x)
{
	x->form = curl_mime_init(curl);
	for (size_t i = 0; x->form && i < x->request->n_parts; i++)
		if (!add_part(x->form, &x->request->parts[i]))
			return false;
	return x->form && curl_easy_setopt(curl, CURLOPT_MIMEPOST, x->form) == CURLE_OK;
}

static bool
set_body(CURL *curl, struct exchange *x)
{
	const struct http_request *r = x->request;

	if (r->body == HTTP_FORM)
		return set_form(curl, x);
	if (r->body == HTTP_NO_BODY) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, (long)!strcmp(r->method, "HEAD"));
		return true;
	}
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->size);
	if (r->body == HTTP_BYTES) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->size ? r->bytes : "");
		return true;
	}
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_file);
	curl_easy_setopt(curl, CURLOPT_READDATA, x);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_file);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, x);
	return true;
}

static bool
add_line(struct exchange *x, const char *name, const char *value)
{
	struct buf line = {0};
	struct curl_slist *longer = NULL;

	/* curl's way to send a header without a value is a semicolon */
	if (*value ? buf_print(&line, "%s: %s", name, value) : buf_print(&line, "%s;", name))
		longer = curl_slist_append(x->headers, buf_text(&line));
	buf_clear(&line);
	if (longer)
		x->headers = longer;
	return longer != NULL;
}

static bool
set_headers(CURL *curl, struct exchange *x)
{
	for (size_t i = 0; i < x->request->n_headers; i++)
		if (!add_line(x, x->request->headers[i].name, x->request->headers[i].value))
			return false;
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
	return true;
}

/* ---- the answer ---- */

static bool
is_to_file(const struct exchange *x)
{
	return x->request->to_file && (x->answer->status == 200 || x->answer->status == 206);
}

/* Each response of an exchange (a 100 comes first) begins with its status line. */
static size_t
take_header(char *bytes, size_t one, size_t size, void *state)
{
	struct exchange *x = state;
	size_t end = size * one;

	while (end && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n'))
		end--;
	if (end > 5 && !memcmp(bytes, "HTTP/", 5)) {
		buf_reset(&x->answer->headers);
		return size * one;
	}
	if (end && (!buf_add(&x->answer->headers, bytes, end)
	               || !buf_add_byte(&x->answer->headers, '\0'))) {
		err_code(x->err, ERR_REJECT, "too_large", "the answer's headers are longer than %d bytes",
		    HTTP_ANSWER_HEADERS_MAX);
		return 0;
	}
	return size * one;
}

/* "bytes 100-199/200": the part must begin where it was asked to. */
static bool
check_part(const struct exchange *x)
{
	const char *range = http_header_of(x->answer, "Content-Range");
	long long first;

	if (x->answer->status != 206)
		return true;
	if (range && sscanf(range, "bytes %lld-", &first) == 1 && first == x->request->answer_offset)
		return true;
	return err_code(x->err, ERR_RETRY, "protocol", "the answer is another part than was asked for");
}

static bool
check_size(const struct exchange *x, int64_t size)
{
	int64_t most = x->request->file_max;

	return !most || size <= most || err_code(x->err, ERR_REJECT, "too_large",
	    "the answer is longer than %" PRId64 " bytes", most);
}

static bool
begin_answer(CURL *curl, struct exchange *x)
{
	curl_off_t size = -1;		/* not said */
	long status = 0;

	x->begun = true;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	x->answer->status = (int)status;
	if (!is_to_file(x))
		return true;
	x->answer->in_file = true;
	curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	if (!check_part(x) || !check_size(x, size))
		return false;
	if (status != 200 || ftruncate(x->request->answer_fd, 0) == 0)
		return true;
	if (errno != EINVAL)
		return err_code(x->err, ERR_FATAL, "file", "the file for the answer: %s",
		    strerror(errno));
	if (x->request->answer_offset > 0)
		return err_code(x->err, ERR_FATAL, "file", "the answer begins anew, and what is in the pipe "
		    "cannot be taken back");
	return true;
}

static bool
write_file(struct exchange *x, const char *bytes, size_t size)
{
	int64_t from = x->answer->status == 206 ? x->request->answer_offset : 0;

	if (!check_size(x, x->answer->file_size + (int64_t)size))
		return false;
	while (size > 0) {
		ssize_t n = pwrite(x->request->answer_fd, bytes, size, from + x->answer->file_size);

		if (n < 0 && errno == ESPIPE)
			n = write(x->request->answer_fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_code(x->err, ERR_FATAL, "file", "the file for the answer: %s",
			    strerror(errno));
		if (x->request->answer_hash)
			hash_add(x->request->answer_hash, bytes, (size_t)n);
		x->answer->file_size += n;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

struct taking { struct http *http; struct exchange *x; };

static size_t
take_body(char *bytes, size_t one, size_t size, void *state)
{
	struct taking *t = state;
	struct exchange *x = t->x;
	size_t room;

	size *= one;
	if (!x->begun && !begin_answer(t->http->curl, x))
		return 0;
	if (x->answer->in_file)
		return write_file(x, bytes, size) ? size : 0;
	room = x->answer->body.limit - x->answer->body.size;
	x->enough = x->request->answer_start && size > room;
	if (buf_add(&x->answer->body, bytes, x->enough ? room : size))
		return x->enough ? 0 : size;
	err_code(x->err, ERR_REJECT, "too_large", "the answer is longer than %zu bytes",
	    x->answer->body.limit);
	return 0;
}

static int
report(void *state, curl_off_t to_come, curl_off_t come, curl_off_t to_go, curl_off_t gone)
{
	struct exchange *x = state;

	(void)to_come, (void)to_go;
	return !x->request->progress(x->request->progress_state, gone, come);
}

/* ---- both ---- */

static void
set_times(CURL *curl, const struct http_options *o, const struct http_request *r)
{
	long silence_s = (long)((o->silence_ms + 999) / 1000);

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms);
	curl_easy_setopt(curl, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)o->bytes_per_s);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, silence_s);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
}

static void
set_answer(struct http *http, struct taking *taking)
{
	struct exchange *x = taking->x;

	curl_easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, taking);
	if (!x->request->progress)
		return;
	curl_easy_setopt(http->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(http->curl, CURLOPT_XFERINFOFUNCTION, report);
	curl_easy_setopt(http->curl, CURLOPT_XFERINFODATA, x);
}

/* curl connects to the address that it shows here. */
static curl_socket_t
open_socket(void *state, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct taking *t = state;
	const struct http_options *o = &t->http->options;
	bool is_plain = strncasecmp(t->x->request->url, "https:", 6) != 0;

	(void)purpose;
	if (!o->may_connect(o->connect_state, &address->addr, is_plain)) {
		t->x->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
set_guard(CURL *curl, struct taking *taking)
{
	if (!taking->http->options.may_connect)
		return;
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, taking);
}

static bool
is_web_address(const char *url)
{
	return !strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8);
}

static CURLcode
perform(struct http *http, struct exchange *x)
{
	const struct http_options *o = &http->options;
	struct taking taking = { http, x };
	CURL *curl = http->curl;
	long status = 0;
	CURLcode code;

	curl_easy_reset(curl);
	*http->why = '\0';
	if (!is_web_address(x->request->url))
		return CURLE_URL_MALFORMAT;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT,
	    o->agent ? o->agent : "batchline/" BATCHLINE_VERSION);
	if (o->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)x->request->once);
	set_times(curl, o, x->request);
	set_answer(http, &taking);
	set_guard(curl, &taking);
	if (!set_body(curl, x) || !set_headers(curl, x)
	    || curl_easy_setopt(curl, CURLOPT_URL, x->request->url) != CURLE_OK
	    || curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, x->request->method) != CURLE_OK)
		return CURLE_OUT_OF_MEMORY;
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	x->answer->status = (int)status;
	return x->enough ? CURLE_OK : code;
}

bool
http_send(struct http *http, const struct http_request *request, struct http_answer *ret,
    struct err *err)
{
	struct exchange x = { .request = request, .answer = ret, .err = err };
	CURLcode code;

	err_clear(err);
	buf_reset(&ret->headers);
	buf_reset(&ret->body);
	ret->headers.failed = ret->body.failed = false;
	ret->headers.limit = HTTP_ANSWER_HEADERS_MAX;
	ret->body.limit = request->answer_max ? request->answer_max : HTTP_ANSWER_MAX;
	ret->status = 0;
	ret->file_size = 0;
	ret->in_file = false;
	code = perform(http, &x);
	curl_slist_free_all(x.headers);
	curl_mime_free(x.form);
	/* a 200 without a byte empties the file all the same */
	if (code == CURLE_OK && !x.begun && is_to_file(&x) && !begin_answer(http->curl, &x))
		code = CURLE_WRITE_ERROR;
	return code == CURLE_OK || refuse(http, &x, code);
}
