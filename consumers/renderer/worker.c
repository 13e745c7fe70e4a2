/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c: asks, waits with a deadline, and trusts nothing that a child says. */
#include "consumers/renderer/worker.h"
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/utf8.h"

enum { HELLO_MS = 30000, END_MS = 10000,
	COMMAND_MORE_MS = 2000 };	/* its child ends it, and tells what it said */

struct worker {
	struct spawner *spawner;
	int stop, cancel;		/* eventfds; stop is everybody's */
	int channel;			/* -1: no child */
	uint64_t id;
	enum role role;
	unsigned served, jobs_per_child, holds;
	uint64_t ticket;		/* of the last order */
	struct uuid batch_id;		/* that it is kept to */
};

bool
worker_new(struct worker **ret, struct spawner *spawner, int stop, unsigned jobs_per_child,
    struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(err, ERR_FATAL, "out of memory");
	*w = (struct worker){ .spawner = spawner, .stop = stop, .channel = -1,
		.cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .jobs_per_child = jobs_per_child };
	*ret = w;
	return w->cancel >= 0 || err_set(err, ERR_FATAL, "eventfd: %s", strerror(errno));
}

void
worker_cancel(struct worker *w)
{
	uint64_t one = 1;

	if (write(w->cancel, &one, sizeof(one)) < 0)
		abort();		/* it counts further than anybody cancels */
}

void
worker_uncancel(struct worker *w)
{
	uint64_t n;

	if (read(w->cancel, &n, sizeof(n)) < 0 && errno != EAGAIN)
		abort();
}

bool
worker_goes_on(const struct worker *w, struct err *err)
{
	struct pollfd p[2] = { { w->stop, POLLIN, 0 }, { w->cancel, POLLIN, 0 } };

	if (poll(p, 2, 0) <= 0)
		return true;
	if (p[0].revents)
		return err_code(err, ERR_RETRY, "stopping", "the renderer stops");
	return err_code(err, ERR_RETRY, "cancelled", "its batch was cancelled");
}

/* No character of a text does anything to a terminal: neither ASCII's controls nor, as UTF-8, those from
 * 0x80 to 0x9f, of which one begins a command as ESC [ does. */
static void
controls_mend(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = *c == '\n' ? '/' : ' ';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			c[0] = c[1] = ' ';
}

/* What a child wrote is a stranger's: it ends, it is text, its code is a word. */
static void
answer_mend(struct answer *a)
{
	a->code[sizeof(a->code) - 1] = a->text[sizeof(a->text) - 1] = '\0';
	controls_mend(a->text);
	for (size_t n = strlen(a->text); n > 0 && a->text[n - 1] == '/';)
		a->text[--n] = '\0';
	utf8_mend(a->text);
	if (!*a->code || a->code[strspn(a->code, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		strcpy(a->code, "renderer_crashed");
	if (a->n_extents > VIEWS_MAX)
		a->n_extents = 0;
}

/* The next message of the child; false with a retry when the time is over, its job was cancelled or
 * all must stop. */
static bool
receive(struct worker *w, int64_t until_ms, bool heed_stop, struct answer *ret, struct err *err)
{
	struct pollfd p[3] = { { w->channel, POLLIN, 0 }, { heed_stop ? w->stop : -1, POLLIN, 0 },
		{ heed_stop ? w->cancel : -1, POLLIN, 0 } };
	size_t size;

	for (;;) {
		int64_t left = until_ms - clock_monotonic_ms();

		if (left <= 0)
			return err_code(err, ERR_RETRY, "render_timeout", "no answer in time");
		if (poll(p, 3, (int)(left > 60000 ? 60000 : left)) <= 0)
			continue;
		if (p[1].revents)
			return err_code(err, ERR_RETRY, "stopping", "the renderer stops");
		if (p[2].revents)
			return err_code(err, ERR_RETRY, "cancelled",
			    "its batch was cancelled; the child was ended");
		if (!channel_receive(w->channel, 0, ret, sizeof(*ret), &size, NULL, NULL))
			continue;
		if (size == 0 && p[0].revents & POLLHUP)
			return err_code(err, ERR_FATAL, "spawner_gone",
			    "the spawner of the children is gone");
		if (size != sizeof(*ret))
			memset(ret, 0, sizeof(*ret));	/* of no kind: out of its mind */
		answer_mend(ret);
		return true;
	}
}

/* Ends the child and waits for its last word. */
static void
child_end(struct worker *w)
{
	struct answer answer = {0};
	struct err err = {0};
	int64_t until = clock_monotonic_ms() + END_MS;

	if (w->channel < 0)
		return;
	if (spawner_kill(w->spawner, w->id, &err))
		while (answer.kind != ANSWER_EXITED && receive(w, until, false, &answer, &err))
			;
	close(w->channel);
	w->channel = -1;
}

void
worker_give_up(struct worker *w)
{
	child_end(w);
}

void
worker_keep_to(struct worker *w, const struct uuid *batch_id)
{
	if (w->served > 0 && memcmp(&w->batch_id, batch_id, sizeof(*batch_id)))
		child_end(w);
	w->batch_id = *batch_id;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	child_end(w);
	if (w->cancel >= 0)
		close(w->cancel);
	free(w);
}

/* Its end was told. By whom is not known, so it is killed all the same: a child that only says that
 * it is gone would live on with the job's descriptors. */
static bool
crashed(struct worker *w, const struct answer *last, struct err *err)
{
	int status = last->status;

	spawner_kill(w->spawner, w->id, &(struct err){0});
	close(w->channel);
	w->channel = -1;
	if (*last->text)
		return err_code(err, ERR_RETRY, last->code, "%s", last->text);
	if (WIFSIGNALED(status))
		return err_code(err, ERR_RETRY, "renderer_crashed", "the child ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_code(err, ERR_RETRY, "renderer_crashed", "the child ended with exit code %d",
	    WEXITSTATUS(status));
}

static bool
child_start(struct worker *w, enum role role, struct err *err)
{
	static _Atomic uint64_t last_id;
	struct answer answer;

	w->id = ++last_id;
	w->role = role;
	w->served = 0;
	if (!spawner_child(w->spawner, role, w->id, &w->channel, err))
		return false;
	if (!receive(w, clock_monotonic_ms() + HELLO_MS, true, &answer, err)) {
		child_end(w);
		return err_at(err, "a fresh child");
	}
	if (answer.kind == ANSWER_EXITED)
		return crashed(w, &answer, err);
	w->holds = answer.holds;
	if (answer.kind == ANSWER_HELLO && !*answer.text)
		return true;
	child_end(w);
	return err_code(err, ERR_FATAL, "sandbox", "a child cannot close itself in: %s", answer.text);
}

/* Between two jobs a child has nothing to say: it spoke out of turn, or it is gone. */
static bool
has_spoken(const struct worker *w)
{
	struct pollfd p = { w->channel, POLLIN, 0 };

	return poll(&p, 1, 0) != 0;
}

/* Whoever is to be given up is gone before the next job's descriptors are sent to anybody. */
static bool
child_ensure(struct worker *w, enum role role, struct err *err)
{
	if (w->channel >= 0
	    && (w->role != role || w->served >= w->jobs_per_child || has_spoken(w)))
		child_end(w);
	return w->channel >= 0 || child_start(w, role, err);
}

bool
worker_prepare(struct worker *w, unsigned *holds, struct err *err)
{
	if (!child_ensure(w, ROLE_PICTURE, err))
		return false;
	*holds = w->holds;
	return true;
}

static bool
is_sensible(const struct answer *a, const struct order *order)
{
	bool well = a->ticket == order->ticket && (a->kind == ANSWER_FAILED
	    || (a->kind == ANSWER_RENDERED && a->n_extents == order->n_outputs));

	for (size_t i = 0; well && a->kind == ANSWER_RENDERED && i < a->n_extents; i++)
		well = a->extents[i].width > 0 && a->extents[i].height > 0;
	return well;
}

static bool
ask_once(struct worker *w, const struct order *order, const char *definition, const int *fds,
    int deadline_ms, struct answer *ret, struct err *err)
{
	const struct iovec parts[] = { { (void *)(uintptr_t)order, sizeof(*order) },
		{ (void *)(uintptr_t)definition, order->definition_size } };
	/* a send to a child that is gone fails; how it went is told all the same */
	bool sent = channel_send(w->channel, parts, 2, fds, order_fds(order, w->role));

	int64_t patience_ms = !sent ? END_MS
	    : deadline_ms + (w->role == ROLE_COMMAND ? COMMAND_MORE_MS : 0);

	if (!receive(w, clock_monotonic_ms() + patience_ms, true, ret, err)) {
		child_end(w);
		if (!strcmp(err->code, "render_timeout"))
			return err_code(err, ERR_RETRY, "render_timeout",
			    "not done within %d ms; the child was ended", deadline_ms);
		return false;
	}
	w->served++;
	if (ret->kind == ANSWER_EXITED)
		return crashed(w, ret, err);
	if (is_sensible(ret, order))
		return true;
	child_end(w);
	return err_code(err, ERR_RETRY, "renderer_crashed", "the child gave no sensible answer");
}

bool
worker_judge(const struct answer *answer, struct err *err)
{
	return answer->kind == ANSWER_RENDERED || err_code(err,
	    answer->retryable ? ERR_RETRY : ERR_REJECT, answer->code, "%s", answer->text);
}

/* It went home between two orders (exit code 0), or spoke of an older one: this one is untouched. */
static bool
another_may(const struct answer *last, uint64_t ticket)
{
	return (last->kind == ANSWER_EXITED && last->status == 0 && !*last->text)
	    || ((last->kind == ANSWER_RENDERED || last->kind == ANSWER_FAILED)
	        && last->ticket != ticket);
}

bool
worker_ask(struct worker *w, enum role role, struct order *order, const char *definition,
    const int *fds, int deadline_ms, struct answer *ret, struct err *err)
{
	order->ticket = ++w->ticket;
	order->deadline_ms = deadline_ms;
	for (int tries = 0; tries < 2; tries++) {
		if (!child_ensure(w, role, err))
			return false;
		if (ask_once(w, order, definition, fds, deadline_ms, ret, err))
			break;
		if (tries == 1 || strcmp(err->code, "renderer_crashed")
		    || !another_may(ret, order->ticket))
			return false;
	}
	if (role != ROLE_PICTURE)
		child_end(w);		/* it had one life */
	return true;
}
