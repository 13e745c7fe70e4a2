/* SPDX-License-Identifier: Apache-2.0 */
/* service.c: the loop of service.h, and how a program of the line starts and stops. */
#include "service.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "health.h"
#include "notify.h"
#include "port/letter.h"

enum {
	WAIT_LEAST_MS = 100, WAIT_MOST_MS = 5000,	/* back-off of a world that is unwell */
	POLL_MS = 200,					/* how late a signal may be seen */
	COMMIT_MS = 200,				/* between two commits of one that counts itself */
	POSITIONS_MAX = 512,
};

#ifndef BATCHLINE_VERSION
#define BATCHLINE_VERSION "0.1.0"
#endif

static volatile sig_atomic_t stopping;

static void
on_stop(int sig)
{
	int saved = errno;

	(void)sig;
	stopping = 1;
	notify_stopping();
	errno = saved;
}

bool
service_is_stopping(void)
{
	return stopping;
}

void
service_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop }, ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	notify_open();
}

const struct option_row service_options[] = {
	{ "KAFKA_BOOTSTRAP_SERVERS", OPTION_BROKERS, "127.0.0.1:19092", 0, 0,
	    "host:port of one or more brokers, with commas", false },
	{ "BATCHLINE_TOPIC_PREFIX", OPTION_TOPIC, "batchline.", 0, 0,
	    "what stands before the name of every topic", false },
	{ "BATCHLINE_INSTANCE", OPTION_TEXT, "", 0, 0,
	    "name of this process in its consumer group, unique and the same after a restart; "
	    "with it a restarted process goes on at once", false },
	{ "BATCHLINE_HEALTH_LISTEN", OPTION_LISTEN, "", 0, 0,
	    "host:port that answers /healthz, /readyz and /metrics; empty: none", false },
	{ "BATCHLINE_LOG_FORMAT", OPTION_LOG_FORMAT, "logfmt", 0, 0, "logfmt or json, on stderr",
	    false },
	{ "BATCHLINE_LOG_LEVEL", OPTION_LOG_LEVEL, "info", 0, 0, "debug, info, warn or error", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};
const struct option_row *const service_plain_options = service_options + 3;	/* from the health on */

struct bus_options
service_bus_options(const struct options *options, const char *client_id, const char *group)
{
	return (struct bus_options){
		.brokers = option_text(options, "KAFKA_BOOTSTRAP_SERVERS"),
		.client_id = client_id,
		.group = group,
		.instance = option_text(options, "BATCHLINE_INSTANCE"),
		.topic_prefix = option_text(options, "BATCHLINE_TOPIC_PREFIX"),
		.properties = options->kafka,
		.n_properties = options->n_kafka,
	};
}

void
service_log_open(const struct options *options, const char *name)
{
	enum log_level level = LOG_INFO;

	log_level_read(&level, option_text(options, "BATCHLINE_LOG_LEVEL"));
	log_open(name, !strcmp(option_text(options, "BATCHLINE_LOG_FORMAT"), "json"), level);
}

int
service_exit_of(const struct err *err)
{
	return !strcmp(err->code, "option") ? 2 : 1;
}

/* ---- the loop ---- */

static struct metric loop_metrics[] = {
	{ "batchline_records_total", NULL, "Records taken from Kafka.", METRIC_COUNTER, 0 },
	{ "batchline_turns_total", NULL, "Turns that succeeded.", METRIC_COUNTER, 0 },
	{ "batchline_retries_total", NULL, "Turns to be done again.", METRIC_COUNTER, 0 },
	{ "batchline_dead_letters_total", NULL, "Records given up on.", METRIC_COUNTER, 0 },
};
enum { COUNT_RECORDS, COUNT_TURNS, COUNT_RETRIES, COUNT_LETTERS, N_COUNTS };

struct loop {
	const struct service *service;
	char group[64];
	struct bus *bus;
	void *state;
	struct bus_record *records;
	size_t n;
	int64_t wait_ms;	/* of the next retry; 0 after a success */
	int64_t committed_ms;	/* when done() was asked last */
	bool paused;		/* by service_keep_alive(), until the turn ends */
	struct health *health;
	struct err err;
};

static void
log_err(enum log_level level, const char *message, const struct loop *l, const struct err *err)
{
	char quoted[700];

	log_quote(quoted, sizeof(quoted), err->text);
	if (l->n)
		log_write(level, message, "topic=%s partition=%" PRId32 " offset=%" PRId64
		    " records=%zu verdict=%s code=%s why=%s", topics[l->records[0].topic].name,
		    l->records[0].partition, l->records[0].offset, l->n,
		    err_verdict_name(err->verdict), *err->code ? err->code : "none", quoted);
	else
		log_write(level, message, "verdict=%s code=%s why=%s",
		    err_verdict_name(err->verdict), *err->code ? err->code : "none", quoted);
}

static size_t
positions_of_turn(const struct loop *l, struct bus_position *positions)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct bus_record *r = &l->records[i];
		size_t at = 0;

		while (at < n && (positions[at].topic != r->topic
		    || positions[at].partition != r->partition))
			at++;
		assert(at < POSITIONS_MAX);
		positions[at] = (struct bus_position){ r->topic, r->partition, r->offset + 1, NULL };
		n += at == n;
	}
	return n;
}

static void
let_records_go(struct loop *l)
{
	bus_records_free(l->records, l->n);
	l->n = 0;
	if (l->paused)
		bus_pause(l->bus, false);
	l->paused = false;
}

/* What is done is committed; a commit that fails is only a repeat later. A service that counts itself
 * is asked some times a second, not after every turn: to the brokers a commit is one more record,
 * written and acknowledged, and all that waits for it is that little more is done again after a kill. */
static void
commit(struct loop *l, bool wait)
{
	struct bus_position positions[POSITIONS_MAX];
	struct err err = {0};
	int64_t now = clock_monotonic_ms();
	size_t n;

	if (l->service->done && !wait && now - l->committed_ms < COMMIT_MS)
		return;
	l->committed_ms = now;
	n = l->service->done ? l->service->done(l->state, positions, POSITIONS_MAX)
	    : positions_of_turn(l, positions);
	if (!bus_commit(l->bus, positions, n, wait, &err))
		log_err(LOG_WARN, "offsets not committed", l, &err);
}

/* Lets go of everything, waits, and takes it up again: the one answer to a sick world. */
static void
wait_and_claim(struct loop *l)
{
	struct bus_record none[1];
	struct err err = {0};
	size_t n;

	metric_count(&loop_metrics[COUNT_RETRIES], 1);
	let_records_go(l);
	bus_release(l->bus);
	do {
		l->wait_ms = l->wait_ms ? l->wait_ms * 2 : WAIT_LEAST_MS;
		if (l->wait_ms > WAIT_MOST_MS)
			l->wait_ms = WAIT_MOST_MS;
		for (int64_t until = clock_monotonic_ms() + l->wait_ms;
		    !stopping && clock_monotonic_ms() < until;) {
			if (bus_poll(l->bus, 50, none, 1, 0, &n, &err))
				bus_records_free(none, n);	/* claimed by a rebalance: again after it */
			health_beat(l->health, false, "waiting after an error");
			if (n)
				bus_release(l->bus);
		}
		err_clear(&err);
		if (stopping || bus_claim(l->bus, &err))
			return;
		log_err(LOG_WARN, "cannot take up the partitions yet", l, &err);
	} while (err.verdict != ERR_FATAL);
	l->err = err;
}

static bool
reject(struct loop *l)
{
	struct err why = l->err;

	if (l->service->turn_records != 1) {	/* nobody knows which: none is given up on */
		l->err.verdict = ERR_RETRY;
		return false;
	}
	log_err(LOG_WARN, "record given up on", l, &why);
	err_clear(&l->err);
	if (!letter_publish(l->bus, l->records, l->group, "apply", &why, &l->err))
		return err_at(&l->err, "dead letter");
	metric_count(&loop_metrics[COUNT_LETTERS], 1);
	return true;
}

static bool
turn(struct loop *l)
{
	err_clear(&l->err);
	if (!l->service->turn(l->state, l->records, l->n, &l->err)
	    && (l->err.verdict != ERR_REJECT || !reject(l)))
		return false;
	metric_count(&loop_metrics[COUNT_RECORDS], (int64_t)l->n);
	metric_count(&loop_metrics[COUNT_TURNS], l->n > 0);
	commit(l, false);
	let_records_go(l);
	l->wait_ms = 0;
	return true;
}

static void
beat(struct loop *l)
{
	struct buf words = {0};
	bool ready = bus_is_claimed(l->bus);

	if (!ready)
		buf_add_text(&words, "no partitions yet");
	if (l->service->ready)
		ready &= l->service->ready(l->state, &words);
	health_beat(l->health, ready, buf_text(&words));
	buf_clear(&words);
}

bool
service_keep_alive(const struct service_context *context, struct err *err)
{
	struct loop *l = context->loop;
	unsigned generation = bus_generation(l->bus);
	struct bus_record none[1];
	size_t n = 0;

	if (stopping)
		return err_code(err, ERR_RETRY, "stopping", "the service stops");
	if (!l->paused)
		bus_pause(l->bus, true);
	l->paused = true;
	beat(l);
	if (!bus_poll(l->bus, 0, none, 1, 0, &n, err))
		return false;
	bus_records_free(none, n);	/* read again after the claim that a retry makes */
	if (n == 0 && bus_generation(l->bus) == generation)
		return true;
	return err_code(err, ERR_RETRY, "reassigned", "the group gave out its partitions anew");
}

/* One step of the loop; false when the service must end. */
static bool
step(struct loop *l)
{
	const struct service *s = l->service;
	bool busy = s->idle_ms && s->idle_ms < POLL_MS && (!s->busy || s->busy(l->state));
	int poll_ms = busy ? s->idle_ms : POLL_MS;

	beat(l);
	if (bus_poll(l->bus, poll_ms, l->records, s->turn_records, s->turn_bytes, &l->n, &l->err)
	    && turn(l))
		return true;
	log_err(l->err.verdict == ERR_FATAL ? LOG_ERROR : LOG_WARN, "turn failed", l, &l->err);
	if (l->err.verdict != ERR_RETRY)
		return false;
	wait_and_claim(l);
	return l->err.verdict != ERR_FATAL;
}

/* ---- start and stop ---- */

static bool
assigned(void *state, struct bus_position *positions, size_t n, struct err *err)
{
	struct loop *l = state;

	return !l->service->assigned || l->service->assigned(l->state, positions, n, err);
}

static void
committed(void *state, const struct bus_position *position)
{
	struct loop *l = state;

	if (l->service->committed)
		l->service->committed(l->state, position);
}

static void
revoked(void *state, const struct bus_position *positions, size_t n, bool lost)
{
	struct loop *l = state;

	if (!lost && l->service->done)
		commit(l, true);	/* the last word while they are ours */
	if (l->service->revoked)
		l->service->revoked(l->state, positions, n, lost);
}

/* Opening waits for a sick world: a service may start before its database. */
static bool
open_patiently(struct loop *l, const struct service_context *context)
{
	while (!stopping) {
		err_clear(&l->err);
		if (l->service->open(&l->state, context, &l->err))
			return true;
		log_err(LOG_WARN, "cannot open yet", l, &l->err);
		if (l->service->close)
			l->service->close(l->state);
		l->state = NULL;
		if (l->err.verdict != ERR_RETRY)
			return false;
		health_beat(l->health, false, l->err.text);
		clock_sleep_ms(500);
	}
	return false;
}

static int
run(struct loop *l, const struct options *options)
{
	const struct service *s = l->service;
	const struct service_context context = { s, options, l->bus, l };
	const struct bus_listener listener = { .assigned = assigned, .committed = committed,
		.revoked = revoked, .state = l };
	bool well = true;

	if (s->open && !open_patiently(l, &context))
		return stopping ? 0 : service_exit_of(&l->err);
	if (!bus_subscribe(l->bus, s->reads, s->n_reads, &listener, &l->err)) {
		log_err(LOG_ERROR, "cannot subscribe", l, &l->err);
		well = false;
	}
	log_write(LOG_INFO, "started", "group=%s", l->group);
	while (well && !stopping)
		well = step(l);
	let_records_go(l);
	bus_free(l->bus);	/* leaves the group: revoked() runs while the state is there */
	l->bus = NULL;
	if (s->close)
		s->close(l->state);
	log_write(LOG_INFO, "stopped", "clean=%s", well ? "true" : "false");
	return well ? 0 : 1;
}

int
service_usage_err(const char *program, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", program, err->text);
	return 2;
}

bool
service_options_read(struct options *ret, const struct option_row *const *tables, size_t n_tables,
    int argc, char **argv, const char *program, const char *what, int *status)
{
	struct err err = {0};

	if (!options_read(ret, tables, n_tables, argc, argv, &err)) {
		*status = service_usage_err(program, &err);
	} else if (ret->help) {
		options_help(ret, program, what);
		*status = 0;
	} else if (ret->version) {
		*status = printf("%s %s\n", program, BATCHLINE_VERSION) < 0;
	} else if (ret->first_argument < argc) {
		err_set(&err, ERR_FATAL, "takes no argument \"%s\"; see --help", argv[ret->first_argument]);
		*status = service_usage_err(program, &err);
	} else {
		return true;
	}
	return false;
}

int
service_main(const struct service *s, int argc, char **argv)
{
	const struct option_row *const tables[] = { service_options, s->options };
	struct loop l = { .service = s };
	struct options options;
	struct bus_options bus_options;
	int status;

	snprintf(l.group, sizeof(l.group), "batchline-%s", s->name);
	if (!service_options_read(&options, tables, s->options ? 2 : 1, argc, argv, l.group, s->what, &status))
		return status;
	bus_options = service_bus_options(&options, l.group, l.group);
	if ((s->check && !s->check(&options, &l.err)) || !bus_options_check(&bus_options, &l.err))
		return service_usage_err(l.group, &l.err);
	if (options.check)
		return 0;
	service_log_open(&options, s->name);
	service_signals();
	metrics_add(loop_metrics, N_COUNTS);
	l.records = calloc(s->turn_records, sizeof(*l.records));
	if (!l.records || (s->before && !s->before(&options, &l.err))
	    || !health_start(&l.health, option_text(&options, "BATCHLINE_HEALTH_LISTEN"), &l.err)
	    || !bus_open(&l.bus, &bus_options, &l.err)) {
		log_err(LOG_ERROR, "cannot start", &l, &l.err);
		status = service_exit_of(&l.err);
	} else {
		status = run(&l, &options);
	}
	bus_free(l.bus);
	health_free(l.health);
	free(l.records);
	return status;
}
