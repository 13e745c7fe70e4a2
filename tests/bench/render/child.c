/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child DEFINITION OUT FILE...: the renderer's children alone, in their cage, as many as there are
 * processors: each file is opened, given to a child and its first output kept as OUT/<n>. No Kafka,
 * no store, no hash, no sync.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "consumers/renderer/picture.h"
#include "consumers/renderer/worker.h"
#include "pipeline/definition.h"

enum { THREADS_MAX = 64 };

static struct spawner *spawner;
static const char *definition_text, *out;
static size_t n_views;
static char **files;
static int n_files;
static atomic_int next_file;

static void
die(const char *what, const struct err *err)
{
	fprintf(stderr, "child: %s: %s\n", what, err ? err->text : "");
	exit(1);
}

static void
render(struct worker *worker, int n)
{
	struct order order = { .pixels_max = (int64_t)200 * 1000 * 1000, .n_outputs = (uint32_t)n_views,
		.definition_size = (uint32_t)strlen(definition_text) };
	struct answer answer;
	struct err err = {0};
	char path[4096];
	int fds[CHANNEL_FDS_MAX] = { open(files[n], O_RDONLY | O_CLOEXEC) };

	snprintf(path, sizeof(path), "%s/%d.jpg", out, n);
	fds[1] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	for (size_t i = 1; i <= n_views; i++)
		fds[i + 1] = memfd_create("output", MFD_CLOEXEC);
	if (fds[0] < 0 || fds[1] < 0)
		die(files[n], NULL);
	if (!worker_ask(worker, ROLE_PICTURE, &order, definition_text, fds, 600000, &answer, &err))
		die(files[n], &err);
	if (answer.kind != ANSWER_RENDERED)
		fprintf(stderr, "child: %s: %s\n", files[n], answer.text), exit(1);
	for (size_t i = 0; i < n_views + 2; i++)
		close(fds[i]);
}

static void *
work(void *state)
{
	struct worker *worker = NULL;
	struct err err = {0};
	unsigned holds;
	int n;

	(void)state;
	if (!worker_new(&worker, spawner, -1, 1000, &err) || !worker_prepare(worker, &holds, &err))
		die("worker", &err);
	while ((n = atomic_fetch_add(&next_file, 1)) < n_files)
		render(worker, n);
	worker_free(worker);
	return NULL;
}

int
main(int argc, char **argv)
{
	static const struct spawner_options options = { .limits = { (int64_t)8 << 30, 64 << 20 },
		.jobs_per_child = 1000 };
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_MAX];
	struct definition *definition;
	struct err err = {0};

	if (argc < 4)
		return 2;
	definition_text = argv[1];
	out = argv[2];
	files = argv + 3;
	n_files = argc - 3;
	if (!picture_open(&err) || !definition_read(&definition, definition_text, &err)
	    || !spawner_start(&spawner, &options, &err))
		die("start", &err);
	n_views = definition->n_views;
	n = n > THREADS_MAX ? THREADS_MAX : n;
	for (long i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	spawner_free(spawner);
	definition_free(definition);
	return 0;
}
