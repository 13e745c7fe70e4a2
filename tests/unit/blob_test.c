/* SPDX-License-Identifier: Apache-2.0 */
/* blob_test.c: a blob is there whole or not at all, and nothing leads out of the store. */
#include "port/blob.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What was synced, in its order: the library's fsync() is this one. */
static char synced[16][PATH_MAX];
static size_t n_synced;

int fsync(int fd);

int
fsync(int fd)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (n_synced < 16) {
		n = readlink(link, synced[n_synced], PATH_MAX - 1);
		synced[n_synced++][n > 0 ? n : 0] = '\0';
	}
	return (int)syscall(SYS_fsync, fd);
}

/* A store in a folder of its own; the folder is the caller's to remove. */
static struct blob_store *
a_store(char folder[64])
{
	struct blob_store *store = NULL;
	struct err err = {0};
	char uri[80];

	snprintf(folder, 64, "/tmp/blob_test_XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(uri, sizeof(uri), "file://%s", folder);
	cr_assert(blob_open(&store, uri, &err), "%s", err.text);
	return store;
}

static void
end(struct blob_store *store, const char *folder)
{
	char command[100];

	blob_free(store);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static void
put(struct blob_store *store, const char *uri)
{
	own(blob_writer_freep) struct blob_writer *w = NULL;
	struct blob_done done;
	struct err err = {0};

	cr_assert(blob_write_open(store, &w, uri, &err) && blob_write(w, "x", 1, &err)
	    && blob_write_finish(w, &done, &err), "%s", err.text);
}

static bool
is_there(struct blob_store *store, const char *uri)
{
	struct err err = {0};
	int fd;

	if (!blob_read_open(store, uri, &fd, NULL, &err))
		return false;
	close(fd);
	return true;
}

Test(blob, everything_below_goes_and_nothing_beside)
{
	char folder[64];
	struct blob_store *store = a_store(folder);
	struct err err = {0};

	put(store, "blob:outputs/one/job/1-a/x.jpg");
	put(store, "blob:outputs/one/job/2-b/x.jpg");
	put(store, "blob:outputs/one-more/job/1-a/x.jpg");

	cr_assert(blob_remove_below(store, "blob:outputs/one", &err), "%s", err.text);
	cr_expect_not(is_there(store, "blob:outputs/one/job/1-a/x.jpg"));
	cr_expect_not(is_there(store, "blob:outputs/one/job/2-b/x.jpg"));
	cr_expect(is_there(store, "blob:outputs/one-more/job/1-a/x.jpg"));
	cr_expect(blob_remove_below(store, "blob:outputs/one", &err), "again is fine");
	end(store, folder);
}

Test(blob, a_room_has_something_below_it_or_nothing)
{
	char folder[64];
	struct blob_store *store = a_store(folder);
	struct err err = {0};
	bool has = true;

	cr_expect(blob_has_below(store, "blob:outputs", &has, &err) && !has);
	cr_expect(blob_has_below(store, "blob:outputs/one/", &has, &err) && !has, "no such folder");
	put(store, "blob:outputs/one/x.jpg");
	cr_expect(blob_has_below(store, "blob:outputs", &has, &err) && has);
	cr_expect(blob_has_below(store, "blob:outputs/one/", &has, &err) && has);
	end(store, folder);
}

Test(blob, a_link_is_removed_and_what_it_names_stays)
{
	char folder[64], link[100], target[100];
	struct blob_store *store = a_store(folder);
	struct err err = {0};

	put(store, "blob:outputs/one/x.jpg");
	put(store, "blob:sha256/kept");
	snprintf(link, sizeof(link), "%s/outputs/one/link", folder);
	snprintf(target, sizeof(target), "%s/sha256", folder);
	cr_assert_eq(symlink(target, link), 0);

	cr_assert(blob_remove_below(store, "blob:outputs/one", &err), "%s", err.text);
	cr_expect(is_there(store, "blob:sha256/kept"));
	cr_expect(access(link, F_OK) && access(target, F_OK) == 0);
	end(store, folder);
}

Test(blob, no_name_leads_out_of_the_store)
{
	static const char *const names[] = { "blob:outputs/../sha256", "blob:..", "blob:/etc", "blob:",
		"blob:outputs//x", "outputs/x", "blob:outputs/a b" };
	char folder[64];
	struct blob_store *store = a_store(folder);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err err = {0};

		cr_expect_not(blob_remove_below(store, names[i], &err), "%s", names[i]);
		cr_expect_str_eq(err.code, "bad_uri", "%s", names[i]);
	}
	end(store, folder);
}

static void
make_old(const char *folder, const char *uri)
{
	const struct timespec yesterday[2] = { { .tv_sec = time(NULL) - 90000 },
		{ .tv_sec = time(NULL) - 90000 } };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, uri + strlen("blob:"));
	cr_assert_eq(utimensat(AT_FDCWD, path, yesterday, 0), 0);
}

static bool
count_one(void *state, const char *uri, struct err *err)
{
	(void)uri;
	(void)err;
	++*(int *)state;
	return true;
}

Test(blob, an_old_input_goes_unless_it_was_put_or_named_again)
{
	char folder[64];
	struct blob_store *store = a_store(folder);
	struct blob_done old, again, named, fresh;
	struct err err = {0};
	bool removed = false;
	int n = 0;

	cr_assert(blob_put(store, "old", 3, &old, &err) && blob_put(store, "again", 5, &again, &err)
	    && blob_put(store, "named", 5, &named, &err) && blob_put(store, "fresh", 5, &fresh, &err));
	make_old(folder, old.uri);
	make_old(folder, again.uri);
	make_old(folder, named.uri);
	cr_assert(blob_each_old(store, 86400, count_one, &n, &err) && n == 3);
	cr_assert(blob_put(store, "again", 5, &again, &err) && blob_touch(store, named.uri, &err));

	cr_assert(blob_remove_old(store, old.uri, 86400, &removed, &err) && removed, "%s", err.text);
	cr_expect(blob_remove_old(store, again.uri, 86400, &removed, &err) && !removed);
	cr_expect(blob_remove_old(store, named.uri, 86400, &removed, &err) && !removed);
	cr_expect_not(is_there(store, old.uri));
	cr_expect(is_there(store, again.uri) && is_there(store, named.uri) && is_there(store, fresh.uri));
	cr_expect(blob_remove_old(store, old.uri, 86400, &removed, &err) && !removed, "gone is fine");
	cr_expect_not(blob_touch(store, old.uri, &err));
	cr_expect_str_eq(err.code, "blob_not_found");
	end(store, folder);
}

Test(blob, an_unfinished_write_is_removed_when_nobody_added_to_it_for_long)
{
	char folder[64], old[100];
	struct blob_store *store = a_store(folder);
	own(blob_writer_freep) struct blob_writer *writer = NULL;
	struct timespec yesterday[2] = { { .tv_sec = time(NULL) - 90000 },
		{ .tv_sec = time(NULL) - 90000 } };
	struct blob_done done;
	struct err err = {0};
	size_t n = 7;
	int fd;

	snprintf(old, sizeof(old), "%s/tmp/of-a-dead-process", folder);
	fd = open(old, O_WRONLY | O_CREAT, 0644);
	cr_assert(fd >= 0 && futimens(fd, yesterday) == 0);
	close(fd);
	cr_assert(blob_write_open(store, &writer, "blob:archives/a/1.zip", &err));

	cr_assert(blob_remove_stale(store, 86400, &n, &err), "%s", err.text);
	cr_expect_eq(n, 1);
	cr_expect_neq(access(old, F_OK), 0);
	cr_expect(blob_write(writer, "x", 1, &err) && blob_write_finish(writer, &done, &err));
	end(store, folder);
}

static size_t
files_below(const char *folder, const char *room)
{
	char command[160], count[16] = "";
	FILE *pipe;

	snprintf(command, sizeof(command), "find %s/%s -type f 2>/dev/null | wc -l", folder, room);
	pipe = popen(command, "r");
	cr_assert(pipe && fgets(count, sizeof(count), pipe));
	pclose(pipe);
	return (size_t)strtoul(count, NULL, 10);
}

Test(blob, what_is_put_is_named_by_its_content_and_written_once)
{
	char folder[64], bytes[8];
	struct blob_store *store = a_store(folder);
	struct blob_done one, two;
	struct err err = {0};
	int64_t size = 0;
	int fd = -1;

	cr_assert(blob_put(store, "abc", 3, &one, &err) && blob_put(store, "abc", 3, &two, &err));
	cr_expect_str_eq(one.uri, "blob:sha256/"
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	cr_expect_str_eq(two.uri, one.uri);
	cr_expect_str_eq(one.sha256, one.uri + strlen("blob:sha256/"));
	cr_expect(one.size == 3 && two.size == 3);
	cr_expect_eq(files_below(folder, ""), 1);

	cr_assert(blob_read_open(store, one.uri, &fd, &size, &err), "%s", err.text);
	cr_expect(size == 3 && read(fd, bytes, sizeof(bytes)) == 3 && !memcmp(bytes, "abc", 3));
	cr_expect(write(fd, "x", 1) < 0, "read-only");
	close(fd);
	end(store, folder);
}

Test(blob, who_may_share_it_is_the_umask_s_word)
{
	char folder[64], path[PATH_MAX];
	mode_t before = umask(0007);
	struct blob_store *store = a_store(folder);
	struct blob_done one;
	struct err err = {0};
	struct stat file, room;

	cr_assert(blob_put(store, "abc", 3, &one, &err), "%s", err.text);
	snprintf(path, sizeof(path), "%s/%s", folder, one.uri + strlen("blob:"));
	cr_assert(!stat(path, &file));
	*strrchr(path, '/') = '\0';
	cr_assert(!stat(path, &room));
	cr_expect(file.st_mode == (S_IFREG | 0660) && (room.st_mode & 07777) == 0770);
	umask(before);
	end(store, folder);
}

Test(blob, is_not_there_before_it_is_finished_and_leaves_nothing_when_given_up)
{
	char folder[64];
	struct blob_store *store = a_store(folder);
	struct blob_writer *writer = NULL;
	struct err err = {0};

	cr_assert(blob_write_open(store, &writer, "blob:outputs/a/x.jpg", &err), "%s", err.text);
	cr_assert(blob_write(writer, "half", 4, &err));
	cr_expect_not(is_there(store, "blob:outputs/a/x.jpg"));
	blob_writer_free(writer);

	cr_expect_not(is_there(store, "blob:outputs/a/x.jpg"));
	cr_expect_eq(files_below(folder, ""), 0);
	end(store, folder);
}

Test(blob, bytes_written_past_the_writer_are_hashed_all_the_same)
{
	char folder[64];
	struct blob_store *store = a_store(folder);
	own(blob_writer_freep) struct blob_writer *writer = NULL;
	struct blob_done done;
	struct err err = {0};

	cr_assert(blob_write_open(store, &writer, NULL, &err), "%s", err.text);
	cr_assert_eq(write(blob_writer_fd(writer), "abc", 3), 3);

	cr_assert(blob_write_finish(writer, &done, &err), "%s", err.text);
	cr_expect_eq(done.size, 3);
	cr_expect_str_eq(done.sha256,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	cr_expect(is_there(store, done.uri));
	end(store, folder);
}

Test(blob, what_is_missing_and_what_is_no_name_are_rejected_by_their_words)
{
	static const struct { const char *uri, *code; } rows[] = {
		{ "blob:sha256/nobody", "blob_not_found" }, { "blob:no/such/folder/x", "blob_not_found" },
		{ "blob:sha256/file/below", "blob_not_found" },
		{ "blob:../etc/passwd", "bad_uri" }, { "blob:a/../b", "bad_uri" }, { "blob:a/./b", "bad_uri" },
		{ "blob:/etc/passwd", "bad_uri" }, { "blob:a//b", "bad_uri" }, { "blob:a/", "bad_uri" },
		{ "blob:", "bad_uri" }, { "", "bad_uri" }, { "file:///etc/passwd", "bad_uri" },
		{ "blob:a%2fb", "bad_uri" }, { "blob:a\\b", "bad_uri" }, { "blob:a b", "bad_uri" },
	};
	char folder[64];
	struct blob_store *store = a_store(folder);
	int fd = -7;

	put(store, "blob:sha256/file");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};

		cr_expect_not(blob_read_open(store, rows[i].uri, &fd, NULL, &err), "%s", rows[i].uri);
		cr_expect_eq(err.verdict, ERR_REJECT, "%s: %s", rows[i].uri, err.text);
		cr_expect_str_eq(err.code, rows[i].code, "%s: %s", rows[i].uri, err.code);
		cr_expect_eq(fd, -7);
	}
	end(store, folder);
}

Test(blob, a_name_longer_than_the_limit_is_none)
{
	char uri[BLOB_URI_MAX + 10] = "blob:";

	memset(uri + 5, 'a', BLOB_URI_MAX);
	cr_expect_not(blob_uri_is_valid(uri));
}

Test(blob, a_link_out_of_the_store_leads_nowhere)
{
	char folder[64], link[100];
	struct blob_store *store = a_store(folder);

	put(store, "blob:outputs/one/x.jpg");
	snprintf(link, sizeof(link), "%s/outputs/passwd", folder);
	cr_assert_eq(symlink("/etc/passwd", link), 0);
	snprintf(link, sizeof(link), "%s/outputs/etc", folder);
	cr_assert_eq(symlink("/etc", link), 0);
	snprintf(link, sizeof(link), "%s/outputs/up", folder);
	cr_assert_eq(symlink("../../..", link), 0);

	cr_expect_not(is_there(store, "blob:outputs/passwd"));
	cr_expect_not(is_there(store, "blob:outputs/etc/passwd"));
	cr_expect_not(is_there(store, "blob:outputs/up/etc/passwd"));
	end(store, folder);
}

static void
expect_synced(const char *const *names, size_t n, const char *folder)
{
	char path[PATH_MAX];

	cr_expect_eq(n_synced, n, "%zu", n_synced);
	for (size_t i = 0; i < n && i < n_synced; i++) {
		snprintf(path, sizeof(path), "%s%s", folder, names[i]);
		if (!strcmp(names[i], "/tmp/"))		/* a name of its own, for the time being */
			*strrchr(synced[i], '/') = '\0', *strrchr(path, '/') = '\0';
		cr_expect_str_eq(synced[i], path);
	}
	n_synced = 0;
}

Test(blob, every_folder_that_is_made_is_on_the_disk_before_the_blob_counts_and_only_once)
{
	static const char *const rooms[] = { "", "", "", "" };
	static const char *const first[] = { "/tmp/", "", "/outputs", "/outputs/a", "/outputs/a/b" };
	static const char *const second[] = { "/tmp/", "/outputs/a/b" };
	static const char *const again[] = { "/sha256" };
	char folder[64];
	struct blob_store *store = a_store(folder);
	struct blob_done done;
	struct err err = {0};

	expect_synced(rooms, 4, folder);
	put(store, "blob:outputs/a/b/one.jpg");
	expect_synced(first, 5, folder);
	put(store, "blob:outputs/a/b/two.jpg");
	expect_synced(second, 2, folder);
	cr_assert(blob_put(store, "x", 1, &done, &err));
	n_synced = 0;
	cr_assert(blob_put(store, "x", 1, &done, &err));
	expect_synced(again, 1, folder);
	end(store, folder);
}
