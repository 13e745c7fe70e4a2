/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: see reply.h. */
#include "port/reply.h"
#include <time.h>

void
reply_print(struct buf *ret, const struct httpd_answer *answer, const char *reason, bool is_head)
{
	time_t now = time(NULL);
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_print(ret, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", answer->status, reason, date);
	buf_print(ret, "Content-Length: %zu\r\n", answer->body.size);
	if (answer->type)
		buf_print(ret, "Content-Type: %s\r\n", answer->type);
	for (size_t i = 0; i < answer->n_headers; i++)
		buf_print(ret, "%s: %s\r\n", answer->headers[i].name, answer->headers[i].value);
	buf_add_text(ret, "\r\n");
	if (!is_head)
		buf_add(ret, answer->body.data, answer->body.size);
}
