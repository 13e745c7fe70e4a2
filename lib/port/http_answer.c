/* SPDX-License-Identifier: Apache-2.0 */
/* http_answer.c: what is asked of an answer, and what a request is put together from. */
#include "port/http.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { RETRY_AFTER_DIGITS = 9 };

const char *
http_header_of(const struct http_answer *answer, const char *name)
{
	const char *headers = (const char *)answer->headers.data, *line;
	size_t size = strlen(name);

	for (size_t at = 0; at < answer->headers.size; at += strlen(line) + 1)
		if (!strncasecmp(line = headers + at, name, size) && line[size] == ':')
			return line + size + 1 + strspn(line + size + 1, " \t");
	return NULL;
}

int64_t
http_retry_after_s(const struct http_answer *answer, int64_t otherwise, int64_t most)
{
	const char *text = http_header_of(answer, "Retry-After");
	size_t digits = text ? strspn(text, "0123456789") : 0;
	int64_t seconds = otherwise;
	struct tm when = {0};

	if (digits && digits <= RETRY_AFTER_DIGITS && !text[digits])
		seconds = atoll(text);
	else if (text && strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &when))
		seconds = timegm(&when) - time(NULL);
	return seconds < 0 ? 0 : seconds > most ? most : seconds;
}

void
http_answer_clear(struct http_answer *answer)
{
	buf_clear(&answer->headers);
	buf_clear(&answer->body);
}

void
http_add_header(struct http_request *request, const char *name, const char *value)
{
	if (!value)
		return;
	assert(request->n_headers < HTTP_HEADERS_MAX);
	request->headers[request->n_headers++] = (struct http_header){ name, value };
}

bool
http_escape(struct buf *ret, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
		    || strchr("-._~", c);

		if (!(plain ? buf_add_byte(ret, c) : buf_print(ret, "%%%02X", c)))
			return false;
	}
	return true;
}
