/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c: many clients of Server-Sent Events, in one process, or the limit of who serves them.
 *
 *	listen PORT PATH CLIENTS STALLED	opens them, says "ready"; then for each line on its input what came
 *						since the last: events, and microseconds from "t=<us>" in an
 *						event to its reading, median and p99
 *	listen PORT				a loop that answers each GET with a stream, and writes the body of
 *						each POST to all of them
 *
 * STALLED of the clients never read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 65536, SAMPLES = 1 << 20, TIME_DIGITS = 16, CLIENTS_MAX = 20000, HEAD = 4096,
	AT_ONCE = 100 };

static struct sockaddr_in at = { .sin_family = AF_INET };
static int epoll;
static char room[ROOM];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		fail("epoll");
}

/* ---- clients ---- */

static int64_t samples[SAMPLES];
static size_t n_samples, events;

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
client_open(const char *path, int stalled)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), few = 4096;

	if (stalled)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof(few));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		fail("connect");
	dprintf(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path);
	return fd;
}

static void
client_await(int fd)
{
	char head[HEAD], *end = head;
	ssize_t n;

	do {
		n = read(fd, end, (size_t)(head + sizeof(head) - 1 - end));
		if (n <= 0)
			fail("answer");
		*(end += n) = '\0';
	} while (!strstr(head, "\r\n\r\n"));
	if (strncmp(head, "HTTP/1.1 200", 12)) {
		fprintf(stderr, "listen: %.*s\n", (int)strcspn(head, "\r"), head);
		exit(1);
	}
}

static void
client_read(int fd)
{
	ssize_t n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
	struct timespec now;
	int64_t now_us;

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	for (char *t = room, *end = room + (n > 0 ? n : 0); (t = memmem(t, (size_t)(end - t), "\"t=", 3)); t++) {
		events++;
		if (end - t > 3 + TIME_DIGITS && n_samples < SAMPLES)
			samples[n_samples++] = now_us - strtoll(t + 3, NULL, 10);
	}
}

static void
tell(void)
{
	qsort(samples, n_samples, sizeof(*samples), compare);
	printf("%zu %lld %lld\n", events, n_samples ? (long long)samples[n_samples / 2] : 0,
	    n_samples ? (long long)samples[n_samples * 99 / 100] : 0);
	fflush(stdout);
	events = n_samples = 0;
}

static void
listen_all(const char *path, int n, int stalled)
{
	struct epoll_event ready[512];

	for (int i = 0; i < n; i += AT_ONCE) {
		int fds[AT_ONCE], some = n - i < AT_ONCE ? n - i : AT_ONCE;

		for (int k = 0; k < some; k++)
			fds[k] = client_open(path, i + k < stalled);
		for (int k = 0; k < some; k++) {
			client_await(fds[k]);
			if (i + k >= stalled)
				watch(fds[k]);
		}
	}
	watch(0);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int k = epoll_wait(epoll, ready, 512, -1);

		for (int i = 0; i < k; i++)
			if (ready[i].data.fd != 0)
				client_read(ready[i].data.fd);
			else if (read(0, room, sizeof(room)) > 0)
				tell();
			else
				return;
	}
}

/* ---- the limit ---- */

static int streams[CLIENTS_MAX], n_streams;

/* The body of a POST, which comes with its head, as an event to all. What does not fit at once is lost: nobody
 * serves so, it is the limit. */
static void
serve(int fd)
{
	static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
	static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
	ssize_t n = read(fd, room, sizeof(room) - 1);
	char *body, event[ROOM];
	int size;

	room[n > 0 ? n : 0] = '\0';
	if (n <= 0) {
		close(fd);
	} else if (*room == 'G') {
		if (write(fd, stream, sizeof(stream) - 1) > 0 && n_streams < CLIENTS_MAX)
			streams[n_streams++] = fd;
	} else if ((body = strstr(room, "\r\n\r\n"))) {
		size = snprintf(event, sizeof(event), "event: batch\ndata: %s\n\n", body + 4);
		for (int i = 0; i < n_streams; i++)
			send(streams[i], event, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (write(fd, done, sizeof(done) - 1) < 0)
			close(fd);
	}
}

static void
serve_all(void)
{
	int listening = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	struct epoll_event ready[512];

	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listening, (struct sockaddr *)&at, sizeof(at)) || listen(listening, 4096))
		fail("listen");
	watch(listening);
	for (;;) {
		int k = epoll_wait(epoll, ready, 512, -1);

		for (int i = 0; i < k; i++) {
			if (ready[i].data.fd != listening) {
				serve(ready[i].data.fd);
				continue;
			}
			int fd = accept(listening, NULL, NULL);

			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
			watch(fd);
		}
	}
}

int
main(int argc, char **argv)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	at.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	epoll = epoll_create1(0);
	if (argc == 5)
		listen_all(argv[2], atoi(argv[3]), atoi(argv[4]));
	else
		serve_all();
	return 0;
}
