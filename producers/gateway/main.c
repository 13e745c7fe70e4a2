/* SPDX-License-Identifier: Apache-2.0 */
/* gateway: the line over HTTP: submissions in, batches and archives out, and the dashboard. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "batch/source.h"
#include "gateway.h"
#include "health.h"
#include "kept.h"
#include "letters.h"
#include "live.h"
#include "service.h"

#define NAME "batchline-gateway"

#ifndef BATCHLINE_VERSION
#define BATCHLINE_VERSION "0.1.0"
#endif

static const char what[] = "answers HTTP: takes submissions, shows batches, sends archives";

static const struct option_row gateway_options[] = {
	{ "BATCHLINE_LISTEN", OPTION_LISTEN, "127.0.0.1:8080", 0, 0,
	    "host:port to answer on; without API keys only this machine is served, whatever it says",
	    false },
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0,
	    "PostgreSQL connection of role batchline_gateway", true },
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where pictures and archives lie: file:///absolute/folder", false },
	{ "BATCHLINE_CONNECTIONS", OPTION_INT, "256", 1, 10000,
	    "requests: at most so many at once, a thread each; past it the answer is 503, and connections "
	    "that ask nothing give way", false },
	{ "BATCHLINE_IN_FLIGHT_MAX", OPTION_INT, "64", 0, 10000,
	    "requests: one API key, or one address that is not this machine's, has at most so many in work; "
	    "past it the answer is 429; 0: any number", false },
	{ "BATCHLINE_RATE_REQUESTS", OPTION_INT, "500", 0, 1000000,
	    "requests a second of one key or address, four seconds' worth at once; 0: any number", false },
	{ "BATCHLINE_RATE_SUBMISSIONS", OPTION_INT, "100", 0, 1000000,
	    "submissions and uploads a second of one key, four seconds' worth at once; 0: any number", false },
	{ "BATCHLINE_CORS_ORIGINS", OPTION_TEXT, "", 0, 0,
	    "origins whose pages may ask, by API key alone: https://app.example, with commas; empty: none",
	    false },
	{ "BATCHLINE_SOURCE_HOSTS", OPTION_TEXT, "", 0, 0,
	    "hosts whose https:// pictures may be submitted, as the renderers have them: "
	    "pictures.example,*.cdn.example:8443; empty: none", false },
	{ "BATCHLINE_SESSION_S", OPTION_INT, "604800", 300, 31536000,
	    "seconds: who signed in with an API key does so again after so long", false },
	{ "BATCHLINE_SESSION_IDLE_S", OPTION_INT, "43200", 300, 31536000,
	    "seconds: .. or when nothing was asked for so long", false },
	{ "BATCHLINE_TIME_ZONE", OPTION_TEXT, "UTC", 0, 0,
	    "IANA name, as the projector has it: pages are told in which zone the days of batches are", false },
	{ "BATCHLINE_DATABASE_CONNECTIONS", OPTION_INT, "8", 1, 100,
	    "connections to PostgreSQL, shared by all clients", false },
	{ "BATCHLINE_LISTENERS", OPTION_INT, "15000", 1, 1000000,
	    "clients of /api/events: at most so many, a descriptor each; past it the answer is 503", false },
	{ "BATCHLINE_FILES_MAX", OPTION_INT, "10000", 1, 100000,
	    "files: at most so many in one submission", false },
	{ "BATCHLINE_FILE_MAX", OPTION_INT, "268435456", 1, INT64_C(1) << 40,
	    "bytes: a picture is at most so large", false },
	{ "BATCHLINE_JSON_MAX", OPTION_INT, "67108864", 1024, 1 << 30,
	    "bytes: a JSON body is at most so large; larger uploads come as multipart/form-data",
	    false },
	{ "BATCHLINE_BODIES_MAX", OPTION_INT, "536870912", 1 << 20, INT64_C(1) << 40,
	    "bytes: memory for the bodies in work, all together; past it the answer is 503", false },
	{ "BATCHLINE_UPLOAD_MAX", OPTION_INT, "8589934592", 1024, INT64_C(1) << 42,
	    "bytes: a multipart body is at most so large; it is stored while it comes in", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static bool
gateway_open(struct gateway *g, struct err *err)
{
	const struct options *o = g->options;
	const struct bus_options bus_options = service_bus_options(o, NAME, NULL);

	g->json_max = (size_t)option_int(o, "BATCHLINE_JSON_MAX");
	g->file_max = (size_t)option_int(o, "BATCHLINE_FILE_MAX");
	g->upload_max = (size_t)option_int(o, "BATCHLINE_UPLOAD_MAX");
	g->bodies_max = (size_t)option_int(o, "BATCHLINE_BODIES_MAX");
	g->calls_max = (unsigned)option_int(o, "BATCHLINE_CONNECTIONS");
	g->cors_origins = option_text(o, "BATCHLINE_CORS_ORIGINS");
	g->source_hosts = option_text(o, "BATCHLINE_SOURCE_HOSTS");
	g->time_zone = option_text(o, "BATCHLINE_TIME_ZONE");
	g->session_s = option_int(o, "BATCHLINE_SESSION_S");
	g->session_idle_s = option_int(o, "BATCHLINE_SESSION_IDLE_S");
	g->files_max = (size_t)option_int(o, "BATCHLINE_FILES_MAX");
	if (!db_pool_new(&g->pool, option_text(o, "DATABASE_URL"),
	        (size_t)option_int(o, "BATCHLINE_DATABASE_CONNECTIONS"))
	    || !guard_new(&g->guard) || !letters_new(&g->letters, &bus_options, g->pool) || !(g->kept = kept_new(g->pool)) || !limit_open(g, o))
		return err_set(err, ERR_FATAL, "out of memory");
	if (!letters_watch(g->letters))
		return err_set(err, ERR_FATAL, "no thread is left to count dead letters");
	return codec_open(&g->codec, err) && blob_open(&g->blobs, option_text(o, "BLOB_URI"), err)
	    && bus_open(&g->bus, &bus_options, err)
	    && live_start(&g->live, bus_options, g->pool, (size_t)option_int(o, "BATCHLINE_LISTENERS"),
	        g->session_idle_s, err);
}

static void
gateway_close(struct gateway *g)
{
	live_free(g->live);
	kept_free(g->kept);
	letters_free(g->letters);
	bus_free(g->bus);
	blob_free(g->blobs);
	codec_free(g->codec);
	guard_free(g->guard);
	fair_free(g->fair);
	db_pool_free(g->pool);
}

/* Answers until a signal comes, or the producer is lost. */
static bool
gateway_run(struct gateway *g, struct err *err)
{
	own(health_freep) struct health *health = NULL;
	own(httpd_freep) struct httpd *httpd = NULL;
	const struct httpd_options options = {
		.listen = option_text(g->options, "BATCHLINE_LISTEN"),
		.body_max = g->json_max,
		.connections_max = g->calls_max,
		.handler = call_serve, .begin = call_begin, .piece = call_piece, .end = call_end,
		.refuse = call_refuse,
		.state = g,
	};

	if (!health_start(&health, option_text(g->options, "BATCHLINE_HEALTH_LISTEN"), err))
		return false;
	health_ask(health, gateway_is_ready, g);
	g->health_is_apart = health != NULL;
	if (!httpd_start(&httpd, &options, err))
		return err_at(err, "BATCHLINE_LISTEN");
	log_write(LOG_INFO, "started", "port=%d", httpd_port(httpd));
	while (!service_is_stopping() && !atomic_load(&g->lost)) {
		health_beat(health, true, "");
		clock_sleep_ms(100);
	}
	return !atomic_load(&g->lost) || err_set(err, ERR_FATAL, "the producer is lost");
}

static int
gateway_live(const struct options *options)
{
	struct gateway g = { .options = options };
	struct err err = {0};
	char quoted[700];
	bool well = gateway_open(&g, &err) && gateway_run(&g, &err);

	if (!well)
		log_write(LOG_ERROR, "ended", "why=%s", log_quote(quoted, sizeof(quoted), err.text));
	else
		log_write(LOG_INFO, "stopped", "clean=true");
	gateway_close(&g);
	return well ? 0 : service_exit_of(&err);
}

static bool
gateway_check(const struct options *options, struct err *err)
{
	const struct bus_options bus_options = service_bus_options(options, NAME, NULL);
	const char *zone = option_text(options, "BATCHLINE_TIME_ZONE");

	if (!clock_zone_set(zone))
		return err_code(err, ERR_FATAL, "option",
		    "BATCHLINE_TIME_ZONE: there is no time zone \"%s\"", zone);
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err)
	    && cors_check(option_text(options, "BATCHLINE_CORS_ORIGINS"), err)
	    && (source_hosts_check(option_text(options, "BATCHLINE_SOURCE_HOSTS"), err)
	        || err_at(err, "BATCHLINE_SOURCE_HOSTS"))
	    && bus_options_check(&bus_options, err);
}

int
main(int argc, char **argv)
{
	static const struct option_row *const tables[] = { gateway_options, service_options };
	struct options options;
	struct err err = {0};
	int status;

	if (!service_options_read(&options, tables, 2, argc, argv, NAME, what, &status))
		return status;
	if (!gateway_check(&options, &err))
		return service_usage_err(NAME, &err);
	if (options.check)
		return 0;
	service_log_open(&options, "gateway");
	service_signals();
	answer_metrics_add();
	kept_metrics_add();
	limit_metrics_add();
	letters_metrics_add();
	live_metrics_add();
	return gateway_live(&options);
}
