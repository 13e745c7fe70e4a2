/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 18, ANSWERS_MAX = 64, PATIENCE_S = 20 };

int
client_open(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

void
client_say(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* it does not listen any more: what it said is still there */
		bytes += n;
		size -= (size_t)n;
	}
}

void
client_say_text(int fd, const char *text)
{
	client_say(fd, text, strlen(text));
}

/* How many bytes the answer has in all, as far as it can be seen; 0: its headers are not whole. */
static size_t
answer_size(const char *answer, int head)
{
	const char *end = strstr(answer, "\r\n\r\n"),
		   *length = answer_header(answer, "Content-Length");

	if (!end)
		return 0;
	return (size_t)(end + 4 - answer) + (length && !head ? strtoul(length, NULL, 10) : 0);
}

static char *kept[ANSWERS_MAX];
static size_t n_kept;

char *
client_hear(int fd, int head)
{
	char *answer = kept[n_kept++] = calloc(1, ROOM);
	size_t size = 0, whole = 0;

	cr_assert(answer && n_kept < ANSWERS_MAX);
	while (!whole || size < whole) {
		/* one byte at a time until the headers are over: what follows is the next answer's */
		ssize_t n = recv(fd, answer + size, whole ? whole - size : 1, 0);

		cr_assert_gt(n, 0, "the connection ended after: %s", answer);
		size += (size_t)n;
		cr_assert_lt(size, ROOM - 1);
		if (!whole)
			whole = answer_size(answer, head);
	}
	return answer;
}

char *
client_ask(int port, const char *request)
{
	int fd = client_open(port);
	char *answer;

	client_say_text(fd, request);
	answer = client_hear(fd, !strncmp(request, "HEAD ", 5));
	close(fd);
	return answer;
}

int
answer_status(const char *answer)
{
	return atoi(answer + strcspn(answer, " "));
}

const char *
answer_header(const char *answer, const char *name)
{
	static char value[1024];
	size_t size = strlen(name);

	for (const char *line = strstr(answer, "\r\n"); line && strncmp(line, "\r\n\r\n", 4);
	     line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, name, size) && line[2 + size] == ':') {
			line += 3 + size + strspn(line + 3 + size, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
			return value;
		}
	return NULL;
}

const char *
answer_body(const char *answer)
{
	return strstr(answer, "\r\n\r\n") + 4;
}
