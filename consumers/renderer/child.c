/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c: a child's life. One that renders closes itself in first, says HELLO, and takes orders
 * until it has had its number. One that draws words does the same, but sees the host's fonts, and is
 * never given a picture. One that runs a command takes one order, runs the command, and closes itself in
 * before it looks at what the command wrote.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/err.h"
#include "consumers/renderer/budget.h"
#include "consumers/renderer/picture.h"
#include "consumers/renderer/spawner.h"

enum { CPU_SECONDS_ENOUGH = 1200 };	/* a third of the limit: then a fresh child is due */

struct received {
	struct order order;
	char definition[DEFINITION_MAX + 1];
};

static void
answer_err(struct answer *answer, const struct err *err)
{
	answer->kind = ANSWER_FAILED;
	answer->retryable = err->verdict == ERR_RETRY;
	snprintf(answer->code, sizeof(answer->code), "%s", err->code);
	snprintf(answer->text, sizeof(answer->text), "%s", err->text);
}

static bool
hello(const struct birth *birth, unsigned holds, const struct err *err)
{
	struct answer answer = {0};

	if (err->verdict != ERR_NONE)
		answer_err(&answer, err);
	answer.kind = ANSWER_HELLO;
	answer.holds = holds;
	return channel_answer(birth->channel, &answer) && err->verdict == ERR_NONE;
}

/* With as many descriptors as it says. */
static bool
order_is_whole(const struct received *r, enum role role, size_t size, size_t n_fds)
{
	return size >= sizeof(r->order) && r->order.definition_size <= DEFINITION_MAX
	    && size == sizeof(r->order) + r->order.definition_size
	    && n_fds == order_fds(&r->order, role);
}

/* The picture is judged as any other, but after the program: until then this child is open. A
 * defect of the picture goes before what the program made of it. */
static bool
command_fulfil(const struct birth *birth, const struct order *order,
    const struct picture_task *task, struct extent *extents, unsigned *holds, struct err *err)
{
	const struct command *command = command_find(birth->options->commands, order->command);
	struct err said = {0};
	bool ran;

	if (!command)
		return err_code(err, ERR_REJECT, "unknown_command",
		    "this renderer has no command \"%s\"", order->command);
	if (!(birth->holds & SANDBOX_WALL))
		return err_code(err, ERR_REJECT, "commands_refused",
		    "this renderer runs no commands: its host gives them no wall (see its /readyz)");
	ran = command_run(command, task->definition, birth->folder, order->extension,
	    order->deadline_ms, task->input, task->outputs, &said);
	if (!sandbox_close(SEES_NOTHING, holds, err) || !sandbox_is_closed(SEES_NOTHING, err)
	    || !picture_check(task, err))
		return false;
	if (!ran)
		*err = said;
	return ran && picture_inspect(task, extents, err);
}

static bool
label_fulfil(const struct order *order, const struct definition *d, int output,
    struct extent *extent, struct err *err)
{
	if (order->label >= d->n_assets || !d->assets[order->label].label)
		return err_code(err, ERR_REJECT, "bad_pipeline", "there is no such text");
	return picture_label(d->assets[order->label].label, output, order->pixels_max, extent, err);
}

static bool
fulfil(const struct birth *birth, struct received *r, const int *fds, struct definition **d,
    struct extent *extents, unsigned *holds, struct err *err)
{
	struct picture_task task = { .input = fds[0], .outputs = fds + 1,
		.pixels_max = r->order.pixels_max };

	r->definition[r->order.definition_size] = '\0';
	if (!definition_read(d, r->definition, err))
		return false;
	task.definition = *d;
	if (birth->role == ROLE_LABEL)
		return label_fulfil(&r->order, *d, fds[0], extents, err);
	if ((*d)->n_views != r->order.n_outputs || (*d)->n_assets != r->order.n_assets)
		return err_code(err, ERR_REJECT, "bad_pipeline", "views and outputs differ");
	task.preview = fds[r->order.n_outputs + 1];
	task.assets = fds + r->order.n_outputs + 2;
	if (birth->role == ROLE_PICTURE)
		return picture_render(&task, extents, err);
	r->order.command[COMMAND_NAME_SIZE - 1] = r->order.extension[EXTENSION_SIZE - 1] = '\0';
	return command_fulfil(birth, &r->order, &task, extents, holds, err);
}

/* Takes one order and answers it. False: there is none any more. */
static bool
serve(const struct birth *birth, unsigned *holds)
{
	static struct received r;
	own(definition_freep) struct definition *d = NULL;
	struct answer answer = { .kind = ANSWER_RENDERED };
	struct err err = {0};
	int fds[CHANNEL_FDS_MAX];
	size_t size = 0, n_fds = 0;
	bool well;

	while (!channel_receive(birth->channel, -1, &r, sizeof(r) - 1, &size, fds, &n_fds))
		;
	if (!order_is_whole(&r, birth->role, size, n_fds))
		return false;
	answer.ticket = r.order.ticket;
	budget_start(BUDGET_FIRST_MS, answer.ticket);
	well = fulfil(birth, &r, fds, &d, answer.extents, holds, &err);
	budget_stop();
	if (well)
		answer.n_extents = r.order.n_outputs;
	else
		answer_err(&answer, &err);
	/* of this job nothing stays open, whatever a library forgot */
	syscall(SYS_close_range, birth->channel + 1, ~0u, 0);
	return channel_answer(birth->channel, &answer);
}

static bool
is_fresh(void)
{
	struct rusage used;

	return !getrusage(RUSAGE_SELF, &used)
	    && used.ru_utime.tv_sec + used.ru_stime.tv_sec < CPU_SECONDS_ENOUGH;
}

void
child_live(const struct birth *birth)
{
	unsigned holds = birth->holds;
	enum sandbox_sight sight = birth->role == ROLE_LABEL ? SEES_FONTS : SEES_NOTHING;
	struct err err = {0};
	bool well;

	prctl(PR_SET_NAME, "renderer-child");
	well = budget_open(birth->channel) && sandbox_limit(&birth->options->limits, &holds, &err);
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* now: a change of user forgets it */
	if (birth->role == ROLE_LABEL)
		dup2(0, 2);		/* fontconfig complains each time that it may write no cache */
	if (well && birth->role != ROLE_COMMAND)
		well = sandbox_close(sight, &holds, &err) && sandbox_is_closed(sight, &err);
	if (!hello(birth, holds, &err) || !well)
		_exit(1);
	if (birth->role != ROLE_PICTURE)
		serve(birth, &holds);
	else
		for (unsigned i = 0; i < birth->options->jobs_per_child && is_fresh(); i++)
			if (!serve(birth, &holds))
				break;
	_exit(0);
}
