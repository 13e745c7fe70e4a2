/* SPDX-License-Identifier: Apache-2.0 */
/* script.c: one thread, one connection at a time. */
#include "script.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct script {
	const char *replies[SCRIPT_MAX];
	struct buf asked[SCRIPT_MAX];
	size_t n, count;
	int listener, stop[2];		/* stop: a pipe whose end says so */
	char url[40];
	pthread_t thread;
	pthread_mutex_t lock;
};

/* Whether fd can be read; false when the script shall end. */
static bool
can_read(const struct script *s, int fd)
{
	struct pollfd polled[] = { { fd, POLLIN, 0 }, { s->stop[0], POLLIN, 0 } };

	poll(polled, 2, -1);
	return !polled[1].revents;
}

/* Content-Length of the request so far; with "Transfer-Encoding: chunked" its end is looked for. */
static bool
is_all(struct buf *asked)
{
	const char *text = buf_text(asked), *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (!end)
		return false;
	if (strcasestr(text, "\r\nTransfer-Encoding: chunked"))
		return strstr(end, "\r\n0\r\n\r\n");
	return !length || length > end
	    || asked->size >= (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
}

static void
read_request(struct script *s, int fd, struct buf *asked)
{
	char bytes[4096];
	ssize_t n;

	while (!is_all(asked) && can_read(s, fd) && (n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		buf_add(asked, bytes, (size_t)n);
		if (strstr(buf_text(asked), "100-continue") && strstr(buf_text(asked), "\r\n\r\n")
		    && !strstr(buf_text(asked), "\r\n\r\n")[4])
			send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	}
}

static void
play(struct script *s, int fd, size_t i)
{
	const char *reply = s->replies[i];
	struct buf asked = {0};

	buf_add_text(&asked, "");
	read_request(s, fd, &asked);
	pthread_mutex_lock(&s->lock);
	s->asked[i] = asked;
	s->count++;
	pthread_mutex_unlock(&s->lock);
	if (reply)
		send(fd, reply, strlen(reply), MSG_NOSIGNAL);
	else
		can_read(s, s->stop[0]);
}

static void *
serve(void *state)
{
	struct script *s = state;

	for (size_t i = 0; can_read(s, s->listener); i++) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (i < s->n)
			play(s, fd, i);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	return NULL;
}

struct script *
script_start(const char *const *replies, size_t n)
{
	struct script *s = calloc(1, sizeof(*s));
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	cr_assert(s && n <= SCRIPT_MAX);
	memcpy(s->replies, replies, n * sizeof(*replies));
	s->n = n;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(s->listener, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(s->listener, 8), 0);
	cr_assert_eq(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	cr_assert_eq(pipe(s->stop), 0);
	cr_assert_eq(pthread_create(&s->thread, NULL, serve, s), 0);
	return s;
}

const char *
script_url(const struct script *script)
{
	return script->url;
}

const char *
script_asked(struct script *s, size_t i)
{
	const char *text = NULL;

	pthread_mutex_lock(&s->lock);
	if (i < s->count && i < s->n)
		text = buf_text(&s->asked[i]);
	pthread_mutex_unlock(&s->lock);
	return text;
}

size_t
script_count(struct script *s)
{
	size_t count;

	pthread_mutex_lock(&s->lock);
	count = s->count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

void
script_stop(struct script *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->listener);
	for (size_t i = 0; i < s->n; i++)
		buf_clear(&s->asked[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
