/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c: seccomp by a list of what rendering needs; everything else is answered EPERM, so that
 * a library that only asks (for a locale, for the number of processors) goes on without.
 */
#include "consumers/renderer/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __has_feature		/* clang tells of its sanitizers so */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define WITH_ASAN 1		/* its shadow is larger than any limit of memory */
#else
#define WITH_ASAN 0
#endif

enum { CPU_SECONDS_MAX = 3600, FDS_MAX = 64 };

static bool
refuse(struct err *err, const char *what)
{
	return err_code(err, ERR_FATAL, "sandbox", "%s: %s", what, strerror(errno));
}

static void
map_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;	/* without a map we are nobody here, which is fine too */
	close(fd);
}

void
sandbox_leave_network(unsigned *holds)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (!unshare(CLONE_NEWNET)) {
		*holds |= SANDBOX_NO_NETWORK;
		return;
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return;
	*holds |= SANDBOX_NO_NETWORK;
	map_write("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	map_write("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	map_write("/proc/self/gid_map", map);
}

static bool
limit(int resource, int64_t most, const char *name, struct err *err)
{
	struct rlimit is, wanted = { (rlim_t)most, (rlim_t)most };

	if (getrlimit(resource, &is))
		return refuse(err, name);
	if (is.rlim_max < wanted.rlim_max)	/* a tighter one stays */
		wanted.rlim_cur = wanted.rlim_max = is.rlim_max;
	return !setrlimit(resource, &wanted) || refuse(err, name);
}

bool
sandbox_limit(const struct sandbox_limits *limits, unsigned *holds, struct err *err)
{
	if (geteuid() == 0 && !setgroups(0, NULL)
	    && !setresgid(SANDBOX_NOBODY_ID, SANDBOX_NOBODY_ID, SANDBOX_NOBODY_ID)
	    && !setresuid(SANDBOX_NOBODY_ID, SANDBOX_NOBODY_ID, SANDBOX_NOBODY_ID))
		*holds |= SANDBOX_NOBODY;
	signal(SIGXFSZ, SIG_IGN);	/* too large a file is an error of write() */
	if ((!WITH_ASAN && !limit(RLIMIT_AS, limits->memory_bytes, "limit of memory", err))
	    || !limit(RLIMIT_FSIZE, limits->file_bytes, "limit of files", err)
	    || !limit(RLIMIT_CPU, CPU_SECONDS_MAX, "limit of processor time", err)
	    || !limit(RLIMIT_NOFILE, FDS_MAX, "limit of descriptors", err)
	    || !limit(RLIMIT_CORE, 0, "limit of core files", err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return refuse(err, "no new privileges");
	*holds |= SANDBOX_LIMITS | SANDBOX_NO_NEW_PRIVS;
	return true;
}

/* ---- Landlock: by its system calls, since no library of Debian 12 has them ---- */

/* What later kernels than the headers of Debian 12 know. */
enum {
	FS_REFER = 1 << 13, FS_TRUNCATE = 1 << 14, FS_IOCTL_DEV = 1 << 15,
	SCOPE_ABSTRACT_SOCKETS = 1, SCOPE_SIGNALS = 2,
};
struct landlock_rights { uint64_t fs, net, scoped; };

/* Where fontconfig looks, as Debian sets it up. */
static const char *const font_places[] = { "/etc/fonts", "/usr/share/fontconfig", "/usr/share/fonts",
	"/usr/local/share/fonts", "/var/cache/fontconfig" };

static void
landlock_show_fonts(int ruleset)
{
	for (size_t i = 0; i < sizeof(font_places) / sizeof(*font_places); i++) {
		struct landlock_path_beneath_attr below = {
			.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
			.parent_fd = open(font_places[i], O_PATH | O_DIRECTORY | O_CLOEXEC) };

		if (below.parent_fd < 0)
			continue;	/* it is not there */
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
		close(below.parent_fd);
	}
}

/* Takes away every right that this kernel can: no file at all, or but those. */
static bool
landlock(enum sandbox_sight sight)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_rights rights = { .fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	int ruleset;
	bool well;

	if (abi < 1)
		return false;
	rights.fs |= (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0)
	    | (abi >= 5 ? FS_IOCTL_DEV : 0);
	rights.scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights), 0);
	if (ruleset < 0)
		return false;
	if (sight == SEES_FONTS)
		landlock_show_fonts(ruleset);
	well = !syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return well;
}

/* ---- seccomp ---- */

static const int render_calls[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(close_range),
	SCMP_SYS(fstat), SCMP_SYS(fcntl),
	SCMP_SYS(dup), SCMP_SYS(fadvise64), SCMP_SYS(ftruncate), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),	/* on the one socket it was born with */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(membarrier), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(getitimer), SCMP_SYS(setitimer),
	SCMP_SYS(getrandom), SCMP_SYS(getrusage),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* To look for fonts, and to read them. */
static const int font_calls[] = {
	SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(fstatfs),
	SCMP_SYS(statfs), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(getuid), SCMP_SYS(geteuid),
};

/* Each of these gets that answer, whatever it is asked for. */
static int
rules_add(scmp_filter_ctx filter, uint32_t answer, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		rc |= seccomp_rule_add(filter, answer, calls[i], 0);
	return rc;
}

static int
font_rules(scmp_filter_ctx filter)
{
	return rules_add(filter, SCMP_ACT_ALLOW, font_calls, sizeof(font_calls) / sizeof(*font_calls))
	    | seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	        SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

static int
render_rules(scmp_filter_ctx filter)
{
	int rc = rules_add(filter, SCMP_ACT_ALLOW, render_calls,
	    sizeof(render_calls) / sizeof(*render_calls));

	/* threads, but no processes; clone3 hides its flags behind a pointer, so libc must fall back */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* abort() raises a signal in itself */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
	    SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	/* limits may be read, not set */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
	    SCMP_A2(SCMP_CMP_EQ, 0));
	return rc;
}

static const int command_refused[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
	SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(io_uring_setup),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
	SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(socket), SCMP_SYS(setsid), SCMP_SYS(setpgid),
	/* memory that outlives a process, and that others may open */
	SCMP_SYS(shmget), SCMP_SYS(msgget), SCMP_SYS(semget), SCMP_SYS(mq_open),
	/* a second lock on what is mounted read-only */
	SCMP_SYS(truncate), SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(lchown),
	SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(removexattr),
	SCMP_SYS(lremovexattr), SCMP_SYS(inotify_add_watch), SCMP_SYS(fanotify_mark),
};

static int
command_rules(scmp_filter_ctx filter)
{
	int rc = rules_add(filter, SCMP_ACT_ERRNO(EPERM), command_refused,
	    sizeof(command_refused) / sizeof(*command_refused));

	/* not all that its user has at once: its brothers are the same user's */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, UINT32_MAX));
	/* no namespaces in namespaces; clone3 hides its flags behind a pointer, so libc must fall back */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

bool
sandbox_close(enum sandbox_sight sight, unsigned *holds, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool well;

	if (landlock(sight))
		*holds |= SANDBOX_LANDLOCK;
	well = filter && !render_rules(filter) && (sight != SEES_FONTS || !font_rules(filter))
	    && !seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (!well)
		return refuse(err, "system call filter");
	*holds |= SANDBOX_SECCOMP;
	return true;
}

bool
sandbox_command_filter(int *ret, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int fd = memfd_create("filter", 0);
	bool well = fd >= 0 && filter && !command_rules(filter) && !seccomp_export_bpf(filter, fd)
	    && lseek(fd, 0, SEEK_SET) == 0;

	if (filter)
		seccomp_release(filter);
	if (!well)
		return refuse(err, "system call filter");
	*ret = fd;
	return true;
}

/* A page more than the limit of memory. */
static bool
memory_is_limited(void)
{
	struct rlimit most;
	void *got;

	if (WITH_ASAN || getrlimit(RLIMIT_AS, &most))
		return WITH_ASAN;
	got = mmap(NULL, most.rlim_cur, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return got == MAP_FAILED;
}

#define TEXT(text) (intptr_t)(text)

bool
sandbox_is_closed(enum sandbox_sight sight, struct err *err)
{
	char *const nothing[] = { NULL };
	struct rlimit same = { FDS_MAX, FDS_MAX };
	const struct { const char *name; long call; intptr_t with[5]; } trials[] = {
		/* the first three are for who sees nothing */
		{ "open()", SYS_openat, { AT_FDCWD, TEXT("/proc/self/environ"), O_RDONLY } },
		{ "open() of a folder", SYS_openat, { AT_FDCWD, TEXT("/"), O_RDONLY } },
		{ "stat()", SYS_newfstatat, { AT_FDCWD, TEXT("/tmp"), TEXT(&(struct stat){0}), 0 } },
		{ "open() to write", SYS_openat, { AT_FDCWD, TEXT("/tmp"), O_WRONLY } },
		{ "unlink()", SYS_unlinkat, { AT_FDCWD, TEXT("/tmp/no-such-file"), 0 } },
		{ "socket()", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
		{ "socket() of UNIX", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
		{ "socketpair()", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, TEXT(&(int[2]){0}) } },
		{ "ptrace()", SYS_ptrace, { PTRACE_TRACEME } },
		{ "process_vm_readv()", SYS_process_vm_readv, { getppid() } },
		{ "kill()", SYS_kill, { getppid(), 0 } },
		{ "unshare()", SYS_unshare, { CLONE_FS } },
		{ "setpgid()", SYS_setpgid, { 0, 0 } },
		{ "setuid()", SYS_setresuid, { -1, -1, -1 } },
		{ "setrlimit()", SYS_prlimit64, { 0, RLIMIT_NOFILE, TEXT(&same) } },
		{ "memfd_create()", SYS_memfd_create, { TEXT("x"), 0 } },
		/* both sides come by here, and both end */
		{ "fork()", SYS_clone, { SIGCHLD } },
		/* coming back is the good answer */
		{ "execve()", SYS_execve, { TEXT("/bin/true"), TEXT(nothing), TEXT(nothing) } },
	};

	for (size_t i = sight == SEES_FONTS ? 3 : 0; i < sizeof(trials) / sizeof(*trials); i++) {
		const intptr_t *with = trials[i].with;

		if (syscall(trials[i].call, with[0], with[1], with[2], with[3], with[4]) >= 0
		    || (errno != EPERM && errno != EACCES && errno != ENOSYS))
			return err_code(err, ERR_FATAL, "sandbox", "%s went through",
			    trials[i].name);
	}
	return memory_is_limited()
	    || err_code(err, ERR_FATAL, "sandbox", "more memory than its limit went through");
}

void
sandbox_words(struct buf *ret, unsigned holds)
{
	static const struct { enum sandbox_part part; const char *word; } words[] = {
		{ SANDBOX_NO_NEW_PRIVS, "no_new_privs" }, { SANDBOX_SECCOMP, "seccomp" },
		{ SANDBOX_LIMITS, "limits" }, { SANDBOX_LANDLOCK, "landlock" },
		{ SANDBOX_NO_NETWORK, "no_network" }, { SANDBOX_NOBODY, "nobody" },
		{ SANDBOX_WALL, "bubblewrap" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (holds & words[i].part)
			buf_print(ret, " %s", words[i].word);
}
