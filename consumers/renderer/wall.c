/* SPDX-License-Identifier: Apache-2.0 */
/* wall.c: bubblewrap's arguments, and the trial of what it makes. */
#include "consumers/renderer/wall.h"
#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "consumers/renderer/command.h"

const char *wall_program = "/usr/bin/bwrap";

/* What programs need of a system. Not /etc as a whole, /home, /opt, /srv, /tmp, /var: there lie
 * secrets and the blob store. */
static const char *const system_reads[] = {
	"/usr", "/sys/devices/system/cpu", "/var/cache/fontconfig", "/etc/ld.so.cache",
	"/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts",
	"/etc/ImageMagick-6", "/etc/ImageMagick-7", "/etc/localtime", "/etc/magic",
	"/etc/mime.types", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", NULL,
};
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", NULL };

struct words { const char **list; size_t n; };

static void
add(struct words *w, const char *word)
{
	assert(w->n < WALL_ARGUMENTS_MAX);
	w->list[w->n++] = word;
}

/* At the same place inside. */
static void
show(struct words *w, const char *how, const char *path)
{
	if (access(path, R_OK))
		return;
	add(w, how);
	add(w, path);
	add(w, path);
}

/* /bin, /lib and the like: links into /usr on most systems, folders of their own on a few. */
static void
show_links(struct words *w)
{
	static const char *const paths[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };
	enum { N = sizeof(paths) / sizeof(*paths), SIZE = 64 };
	static char targets[N][SIZE];

	for (size_t i = 0; i < N; i++) {
		ssize_t n = readlink(paths[i], targets[i], SIZE - 1);

		if (n < 0) {
			show(w, "--ro-bind", paths[i]);
			continue;
		}
		targets[i][n] = '\0';
		add(w, "--symlink");
		add(w, targets[i]);
		add(w, paths[i]);
	}
}

static void
show_all(struct words *w, const char *how, const char *const *paths)
{
	for (; paths && *paths; paths++)
		if (strncmp(*paths, "/usr/", 5))	/* it is there already */
			show(w, how, *paths);
}

void
wall_arguments(const char *ret[WALL_ARGUMENTS_MAX], size_t *n, const char *folder,
    const char *const *reads, int filter)
{
	static const char *const begin[] = { "--unshare-user", "--unshare-pid", "--die-with-parent",
		"--proc", "/proc", NULL };
	static char fd[16], processes[32];
	struct words w = { ret, 0 };

	snprintf(fd, sizeof(fd), "%d", filter);
	snprintf(processes, sizeof(processes), "--nproc=%d", WALL_PROCESSES_MAX);
	add(&w, wall_program);
	for (size_t i = 0; begin[i]; i++)
		add(&w, begin[i]);
	show_links(&w);
	show_all(&w, "--ro-bind", system_reads);
	show_all(&w, "--dev-bind", devices);
	show_all(&w, "--ro-bind", reads);
	show(&w, "--bind", folder);
	for (const char *const *word = (const char *const[]){ "--remount-ro", "/", "--chdir", folder,
	    "--seccomp", fd, "--", "/usr/bin/prlimit", processes, NULL }; *word; word++)
		add(&w, *word);
	*n = w.n;
}

/* ---- the trial ---- */

/* Makes each system call, which must fail, and then as many processes as it can get. */
static const char trial[] =
    "for (@ARGV) {"
    "	my ($name, $call, @with) = split / /;"
    "	@with = map { /^-?\\d+$/ ? $_ + 0 : qq{$_} } @with;"
    "	syscall($call + 0, @with) < 0 or die qq{$name went through\\n}"
    "}"
    "my $n = 0;"
    "for (; $n < 200; $n++) {"
    "	defined(my $pid = fork) or last;"
    "	$pid or do { sleep 60; exit }"
    "}"
    "$n < 100 or die qq{fork() went through $n times\\n};"
    "$n > 30 or die qq{only $n processes: this kernel counts those of others, too\\n};";

enum { TRIALS = 20, TRIAL_SIZE = 100 };

static void
trial_add(struct command *command, char (*texts)[TRIAL_SIZE], const char *name, long call,
    const char *arguments)
{
	char *text = texts[command->n_arguments];

	assert(command->n_arguments < TRIALS);
	snprintf(text, TRIAL_SIZE, "%s %ld %s", name, call, arguments);
	command->arguments[command->n_arguments++] = text;
}

bool
wall_stands(const char *folder, struct err *err)
{
	static const char *const shut[] = { "/sys/kernel", "/home", "/root", "/run", "/srv" };
	struct command command = { .name = "the trial of the wall", .program = "/usr/bin/perl",
		.arguments = { "-e", trial }, .n_arguments = 2 };
	char texts[TRIALS][TRIAL_SIZE], path[TRIAL_SIZE];

	for (size_t i = 0; i < sizeof(shut) / sizeof(*shut); i++) {
		snprintf(path, sizeof(path), "%d %s/. 0", AT_FDCWD, shut[i]);
		trial_add(&command, texts, shut[i], SYS_openat, path);
	}
	snprintf(path, sizeof(path), "%d /usr/trial %d 384", AT_FDCWD, O_CREAT | O_WRONLY);
	trial_add(&command, texts, "open()", SYS_openat, path);
	trial_add(&command, texts, "socket()", SYS_socket, "1 1 0");
	trial_add(&command, texts, "ptrace()", SYS_ptrace, "0 0 0 0");
	trial_add(&command, texts, "mount()", SYS_mount, "none /usr tmpfs 0 0");
	snprintf(path, sizeof(path), "%d", CLONE_NEWUSER);
	trial_add(&command, texts, "unshare()", SYS_unshare, path);
	snprintf(path, sizeof(path), "%d 0 0 0 0", CLONE_NEWUSER | SIGCHLD);
	trial_add(&command, texts, "clone()", SYS_clone, path);
	trial_add(&command, texts, "process_vm_readv()", SYS_process_vm_readv, "1 0 0 0 0 0");
	trial_add(&command, texts, "shmget()", SYS_shmget, "0 4096 384");
	trial_add(&command, texts, "setsid()", SYS_setsid, "");
	trial_add(&command, texts, "kill()", SYS_kill, "-1 0");
	return command_try(&command, folder, err);
}
