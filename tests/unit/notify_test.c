/* SPDX-License-Identifier: Apache-2.0 */
/* notify_test.c: what a service manager's socket hears. */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"
#include "notify.h"

static int
manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (*name == '@')
		*address.sun_path = '\0';
	cr_assert(!bind(fd, (struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

/* The next datagram; "" when there is none. */
static const char *
heard(int fd)
{
	static char words[1000];
	ssize_t n = recv(fd, words, sizeof(words) - 1, MSG_DONTWAIT);

	words[n > 0 ? n : 0] = '\0';
	return words;
}

Test(notify, who_starts_is_ready_once_and_then_alive_once_a_second)
{
	char name[100];
	int fd;

	snprintf(name, sizeof(name), "@batchline-notify-%d", (int)getpid());
	fd = manager(name);
	notify_open();
	cr_expect_null(getenv("NOTIFY_SOCKET"));
	notify_beat(false, "no partitions yet");
	cr_expect_str_eq(heard(fd), "READY=1\nWATCHDOG=1\nSTATUS=not ready: no partitions yet");
	notify_beat(true, "");
	cr_expect_str_eq(heard(fd), "", "within the second");
	clock_sleep_ms(1100);
	notify_beat(true, "limits\nMAINPID=1");
	cr_expect_str_eq(heard(fd), "WATCHDOG=1\nSTATUS=ready: limits", "of words the first line");
	notify_stopping();
	cr_expect_str_eq(heard(fd), "STOPPING=1");
}

Test(notify, a_socket_may_be_a_file_and_words_are_cut)
{
	char name[100], words[2000];
	int fd;

	snprintf(name, sizeof(name), "/tmp/batchline-notify-%d", (int)getpid());
	fd = manager(name);
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	notify_open();
	notify_beat(true, words);
	cr_expect_eq(strlen(heard(fd)), strlen("READY=1\nWATCHDOG=1\nSTATUS=ready: ") + 400);
	unlink(name);
}

Test(notify, nobody_who_listens_is_no_harm)
{
	static const char *const sockets[] = { "", "@", "relative", "/nonexistent/socket", NULL };

	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets); i++) {
		if (sockets[i])
			setenv("NOTIFY_SOCKET", sockets[i], 1);
		notify_open();
		notify_beat(true, NULL);
		notify_stopping();
		cr_expect_null(getenv("NOTIFY_SOCKET"));
	}
}
