/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c: opens, asks a child, gives what it made its name. */
#include "consumers/renderer/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "batch/name.h"
#include "consumers/renderer/attempt.h"
#include "consumers/renderer/picture.h"
#include "consumers/renderer/worker.h"

enum { TRIAL_DEADLINE_MS = 300 * 1000, NAME_SIZE = STEM_SIZE + VIEW_NAME_SIZE + 16,
	STATUS_ERROR = 1, STATUS_USAGE = 2, STATUS_SOME_FAILED = 3 };

struct trial {
	struct definition *definition;
	struct buf json;			/* the definition as it was written */
	const char *assets_given[ASSETS_MAX];	/* paths */
	size_t n_given;
	int assets[ASSETS_MAX];			/* in the definition's order */
	int folder;
	bool as_json;
	size_t n_said;
	struct spawner *spawner;
	struct worker *worker;
	struct labels *labels;
	int64_t pixels_max;
};

/* One picture of the trial. */
struct tried {
	const char *path;
	char stem[STEM_SIZE];
	const char *kind;
	int input, preview, outputs[VIEWS_MAX];
	struct answer answer;
};

static bool
file_open(int *ret, const char *path, struct err *err)
{
	struct stat st;

	*ret = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret < 0 || fstat(*ret, &st))
		return err_code(err, ERR_REJECT, "no_file", "%s", strerror(errno));
	return S_ISREG(st.st_mode) || err_code(err, ERR_REJECT, "no_file", "is not a file");
}

static int64_t
size_of(int fd)
{
	struct stat st = {0};

	return fstat(fd, &st) ? 0 : st.st_size;
}

/* ---- names ---- */

static void
name_of(char name[NAME_SIZE], const struct trial *t, const struct tried *one, size_t i)
{
	const struct view *view = &t->definition->views[i];

	snprintf(name, NAME_SIZE, "%s_%s.%s", one->stem, view->name,
	    view_format(view, one->kind)->extension);
}

static void
part_of(char part[NAME_SIZE + 8], const char *name)
{
	snprintf(part, NAME_SIZE + 8, ".%s.part", name);
}

static bool
outputs_open(struct trial *t, struct tried *one, struct err *err)
{
	char name[NAME_SIZE], part[NAME_SIZE + 8];

	one->preview = memfd_create("preview", MFD_CLOEXEC);
	for (size_t i = 0; i < t->definition->n_views; i++) {
		name_of(name, t, one, i);
		part_of(part, name);
		one->outputs[i] = openat(t->folder, part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW
		    | O_CLOEXEC, 0666);
		if (one->outputs[i] < 0)
			return err_code(err, ERR_REJECT, "output_failed", "%s: %s", part, strerror(errno));
	}
	return one->preview >= 0 || err_set(err, ERR_RETRY, "memfd: %s", strerror(errno));
}

/* Those of a picture that failed go away again. */
static bool
outputs_name(struct trial *t, const struct tried *one, bool well, struct err *err)
{
	char name[NAME_SIZE], part[NAME_SIZE + 8];

	for (size_t i = 0; i < t->definition->n_views; i++) {
		name_of(name, t, one, i);
		part_of(part, name);
		if (well && renameat(t->folder, part, t->folder, name))
			well = err_code(err, ERR_REJECT, "output_failed", "%s: %s", name, strerror(errno));
		if (!well)
			unlinkat(t->folder, part, 0);
	}
	return well;
}

/* ---- one picture ---- */

static bool
ask(struct trial *t, struct tried *one, struct err *err)
{
	const struct definition *d = t->definition;
	struct order order = { .pixels_max = t->pixels_max, .n_outputs = (uint32_t)d->n_views,
		.n_assets = (uint32_t)d->n_assets, .definition_size = (uint32_t)t->json.size };
	int fds[CHANNEL_FDS_MAX] = { one->input };

	memcpy(fds + 1, one->outputs, d->n_views * sizeof(*fds));
	fds[d->n_views + 1] = one->preview;
	memcpy(fds + d->n_views + 2, t->assets, d->n_assets * sizeof(*fds));
	snprintf(order.command, sizeof(order.command), "%s", d->command);
	attempt_extension(order.extension, one->path);
	return worker_ask(t->worker, *d->command ? ROLE_COMMAND : ROLE_PICTURE, &order,
	        buf_text(&t->json), fds, TRIAL_DEADLINE_MS, &one->answer, err)
	    && worker_judge(&one->answer, err);
}

static bool
render(struct trial *t, struct tried *one, struct err *err)
{
	if (!file_open(&one->input, one->path, err))
		return false;
	if (size_of(one->input) == 0)
		return err_code(err, ERR_REJECT, "empty_file", "the file has no bytes");
	one->kind = attempt_kind(one->input);
	return outputs_name(t, one, outputs_open(t, one, err) && ask(t, one, err), err);
}

static void
put_outputs(struct put *put, const struct trial *t, const struct tried *one)
{
	put_name(put, "outputs");
	put_open(put, '[');
	for (size_t i = 0; i < t->definition->n_views; i++) {
		char name[NAME_SIZE];

		name_of(name, t, one, i);
		put_open(put, '{');
		put_text_of(put, "name", name);
		put_text_of(put, "media_type",
		    view_format(&t->definition->views[i], one->kind)->media_type);
		put_int_of(put, "width", one->answer.extents[i].width);
		put_int_of(put, "height", one->answer.extents[i].height);
		put_int_of(put, "size", size_of(one->outputs[i]));
		put_close(put, '}');
	}
	put_close(put, ']');
}

/* One JSON value in all, an object a line in it. */
static void
say_json(struct trial *t, const struct tried *one, const struct err *err)
{
	char path[4096], text[1100];
	struct buf line = {0};
	struct put put = { &line, false };

	snprintf(path, sizeof(path), "%s", one->path);
	snprintf(text, sizeof(text), "%s", err->text);
	utf8_mend(path);
	utf8_mend(text);
	put_open(&put, '{');
	put_text_of(&put, "picture", path);
	if (err->verdict == ERR_NONE)
		put_outputs(&put, t, one);
	else {
		put_text_of(&put, "error_code", err->code);
		put_text_of(&put, "error_message", text);
	}
	put_close(&put, '}');
	printf("%s%s", t->n_said++ ? ",\n" : "{\"data\":[", buf_text(&line));
	buf_clear(&line);
}

static void
say(struct trial *t, const struct tried *one, const struct err *err)
{
	if (t->as_json) {
		say_json(t, one, err);
		return;
	}
	if (err->verdict != ERR_NONE)
		fprintf(stderr, "%s: %s%s%s\n", one->path, err->code, *err->code ? ": " : "", err->text);
	for (size_t i = 0; err->verdict == ERR_NONE && i < t->definition->n_views; i++) {
		char name[NAME_SIZE];

		name_of(name, t, one, i);
		printf("%s: %d x %d, %lld bytes\n", name, one->answer.extents[i].width,
		    one->answer.extents[i].height, (long long)size_of(one->outputs[i]));
	}
}

static void
stem_of(char ret[STEM_SIZE], const char *path)
{
	const char *slash = strrchr(path, '/');

	stem_of_file(ret, slash ? slash + 1 : path);
}

/* Of two pictures of one name the second would take the first one's outputs away. */
static bool
is_alone(char **paths, int i, const char *stem, struct err *err)
{
	char other[STEM_SIZE];

	for (int k = 0; k < i; k++) {
		stem_of(other, paths[k]);
		if (!name_compare(stem, other))
			return err_code(err, ERR_REJECT, "same_name", "its outputs would be called as those of %s",
			    paths[k]);
	}
	return true;
}

static bool
picture_try(struct trial *t, char **paths, int i, struct err *fatal)
{
	struct tried one = { .path = paths[i], .input = -1, .preview = -1 };
	struct err err = {0};
	bool well;

	memset(one.outputs, -1, sizeof(one.outputs));
	stem_of(one.stem, one.path);
	well = is_alone(paths, i, one.stem, &err) && render(t, &one, &err);
	say(t, &one, &err);
	close(one.input);
	close(one.preview);
	for (size_t v = 0; v < t->definition->n_views; v++)
		close(one.outputs[v]);
	if (err.verdict == ERR_FATAL)
		*fatal = err;
	return well;
}

/* ---- the trial ---- */

static bool
definition_load(struct trial *t, const char *path, struct err *err)
{
	char bytes[4096];
	ssize_t n = 0;
	int fd = -1;

	t->json.limit = DEFINITION_MAX + 1;
	if (!file_open(&fd, path, err))
		return err_at(err, "%s", path);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0 && buf_add(&t->json, bytes, (size_t)n))
		;
	close(fd);
	if (n != 0)
		return err_code(err, ERR_REJECT, "bad_pipeline", "%s: %s", path,
		    n < 0 ? strerror(errno) : "longer than 64 KiB");
	if (memchr(buf_text(&t->json), 0, t->json.size))
		return err_code(err, ERR_REJECT, "bad_pipeline", "%s: is not JSON", path);
	return definition_read(&t->definition, buf_text(&t->json), err) || err_at(err, "%s", path);
}

static bool
file_hash(char text[SHA256_TEXT_SIZE], int fd, struct err *err)
{
	size_t size = (size_t)size_of(fd);
	void *bytes = mmap(NULL, size ? size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	uint8_t sum[SHA256_SIZE];

	if (bytes == MAP_FAILED)
		return err_set(err, ERR_FATAL, "%s", strerror(errno));
	hash_sha256(sum, bytes, size);
	hash_print(text, sum);
	return !munmap(bytes, size ? size : 1);
}

static bool
asset_take(struct trial *t, const char *path, struct err *err)
{
	char sha256[SHA256_TEXT_SIZE];
	int fd = -1;

	if (!file_open(&fd, path, err) || !file_hash(sha256, fd, err))
		return err_at(err, "%s", path);
	for (size_t i = 0; i < t->definition->n_assets; i++)
		if (!t->definition->assets[i].label && !strcmp(t->definition->assets[i].key, sha256)) {
			t->assets[i] = fd;
			return true;
		}
	return err_code(err, ERR_REJECT, "usage", "%s: the definition names no asset %s", path, sha256);
}

static bool
assets_open(struct trial *t, struct err *err)
{
	memset(t->assets, -1, sizeof(t->assets));
	for (size_t i = 0; i < t->n_given; i++)
		if (!asset_take(t, t->assets_given[i], err))
			return false;
	for (size_t i = 0; i < t->definition->n_assets; i++)
		if (t->assets[i] < 0 && !t->definition->assets[i].label)
			return err_code(err, ERR_REJECT, "usage", "which file is the asset %s?",
			    t->definition->assets[i].key);
	return true;
}

static bool
labels_draw(struct trial *t, struct err *err)
{
	const struct definition *d = t->definition;

	t->labels = labels_new();
	if (!t->labels)
		return err_set(err, ERR_FATAL, "out of memory");
	for (size_t i = 0; i < d->n_assets; i++)
		if (d->assets[i].label && !labels_open(t->labels, t->worker, d, buf_text(&t->json), i,
		    t->pixels_max, &t->assets[i], err))
			return false;
	return true;
}

static bool
folder_open(struct trial *t, const char *path, struct err *err)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		return err_code(err, ERR_FATAL, "no_folder", "%s: %s", path, strerror(errno));
	t->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->folder >= 0
	    || err_code(err, ERR_FATAL, "no_folder", "%s: %s", path, strerror(errno));
}

/* The spawner outlives nobody: it and its children end with this process. */
static bool
trial_open(struct trial *t, const struct options *options, char **argv, struct err *err)
{
	static struct spawner_options birth;
	static struct commands *commands;

	if (!definition_load(t, argv[0], err) || !assets_open(t, err)
	    || !folder_open(t, argv[1], err)
	    || !commands_open(&commands, option_text(options, "BATCHLINE_COMMANDS"), err))
		return false;
	t->pixels_max = option_int(options, "BATCHLINE_PIXELS_MAX");
	birth = (struct spawner_options){ .jobs_per_child = 1000, .commands = commands, .limits = {
		.memory_bytes = option_int(options, "BATCHLINE_CHILD_MEMORY_MIB") << 20,
		.file_bytes = option_int(options, "BATCHLINE_OUTPUT_MIB") << 20 } };
	return spawner_start(&t->spawner, &birth, err)
	    && worker_new(&t->worker, t->spawner, -1, birth.jobs_per_child, err)
	    && labels_draw(t, err);
}

/* *at: behind what it took. */
static bool
flags_read(struct trial *t, int argc, char **argv, int *at)
{
	for (; *at < argc && !strncmp(argv[*at], "--", 2); ++*at) {
		if (!strcmp(argv[*at], "--json"))
			t->as_json = true;
		else if (!strncmp(argv[*at], "--asset=", 8) && t->n_given < ASSETS_MAX)
			t->assets_given[t->n_given++] = argv[*at] + 8;
		else if (!strcmp(argv[*at], "--"))
			return ++*at + 3 <= argc;
		else
			return false;
	}
	return *at + 3 <= argc;
}

static int
complain(const struct err *err)
{
	fprintf(stderr, "batchline-renderer: %s\n", err->text);
	return !strcmp(err->code, "usage") || !strcmp(err->code, "option") ? STATUS_USAGE : STATUS_ERROR;
}

int
trial_main(const struct option_row *limits, int argc, char **argv)
{
	struct trial t = {0};
	struct options options;
	struct err err = {0};
	char *nothing[] = { "batchline-renderer", NULL };
	int at = 0, status = 0;

	if (!flags_read(&t, argc, argv, &at)) {
		fputs("usage: batchline-renderer --try [--json] [--asset=FILE].. DEFINITION FOLDER PICTURE..\n",
		    stderr);
		return STATUS_USAGE;
	}
	if (!options_read(&options, &limits, 1, 1, nothing, &err)
	    || !trial_open(&t, &options, argv + at, &err))
		return complain(&err);
	for (int i = at + 2; i < argc && err.verdict == ERR_NONE; i++)
		if (!picture_try(&t, argv + at + 2, i - at - 2, &err))
			status = STATUS_SOME_FAILED;
	if (t.n_said)
		puts("]}");
	worker_free(t.worker);
	labels_free(t.labels);
	spawner_free(t.spawner);
	definition_free(t.definition);
	buf_clear(&t.json);
	return err.verdict != ERR_NONE ? complain(&err) : fflush(stdout) ? STATUS_ERROR : status;
}
