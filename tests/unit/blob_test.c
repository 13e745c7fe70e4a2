/* SPDX-License-Identifier: Apache-2.0 */
/* blob_test.c: what is removed from the store, and what is not. */
#include "port/blob.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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
