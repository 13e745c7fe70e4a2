/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c: sendmsg() and recvmsg(), retried where they must be. */
#include "consumers/renderer/channel.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

bool
channel_pair(int ends[2], struct err *err)
{
	int size = 256 * 1024;		/* an order carries a definition of up to 64 KiB */

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_set(err, ERR_RETRY, "socketpair: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return true;
}

bool
channel_send(int fd, const struct iovec *parts, size_t n_parts, const int *fds, size_t n_fds)
{
	union control control;
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = n_parts };
	ssize_t sent;

	assert(n_fds <= CHANNEL_FDS_MAX);
	if (n_fds) {
		memset(&control, 0, sizeof(control));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n_fds * sizeof(int)) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n_fds * sizeof(int));
	}
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

bool
channel_answer(int fd, const struct answer *answer)
{
	struct iovec part = { (void *)(uintptr_t)answer, sizeof(*answer) };

	return channel_send(fd, &part, 1, NULL, 0);
}

/* Every descriptor that came is taken or closed: none may leak into a later job. */
static void
fds_take(struct msghdr *m, int *fds, size_t *n_fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int got[CHANNEL_FDS_MAX];

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS
		    || count > CHANNEL_FDS_MAX)
			continue;
		memcpy(got, CMSG_DATA(c), count * sizeof(int));
		for (size_t i = 0; i < count; i++)
			if (fds && n < CHANNEL_FDS_MAX)
				fds[n++] = got[i];
			else
				close(got[i]);
	}
	if (n_fds)
		*n_fds = n;
}

bool
channel_receive(int fd, int timeout_ms, void *bytes, size_t size, size_t *n, int *fds,
    size_t *n_fds)
{
	union control control;
	struct iovec part = { bytes, size };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got;

	if (timeout_ms >= 0 && poll(&p, 1, timeout_ms) <= 0)
		return false;
	got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	fds_take(&m, fds, n_fds);
	*n = got > 0 ? (size_t)got : 0;
	return true;
}

bool
channel_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}
