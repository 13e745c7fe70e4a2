/* SPDX-License-Identifier: Apache-2.0 */
/* receive.c PORT: the limit of submissions: takes each body, does nothing with it, and answers 201. A thread a
 * connection. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

static void *
serve(void *arg)
{
	static _Thread_local char room[256 * 1024];
	int fd = (int)(intptr_t)arg;
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, room + have, sizeof(room) - 1 - have)) > 0) {
		char *end, *length;

		room[have += (size_t)n] = '\0';
		if (!(end = strstr(room, "\r\n\r\n")))
			continue;
		length = strcasestr(room, "content-length:");
		if (length && have < (size_t)(end + 4 - room) + strtoul(length + 15, NULL, 10))
			continue;
		if (write(fd, answer, sizeof(answer) - 1) < 0)
			break;
		have = 0;
	}
	close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0")) };
	int yes = 1, listening = socket(AF_INET, SOCK_STREAM, 0), fd;

	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listening, (struct sockaddr *)&at, sizeof(at)) || listen(listening, 1024)) {
		perror("receive");
		return 1;
	}
	while ((fd = accept(listening, NULL, NULL)) >= 0) {
		pthread_t thread;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
	return 0;
}
