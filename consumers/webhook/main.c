/* SPDX-License-Identifier: Apache-2.0 */
/* webhook: tells URLs of the operator's own what becomes of batches. */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "delivery/secret.h"
#include "webhook.h"

#define TURN_MEMORY ((size_t)16 << 20)	/* bytes of one record */

static const struct option_row webhook_options[] = {
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0,
	    "PostgreSQL connection of role batchline_webhook", true },
	{ "BATCHLINE_SECRETS", OPTION_TEXT, "", 0, 0,
	    "folder of the signing secrets, files that this service alone can read; empty: none", false },
	{ "BATCHLINE_ALLOWED_NETWORKS", OPTION_TEXT, "", 0, 0,
	    "networks of one's own (10.0.0.0/8,::1/128) that may be called, also by plain http; others "
	    "are called by https, at public addresses alone", false },
	{ "BATCHLINE_CA_FILE", OPTION_TEXT, "", 0, 0,
	    "certificates that are trusted for https, PEM; empty: the system's", false },
	{ "BATCHLINE_CALLS", OPTION_INT, "16", 1, CALLS_MAX, "calls under way at once", false },
	{ "BATCHLINE_CALLS_PER_TARGET", OPTION_INT, "2", 1, CALLS_MAX,
	    "calls of one target at once", false },
	{ "BATCHLINE_CALL_S", OPTION_INT, "20", 1, 300, "seconds for one call, all in all", false },
	{ "BATCHLINE_RETRY_S", OPTION_INT, "5", 1, 3600,
	    "seconds until the second attempt; then four times as long each, up to six hours", false },
	{ "BATCHLINE_GIVE_UP_S", OPTION_INT, "259200", 1, 2592000,
	    "seconds: what is not delivered after so long has failed", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static bool
webhook_check(const struct options *options, struct err *err)
{
	struct networks networks;

	if (!networks_read(&networks, option_text(options, "BATCHLINE_ALLOWED_NETWORKS"), err))
		return err_at(err, "BATCHLINE_ALLOWED_NETWORKS");
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err);
}

static bool
database_open(struct webhook *w, struct err *err)
{
	if (w->db && !db_is_broken(w->db))
		return true;
	db_free(w->db);
	w->db = NULL;
	return db_open(&w->db, option_text(w->context->options, "DATABASE_URL"), "batchline-webhook",
	    err);
}

static bool
webhook_open(void **state, const struct service_context *context, struct err *err)
{
	const struct options *o = context->options;
	struct webhook *w = calloc(1, sizeof(*w));

	*state = w;
	if (!w || !(w->arena = arena_new(TURN_MEMORY)))
		return err_set(err, ERR_FATAL, "out of memory");
	w->context = context;
	w->n_calls = (int)option_int(o, "BATCHLINE_CALLS");
	if (!secrets_check(option_text(o, "BATCHLINE_SECRETS"), err)
	    || !networks_read(&w->allowed, option_text(o, "BATCHLINE_ALLOWED_NETWORKS"), err)
	    || !codec_open(&w->codec, err) || !post_open(w, err) || !database_open(w, err))
		return false;
	deliver_count();
	return true;
}

/* What is under way is waited for a little, so that its outcome is known to the next one. */
static void
webhook_close(void *state)
{
	struct webhook *w = state;
	struct err err = {0};

	if (!w)
		return;
	if (w->db && !deliver_settle(w, true, &err)) {
		log_write(LOG_WARN, "outcomes not written", "why=\"%s\"", err.text);
		for (int i = 0; i < w->n_calls; i++)
			if (w->calls[i].in_use && w->calls[i].thread)
				pthread_join(w->calls[i].thread, NULL);
	}
	post_close(w);
	db_free(w->db);
	codec_free(w->codec);
	arena_free(w->arena);
	free(w);
}

static bool
webhook_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct webhook *w = state;

	arena_clear(w->arena);
	return database_open(w, err) && deliver(w, n ? records : NULL, err);
}

static const struct service webhook = {
	.name = "webhook",
	.what = "tells URLs of the operator's own what becomes of batches",
	.reads = { TOPIC_BATCHES },
	.n_reads = 1,
	.options = webhook_options,
	.turn_records = 1,
	.idle_ms = 100,
	.check = webhook_check,
	.open = webhook_open,
	.turn = webhook_turn,
	.close = webhook_close,
};

int
main(int argc, char **argv)
{
	return service_main(&webhook, argc, argv);
}
