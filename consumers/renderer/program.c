/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c: runs a command in its folder: the input is copied in, the program runs with a clean
 * environment and nothing but its own standard descriptors, what it says is kept as a tail, and
 * what it wrote is copied out. It runs behind a wall (wall.h), whose processes end with the first of
 * them, and all of it in one process group, which the spawner ends with the job.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "consumers/renderer/command.h"
#include "consumers/renderer/sandbox.h"
#include "consumers/renderer/wall.h"

enum { ARGUMENT_SIZE = 4096, TAIL_SIZE = 400, PATH_SIZE = 512, EXIT_CANNOT_RUN = 127,
	SIGNALLED = 128, TRY_MS = 10000,
	PIPE_PIECES = 16 };	/* of 4 KiB: what a pipe holds, whoever goes on writing */

struct tail { char text[TAIL_SIZE + 1]; size_t n; };

static bool
system_err(struct err *err, const char *what)
{
	return err_code(err, ERR_RETRY, errno == ENOSPC ? "disk_full" : "command_failed", "%s: %s",
	    what, strerror(errno));
}

static bool
copy(int from, int to, struct err *err)
{
	off_t at = 0;
	ssize_t n;

	while ((n = sendfile(to, from, &at, 1 << 20)) > 0)
		;
	return n == 0 || system_err(err, "copy");
}

static bool
input_put(const char *folder, const char *extension, int input, struct err *err)
{
	char path[PATH_SIZE];
	bool well;
	int fd;

	snprintf(path, sizeof(path), "%s/input%s%s", folder, *extension ? "." : "", extension);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return system_err(err, "the command's folder");
	well = copy(input, fd, err);
	close(fd);
	return well;
}

static bool
output_take(const char *folder, const struct view *view, int output, struct err *err)
{
	char path[PATH_SIZE];
	struct stat st;
	bool well = true;
	int fd;

	snprintf(path, sizeof(path), "%s/output_%s.%s", folder, view->name, view->format->extension);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
		well = err_code(err, ERR_RETRY, "command_failed",
		    "it ended well and wrote no output for view %s", view->name);
	well = well && copy(fd, output, err);
	if (fd >= 0)
		close(fd);
	return well;
}

static void
tail_add(struct tail *tail, const char *bytes, size_t n)
{
	if (n > TAIL_SIZE) {
		bytes += n - TAIL_SIZE;
		n = TAIL_SIZE;
	}
	if (tail->n + n > TAIL_SIZE) {
		size_t over = tail->n + n - TAIL_SIZE;

		memmove(tail->text, tail->text + over, tail->n - over);
		tail->n -= over;
	}
	for (size_t i = 0; i < n; i++)		/* a NUL would end the words here */
		tail->text[tail->n++] = bytes[i] ? bytes[i] : ' ';
	tail->text[tail->n] = '\0';
}

static bool
arguments_fill(const char *list[], const struct command *command, const struct definition *d,
    const char *folder, const char *extension, struct err *err)
{
	static char arguments[COMMAND_ARGUMENTS_MAX][ARGUMENT_SIZE];

	list[0] = command->program;
	for (size_t i = 0; i < command->n_arguments; i++) {
		list[i + 1] = arguments[i];
		if (!command_argument(arguments[i], ARGUMENT_SIZE, command->arguments[i], folder,
		    extension, d, err))
			return false;
	}
	return true;
}

/* Its descriptors, folder and signals; nothing else stays open but the filter. */
static bool
prepare(const char *folder, int said, int *filter, struct err *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0
	    || syscall(SYS_close_range, 3, ~0u, 0) || chdir(folder)
	    || prctl(PR_SET_PDEATHSIG, SIGKILL))
		return system_err(err, "prepare");
	return sandbox_command_filter(filter, err);
}

/* Becomes the program, behind its wall. Does not come back. */
static void
become(const struct command *command, const struct definition *d, const char *folder,
    const char *extension, int said)
{
	const char *list[WALL_ARGUMENTS_MAX + COMMAND_ARGUMENTS_MAX + 2] = { NULL };
	char home[PATH_SIZE], temp[PATH_SIZE];
	char *environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", home, temp,
		NULL };
	struct err err = {0};
	int filter;
	size_t n;

	snprintf(home, sizeof(home), "HOME=%s", folder);
	snprintf(temp, sizeof(temp), "TMPDIR=%s", folder);
	if (prepare(folder, said, &filter, &err)) {
		wall_arguments(list, &n, folder, command->reads, filter);
		if (arguments_fill(list + n, command, d, folder, extension, &err)) {
			execve(wall_program, (char *const *)(uintptr_t)list, environment);
			system_err(&err, wall_program);
		}
	}
	dup2(said, 2);		/* in vain when prepare() closed it: then it stands at 2 already */
	dprintf(2, "%s\n", err.text);
	_exit(EXIT_CANNOT_RUN);
}

/* Listens until the program ends, or ends it with all that is behind its wall; what it left running does
 * not hold us up. *late: it was not done. */
static int
listen_to(pid_t pid, int said, int deadline_ms, struct tail *tail, bool *late)
{
	int ended = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd p[] = { { .fd = said, .events = POLLIN }, { .fd = ended, .events = POLLIN } };
	int64_t until = clock_monotonic_ms() + deadline_ms, left;
	char piece[4096];
	ssize_t n;

	while (!(p[1].revents & POLLIN) && (left = until - clock_monotonic_ms()) > 0
	    && poll(p, 2, (int)left) >= 0)
		if (p[0].revents) {
			n = read(said, piece, sizeof(piece));
			tail_add(tail, piece, n > 0 ? (size_t)n : 0);
			p[0].fd = n > 0 ? said : -1;
		}
	*late = !(p[1].revents & POLLIN);
	if (*late)
		kill(pid, SIGKILL);
	fcntl(said, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < PIPE_PIECES && (n = read(said, piece, sizeof(piece))) > 0; i++)
		tail_add(tail, piece, (size_t)n);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(ended);
	return status;
}

/* What it said last; a character of which the front fell out of the tail goes as a whole. */
static const char *
last_words(const struct tail *tail)
{
	const char *words = tail->text;

	while (tail->n == TAIL_SIZE && (*words & 0xc0) == 0x80 && words < tail->text + 3)
		words++;
	return words;
}

/* The wall tells a signal as a shell does: 128 and its number. */
static bool
judge(const struct command *command, int status, const struct tail *tail, struct err *err)
{
	int code = WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);

	if (code == 0)
		return true;
	if (code > SIGNALLED && code < SIGNALLED + SIGRTMIN)
		return err_code(err, ERR_RETRY, "command_failed", "%s ended by signal %d (%s): %s",
		    command->name, code - SIGNALLED, strsignal(code - SIGNALLED),
		    last_words(tail));
	return err_code(err, ERR_RETRY, "command_failed", "%s ended with exit code %d: %s",
	    command->name, code, last_words(tail));
}

static bool
program_run(const struct command *command, const struct definition *d, const char *folder,
    const char *extension, int deadline_ms, struct err *err)
{
	struct tail tail = {0};
	int said[2], status;
	bool late;
	pid_t pid;

	if (pipe2(said, O_CLOEXEC))
		return system_err(err, "pipe");
	pid = fork();
	if (pid == 0)
		become(command, d, folder, extension, said[1]);
	close(said[1]);
	if (pid < 0) {
		close(said[0]);
		return system_err(err, "fork");
	}
	status = listen_to(pid, said[0], deadline_ms, &tail, &late);
	close(said[0]);
	if (late)
		return err_code(err, ERR_RETRY, "render_timeout",
		    "%s was not done within %d ms, and was ended; it said last: %s", command->name,
		    deadline_ms, tail.n ? last_words(&tail) : "nothing");
	return judge(command, status, &tail, err);
}

bool
command_run(const struct command *command, const struct definition *d, const char *folder,
    const char *extension, int deadline_ms, int input, const int *outputs, struct err *err)
{
	if (!input_put(folder, extension, input, err)
	    || !program_run(command, d, folder, extension, deadline_ms, err))
		return false;
	for (size_t i = 0; i < d->n_views; i++)
		if (!output_take(folder, &d->views[i], outputs[i], err))
			return false;
	return true;
}

bool
command_try(const struct command *command, const char *folder, struct err *err)
{
	return program_run(command, NULL, folder, "", TRY_MS, err);
}
