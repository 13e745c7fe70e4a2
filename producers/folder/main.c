/* SPDX-License-Identifier: Apache-2.0 */
/* folder: a watched folder. One copy of it works in a folder; others stand by. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/option.h"
#include "base/thread.h"
#include "batch/name.h"
#include "health.h"
#include "place.h"
#include "service.h"

#define NAME "batchline-folder"
#define LOCK STATES "/lock"

#ifndef BATCHLINE_VERSION
#define BATCHLINE_VERSION "0.1.0"
#endif

enum { BEAT_MS = 200, KEY_SIZE = 256, WAIT_MOST_MS = 60000 };

static const char what[] = "makes batches of the folders in a folder, and brings back what was rendered";

static const struct option_row folder_options[] = {
	{ "BATCHLINE_FOLDER", OPTION_TEXT, NULL, 0, 0, "the watched folder", false },
	{ "BATCHLINE_URL", OPTION_TEXT, "http://127.0.0.1:8080", 0, 0, "the gateway's address", false },
	{ "BATCHLINE_KEY_FILE", OPTION_TEXT, "", 0, 0,
	    "file with an API key of the scopes read and submit; empty: none", false },
	{ "BATCHLINE_SETTLE", OPTION_INT, "10", 1, 86400,
	    "seconds: a folder becomes a batch when nothing in it has changed for so long", false },
	{ "BATCHLINE_PIPELINE", OPTION_INT, "0", 0, INT32_MAX,
	    "id of the pipeline of folders whose batch.json says none; 0: they are refused", false },
	{ "BATCHLINE_CUSTOMER", OPTION_TEXT, "", 0, 0,
	    "customer prefix of folders whose batch.json says none; empty: as the folder's name begins",
	    false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

struct metric folder_metrics[] = {
	[SUBMITTED] = { "batchline_folder_batches_total", "outcome=\"submitted\"",
	    "Folders, by what became of them.", METRIC_COUNTER, 0 },
	[REFUSED] = { "batchline_folder_batches_total", "outcome=\"refused\"", NULL, METRIC_COUNTER, 0 },
	[WRITTEN] = { "batchline_folder_batches_total", "outcome=\"done\"", NULL, METRIC_COUNTER, 0 },
	[COMPLAINED] = { "batchline_folder_batches_total", "outcome=\"failed\"", NULL, METRIC_COUNTER, 0 },
};

/* ---- what is said ---- */

void
folder_say(struct folder *folder, enum half half, const char *subject, const struct err *err)
{
	char said[SAID_SIZE] = "", quoted[700], name[2 * NAME_SIZE];
	bool news;

	if (err && !strcmp(err->code, "stopped"))
		return;			/* that is us */
	if (err)
		snprintf(said, sizeof(said), "%s", err->text);
	pthread_mutex_lock(&folder->lock);
	news = strcmp(said, folder->said[half]);
	snprintf(folder->said[half], SAID_SIZE, "%s", said);
	pthread_mutex_unlock(&folder->lock);
	if (news && err)
		log_write(LOG_WARN, "waits", "of=%s code=%s why=%s",
		    log_quote(name, sizeof(name), subject), *err->code ? err->code : "-", log_quote(quoted, sizeof(quoted), err->text));
	else if (news)
		log_write(LOG_INFO, "goes on", "half=%s", half == HALF_WATCH ? "watch" : "give");
}

bool
folder_is_ending(const struct folder *folder)
{
	return service_is_stopping() || atomic_load(&folder->lost);
}

int64_t
wait_after(const struct peer *peer, int failures)
{
	int64_t wait = INT64_C(500) << (failures < 8 ? failures : 8);
	int64_t asked = peer->answer.status < 400 ? 0
	    : http_retry_after_s(&peer->answer, 0, 3600) * 1000;

	wait = wait < WAIT_MOST_MS ? wait : WAIT_MOST_MS;
	return asked > wait ? asked : wait;
}

static void
beat(struct folder *folder, struct health *health)
{
	char words[2 * SAID_SIZE + 4];
	const char *first = folder->said[HALF_WATCH], *second = folder->said[HALF_GIVE];

	pthread_mutex_lock(&folder->lock);
	snprintf(words, sizeof(words), "%s%s%s", first, *first && *second ? "; " : "", second);
	pthread_mutex_unlock(&folder->lock);
	health_beat(health, !*words, words);
}

/* ---- its life ---- */

/* The lock is the process's: a kill lets go of it. */
static bool
lock(struct health *health, struct err *err)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	bool told = false;

	if (fd < 0)
		return err_set(err, ERR_FATAL, LOCK ": %s", strerror(errno));
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ERR_FATAL, LOCK ": %s", strerror(errno));
		if (service_is_stopping())
			return true;
		health_beat(health, true, "stands by: another copy watches this folder");
		if (!told)
			log_write(LOG_INFO, "stands by", "why=\"another copy watches this folder\"");
		told = true;
		clock_sleep_ms(BEAT_MS);
	}
	return true;
}

static bool
enter(struct folder *folder, struct health *health, struct err *err)
{
	static char root[PATH_MAX];

	if (realpath(folder->root, root))
		folder->root = root;
	if (chdir(folder->root) != 0)
		return err_set(err, ERR_FATAL, "BATCHLINE_FOLDER: %s: %s", folder->root, strerror(errno));
	return place_make(STATES, err) && lock(health, err) && place_make(SENT, err)
	    && place_make(DONE, err) && place_make(FAILED, err);
}

static bool
work(struct folder *folder, struct health *health, struct err *err)
{
	pthread_t watch, give;

	if (!thread_start(&watch, watch_run, folder))
		return err_set(err, ERR_FATAL, "cannot start a thread");
	if (!thread_start(&give, give_run, folder)) {
		atomic_store(&folder->lost, true);
		pthread_join(watch, NULL);
		return err_set(err, ERR_FATAL, "cannot start a thread");
	}
	log_write(LOG_INFO, "started", "settle_s=%d", (int)(folder->settle_ms / 1000));
	while (!folder_is_ending(folder)) {
		beat(folder, health);
		clock_sleep_ms(BEAT_MS);
	}
	pthread_join(watch, NULL);
	pthread_join(give, NULL);
	return !atomic_load(&folder->lost) || err_set(err, ERR_FATAL, "%s", folder->said[HALF_WATCH]);
}

static bool
run(const struct options *options, const char *key, struct err *err)
{
	own(health_freep) struct health *health = NULL;
	struct folder folder = {
		.root = option_text(options, "BATCHLINE_FOLDER"),
		.url = option_text(options, "BATCHLINE_URL"),
		.customer = option_text(options, "BATCHLINE_CUSTOMER"),
		.key = *key ? key : NULL,
		.settle_ms = option_int(options, "BATCHLINE_SETTLE") * 1000,
		.pipeline = option_int(options, "BATCHLINE_PIPELINE"),
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return health_start(&health, option_text(options, "BATCHLINE_HEALTH_LISTEN"), err)
	    && enter(&folder, health, err)
	    && (service_is_stopping() || work(&folder, health, err));
}

/* ---- options ---- */

static bool
refuse(struct err *err, const char *option, const char *why)
{
	return err_code(err, ERR_FATAL, "option", "%s: %s", option, why);
}

/* The first line of the file. */
static bool
key_read(char ret[KEY_SIZE], const char *path, struct err *err)
{
	FILE *file = *path ? fopen(path, "re") : NULL;
	bool well;

	*ret = '\0';
	if (!*path)
		return true;
	well = file && fgets(ret, KEY_SIZE, file);
	if (file)
		fclose(file);
	ret[strcspn(ret, "\r\n")] = '\0';
	return (well && *ret) || refuse(err, "BATCHLINE_KEY_FILE", "cannot be read, or is empty");
}

static bool
check(const struct options *options, char key[KEY_SIZE], struct err *err)
{
	const char *url = option_text(options, "BATCHLINE_URL");
	const char *customer = option_text(options, "BATCHLINE_CUSTOMER");

	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
		return refuse(err, "BATCHLINE_URL", "is no http:// or https:// address");
	if (*customer && !prefix_is_valid(customer))
		return refuse(err, "BATCHLINE_CUSTOMER", "is no prefix of a customer, as PL_DXB is");
	return key_read(key, option_text(options, "BATCHLINE_KEY_FILE"), err);
}

static int
live(const struct options *options, const char *key)
{
	struct err err = {0};
	char quoted[700];
	bool well = run(options, key, &err);

	if (!well)
		log_write(LOG_ERROR, "ended", "why=%s", log_quote(quoted, sizeof(quoted), err.text));
	else
		log_write(LOG_INFO, "stopped", "clean=true");
	return well ? 0 : service_exit_of(&err);
}

int
main(int argc, char **argv)
{
	const struct option_row *const tables[] = { folder_options, service_plain_options };
	struct options options;
	struct err err = {0};
	int status;
	char key[KEY_SIZE];

	if (!service_options_read(&options, tables, 2, argc, argv, NAME, what, &status))
		return status;
	if (!check(&options, key, &err))
		return service_usage_err(NAME, &err);
	if (options.check)
		return 0;
	service_log_open(&options, "folder");
	service_signals();
	metrics_add(folder_metrics, sizeof(folder_metrics) / sizeof(*folder_metrics));
	return live(&options, key);
}
