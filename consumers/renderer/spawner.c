/* SPDX-License-Identifier: Apache-2.0 */
/* spawner.c: one loop over two descriptors: wishes come in, children end. */
#include "consumers/renderer/spawner.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "consumers/renderer/picture.h"
#include "consumers/renderer/wall.h"

enum { CHILDREN_MAX = 512, FOLDER_SIZE = 128, CHANNEL_FD = 3, TRIAL_S = 20 };

struct spawner {
	int control;
	pid_t pid;
};

struct child {
	pid_t pid;
	uint64_t id;
	int channel;			/* our copy of its end: the last word is ours */
	char folder[FOLDER_SIZE];	/* "" of a child that renders */
};

/* The spawner's own state, after the fork. */
struct nursery {
	const struct spawner_options *options;
	int control, ends;		/* ends: signalfd of SIGCHLD */
	unsigned holds;
	char folder[64];		/* under which the commands' folders lie; "": none yet */
	struct child children[CHILDREN_MAX];
	size_t n;
};

/* ---- the service's side ---- */

static void nursery_run(const struct spawner_options *options, int control);

bool
spawner_start(struct spawner **ret, const struct spawner_options *options, struct err *err)
{
	own(spawner_freep) struct spawner *spawner = calloc(1, sizeof(*spawner));
	int ends[2];

	if (!spawner)
		return err_set(err, ERR_FATAL, "out of memory");
	spawner->control = -1;
	if (!channel_pair(ends, err))
		return false;
	spawner->control = ends[0];
	spawner->pid = fork();
	if (spawner->pid == 0) {
		close(ends[0]);
		nursery_run(options, ends[1]);
	}
	close(ends[1]);
	if (spawner->pid < 0)
		return err_set(err, ERR_FATAL, "fork: %s", strerror(errno));
	*ret = spawner_free_hand_over(&spawner);
	return true;
}

void
spawner_free(struct spawner *spawner)
{
	if (!spawner)
		return;
	if (spawner->control >= 0)
		close(spawner->control);	/* that is its sign to end */
	while (spawner->pid > 0 && waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(spawner);
}

static bool
gone(struct err *err)
{
	return err_code(err, ERR_FATAL, "spawner_gone", "the spawner of the children is gone");
}

bool
spawner_child(struct spawner *spawner, enum role role, uint64_t id, int *channel, struct err *err)
{
	struct wish wish = { WISH_START, role, id };
	struct iovec part = { &wish, sizeof(wish) };
	int ends[2];
	bool sent;

	if (!channel_pair(ends, err))
		return false;
	sent = channel_send(spawner->control, &part, 1, &ends[1], 1);
	close(ends[1]);
	if (sent)
		*channel = ends[0];
	else
		close(ends[0]);
	return sent || gone(err);
}

bool
spawner_kill(struct spawner *spawner, uint64_t id, struct err *err)
{
	struct wish wish = { WISH_KILL, 0, id };
	struct iovec part = { &wish, sizeof(wish) };

	return channel_send(spawner->control, &part, 1, NULL, 0) || gone(err);
}

/* ---- folders of commands ---- */

static void
folder_remove(int parent, const char *name, int depth)
{
	int fd = depth < 32 ? openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
	    : -1;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (list) {
		for (struct dirent *e; (e = readdir(list));)
			if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")
			    && unlinkat(dirfd(list), e->d_name, 0))
				folder_remove(dirfd(list), e->d_name, depth + 1);
		closedir(list);
	}
	unlinkat(parent, name, AT_REMOVEDIR);
}

static bool
folder_make(struct nursery *n, struct child *child)
{
	if (!*n->folder) {
		snprintf(n->folder, sizeof(n->folder), "/tmp/batchline-renderer-XXXXXX");
		if (!mkdtemp(n->folder))
			return *n->folder = '\0', false;
		chmod(n->folder, 0711);
	}
	snprintf(child->folder, sizeof(child->folder), "%s/%" PRIu64, n->folder, child->id);
	if (mkdir(child->folder, 0700))
		return false;
	return geteuid() != 0
	    || !chown(child->folder, SANDBOX_NOBODY_ID, SANDBOX_NOBODY_ID) || errno == EINVAL;
}

static void
child_kill(const struct child *child)
{
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);		/* it may have no group yet */
}

/* ---- the trial of the wall that commands get ---- */

/* As a child that runs a command. Does not come back. */
static void
be_trial(const struct nursery *n, const char *folder, int said)
{
	struct err err = {0};
	unsigned holds = 0;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	alarm(TRIAL_S);
	if (!sandbox_limit(&n->options->limits, &holds, &err) || !wall_stands(folder, &err))
		dprintf(said, "%s", err.text);
	else
		dprintf(said, "well");
	_exit(0);
}

static void
wall_try(struct nursery *n)
{
	struct child child = {0};
	char said[512] = "", quoted[1024];
	int fd = memfd_create("trial", MFD_CLOEXEC);

	if (fd < 0 || !folder_make(n, &child) || (child.pid = fork()) < 0)
		snprintf(said, sizeof(said), "no folder or no process: %s", strerror(errno));
	else if (child.pid == 0)
		be_trial(n, child.folder, fd);
	else if (waitpid(child.pid, NULL, 0) < 0 || pread(fd, said, sizeof(said) - 1, 0) <= 0)
		strcpy(said, "the trial did not end");
	if (child.pid > 0)
		child_kill(&child);
	folder_remove(AT_FDCWD, child.folder, 0);
	close(fd);
	if (!strcmp(said, "well")) {
		n->holds |= SANDBOX_WALL;
		log_write(LOG_INFO, "commands run behind bubblewrap", "%s", "");
	} else {
		log_write(LOG_WARN, "commands are refused: this host gives them no wall", "why=%s",
		    log_quote(quoted, sizeof(quoted), said));
	}
}

/* ---- the spawner's side ---- */

static void
tell_end(struct child *child, int status)
{
	struct answer answer = { .kind = ANSWER_EXITED, .status = status };

	channel_answer(child->channel, &answer);
	close(child->channel);
}

/* Leaves only what a child needs, whatever its brothers have open. */
static void
be_child(const struct nursery *n, const struct child *child, enum role role)
{
	struct birth birth = { CHANNEL_FD, role, n->holds, n->options, child->folder };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if ((child->channel != CHANNEL_FD && dup2(child->channel, CHANNEL_FD) < 0)
	    || syscall(SYS_close_range, CHANNEL_FD + 1, ~0u, 0))
		_exit(1);
	setsid();		/* a group of its own, so that it ends as one */
	(n->options->live ? n->options->live : child_live)(&birth);
	_exit(0);
}

static void
child_start(struct nursery *n, enum role role, uint64_t id, int channel)
{
	struct child *child = &n->children[n->n];

	if (n->n == CHILDREN_MAX) {
		close(channel);
		return;
	}
	*child = (struct child){ .id = id, .channel = channel };
	if (role == ROLE_COMMAND && !folder_make(n, child)) {
		tell_end(child, W_EXITCODE(1, 0));
		return;
	}
	child->pid = fork();
	if (child->pid == 0)
		be_child(n, child, role);
	if (child->pid < 0)
		tell_end(child, W_EXITCODE(1, 0));
	else
		n->n++;
}

/* The child has ended, or is about to. */
static void
child_remove(struct nursery *n, size_t at)
{
	struct child *child = &n->children[at];
	int status = 0;

	child_kill(child);			/* what a command left running */
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (*child->folder)
		folder_remove(AT_FDCWD, child->folder, 0);
	tell_end(child, status);
	*child = n->children[--n->n];
}

static void
children_reap(struct nursery *n)
{
	struct signalfd_siginfo info;
	ssize_t drained = read(n->ends, &info, sizeof(info));
	siginfo_t ended = {0};
	size_t i;

	(void)drained;		/* several ends may be one signal: waitid() tells */
	while (!waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) && ended.si_pid) {
		for (i = 0; i < n->n && n->children[i].pid != ended.si_pid; i++)
			;
		if (i < n->n)
			child_remove(n, i);
		else
			waitpid(ended.si_pid, NULL, 0);		/* an orphan of a command */
		ended.si_pid = 0;
	}
}

/* False: the service is gone. */
static bool
wish_fulfil(struct nursery *n)
{
	struct wish wish;
	int fds[CHANNEL_FDS_MAX];
	size_t size, n_fds;

	if (!channel_receive(n->control, 0, &wish, sizeof(wish), &size, fds, &n_fds))
		return true;
	if (size != sizeof(wish))
		return false;
	if (wish.kind == WISH_START && n_fds == 1)
		child_start(n, (enum role)wish.role, wish.id, fds[0]);
	for (size_t i = 0; wish.kind == WISH_KILL && i < n->n; i++)
		if (n->children[i].id == wish.id)
			child_kill(&n->children[i]);
	return true;
}

/* No secret may stand in the memory that children inherit. */
static void
secrets_wipe(const struct options *options)
{
	extern char **environ;

	for (size_t i = 0; options && i < options->n_kafka; i++)
		explicit_bzero((char *)(uintptr_t)options->kafka[i][1],
		    strlen(options->kafka[i][1]));
	for (char **e = environ; e && *e; e++)
		explicit_bzero(*e, strlen(*e));
	clearenv();
}

static void
nursery_end(struct nursery *n)
{
	for (size_t i = 0; i < n->n; i++)
		child_kill(&n->children[i]);
	while (n->n > 0)
		child_remove(n, n->n - 1);
	if (*n->folder)
		folder_remove(AT_FDCWD, n->folder, 0);
	_exit(0);
}

/* A child has two threads that take turns, and one picture after the other: a heap for both, and what a
 * picture leaves is the next one's, up to 64 MiB. Given back to the kernel, it would come again by page
 * faults. The threshold for a mapping of its own is the highest that glibc takes. */
static void
heap_settle(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

static void
nursery_open(struct nursery *n)
{
	sigset_t ends;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_NAME, "renderer-spawn");
	prctl(PR_SET_CHILD_SUBREAPER, 1);	/* what a command leaves behind is ours to reap */
	heap_settle();
	signal(SIGTERM, SIG_IGN);		/* the service says when to end */
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	n->ends = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	dup2(null, 0);
	dup2(null, 1);
	secrets_wipe(n->options->secrets);
	sandbox_leave_network(&n->holds);
	if (n->options->commands && n->options->commands->n > 0)
		wall_try(n);
}

static void
nursery_run(const struct spawner_options *options, int control)
{
	static struct nursery n;
	struct pollfd p[2];
	struct err err = {0};

	n.options = options;
	n.control = control;
	nursery_open(&n);
	if (n.ends < 0 || !picture_open(&err)) {
		dprintf(2, "level=error msg=\"the spawner cannot start\" why=\"%s\"\n", err.text);
		_exit(1);
	}
	p[0] = (struct pollfd){ .fd = control, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = n.ends, .events = POLLIN };
	for (bool going = true; going;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			children_reap(&n);
		if (p[0].revents)
			going = wish_fulfil(&n);
	}
	nursery_end(&n);
}
