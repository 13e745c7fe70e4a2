/* SPDX-License-Identifier: Apache-2.0 */
/* patience.c: a list of sockets, and a thread that looks through it. */
#include "port/patience.h"
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include "base/clock.h"

enum { LOOK_MS = 500, STALLED_MS = 1000 };

struct patient {
	struct patient *next, *before;
	int fd;
	enum turn turn;
	int64_t since_ms, until_ms, moved_ms;
	uint64_t taken; /* bytes of all its answers, as last seen */
};

struct patience {
	int64_t ms;
	size_t crowd;
	pthread_t looker;
	bool looks; /* the thread is there */
	pthread_mutex_t lock; /* of what follows, and of every patient */
	pthread_cond_t ending;
	bool ends;
	struct patient all; /* the ring's head */
	size_t n;
};

/* ---- under the lock ---- */

/* What the other side has told to have; 0 where nobody counts it. */
static uint64_t
taken_by(const struct patient *one)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	return getsockopt(one->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

static void
look_what_it_takes(const struct patience *p, struct patient *one, int64_t now_ms)
{
	uint64_t taken = taken_by(one);

	if (taken <= one->taken)
		return;
	one->until_ms += (int64_t)(taken - one->taken);
	if (one->until_ms > now_ms + p->ms)	/* buffers took the beginning in a moment */
		one->until_ms = now_ms + p->ms;
	one->moved_ms = now_ms;
	one->taken = taken;
}

static void
turn_set(struct patience *p, struct patient *one, enum turn turn)
{
	one->turn = turn;
	one->since_ms = clock_monotonic_ms();
	one->until_ms = one->since_ms + p->ms;
	one->moved_ms = one->since_ms;
	if (turn == TURN_TAKES)
		one->taken = taken_by(one);
}

static void
end(struct patient *one)
{
	shutdown(one->fd, SHUT_RDWR);
	one->turn = TURN_OURS;
}

static void
end_the_late(struct patience *p)
{
	int64_t now_ms = clock_monotonic_ms();

	for (struct patient *one = p->all.next; one != &p->all; one = one->next) {
		if (one->turn == TURN_TAKES)
			look_what_it_takes(p, one, now_ms);
		if (one->turn != TURN_OURS && one->until_ms < now_ms)
			end(one);
	}
}

static void
end_the_oldest(struct patience *p)
{
	struct patient *oldest = NULL, *stalled = NULL;
	int64_t before_ms = clock_monotonic_ms() - STALLED_MS;

	for (struct patient *one = p->all.next; one != &p->all; one = one->next) {
		if (one->turn == TURN_IDLE && (!oldest || one->since_ms < oldest->since_ms))
			oldest = one;
		if (one->turn == TURN_TAKES && one->moved_ms < before_ms
		    && (!stalled || one->moved_ms < stalled->moved_ms))
			stalled = one;
	}
	if (!oldest)
		oldest = stalled;
	if (oldest)
		end(oldest);
}

/* ---- life ---- */

static void *
look(void *state)
{
	struct patience *p = state;
	int64_t look_ms = p->ms < LOOK_MS ? p->ms : LOOK_MS;
	struct timespec until;

	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		end_the_late(p);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += look_ms * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&p->ending, &p->lock, &until);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

bool
patience_new(struct patience **ret, int64_t ms, size_t crowd, struct err *err)
{
	own(patience_freep) struct patience *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;

	if (!p)
		return err_set(err, ERR_FATAL, "out of memory");
	p->ms = ms;
	p->crowd = crowd;
	p->all.next = p->all.before = &p->all;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ending, &monotonic);
	p->looks = pthread_create(&p->looker, NULL, look, p) == 0;
	if (!p->looks)
		return err_set(err, ERR_FATAL, "cannot start a thread");
	*ret = patience_free_hand_over(&p);
	return true;
}

void
patience_free(struct patience *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_signal(&p->ending);
	pthread_mutex_unlock(&p->lock);
	if (p->looks)
		pthread_join(p->looker, NULL);
	pthread_cond_destroy(&p->ending);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- sockets ---- */

struct patient *
patience_add(struct patience *p, int fd)
{
	struct patient *one = calloc(1, sizeof(*one));
	size_t over;

	if (!one)
		return NULL;
	one->fd = fd;
	pthread_mutex_lock(&p->lock);
	over = ++p->n > p->crowd ? p->n - p->crowd : 0;
	if (over)
		end_the_oldest(p);
	turn_set(p, one, TURN_IDLE);
	one->next = &p->all;
	one->before = p->all.before;
	one->before->next = one->next->before = one;
	pthread_mutex_unlock(&p->lock);
	clock_sleep_ms((int64_t)over); /* who accepts is not faster than those who were ended go */
	return one;
}

void
patience_remove(struct patience *p, struct patient *one)
{
	if (!one)
		return;
	pthread_mutex_lock(&p->lock);
	one->before->next = one->next;
	one->next->before = one->before;
	p->n--;
	pthread_mutex_unlock(&p->lock);
	free(one);
}

void
patience_turn(struct patience *p, struct patient *one, enum turn turn)
{
	if (!one)
		return;
	pthread_mutex_lock(&p->lock);
	turn_set(p, one, turn);
	pthread_mutex_unlock(&p->lock);
}

void
patience_gave(struct patience *p, struct patient *one, size_t size, int64_t our_ms)
{
	if (!one)
		return;
	pthread_mutex_lock(&p->lock);
	one->until_ms += (int64_t)size + our_ms;
	pthread_mutex_unlock(&p->lock);
}
