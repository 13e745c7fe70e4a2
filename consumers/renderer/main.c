/* SPDX-License-Identifier: Apache-2.0 */
/* renderer: turns pictures into the outputs of their pipeline, in child processes that can do
 * nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/utf8.h"
#include "batch/source.h"
#include "consumers/renderer/picture.h"
#include "consumers/renderer/renderer.h"
#include "consumers/renderer/sheet.h"
#include "consumers/renderer/trial.h"
#include "port/http.h"

#define MIB ((int64_t)1 << 20)
/* A pause throws away what was fetched ahead, so it is for a flood alone: the projector's window of
 * outstanding jobs is what keeps the line short. */
enum { RECORD_ARENA = 4 * 1024 * 1024, WAITING_MOST = 1024 };

enum { OPTIONS_OF_SERVICE = 7 };	/* those behind them are also a trial's */

static const struct option_row renderer_options[] = {
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where pictures and outputs lie: file:///absolute/folder", false },
	{ "BATCHLINE_SOURCE_HOSTS", OPTION_TEXT, "", 0, 0,
	    "hosts whose https:// pictures are fetched: pictures.example,*.cdn.example:8443; empty: none",
	    false },
	{ "BATCHLINE_SOURCE_MAX", OPTION_INT, "268435456", 1, INT64_C(1) << 40,
	    "bytes: a picture that is fetched is at most so large", false },
	{ "BATCHLINE_ALLOWED_NETWORKS", OPTION_TEXT, "", 0, 0,
	    "networks of one's own (10.0.0.0/8,::1/128) where those hosts may be; else at public addresses alone",
	    false },
	{ "BATCHLINE_CA_FILE", OPTION_TEXT, "", 0, 0,
	    "certificates that are trusted for https, PEM; empty: the system's", false },
	{ "BATCHLINE_CHILDREN", OPTION_INT, "0", 0, POOL_CHILDREN_MAX,
	    "processes: so many pictures are rendered at a time; 0: one for each processor", false },
	{ "BATCHLINE_JOBS_PER_CHILD", OPTION_INT, "500", 1, 1000000,
	    "jobs: a child is replaced after so many", false },
	{ "BATCHLINE_CHILD_PER_BATCH", OPTION_BOOL, "false", 0, 0,
	    "true: a child that had one batch's picture gets no other batch's, so no other customer's", false },
	{ "BATCHLINE_PIXELS_MAX", OPTION_INT, "250000000", 1, 10000000000,
	    "pixels: a larger picture is refused before it is decoded", false },
	{ "BATCHLINE_CHILD_MEMORY_MIB", OPTION_INT, "8192", 256, 1048576,
	    "MiB: address space of a child; 250 megapixels need up to 6 GiB of it", false },
	{ "BATCHLINE_OUTPUT_MIB", OPTION_INT, "1024", 1, 1048576,
	    "MiB: an output may have so much", false },
	{ "BATCHLINE_COMMANDS", OPTION_TEXT, "", 0, 0,
	    "file of the programs that command pipelines may run (JSON); empty: none", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

/* They outlive the state: the spawner is forked before anything else is there. */
static struct spawner *spawner;
static struct commands *commands;
static struct spawner_options birth;

static bool
sources_read(struct source_options *ret, const struct options *options, struct err *err)
{
	const char *ca_file = option_text(options, "BATCHLINE_CA_FILE");

	*ret = (struct source_options){ .hosts = option_text(options, "BATCHLINE_SOURCE_HOSTS"),
		.ca_file = *ca_file ? ca_file : NULL,
		.size_max = option_int(options, "BATCHLINE_SOURCE_MAX") };
	if (!source_hosts_check(ret->hosts, err))
		return err_at(err, "BATCHLINE_SOURCE_HOSTS");
	if (!http_ca_file_check(ca_file, err))
		return err_at(err, "BATCHLINE_CA_FILE");
	return networks_read(&ret->allowed, option_text(options, "BATCHLINE_ALLOWED_NETWORKS"), err)
	    || err_at(err, "BATCHLINE_ALLOWED_NETWORKS");
}

static bool
renderer_check(const struct options *options, struct err *err)
{
	struct source_options sources;

	return sources_read(&sources, options, err) && commands_open(&commands, option_text(options, "BATCHLINE_COMMANDS"), err);
}

static bool
renderer_before(const struct options *options, struct err *err)
{
	birth = (struct spawner_options){
		.limits = { .memory_bytes = option_int(options, "BATCHLINE_CHILD_MEMORY_MIB") * MIB,
			.file_bytes = option_int(options, "BATCHLINE_OUTPUT_MIB") * MIB },
		.jobs_per_child = (unsigned)option_int(options, "BATCHLINE_JOBS_PER_CHILD"),
		.commands = commands,
		.secrets = options,
	};
	return spawner_start(&spawner, &birth, err);
}

static void
worker_name(struct renderer *r)
{
	char host[60] = "";

	if (gethostname(host, sizeof(host) - 1) || !*host)
		strcpy(host, "localhost");
	utf8_mend(host);		/* facts carry it */
	snprintf(r->worker, sizeof(r->worker), "%s/%d", host, (int)getpid());
}

static bool
pool_start(struct renderer *r, const struct options *options, struct err *err)
{
	struct pool_options of_pool = {
		.spawner = spawner,
		.store = r->store,
		.children = (unsigned)option_int(options, "BATCHLINE_CHILDREN"),
		.jobs_per_child = birth.jobs_per_child,
		.pixels_max = option_int(options, "BATCHLINE_PIXELS_MAX"),
		.child_per_batch = option_bool(options, "BATCHLINE_CHILD_PER_BATCH"),
	};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!of_pool.children)
		of_pool.children = processors < 1 ? 1 : processors > POOL_CHILDREN_MAX
		    ? POOL_CHILDREN_MAX : (unsigned)processors;
	r->waiting_most = WAITING_MOST;
	return sources_read(&of_pool.sources, options, err) && pool_open(&r->pool, &of_pool, err);
}

static bool
renderer_open(void **state, const struct service_context *context, struct err *err)
{
	struct renderer *r = calloc(1, sizeof(*r));
	struct buf words = {0};

	*state = r;
	if (!r)
		return err_set(err, ERR_FATAL, "out of memory");
	picture_library(&words);
	log_write(LOG_INFO, "pictures", "by=\"%s\"", buf_text(&words));
	buf_clear(&words);
	r->bus = context->bus;
	r->arena = arena_new(RECORD_ARENA);
	r->tracker = tracker_new();
	worker_name(r);
	if (!r->arena || !r->tracker)
		return err_set(err, ERR_FATAL, "out of memory");
	return codec_open(&r->codec, err)
	    && blob_open(&r->store, option_text(context->options, "BLOB_URI"), err)
	    && pool_start(r, context->options, err)
	    && watch_start(&r->watch, service_bus_options(context->options, "batchline-renderer-watch",
	        "batchline-renderer"), r->pool, err);
}

static void
renderer_close(void *state)
{
	struct renderer *r = state;

	if (!r)
		return;
	watch_free(r->watch);		/* it uses the pool */
	pool_free(r->pool);		/* before what follows: it uses the jobs and the store */
	while (r->jobs) {
		struct job *job = r->jobs;

		r->jobs = job->kin;
		job_free(job);
	}
	blob_free(r->store);
	codec_free(r->codec);
	tracker_free(r->tracker);
	arena_free(r->arena);
	free(r);
}

static void
renderer_revoked(void *state, const struct bus_position *positions, size_t n, bool lost)
{
	struct renderer *r = state;

	(void)lost;
	for (size_t i = 0; i < n; i++)
		answer_forget(r, positions[i].partition);
}

static void
renderer_committed(void *state, const struct bus_position *p)
{
	struct renderer *r = state;

	if (!tracker_restore(r->tracker, p->partition, p->offset, p->metadata) && *p->metadata)
		log_write(LOG_DEBUG, "no map", "partition=%d offset=%lld", (int)p->partition,
		    (long long)p->offset);
}

static bool
renderer_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct renderer *r = state;

	if (!pool_is_well(r->pool, err) || !answer_all(r, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!intake_take(r, &records[i], err))
			return false;
	intake_balance(r);
	return true;
}

static size_t
renderer_done(void *state, struct bus_position *positions, size_t max)
{
	struct renderer *r = state;

	return tracker_positions(r->tracker, TOPIC_JOBS, positions, max);
}

static bool
renderer_busy(const void *state)
{
	const struct renderer *r = state;

	return r->jobs != NULL;
}

static bool
renderer_ready(void *state, struct buf *words)
{
	struct renderer *r = state;
	unsigned holds = 0;
	size_t ready = pool_ready(r->pool, &holds);

	if (words->size > 0)
		buf_add_text(words, "; ");
	if (ready == 0)
		return buf_add_text(words, "no child is ready"), false;
	buf_add_text(words, "sandbox: ");
	sandbox_words(words, holds);
	if (commands->n > 0 && !(holds & SANDBOX_WALL))
		buf_add_text(words, "; commands are refused: this host gives them no wall");
	buf_add_text(words, "; ");
	picture_library(words);
	return true;
}

static const struct service renderer = {
	.name = "renderer",
	.what = "renders pictures in closed child processes",
	.reads = { TOPIC_JOBS },
	.n_reads = 1,
	.options = renderer_options,
	.turn_records = WAITING_MOST,
	.idle_ms = 10,
	.check = renderer_check,
	.before = renderer_before,
	.open = renderer_open,
	.committed = renderer_committed,
	.revoked = renderer_revoked,
	.turn = renderer_turn,
	.done = renderer_done,
	.busy = renderer_busy,
	.ready = renderer_ready,
	.close = renderer_close,
};

int
main(int argc, char **argv)
{
	int status;

	if (argc > 1 && !strcmp(argv[1], "--try"))
		return trial_main(&renderer_options[OPTIONS_OF_SERVICE], argc - 2, argv + 2);
	if (argc > 1 && (!strcmp(argv[1], "--sheet") || !strcmp(argv[1], "--sheet-words")))
		return sheet_main(strcmp(argv[1], "--sheet") != 0, argc - 2, argv + 2);
	status = service_main(&renderer, argc, argv);
	spawner_free(spawner);
	commands_free(commands);
	return status;
}
