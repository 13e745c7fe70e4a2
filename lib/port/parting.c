/* SPDX-License-Identifier: Apache-2.0 */
/* parting.c: a row of sockets, and a thread that polls them. Its first one is its bell. */
#include "port/parting.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/thread.h"

enum { SOCKETS_MAX = 256, BYTES_MAX = 16 << 20, SILENCE_MS = 2000, LIFE_MS = 30000, LOOK_MS = 200 };

struct leaving {
	int fd;
	struct buf words;
	size_t said, thrown_away;
	int64_t until_ms, quiet_until_ms;
};

struct parting {
	pthread_t thread;
	bool runs; /* the thread is there */
	int bell;
	pthread_mutex_t lock; /* of what follows */
	bool ends;
	struct leaving all[SOCKETS_MAX]; /* the oldest first */
	size_t n;
};

/* ---- under the lock ---- */

static void
end(struct leaving *one)
{
	close(one->fd);
	buf_clear(&one->words);
	one->fd = -1;
}

static void
close_the_gaps(struct parting *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->all[i].fd >= 0)
			l->all[n++] = l->all[i];
	l->n = n;
}

/* What is left to say; with the last of it the client hears that there is no more. */
static void
say(struct leaving *one)
{
	ssize_t n;

	if (one->said == one->words.size)
		return;
	n = send(one->fd, one->words.data + one->said, one->words.size - one->said,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		one->said += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		end(one);
	if (one->fd >= 0 && one->said == one->words.size)
		shutdown(one->fd, SHUT_WR);
}

static void
throw_away(struct leaving *one)
{
	static char bytes[65536]; /* nobody reads them */
	ssize_t n = recv(one->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0) {
		one->thrown_away += (size_t)n;
		one->quiet_until_ms = clock_monotonic_ms() + SILENCE_MS;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		end(one);
	}
}

static short
wanted_of(const struct leaving *one)
{
	return (short)((one->thrown_away < BYTES_MAX ? POLLIN : 0)
	    | (one->said < one->words.size ? POLLOUT : 0));
}

static void
serve(struct leaving *one, short got)
{
	if (got & (POLLERR | POLLNVAL)) {
		end(one);
		return;
	}
	if (got & POLLOUT)
		say(one);
	if (one->fd >= 0 && got & (POLLIN | POLLHUP))
		throw_away(one);
}

static void
end_the_late(struct parting *l)
{
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < l->n; i++)
		if (l->all[i].fd >= 0
		    && (l->all[i].until_ms < now_ms || l->all[i].quiet_until_ms < now_ms))
			end(&l->all[i]);
}

/* ---- the thread ---- */

static size_t
look_at(struct parting *l, struct pollfd *polled)
{
	size_t n;

	pthread_mutex_lock(&l->lock);
	n = l->n;
	for (size_t i = 0; i < n; i++)
		polled[i + 1] = (struct pollfd){ l->all[i].fd, wanted_of(&l->all[i]), 0 };
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* Others may have been added behind, and the oldest may have gone: each is found by its socket. */
static bool
go_on(struct parting *l, const struct pollfd *polled, size_t n)
{
	bool ends;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; polled[i].revents && k < l->n; k++)
			if (l->all[k].fd == polled[i].fd) {
				serve(&l->all[k], polled[i].revents);
				break;
			}
	end_the_late(l);
	close_the_gaps(l);
	ends = l->ends;
	pthread_mutex_unlock(&l->lock);
	return !ends;
}

static void *
run(void *state)
{
	struct parting *l = state;
	struct pollfd polled[SOCKETS_MAX + 1];
	uint64_t rung;
	size_t n;

	polled[0] = (struct pollfd){ l->bell, POLLIN, 0 };
	do {
		n = look_at(l, polled);
		poll(polled, n + 1, n > 0 ? LOOK_MS : -1);
		if (polled[0].revents && read(l->bell, &rung, sizeof(rung)) < 0)
			polled[0].revents = 0;
	} while (go_on(l, polled + 1, n));
	return NULL;
}

static void
ring(struct parting *l)
{
	const uint64_t one = 1;

	if (write(l->bell, &one, sizeof(one)) < 0)
		return; /* it rings already */
}

/* ---- life ---- */

bool
parting_new(struct parting **ret, struct err *err)
{
	own(parting_freep) struct parting *l = calloc(1, sizeof(*l));

	if (!l)
		return err_set(err, ERR_FATAL, "out of memory");
	pthread_mutex_init(&l->lock, NULL);
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->runs = l->bell >= 0 && thread_start(&l->thread, run, l);
	if (!l->runs)
		return err_set(err, ERR_FATAL, "cannot start a thread");
	*ret = parting_free_hand_over(&l);
	return true;
}

void
parting_free(struct parting *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->ends = true;
	pthread_mutex_unlock(&l->lock);
	if (l->runs) {
		ring(l);
		pthread_join(l->thread, NULL);
	}
	for (size_t i = 0; i < l->n; i++)
		end(&l->all[i]);
	if (l->bell >= 0)
		close(l->bell);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void
parting_add(struct parting *l, int fd, struct buf *words)
{
	int64_t now_ms = clock_monotonic_ms();

	pthread_mutex_lock(&l->lock);
	if (l->n == SOCKETS_MAX) {
		end(&l->all[0]);
		close_the_gaps(l);
	}
	l->all[l->n] = (struct leaving){ .fd = fd, .words = *words, .until_ms = now_ms + LIFE_MS,
		.quiet_until_ms = now_ms + SILENCE_MS };
	*words = (struct buf){ 0 };
	say(&l->all[l->n++]);
	pthread_mutex_unlock(&l->lock);
	ring(l);
}
