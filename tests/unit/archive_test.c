/* SPDX-License-Identifier: Apache-2.0 */
/* archive_test.c: ZIPs written and read back; other programs read them in tests/flow. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/crc.h"
#include "port/pack.h"

enum { N = 3 };
static const char *const contents[N] = { "", "the first picture", "and another one" };
static const char *const names[N] = { "b/manifest.json", "b/one.jpg", "b/two.jpg" };

/* The world of a test: entry 0 is here, the others behind descriptors. */
struct world {
	struct pack_entry entries[N];
	const char *behind[N];		/* what open() gives; NULL: it fails */
	int calls_left;			/* of go_on */
};

static int
a_file(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	cr_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static bool
open_entry(void *state, size_t i, int *fd, struct err *err)
{
	struct world *w = state;

	if (!w->behind[i])
		return err_code(err, ERR_REJECT, "blob_not_found", "gone");
	*fd = a_file(w->behind[i], strlen(w->behind[i]));
	return true;
}

static bool
go_on(void *state, struct err *err)
{
	struct world *w = state;

	return w->calls_left-- > 0 || err_code(err, ERR_RETRY, "stopping", "enough");
}

static struct pack
a_pack(struct world *w)
{
	*w = (struct world){ .calls_left = 1000 };
	for (size_t i = 0; i < N; i++) {
		w->behind[i] = contents[i];
		w->entries[i] = (struct pack_entry){ names[i], (int64_t)strlen(contents[i]),
			crc_add(0, contents[i], strlen(contents[i])), i ? NULL : contents[i] };
	}
	return (struct pack){ w->entries, N, open_entry, go_on, w };
}

static size_t
read_all(int fd, char *ret, size_t max)
{
	ssize_t n = pread(fd, ret, max, 0);

	cr_assert(n > 0 && (size_t)n < max);
	return (size_t)n;
}

Test(archive, what_was_written_is_what_is_read_back)
{
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	size_t culprit;
	int fd = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err), "%s", err.text);

	cr_expect_eq(culprit, N);
	cr_expect(pack_verify(&pack, fd, &err), "%s", err.text);
	close(fd);
}

Test(archive, taken_apart_each_entry_lies_where_it_is_said_to)
{
	own(arena_freep) struct arena *arena = arena_new(1 << 20);
	struct world w;
	struct pack pack = a_pack(&w);
	struct packed *found;
	struct err err = {0};
	char bytes[64];
	size_t culprit, n;
	int fd = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err));
	cr_assert(pack_list(fd, arena, &found, &n, &err), "%s", err.text);

	cr_assert_eq(n, N);
	for (size_t i = 0; i < N; i++) {
		cr_expect_str_eq(found[i].name, names[i]);
		cr_expect_eq(found[i].crc32, w.entries[i].crc32);
		cr_assert_eq(found[i].size, (int64_t)strlen(contents[i]));
		cr_expect_eq(pread(fd, bytes, strlen(contents[i]), found[i].offset), found[i].size);
		cr_expect_arr_eq(bytes, contents[i], strlen(contents[i]));
	}
	close(fd);
}

Test(archive, what_is_no_archive_or_is_deflated_is_not_taken_apart)
{
	static const char deflated[] =
	    "PK\3\4\24\0\0\0\10\0\0\0!\0dzp\257\6\0\0\0d\0\0\0\1\0\0\0aKL\244=\0\0PK\1\2\24"
	    "\3\24\0\0\0\10\0\0\0!\0dzp\257\6\0\0\0d\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\200\1\0"
	    "\0\0\0aPK\5\6\0\0\0\0\1\0\1\0/\0\0\0%\0\0\0\0\0";
	own(arena_freep) struct arena *arena = arena_new(1 << 20);
	const struct { const char *bytes; size_t size; } rows[] = {
		{ "", 0 }, { "not a ZIP at all", 16 }, { deflated, sizeof(deflated) - 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct packed *found;
		struct err err = {0};
		size_t n;
		int fd = a_file(rows[i].bytes, rows[i].size);

		cr_expect_not(pack_list(fd, arena, &found, &n, &err), "row %zu", i);
		cr_expect_str_eq(err.code, PACK_DIFFERS, "%s", err.text);
		close(fd);
	}
}

Test(archive, the_same_list_gives_the_same_bytes)
{
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	char one[4096], two[4096];
	size_t culprit, size;
	int fd = a_file("", 0), other = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err));
	sleep(2);	/* a ZIP's clock ticks every two seconds: it must not be looked at */
	cr_assert(pack_write(&pack, other, &culprit, &err));

	size = read_all(fd, one, sizeof(one));
	cr_expect_eq(read_all(other, two, sizeof(two)), size);
	cr_expect_arr_eq(one, two, size);
	close(fd);
	close(other);
}

Test(archive, a_byte_that_changed_is_found_wherever_it_is)
{
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	char bytes[4096], changed;
	size_t culprit, size, found = 0;
	int fd = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err));
	size = read_all(fd, bytes, sizeof(bytes));
	for (size_t i = 0; i < N; i++) {
		const char *at = memmem(bytes, size, contents[i], strlen(contents[i]));

		if (!*contents[i])
			continue;
		changed = (char)(*at ^ 1);
		cr_assert_eq(pwrite(fd, &changed, 1, at - bytes), 1);
		err_clear(&err);
		cr_expect_not(pack_verify(&pack, fd, &err), "%s", names[i]);
		cr_expect_str_eq(err.code, PACK_DIFFERS);
		cr_expect_eq(err.verdict, ERR_REJECT);
		cr_assert_eq(pwrite(fd, at, 1, at - bytes), 1);
		found++;
	}
	cr_expect_eq(found, N - 1);
	close(fd);
}

Test(archive, what_was_cut_short_at_any_byte_is_no_archive)
{
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	char bytes[4096];
	size_t culprit, size;
	int fd = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err));
	size = read_all(fd, bytes, sizeof(bytes));
	while (size-- > 0) {
		cr_assert_eq(ftruncate(fd, (off_t)size), 0);
		err_clear(&err);
		cr_expect_not(pack_verify(&pack, fd, &err), "cut at %zu", size);
		cr_expect_str_eq(err.code, PACK_DIFFERS);
	}
	close(fd);
}

Test(archive, an_archive_of_another_list_is_not_taken_for_this_one)
{
	struct world w, other;
	struct pack pack = a_pack(&w), wanted = a_pack(&other);
	struct err err = {0};
	size_t culprit;
	int fd = a_file("", 0);

	cr_assert(pack_write(&pack, fd, &culprit, &err));
	wanted.n_entries = N - 1;
	cr_expect_not(pack_verify(&wanted, fd, &err), "fewer files");
	wanted.n_entries = N;
	other.entries[1].name = "b/other.jpg";
	cr_expect_not(pack_verify(&wanted, fd, &err), "another name");
	other.entries[1] = w.entries[1];
	other.entries[1].size++;
	cr_expect_not(pack_verify(&wanted, fd, &err), "another size");
	other.entries[1] = w.entries[1];
	other.entries[1].crc32++;
	cr_expect_not(pack_verify(&wanted, fd, &err), "another sum");
	close(fd);
}

Test(archive, an_entry_that_is_not_what_its_row_says_is_named)
{
	static const struct { const char *behind; const char *how; } rows[] = {
		{ "and another on", "shorter" }, { "and another one!", "longer" },
		{ "and another ome", "changed" }, { "", "empty" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct world w;
		struct pack pack = a_pack(&w);
		struct err err = {0};
		size_t culprit = 0;
		int fd = a_file("", 0);

		w.behind[2] = rows[i].behind;
		cr_expect_not(pack_write(&pack, fd, &culprit, &err), "%s", rows[i].how);
		cr_expect_eq(culprit, 2, "%s", rows[i].how);
		cr_expect_str_eq(err.code, PACK_DAMAGED, "%s: %s", rows[i].how, err.text);
		close(fd);
	}
}

Test(archive, an_entry_that_is_not_there_is_named_with_the_reason_of_the_store)
{
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	size_t culprit = 0;
	int fd = a_file("", 0);

	w.behind[1] = NULL;
	cr_expect_not(pack_write(&pack, fd, &culprit, &err));
	cr_expect_eq(culprit, 1);
	cr_expect_str_eq(err.code, "blob_not_found");
	close(fd);
}

Test(archive, the_work_ends_when_it_may_not_go_on)
{
	for (int calls = 0; calls < N; calls++) {
		struct world w;
		struct pack pack = a_pack(&w);
		struct err err = {0};
		size_t culprit = 0;
		int fd = a_file("", 0);

		w.calls_left = calls;
		cr_expect_not(pack_write(&pack, fd, &culprit, &err));
		cr_expect_eq(culprit, N, "no entry is to blame");
		cr_expect_str_eq(err.code, "stopping");
		cr_expect_eq(err.verdict, ERR_RETRY);
		close(fd);
	}
}

Test(archive, more_files_than_a_small_zip_can_count_make_a_zip64)
{
	enum { MANY = 66000 };
	struct pack_entry *entries = calloc(MANY, sizeof(*entries));
	char (*many)[16] = calloc(MANY, sizeof(*many));
	own(arena_freep) struct arena *arena = arena_new(16 << 20);
	struct packed *found;
	size_t n;
	struct world w;
	struct pack pack = a_pack(&w);
	struct err err = {0};
	size_t culprit;
	int fd = a_file("", 0);

	cr_assert(entries && many);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(many[i], sizeof(many[i]), "b/%zu.jpg", i);
		entries[i] = (struct pack_entry){ many[i], 1, crc_add(0, "x", 1), "x" };
	}
	w.calls_left = 1000000;
	pack.entries = entries;
	pack.n_entries = MANY;

	cr_assert(pack_write(&pack, fd, &culprit, &err), "%s", err.text);
	cr_expect(pack_verify(&pack, fd, &err), "%s", err.text);
	cr_assert(pack_list(fd, arena, &found, &n, &err), "%s", err.text);
	cr_expect_eq(n, MANY);
	cr_expect_str_eq(found[MANY - 1].name, many[MANY - 1]);
	close(fd);
	free(entries);
	free(many);
}
