/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label_test.c: words over a picture, drawn under a real spawner by a child of their own. The block (U+2588)
 * is a letter that is all colour; the picture is grey and 200 x 100.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "consumers/renderer/labels.h"
#include "tests/unit/pictures.h"

#define PNG(operations) "{\"views\":[" VIEW("one", operations, "png", "") "]}"
#define SAY(text, more) "{\"operation\":\"text\",\"text\":\"" text "\"" more "}"
#define BLOCKS "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88"
#define RED ",\"colour\":[220,30,30]"

static struct spawner *spawner;
static struct worker *worker;
static struct labels *labels;

static void
before(void)
{
	static struct spawner_options options = { .limits = { (int64_t)8 << 30, 64 << 20 },
		.jobs_per_child = 10 };
	struct err err = {0};

	pictures_open();
	cr_assert(spawner_start(&spawner, &options, &err), "%s", err.text);
	cr_assert(worker_new(&worker, spawner, -1, 10, &err));
	cr_assert(labels = labels_new());
}

static void
after(void)
{
	labels_free(labels);
	worker_free(worker);
	spawner_free(spawner);
}

TestSuite(label, .init = before, .fini = after, .timeout = 60);

static bool
drawn(const char *json, size_t place, int64_t pixels_max, int *fd, struct err *err)
{
	own(definition_freep) struct definition *d = NULL;

	err_clear(err);
	cr_assert(definition_read(&d, json, err), "%s", err->text);
	return labels_open(labels, worker, d, json, place, pixels_max, fd, err);
}

/* All words of the pipeline, and then the picture. */
static struct made
made_saying(const char *json, size_t n)
{
	int assets[ASSETS_MAX];
	struct err err;
	struct made made;

	for (size_t i = 0; i < n; i++)
		cr_assert(drawn(json, i, PICTURES_PIXELS_MAX, &assets[i], &err), "%s: %s", err.code, err.text);
	made = made_with(plain_tiff(200, 100, 128), json, assets);
	cr_assert(made.well, "%s: %s", made.err.code, made.err.text);
	return made;
}

static ino_t
which(int fd)
{
	struct stat st;

	cr_assert(!fstat(fd, &st));
	return st.st_ino;
}

Test(label, words_have_their_colour_and_lie_where_they_are_told)
{
	struct made made = made_saying(PNG(SAY(BLOCKS, RED ",\"size\":40,\"gravity\":\"south-east\"") ","
	    SAY(BLOCKS, ",\"colour\":240,\"size\":20,\"gravity\":\"north-west\",\"x\":10,\"y\":10")), 2);

	expect_colour(made.fds[0], 0.9, 0.85, 220, 30, 30);
	expect_colour(made.fds[0], 0.12, 0.2, 240, 240, 240);
	expect_colour(made.fds[0], 0.5, 0.5, 128, 128, 128);
	cr_expect_eq(made.extents[0].width, 200);
}

Test(label, scale_and_opacity_hold_for_words_as_for_any_asset)
{
	struct made made = made_saying(PNG(SAY(BLOCKS, RED ",\"scale\":1,\"opacity\":0.5")), 1);

	expect_colour(made.fds[0], 0.1, 0.5, 174, 79, 79);
	expect_colour(made.fds[0], 0.9, 0.5, 174, 79, 79);
}

/* Were it markup, it would be an error, or nothing to be seen. */
Test(label, words_are_no_markup)
{
	struct made made = made_saying(PNG(SAY("<span foreground='blue'>" BLOCKS "&amp;</b>",
	    RED ",\"size\":8,\"gravity\":\"west\"")), 1);

	cr_expect_eq(made.extents[0].width, 200);
}

Test(label, the_same_words_are_drawn_once_and_read_by_many_each_from_the_start)
{
	static const char json[] = PNG(SAY(BLOCKS, RED) "," SAY(BLOCKS, ""));
	int one, again, other;
	char byte;
	struct err err;

	cr_assert(drawn(json, 0, PICTURES_PIXELS_MAX, &one, &err), "%s", err.text);
	cr_assert(drawn(json, 0, PICTURES_PIXELS_MAX, &again, &err));
	cr_assert(drawn(json, 1, PICTURES_PIXELS_MAX, &other, &err));

	cr_expect_eq(which(one), which(again));
	cr_expect_neq(which(one), which(other));
	cr_assert_eq(read(one, &byte, 1), 1);
	cr_expect_eq(lseek(again, 0, SEEK_CUR), 0);
	cr_expect_lt(write(one, &byte, 1), 0, "who renders could change it for others");
}

Test(label, more_words_than_are_kept_are_drawn_again)
{
	static const char first[] = PNG(SAY(BLOCKS, ""));
	int fd;
	struct err err;

	for (int i = 0; i < 70; i++) {
		char json[200];

		snprintf(json, sizeof(json), PNG(SAY("%d", "")), i);
		cr_assert(drawn(i % 69 ? json : first, 0, PICTURES_PIXELS_MAX, &fd, &err), "%s", err.text);
		close(fd);
	}
}

Test(label, words_have_the_limit_of_pixels)
{
	int fd;
	struct err err;

	cr_expect(!drawn(PNG(SAY(BLOCKS, ",\"size\":500")), 0, 1000, &fd, &err));
	cr_expect_str_eq(err.code, "image_too_large");
	cr_expect(strstr(err.text, "text has"), "%s", err.text);
	cr_expect_eq(err.verdict, ERR_REJECT);
}

/* What a library that reads fonts may do, tried: in a child, since it stays closed. */
static int
status_of(int (*look)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		struct err err = {0};
		unsigned holds = 0;
		struct sandbox_limits most = { (int64_t)8 << 30, 64 << 20 };

		if (!sandbox_limit(&most, &holds, &err) || !sandbox_close(SEES_FONTS, &holds, &err)
		    || !sandbox_is_closed(SEES_FONTS, &err))
			_exit(99);
		_exit(holds & SANDBOX_LANDLOCK ? look() : 98);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static int
looks_around(void)
{
	if (open("/etc/fonts/fonts.conf", O_RDONLY) < 0 || open("/usr/share/fonts", O_RDONLY) < 0)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0
	    || open("/usr/share", O_RDONLY) >= 0)
		return 2;
	return open("/usr/share/fonts/x", O_WRONLY | O_CREAT, 0600) >= 0 ? 3 : 0;
}

Test(label, who_draws_words_sees_fonts_and_nothing_else)
{
	int status = status_of(looks_around);

	cr_expect(status == 0 || status == 98, "%d", status);	/* 98: a host without Landlock */
}
