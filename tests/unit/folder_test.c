/* SPDX-License-Identifier: Apache-2.0 */
/* folder_test.c: what a watched folder's names and batch.json say, and when two looks are the same. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "producers/folder/look.h"
#include "producers/folder/place.h"
#include "producers/folder/state.h"
#include "producers/folder/want.h"

Test(folder, the_customer_is_what_a_name_begins_with)
{
	static const struct { const char *name, *option, *prefix; } rows[] = {
		{ "PL_DXB_villa", "", "PL_DXB" },
		{ "PL_DXB villa 3", "", "PL_DXB" },
		{ "PL_DXB", "", "PL_DXB" },
		{ "PL_DXB_VILLA", "", "PL_DXB" },
		{ "ACME-2025", "", "ACME" },
		{ "Villa am See", "", "" },
		{ "2025_PL", "", "" },
		{ "żółw", "", "" },
		{ "PL_DXB_villa", "ACME", "ACME" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct want want;

		want_of_name(&want, rows[i].name, 7, rows[i].option);
		cr_expect_str_eq(want.customer_prefix, rows[i].prefix, "%s", rows[i].name);
		cr_expect_str_eq(want.description, rows[i].name);
		cr_expect_eq(want.pipeline_id, 7);
	}
}

Test(folder, batch_json_wins_over_the_name_and_leaves_what_it_does_not_say)
{
	static const char json[] = "\xef\xbb\xbf{\"pipeline_id\": 3, \"customer_prefix\": \"ACME\", \"priority\": 0, "
	    "\"failures_tolerated\": null}";
	struct want want;
	struct err err = {0};

	want_of_name(&want, "PL_DXB_villa", 1, "");
	cr_assert(want_read(&want, json, strlen(json), &err), "%s", err.text);

	cr_expect_eq(want.pipeline_id, 3);
	cr_expect_str_eq(want.customer_prefix, "ACME");
	cr_expect_str_eq(want.description, "PL_DXB_villa");
	cr_expect(want.has_priority && want.priority == 0 && !want.has_failures_tolerated);
}

Test(folder, a_defect_of_batch_json_names_the_member)
{
	static const struct { const char *json, *words; } rows[] = {
		{ "[]", "batch.json is not an object" },
		{ "{", "batch.json: " },
		{ "", "batch.json: " },
		{ "{\"pipeline_id\": 0}", "pipeline_id is less than 1" },
		{ "{\"pipeline_id\": 1.5}", "pipeline_id is not a whole number" },
		{ "{\"description\": 1}", "description is not a text" },
		{ "{\"customer_prefix\": \"PL_DXB_A_B_C\"}", "customer_prefix is no prefix" },
		{ "{\"customer_prefix\": \"" "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAAAAAAAAAAA\"}", "customer_prefix is too long" },
		{ "{\"priority\": -1}", "priority is less than 0" },
		{ "{\"priority\": 10}", "priority is more than 9" },
		{ "{\"failures_tolerated\": \"3\"}", "failures_tolerated is not a whole number" },
		{ "{\"pipeline\": 1}", "pipeline is not known" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct want want = {0};
		struct err err = {0};

		cr_expect_not(want_read(&want, rows[i].json, strlen(rows[i].json), &err), "%s", rows[i].json);
		cr_expect_eq(err.verdict, ERR_REJECT);
		cr_expect(strstr(err.text, rows[i].words), "%s: %s", rows[i].json, err.text);
	}
}

Test(folder, a_name_says_what_a_thing_is)
{
	static const struct { const char *name; mode_t mode; enum kind kind; } rows[] = {
		{ "a.jpg", S_IFREG, KIND_PICTURE }, { "notes.txt", S_IFREG, KIND_PICTURE },
		{ "batch.json", S_IFREG, KIND_SETTINGS }, { "why.txt", S_IFREG, KIND_WHY },
		{ ".DS_Store", S_IFREG, KIND_JUNK }, { "Thumbs.db", S_IFREG, KIND_JUNK },
		{ "thumbs.DB", S_IFREG, KIND_JUNK }, { "a.psd~", S_IFREG, KIND_JUNK },
		{ "~$a.psd", S_IFREG, KIND_JUNK }, { "@eaDir", S_IFDIR, KIND_JUNK }, { ".git", S_IFDIR, KIND_JUNK },
		{ "a.jpg.part", S_IFREG, KIND_UNFINISHED }, { "a.TMP", S_IFREG, KIND_UNFINISHED },
		{ "a.jpg.crdownload", S_IFREG, KIND_UNFINISHED },
		{ "kitchen", S_IFDIR, KIND_FOLDER }, { "a.jpg", S_IFLNK, KIND_STRANGE },
		{ "a.jpg", S_IFIFO, KIND_STRANGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(kind_of(rows[i].name, rows[i].mode), rows[i].kind, "%s", rows[i].name);
}

/* ---- on a disk ---- */

static void
stand_in_a_new_folder(void)
{
	char folder[] = "/tmp/batchline-folder-XXXXXX";

	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
	cr_assert_eq(mkdir("villa", 0777), 0);
}

static void
write_file(const char *path, const char *text, time_t at)
{
	struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	cr_assert_eq(futimens(fd, times), 0);
	close(fd);
}

static bool
is_same_after(const char *path, const char *text, time_t at)
{
	struct look before = {0}, after = {0};
	struct err err = {0};
	bool same;

	cr_assert(look_read(&before, "villa", &err), "%s", err.text);
	write_file(path, text, at);
	cr_assert(look_read(&after, "villa", &err), "%s", err.text);
	same = !memcmp(before.mark, after.mark, sizeof(before.mark));
	look_clear(&before);
	look_clear(&after);
	return same;
}

Test(folder, a_look_is_another_when_a_name_a_size_or_a_time_is)
{
	stand_in_a_new_folder();
	write_file("villa/a.jpg", "abc", 1000);

	cr_expect(is_same_after("villa/a.jpg", "xyz", 1000), "its bytes are not read");
	cr_expect_not(is_same_after("villa/a.jpg", "abcd", 1000), "size");
	cr_expect_not(is_same_after("villa/a.jpg", "abcd", 1001), "time");
	cr_expect_not(is_same_after("villa/b.jpg", "b", 1000), "number");
	cr_expect_not(is_same_after("villa/c.jpg.part", "c", 1000), "somebody is at work");
	cr_expect(is_same_after("villa/Thumbs.db", "t", 1000), "what a system leaves is nobody's work");
	cr_expect(is_same_after("villa/.hidden", "h", 1000));
}

Test(folder, what_moves_takes_nobodys_place)
{
	char name[NAME_SIZE], longest[NAME_SIZE];
	struct err err = {0};

	stand_in_a_new_folder();
	cr_assert_eq(mkdir("sent", 0777), 0);
	cr_assert(place_name(name, "sent", "villa", &err));
	cr_expect_str_eq(name, "villa");
	cr_assert_eq(mkdir("sent/villa", 0777), 0);
	cr_assert(place_name(name, "sent", "villa", &err));
	cr_expect_str_eq(name, "villa-2");
	cr_expect_not(place_move("villa", "sent/villa", &err));
	cr_expect_str_eq(err.code, "taken");
	cr_expect(place_move("villa", "sent/villa-2", &err), "%s", err.text);

	memset(longest, 'x', NAME_SIZE - 1);
	longest[NAME_SIZE - 1] = '\0';
	cr_assert_eq(mkdir(longest, 0777), 0);
	cr_assert(place_name(name, ".", longest, &err));
	cr_expect_eq(strlen(name), NAME_SIZE - 1);
	cr_expect_str_eq(name + NAME_SIZE - 3, "-2");
}

static struct state *
a_state(const char *name, const char *uri)
{
	struct state *s = calloc(1, sizeof(*s));
	struct pick *file;

	snprintf(s->folder, sizeof(s->folder), "villa");
	want_of_name(&s->want, s->folder, 1, "ACME");
	file = picks_add_known(&s->files, name, 3);
	snprintf(file->uri, sizeof(file->uri), "%s", uri);
	cr_assert(state_name(s, &(struct err){0}));
	return s;
}

Test(folder, a_state_comes_back_as_it_was_written)
{
	own(state_freep) struct state *s = a_state("villa/a.jpg", "blob:sha256/00"), *back = NULL;
	struct err err = {0};

	stand_in_a_new_folder();
	cr_assert_eq(mkdir(STATES, 0777), 0);
	s->moved = true;
	snprintf(s->batch_name, sizeof(s->batch_name), "ACME_2025-11-05_batch-1");
	cr_assert(state_write(s, &err), "%s", err.text);
	cr_assert(state_read(&back, s->id, &err), "%s", err.text);

	cr_expect_str_eq(back->key, s->key);
	cr_expect_str_eq(back->batch_name, s->batch_name);
	cr_expect_str_eq(back->want.customer_prefix, "ACME");
	cr_expect(back->moved && back->files.n == 1);
	cr_expect_str_eq(back->files.list[0].name, "a.jpg");
	cr_expect_str_eq(back->files.list[0].uri, "blob:sha256/00");
	state_remove(s);
	cr_expect_not(state_is_there(s->id));
}

Test(folder, the_key_is_of_names_and_contents)
{
	own(state_freep) struct state *s = a_state("villa/a.jpg", "blob:sha256/00");
	own(state_freep) struct state *same = a_state("villa/a.jpg", "blob:sha256/00");
	own(state_freep) struct state *named = a_state("villa/b.jpg", "blob:sha256/00");
	own(state_freep) struct state *filled = a_state("villa/a.jpg", "blob:sha256/01");

	cr_expect_str_eq(s->key, same->key);
	cr_expect_str_neq(s->key, named->key);
	cr_expect_str_neq(s->key, filled->key);
}
