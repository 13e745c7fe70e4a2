/* SPDX-License-Identifier: Apache-2.0 */
/* projector: folds submissions and events into the batch tables, one transaction a turn. */
#include "base/clock.h"
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
	    "milliseconds: an attempt may take so long", false },
	{ "BATCHLINE_PREFIX_TOKENS", OPTION_INT, "2", 1, 4,
	    "tokens: a customer prefix taken from a file name has at most so many", false },
	{ "BATCHLINE_TIME_ZONE", OPTION_TEXT, "UTC", 0, 0,
	    "IANA name (Europe/Warsaw): a batch's date is its submission's day in this zone", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static bool
projector_check(const struct options *options, struct err *err)
{
	const char *zone = option_text(options, "BATCHLINE_TIME_ZONE");

	return clock_zone_set(zone) || err_code(err, ERR_FATAL, "option",
	    "BATCHLINE_TIME_ZONE: there is no time zone \"%s\"", zone);
}

static bool
assigned(void *state, struct bus_position *positions, size_t n, struct err *err)
{
	return claim_take(state, positions, n, err);
}

static void
revoked(void *state, const struct bus_position *positions, size_t n, bool lost)
{
	(void)positions, (void)n, (void)lost;
	claim_drop(state);
}

static const struct service projector = {
	.name = "projector",
	.what = "folds submissions and events into the batch tables of Postgres",
	.reads = { TOPIC_SUBMISSIONS, TOPIC_EVENTS },
	.n_reads = 2,
	.options = projector_options,
	.turn_records = 10000,
	.idle_ms = 100,
	.check = projector_check,
	.open = project_open,
	.assigned = assigned,
	.revoked = revoked,
	.turn = project_turn,
	.close = project_close,
};

int
main(int argc, char **argv)
{
	return service_main(&projector, argc, argv);
}
