/* SPDX-License-Identifier: Apache-2.0 */
/* channel_test.c: messages come whole, with their descriptors, and nothing is left open. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "consumers/renderer/channel.h"

static void
a_pair(int ends[2])
{
	struct err err = {0};

	cr_assert(channel_pair(ends, &err), "%s", err.text);
}

static int
open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(list))
		n++;
	closedir(list);
	return n;
}

static bool
send_text(int fd, const char *text, const int *fds, size_t n_fds)
{
	const struct iovec part = { (void *)(uintptr_t)text, strlen(text) };

	return channel_send(fd, &part, 1, fds, n_fds);
}

Test(channel, a_message_of_several_parts_comes_as_one)
{
	const struct iovec parts[] = { { "one ", 4 }, { "two ", 4 }, { "three", 5 } };
	char bytes[64];
	size_t n = 0;
	int ends[2];

	a_pair(ends);
	cr_assert(channel_send(ends[0], parts, 3, NULL, 0));
	cr_assert(send_text(ends[0], "next", NULL, 0));

	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect(n == 13 && !memcmp(bytes, "one two three", n));
	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect(n == 4 && !memcmp(bytes, "next", n));
}

Test(channel, an_order_with_the_largest_definition_fits)
{
	static char definition[DEFINITION_MAX], bytes[sizeof(struct order) + DEFINITION_MAX];
	struct order order = { .definition_size = DEFINITION_MAX };
	const struct iovec parts[] = { { &order, sizeof(order) }, { definition, DEFINITION_MAX } };
	size_t n = 0;
	int ends[2];

	a_pair(ends);
	memset(definition, 'd', sizeof(definition));
	cr_assert(channel_send(ends[0], parts, 2, NULL, 0));

	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect_eq(n, sizeof(bytes));
	cr_expect_eq(bytes[sizeof(bytes) - 1], 'd');
}

Test(channel, as_many_descriptors_as_a_job_may_have_come_along_and_work)
{
	int fds[CHANNEL_FDS_MAX], got[CHANNEL_FDS_MAX], ends[2], pipes[2];
	char bytes[8], byte = 0;
	size_t n = 0, n_got = CHANNEL_FDS_MAX;

	a_pair(ends);
	cr_assert_eq(pipe(pipes), 0);
	for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
		fds[i] = pipes[1];
	cr_assert(send_text(ends[0], "x", fds, CHANNEL_FDS_MAX));

	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, got, &n_got));
	cr_assert_eq(n_got, CHANNEL_FDS_MAX);
	cr_expect(write(got[CHANNEL_FDS_MAX - 1], "y", 1) == 1 && read(pipes[0], &byte, 1) == 1);
	cr_expect_eq(byte, 'y');
	cr_expect(fcntl(got[0], F_GETFD) & FD_CLOEXEC, "closed on exec");
}

Test(channel, descriptors_that_nobody_asked_for_are_closed)
{
	int ends[2], null = open("/dev/null", O_RDONLY);
	char bytes[8];
	size_t n = 0;

	a_pair(ends);
	int before = open_descriptors();

	cr_assert(send_text(ends[0], "x", (int[]){ null, null }, 2));
	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect_eq(open_descriptors(), before);
}

Test(channel, nothing_in_time_is_no_message)
{
	char bytes[8];
	size_t n = 0;
	int ends[2];

	a_pair(ends);
	cr_expect_not(channel_receive(ends[1], 0, bytes, sizeof(bytes), &n, NULL, NULL));
}

Test(channel, the_last_words_of_who_is_gone_are_heard_before_the_end)
{
	char bytes[8];
	size_t n = 0;
	int ends[2];

	a_pair(ends);
	cr_assert(send_text(ends[0], "bye", NULL, 0));
	close(ends[0]);

	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect_eq(n, 3);
	cr_assert(channel_receive(ends[1], -1, bytes, sizeof(bytes), &n, NULL, NULL));
	cr_expect_eq(n, 0, "the end");
	cr_expect_not(send_text(ends[1], "x", NULL, 0), "and no signal ends us");
}
