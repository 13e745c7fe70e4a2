/* SPDX-License-Identifier: Apache-2.0 */
/* projector: folds submissions and events into the batch tables, one transaction a turn. */
#include <stdlib.h>
#include "base/clock.h"
#include "letters.h"
#include "projector.h"

static const struct option_row projector_options[] = {
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0,
	    "PostgreSQL connection of role batchline_projector", true },
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where inline pictures of submissions are stored: file:///absolute/folder", false },
	{ "BATCHLINE_FILES_MAX", OPTION_INT, "10000", 1, 100000,
	    "files: at most so many in one submission", false },
	{ "BATCHLINE_ATTEMPTS_MAX", OPTION_INT, "3", 1, 100,
	    "attempts: a job gets at most so many in one run of its batch", false },
	{ "BATCHLINE_LEASE_S", OPTION_INT, "600", 5, 86400,
	    "seconds: a job that nobody answers for is handed out again after so long", false },
	{ "BATCHLINE_DEADLINE_MS", OPTION_INT, "120000", 100, 86400000,
	    "milliseconds: an attempt may take so long, unless its pipeline says another deadline_s",
	    false },
	{ "BATCHLINE_PREFIX_TOKENS", OPTION_INT, "2", 1, 4,
	    "tokens: a customer prefix taken from a file name has at most so many", false },
	{ "BATCHLINE_TIME_ZONE", OPTION_TEXT, "UTC", 0, 0,
	    "IANA name (Europe/Warsaw): a batch's date is its submission's day in this zone", false },
	{ "BATCHLINE_PARKED_MAX", OPTION_INT, "1000000", 0, 1000000000,
	    "facts: so many may wait for their submission in our partitions; 0: any number", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static bool
projector_check(const struct options *options, struct err *err)
{
	const char *zone = option_text(options, "BATCHLINE_TIME_ZONE");

	if (!clock_zone_set(zone))
		return err_code(err, ERR_FATAL, "option",
		    "BATCHLINE_TIME_ZONE: there is no time zone \"%s\"", zone);
	return db_conninfo_check(option_text(options, "DATABASE_URL"), err);
}

/* ---- what the group gives and takes ---- */

static bool
connect(struct projector *p, struct err *err)
{
	const char *url = option_text(p->context.options, "DATABASE_URL");

	if (p->db && !db_is_broken(p->db))
		return true;
	db_free(p->db);
	p->db = NULL;
	return db_open(&p->db, url, CLAIM_GROUP, err);
}

static bool
assigned(void *state, struct bus_position *positions, size_t n, struct err *err)
{
	struct projector *p = state;

	outbox_forget(&p->outbox);
	claim_drop(&p->claim);
	if (n == 0)
		return true;
	if (!connect(p, err) || !claim_take(&p->claim, p->db, p->context.bus, positions, n, err))
		return false;
	outbox_say_again(&p->outbox, p->claim.at_us);
	return true;
}

static void
revoked(void *state, const struct bus_position *positions, size_t n, bool lost)
{
	struct projector *p = state;

	(void)positions, (void)n, (void)lost;
	outbox_forget(&p->outbox);
	claim_drop(&p->claim);
}

/* What is done is in Postgres; this is the mirror. */
static size_t
positions(void *state, struct bus_position *ret, size_t max)
{
	struct projector *p = state;

	return claim_positions(&p->claim, ret, max);
}

/* ---- life ---- */

static void
rules_fill(struct projector *p)
{
	const struct options *o = p->context.options;
	int64_t lease_us = option_int(o, "BATCHLINE_LEASE_S") * 1000000;

	p->submit.limits = (struct accept_limits){ (size_t)option_int(o, "BATCHLINE_FILES_MAX"),
		ACCEPT_INLINE_MAX, ACCEPT_RECORD_MAX };
	p->submit.prefix_tokens = (int)option_int(o, "BATCHLINE_PREFIX_TOKENS");
	p->facts = (struct facts_rules){ (int32_t)option_int(o, "BATCHLINE_ATTEMPTS_MAX"), lease_us };
	p->outbox.deadline_ms = (int32_t)option_int(o, "BATCHLINE_DEADLINE_MS");
	p->outbox.lease_us = lease_us;
	p->parked.most = option_int(o, "BATCHLINE_PARKED_MAX");
	p->parked.swept = (struct parked_place){ -1, -1 };
}

static bool
projector_open(void **state, const struct service_context *context, struct err *err)
{
	struct projector *p = calloc(1, sizeof(*p));

	*state = p;
	if (!p)
		return err_set(err, ERR_FATAL, "out of memory");
	p->context = *context;
	rules_fill(p);
	claim_open(&p->claim);
	if (!plan_open(&p->plan, err) || !codec_open(&p->codec, err)
	    || !blob_open(&p->submit.blobs, option_text(context->options, "BLOB_URI"), err))
		return false;
	p->outbox.bus = context->bus;
	p->outbox.codec = p->parked.codec = p->codec;
	project_open();
	letters_open();
	outbox_open();
	return true;
}

static void
projector_close(void *state)
{
	struct projector *p = state;

	if (!p)
		return;
	plan_close(&p->plan);
	claim_close(&p->claim);
	db_free(p->db);
	codec_free(p->codec);
	blob_free(p->submit.blobs);
	free(p);
}

static const struct service projector = {
	.name = "projector",
	.what = "folds submissions and events into the batch tables of Postgres",
	.reads = { TOPIC_SUBMISSIONS, TOPIC_EVENTS },
	.n_reads = 2,
	.options = projector_options,
	.turn_records = 10000,
	.turn_bytes = PLAN_BUDGET,
	.idle_ms = 100,
	.check = projector_check,
	.open = projector_open,
	.assigned = assigned,
	.revoked = revoked,
	.turn = project_turn,
	.done = positions,
	.close = projector_close,
};

int
main(int argc, char **argv)
{
	return service_main(&projector, argc, argv);
}
