/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage from outside: children that are out of their mind, programs that try to stay, to spread
 * or to look around. Everything here runs under a real spawner.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/utf8.h"
#include "consumers/renderer/wall.h"
#include "consumers/renderer/worker.h"
#include "pictures.h"

enum { LONG_MS = 60000, SHORT_MS = 200 };

static struct spawner *spawner;
static struct worker *worker;
static struct commands *commands;
static const char *pictures = WEB;	/* what children are asked for */
static unsigned parts;		/* of the sandbox, that hold */
static struct spawner_options options = { .limits = { (int64_t)8 << 30, 64 << 20 },
	.jobs_per_child = 10 };

static void
given_children(void (*live)(const struct birth *))
{
	struct err err = {0};

	options.live = live;
	options.commands = commands;
	cr_assert(spawner_start(&spawner, &options, &err), "%s", err.text);
	cr_assert(worker_new(&worker, spawner, -1, options.jobs_per_child, &err));
	cr_assert(worker_prepare(worker, &parts, &err), "%s", err.text);
}

static void
given_a_command(const char *script)
{
	char path[] = "/tmp/cage-test-XXXXXX";
	struct err err = {0};
	int fd = mkstemp(path);

	dprintf(fd, "{\"it\":{\"program\":\"/bin/sh\",\"arguments\":[\"-c\",\"%s\",\"sh\",\"{input}\","
	    "\"{output}\"]}}", script);
	close(fd);
	cr_assert(commands_open(&commands, path, &err), "%s", err.text);
	unlink(path);
	given_children(NULL);
}

static void
after(void)
{
	worker_free(worker);
	spawner_free(spawner);
	commands_free(commands);
}

TestSuite(cage, .init = pictures_open, .fini = after);

static bool
ask(enum role role, int input, int output, int deadline_ms, struct answer *ret, struct err *err)
{
	const char *definition = role == ROLE_COMMAND
	    ? "{\"command\":\"it\",\"views\":[{\"name\":\"one\",\"format\":\"png\"}]}" : pictures;
	struct order order = { .pixels_max = PICTURES_PIXELS_MAX, .n_outputs = 1,
		.definition_size = (uint32_t)strlen(definition), .command = "it", .extension = "png" };
	int fds[] = { input, output, memfd_create("preview", MFD_CLOEXEC) };
	bool well;

	memset(ret, 0, sizeof(*ret));
	err_clear(err);
	well = worker_ask(worker, role, &order, definition, fds, deadline_ms, ret, err);
	close(fds[2]);
	return well;
}

static pid_t
pid_told(int output)
{
	char text[32] = "";

	cr_assert_gt(pread(output, text, sizeof(text) - 1, 0), 0, "the child told no pid");
	return (pid_t)strtol(text, NULL, 10);
}

static void
expect_gone(pid_t pid)
{
	int tenths = 0;

	while (!kill(pid, 0) && tenths++ < 100)
		usleep(100000);
	cr_expect(kill(pid, 0) && errno == ESRCH, "child %d is still there", (int)pid);
}

/* ---- children that are out of their mind ---- */

static int first_output;

/* Takes an order, writes its pid into the first output; returns the order's ticket. */
static uint64_t
take_order(const struct birth *birth)
{
	static struct { struct order order; char definition[DEFINITION_MAX]; } got;
	int fds[CHANNEL_FDS_MAX];
	size_t size, n_fds;

	while (!channel_receive(birth->channel, -1, &got, sizeof(got), &size, fds, &n_fds))
		;
	if (n_fds < 2)
		_exit(0);
	first_output = fds[1];
	dprintf(first_output, "%d ", (int)getpid());
	return got.order.ticket;
}

static uint64_t
begin(const struct birth *birth)
{
	struct answer answer = { .kind = ANSWER_HELLO };

	channel_answer(birth->channel, &answer);
	return take_order(birth);
}

static void
stay(void)
{
	for (;;)
		pause();
}

static void
says_that_it_is_gone(const struct birth *birth)
{
	struct answer answer = { .kind = ANSWER_EXITED, .status = W_EXITCODE(1, 0) };

	answer.ticket = begin(birth);
	channel_answer(birth->channel, &answer);
	stay();
}

static void
answers_twice(const struct birth *birth)
{
	struct answer answer = { .kind = ANSWER_RENDERED, .n_extents = 1, .extents = { { 1, 1 } } };

	answer.ticket = begin(birth);
	channel_answer(birth->channel, &answer);
	channel_answer(birth->channel, &answer);
	dprintf(first_output, "and done");
	take_order(birth);
	stay();
}

static void
tells_no_size(const struct birth *birth)
{
	struct answer answer = { .kind = ANSWER_RENDERED, .n_extents = 1, .extents = { { -1, 1 } } };

	answer.ticket = begin(birth);
	channel_answer(birth->channel, &answer);
	stay();
}

static void
says_nothing(const struct birth *birth)
{
	const struct iovec nothing = { NULL, 0 };

	begin(birth);
	channel_send(birth->channel, &nothing, 1, NULL, 0);
	stay();
}

static void
closes_its_channel(const struct birth *birth)
{
	begin(birth);
	close(birth->channel);
	stay();
}

static void
expect_killed(void (*live)(const struct birth *), int deadline_ms, const char *code)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	struct answer answer;
	struct err err;

	given_children(live);

	cr_expect(!ask(ROLE_PICTURE, file_of("x", 1), output, deadline_ms, &answer, &err));

	cr_expect_str_eq(err.code, code);
	expect_gone(pid_told(output));
}

Test(cage, a_child_that_only_says_that_it_is_gone_is_killed)
{
	expect_killed(says_that_it_is_gone, LONG_MS, "renderer_crashed");
}

Test(cage, a_child_whose_answer_makes_no_sense_is_killed)
{
	expect_killed(tells_no_size, LONG_MS, "renderer_crashed");
}

Test(cage, a_child_that_sends_an_empty_message_is_killed_and_stops_nobody_else)
{
	expect_killed(says_nothing, LONG_MS, "renderer_crashed");
}

Test(cage, a_child_that_closes_its_channel_is_killed_at_its_deadline)
{
	expect_killed(closes_its_channel, SHORT_MS, "render_timeout");
}

static void
until_holds(int output, const char *words)
{
	while (!holds(output, words))
		usleep(1000);
}

Test(cage, a_child_that_speaks_unasked_is_killed_before_the_next_job_reaches_it)
{
	int outputs[] = { memfd_create("one", MFD_CLOEXEC), memfd_create("two", MFD_CLOEXEC) };
	char words[64] = "";
	struct answer answer;
	struct err err;

	given_children(answers_twice);

	cr_assert(ask(ROLE_PICTURE, file_of("x", 1), outputs[0], LONG_MS, &answer, &err), "%s", err.text);
	until_holds(outputs[0], "and done");
	cr_assert(ask(ROLE_PICTURE, file_of("x", 1), outputs[1], LONG_MS, &answer, &err), "%s", err.text);

	expect_gone(pid_told(outputs[0]));
	until_holds(outputs[1], "and done");
	cr_assert_gt(pread(outputs[1], words, sizeof(words) - 1, 0), 0);
	cr_expect_eq((pid_t)atoi(words), pid_told(outputs[1]));
	cr_expect_str_eq(strchr(words, ' '), " and done", "another had the job, too: %s", words);
}

Test(cage, a_child_that_is_given_up_is_killed)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	struct answer answer;
	struct err err;

	given_children(answers_twice);
	cr_assert(ask(ROLE_PICTURE, file_of("x", 1), output, LONG_MS, &answer, &err), "%s", err.text);

	worker_give_up(worker);

	expect_gone(pid_told(output));
}

Test(cage, the_trial_of_a_process_that_is_not_closed_finds_it_open)
{
	struct err err = {0};

	cr_expect(!sandbox_is_closed(SEES_NOTHING, &err));
	cr_expect_str_eq(err.text, "open() went through");
	given_children(NULL);		/* whose own trial went well, or they would not be there */
	cr_expect_eq(parts & SANDBOX_ALWAYS, SANDBOX_ALWAYS);
}

/* ---- descriptors ---- */

/* A write lease is given only on a file that nobody else has open. */
static bool
is_held_elsewhere(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool held = fcntl(fd, F_SETLEASE, F_WRLCK) != 0;

	close(fd);
	return held;
}

static void
copy_of(const char *name, char *path)
{
	size_t size;
	const uint8_t *bytes = bytes_of(fixture(name), &size);
	int fd = mkstemp(path);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* Its codec is the only one that starts threads. */
Test(cage, avif_is_written_and_read_in_a_child)
{
	int avif = memfd_create("avif", MFD_CLOEXEC), jpeg = memfd_create("jpeg", MFD_CLOEXEC);
	struct answer answer;
	struct err err = {0};

	given_children(NULL);
	pictures = "{\"views\":[" VIEW("one", "", "avif", "\"effort\":4") "]}";
	cr_assert(ask(ROLE_PICTURE, fixture("no-eoi.jpg"), avif, LONG_MS, &answer, &err), "%s", err.text);
	cr_assert_eq(answer.kind, pictures_library_is_debians() ? ANSWER_FAILED : ANSWER_RENDERED, "%s",
	    answer.text);
	if (answer.kind == ANSWER_FAILED) {
		cr_expect_str_eq(answer.code, "unsupported_format");
		return;
	}
	pictures = WEB;
	cr_assert(ask(ROLE_PICTURE, avif, jpeg, LONG_MS, &answer, &err), "%s", err.text);
	cr_assert_eq(answer.kind, ANSWER_RENDERED, "%s", answer.text);
	expect_quarters(jpeg);
}

Test(cage, a_child_holds_no_descriptor_of_an_older_job)
{
	static const char *const names[] = { "p3.jpg", "cut.jpg", "float01.tif", "rgba16.png",
		"rgb-with-grey-icc.webp" };

	given_children(NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[] = "/tmp/cage-test-XXXXXX", made[] = "/tmp/cage-test-XXXXXX";
		struct answer answer;
		struct err err;
		int input, output = mkstemp(made);

		copy_of(names[i], path);
		cr_assert(!is_held_elsewhere(path));
		input = open(path, O_RDONLY | O_CLOEXEC);
		cr_assert(is_held_elsewhere(path));
		cr_assert(ask(ROLE_PICTURE, input, output, LONG_MS, &answer, &err), "%s", err.text);
		close(input);
		close(output);

		cr_expect(!is_held_elsewhere(path) && !is_held_elsewhere(made), "%s", names[i]);
		unlink(path);
		unlink(made);
	}
}

/* ---- programs ---- */

/* How many processes have that word among their arguments. */
static int
processes_with(const char *word)
{
	DIR *proc = opendir("/proc");
	int n = 0;

	for (struct dirent *e; (e = readdir(proc));) {
		char path[300], line[4096];
		ssize_t size;
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		size = read(fd, line, sizeof(line));
		n += size > 0 && !strncmp(line, "sleep", 5)
		    && memmem(line, (size_t)size, word, strlen(word));
		close(fd);
	}
	closedir(proc);
	return n;
}

static void
expect_none_with(const char *word)
{
	for (int tenths = 0; processes_with(word) && tenths < 100; tenths++)
		usleep(100000);
	cr_expect_eq(processes_with(word), 0);
}

/* Where this host gives programs no wall, each is refused. */
static void
expect_ended(const char *script, int deadline_ms, const char *code, const char *words,
    struct answer *answer)
{
	struct err err;
	bool walled;

	given_a_command(script);
	walled = parts & SANDBOX_WALL;
	if (ask(ROLE_COMMAND, fixture("p3.jpg"), memfd_create("output", MFD_CLOEXEC), deadline_ms,
	    answer, &err)) {
		cr_expect_eq(answer->kind, ANSWER_FAILED);
	} else {
		snprintf(answer->code, sizeof(answer->code), "%s", err.code);
		snprintf(answer->text, sizeof(answer->text), "%s", err.text);
	}
	cr_expect_str_eq(answer->code, walled ? code : "commands_refused");
	cr_expect(strstr(answer->text, walled ? words : "no wall"), "%s", answer->text);
}

static void
expect_failed(const char *script, const char *words, struct answer *answer)
{
	expect_ended(script, LONG_MS, "command_failed", words, answer);
}

Test(cage, a_program_that_is_late_ends_with_all_that_it_made_and_its_last_words_are_told)
{
	struct answer answer;

	expect_ended("echo step 7 of 9; (sleep 47110009 &) ; sleep 47110009", 3000, "render_timeout",
	    "it was not done within 3000 ms, and was ended; it said last: step 7 of 9", &answer);

	expect_none_with("47110009");
}

Test(cage, a_program_cannot_leave_its_group_and_ends_with_its_attempt)
{
	struct answer answer;

	expect_failed("setsid sleep 47110001 & (trap '' HUP; exec sleep 47110001) & "
	    "(sleep 47110001 &) ; sleep 1; exit 3", "setsid", &answer);

	expect_none_with("47110001");
}

Test(cage, a_program_that_spreads_has_no_more_than_its_number_and_ends_with_all_that_it_made)
{
	struct answer answer;

	expect_failed("i=0; while [ $i -lt 100 ]; do sleep 47110002 & i=$((i+1)); done; wait",
	    "Cannot fork", &answer);

	expect_none_with("47110002");
}

Test(cage, a_program_of_a_few_processes_is_left_in_peace)
{
	struct answer answer;

	expect_failed("i=0; while [ $i -lt 20 ]; do sleep 1 & i=$((i+1)); done; wait; exit 9",
	    "exit code 9", &answer);
}

Test(cage, a_program_that_kills_all_it_can_ends_alone)
{
	struct answer answer;

	expect_failed("kill -9 -1; exit 3", "exit code 3", &answer);
}

Test(cage, a_program_sees_no_file_but_its_own_and_the_systems)
{
	char path[] = "/tmp/cage-secret-XXXXXX", script[200];
	struct answer answer;
	int fd = mkstemp(path);

	dprintf(fd, "another's picture");
	fchmod(fd, 0644);
	snprintf(script, sizeof(script), "cat %s >&2; ls /tmp | grep -c . >&2; ls /home /srv; "
	    "cat /etc/ssl/openssl.cnf; wc -c < $1 >&2; exit 3", path);

	expect_failed(script, "exit code 3", &answer);

	cr_expect(!strstr(answer.text, "another's picture"));
	cr_expect_eq(!!strstr(answer.text, "openssl.cnf: No such file"), !!(parts & SANDBOX_WALL),
	    "%s", answer.text);
	unlink(path);
}

Test(cage, a_program_writes_nowhere_but_in_its_folder)
{
	struct answer answer;

	expect_failed("for f in /x /dev/x /etc/x /usr/x /tmp/x ../x; do (: > $f) && echo wrote $f; done; "
	    ": > x && exit 3", "exit code 3", &answer);

	cr_expect(!strstr(answer.text, "wrote"), "%s", answer.text);
}

Test(cage, a_program_sees_no_process_but_those_that_it_made)
{
	struct answer answer;

	expect_failed("echo and $(ls -d /proc/[0-9]* | wc -l | sed 's/^[1-9]$/a few/'); kill -0 $$; exit 3",
	    "and a few", &answer);
}

Test(cage, a_program_has_no_socket_and_changes_no_files_mode)
{
	struct answer answer;

	expect_failed("chmod 600 $1; exit 3", "Operation not permitted", &answer);
}

Test(cage, a_program_that_crashes_says_by_which_signal)
{
	struct answer answer;

	expect_failed("kill -SEGV $$", "ended by signal 11 (Segmentation fault)", &answer);
}

Test(cage, what_a_program_says_is_told_as_text)
{
	struct answer answer;

	expect_failed("i=0; while [ $i -lt 300 ]; do printf '\\\\303\\\\251'; i=$((i+1)); done; "
	    "printf '\\\\377\\\\000 its last words'; exit 3", "code 3: \u00e9", &answer);

	if (parts & SANDBOX_WALL)
		cr_expect(strstr(answer.text, "\u00e9?  its last words"), "%s", answer.text);
	cr_expect(utf8_is_valid(answer.text, strlen(answer.text)), "%s", answer.text);
}

Test(cage, a_wall_stands_where_the_host_allows_namespaces)
{
	int status = system("bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc true");

	given_a_command("exit 3");
	cr_expect_eq(!!(parts & SANDBOX_WALL), status == 0);
}

Test(cage, a_host_without_a_wall_refuses_every_program)
{
	struct answer answer;

	wall_program = "/nowhere/bwrap";
	expect_failed("exit 3", "never run", &answer);

	cr_expect_eq(parts & SANDBOX_WALL, 0);
}

Test(cage, a_wall_that_denies_nothing_is_none)
{
	char path[] = "/tmp/cage-wall-XXXXXX";
	struct answer answer;
	int fd = mkstemp(path);

	/* what stands behind "--" runs as it is */
	dprintf(fd, "#!/bin/sh\nwhile [ $1 != -- ]; do shift; done; shift; exec \"$@\"\n");
	fchmod(fd, 0755);
	close(fd);
	wall_program = path;
	expect_failed("exit 3", "never run", &answer);

	cr_expect_eq(parts & SANDBOX_WALL, 0);
	unlink(path);
}
