/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patience.c: a list of sockets, and a thread that looks through it.
 *
 * until_ms is when a socket's time is over: told from now on when its turn begins, later with each byte
 * that moves, never later than that from now. So what is lost of it tells how long it kept us waiting.
 */
#include "port/patience.h"
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include "base/clock.h"

/* In a crowd: who kept us waiting for so long may be ended; a newcomer waits a little longer for a place;
 * who had one for so long gives it to a newcomer behind its answer. */
enum { STALLED_MS = 200, WAIT_MS = 250, STAY_MS = 1000 };
enum { LOOK_MS = 500, CROWD_LOOK_MS = 50, ROOM_MS = 10, AHEAD_MAX = 16 };

struct patient {
	struct patient *next, *before;
	int fd;
	enum turn turn;
	int64_t came_ms, until_ms;
	bool is_ended, is_leaving, is_out; /* out: it is not counted any more */
	uint64_t taken; /* bytes of all its answers, as last seen */
};

struct patience {
	int64_t ms;
	size_t crowd;
	pthread_t looker;
	bool looks; /* the thread is there */
	pthread_mutex_t lock; /* of what follows, and of every patient */
	pthread_cond_t ending, gone;
	bool ends;
	struct patient all; /* the ring's head */
	size_t n, n_ended, n_leaving; /* of n: ended in their request, and asked to leave behind it */
	size_t n_held; /* n, and those that are out and hold their socket yet */
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
credit(const struct patience *p, struct patient *one, int64_t ms)
{
	int64_t most_ms = clock_monotonic_ms() + p->ms; /* buffers take the beginning in a moment */

	one->until_ms += ms;
	if (one->until_ms > most_ms)
		one->until_ms = most_ms;
}

static void
look_what_it_takes(const struct patience *p, struct patient *one)
{
	uint64_t taken = one->turn == TURN_TAKES ? taken_by(one) : 0;

	if (taken <= one->taken)
		return;
	credit(p, one, (int64_t)(taken - one->taken));
	one->taken = taken;
}

static void
out(struct patience *p, struct patient *one)
{
	if (one->is_out)
		return;
	one->is_out = true;
	p->n--;
	p->n_ended -= one->is_ended;
	p->n_leaving -= one->is_leaving;
	pthread_cond_signal(&p->gone);
}

static void
turn_set(struct patience *p, struct patient *one, enum turn turn)
{
	if (turn == TURN_GONE || (turn == TURN_IDLE && one->is_ended))
		out(p, one);
	one->turn = turn;
	one->until_ms = clock_monotonic_ms() + p->ms;
	if (turn == TURN_TAKES)
		one->taken = taken_by(one);
}

/* What it did not take of its answer is thrown away with it. */
static void
end(struct patience *p, struct patient *one)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (one->turn == TURN_TAKES)
		setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(one->fd, SHUT_RDWR);
	one->is_ended = true;
	p->n_ended++;
	if (one->turn == TURN_IDLE)
		out(p, one);
}

static void
end_the_late(struct patience *p)
{
	int64_t now_ms = clock_monotonic_ms();

	for (struct patient *one = p->all.next; one != &p->all; one = one->next) {
		if (one->is_ended || one->is_out || one->turn == TURN_OURS)
			continue;
		look_what_it_takes(p, one);
		if (one->until_ms < now_ms)
			end(p, one);
	}
}

/* Who kept us waiting longest, and for long enough; NULL: nobody did. */
static struct patient *
slowest(const struct patience *p)
{
	int64_t begin_ms = clock_monotonic_ms() + p->ms;
	struct patient *ret = NULL;

	for (struct patient *one = p->all.next; one != &p->all; one = one->next) {
		int64_t lost_ms = begin_ms - one->until_ms;

		if (!one->is_ended && !one->is_out && one->turn != TURN_OURS
		    && lost_ms >= STALLED_MS && (!ret || one->until_ms < ret->until_ms))
			ret = one;
	}
	return ret;
}

/* As many are ended as there are too many. One is looked at once more before, since it may have
 * taken much since the last look. */
static void
make_room(struct patience *p)
{
	struct patient *one;

	while (p->n > p->crowd + p->n_ended && (one = slowest(p)) != NULL) {
		int64_t until_ms = one->until_ms;

		look_what_it_takes(p, one);
		if (one->until_ms == until_ms)
			end(p, one);
	}
}

/* ---- life ---- */

static void
wait_until(struct patience *p, pthread_cond_t *what, int64_t ms)
{
	struct timespec until = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	pthread_cond_timedwait(what, &p->lock, &until);
}

/* Newcomers make room themselves, but when all places are taken none is let in. */
static void *
look(void *state)
{
	struct patience *p = state;
	int64_t look_ms = p->ms < LOOK_MS ? p->ms : LOOK_MS;

	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		end_the_late(p);
		make_room(p);
		wait_until(p, &p->ending,
		    clock_monotonic_ms() + (p->n > p->crowd ? CROWD_LOOK_MS : look_ms));
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
	pthread_cond_init(&p->gone, &monotonic);
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
	pthread_cond_destroy(&p->gone);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- sockets ---- */

struct patient *
patience_add(struct patience *p, int fd)
{
	struct patient *one = calloc(1, sizeof(*one));
	int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
	bool is_ahead; /* who accepts, of those who were ended and go */

	if (!one)
		return NULL;
	one->fd = fd;
	pthread_mutex_lock(&p->lock);
	p->n++;
	p->n_held++;
	for (make_room(p); p->n > p->crowd && clock_monotonic_ms() < until_ms; make_room(p))
		wait_until(p, &p->gone, clock_monotonic_ms() + ROOM_MS);
	turn_set(p, one, TURN_IDLE);
	one->came_ms = clock_monotonic_ms();
	one->next = &p->all;
	one->before = p->all.before;
	one->before->next = one->next->before = one;
	is_ahead = p->n_held > p->crowd + AHEAD_MAX;
	pthread_mutex_unlock(&p->lock);
	if (is_ahead)
		clock_sleep_ms(1);
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
	p->n_held--;
	out(p, one);
	pthread_mutex_unlock(&p->lock);
	free(one);
}

bool
patience_leaves(struct patience *p, struct patient *one)
{
	bool leaves;

	if (!one)
		return false;
	pthread_mutex_lock(&p->lock);
	leaves = one->is_leaving || (p->n > p->crowd + p->n_leaving
	    && clock_monotonic_ms() - one->came_ms > STAY_MS);
	p->n_leaving += leaves && !one->is_leaving;
	one->is_leaving = leaves;
	pthread_mutex_unlock(&p->lock);
	return leaves;
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
patience_gives(struct patience *p, struct patient *one)
{
	if (!one)
		return;
	pthread_mutex_lock(&p->lock);
	one->turn = TURN_OURS;
	pthread_mutex_unlock(&p->lock);
}

void
patience_gave(struct patience *p, struct patient *one, size_t size, int64_t our_ms)
{
	if (!one)
		return;
	pthread_mutex_lock(&p->lock);
	one->turn = TURN_BEGUN;
	credit(p, one, (int64_t)size + our_ms);
	pthread_mutex_unlock(&p->lock);
}
