/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project.c: one turn. Records are read and sorted out (submissions before events, a command
 * alone), then go over as one transaction: the fence first, rows in one fixed order, what is owed
 * to Kafka, COMMIT. Only then is anything published. What Postgres refuses for its values is
 * halved until the one record is found, and that becomes a dead letter in the same way. What is
 * committed is never judged again: an error after COMMIT stops the turn and gives up no record.
 */
#include <assert.h>
#include <string.h>
#include "base/clock.h"
#include "base/metrics.h"
#include "projector.h"
#include "sql.h"

#define TOOK_TOO_LONG "57014"	/* SQLSTATE of what statement_timeout ends */

enum { TIMER_MS = 500, ALIVE_MS = 1000, SLOW_TURNS = 3, LEASES_MAX = 5000 /* jobs looked at in one go */ };

static struct metric commits = { "batchline_projector_commits_total", NULL, "Turns committed.",
	METRIC_COUNTER, 0 };

void
project_open(void)
{
	metrics_add(&commits, 1);
}

/* ---- one transaction ---- */

enum outcome {
	APPLIED,	/* committed, and what it owes is on its way */
	REFUSED,	/* nothing was done, for the values of these items */
	STOPPED,	/* the turn ends here, whatever the items are */
};

/* What Postgres knows of the batches and pipelines that the items speak of. */
static bool
look_up(struct projector *p, const struct item *items, size_t n, struct err *err)
{
	struct db_array ids = { .type = DB_UUID };
	bool well;

	for (size_t i = 0; i < n; i++)
		if (!items[i].defect)
			db_array_add(&ids, db_uuid(items[i].event.head.batch_id));
	well = known_read(&p->plan.known, p->db, &ids, err);
	db_array_clear(&ids);
	return well && pipelines_read(&p->submit.pipelines, p->db, items, n, err);
}

static bool
timers_are_due(const struct projector *p)
{
	return clock_monotonic_ms() - p->timers_run_ms >= TIMER_MS;
}

/* Only beside no item: what they refuse must not look like a record's fault. */
static void
timer_rows(struct projector *p)
{
	struct rows *rows = &p->plan.rows;
	struct db_array *homes = &p->claim.homes;

	p->timers_run_ms = clock_monotonic_ms();
	rows_set(rows, ROWS_RETRIES_DUE, db_array(homes));
	rows_set(rows, ROWS_LEASES, db_array(homes), db_int4(p->facts.attempts_max),
	    db_uuid(p->leases_batch), db_int4(p->leases_position), db_int4(LEASES_MAX));
	rows_set(rows, ROWS_STALE, db_array(homes));
}

static bool
translate(struct projector *p, const struct item *items, size_t n, bool hold, struct err *err)
{
	plan_reset(&p->plan);
	if (!look_up(p, items, n, err))
		return false;
	claim_rows(&p->claim, items, n, &p->plan.rows);
	if (!submit_items(&p->plan, &p->submit, items, n, err)
	    || !facts_items(&p->plan, &p->facts, items, n, err))
		return false;
	if (n == 0 && timers_are_due(p))
		timer_rows(p);
	outbox_rows(&p->outbox, &p->plan, &p->claim.homes, hold);
	return true;
}

/* The walk through the leases goes on from where it stopped, or begins anew. */
static void
leases_walked(struct projector *p)
{
	const struct db_rows *rows = rows_answer(&p->plan.rows, ROWS_LEASES);

	if (!rows)
		return;
	p->leases_batch = (struct uuid){{0}};
	p->leases_position = -1;
	if (db_count(rows) == 0 || db_int_at(rows, 0, 2) < LEASES_MAX)
		return;
	p->leases_batch = db_uuid_at(rows, 0, 0);
	p->leases_position = (int32_t)db_int_at(rows, 0, 1);
}

/* New batches get their names in a transaction of their own, so that the counter of a customer is
 * never locked through a whole turn: two projectors with one customer would wait for each other. */
static bool
names_give(struct projector *p, struct err *err)
{
	struct rows *rows = &p->plan.rows;

	if (rows_count(rows, ROWS_BATCHES) == 0)
		return true;
	return db_run(p->db, NULL, err, sql_projector_names, rows_column(rows, ROWS_BATCHES, 0),
	    rows_column(rows, ROWS_BATCHES, 1), rows_column(rows, ROWS_BATCHES, 2))
	    || err_at(err, "names");
}

/* hold: more items of this turn follow, so nothing is handed out yet. */
static enum outcome
run(struct projector *p, const struct item *items, size_t n, bool hold, struct err *err)
{
	if (!translate(p, items, n, hold, err) || !names_give(p, err) || !rows_run(&p->plan.rows, p->db, err))
		return err->verdict == ERR_REJECT ? REFUSED : STOPPED;
	claim_committed(&p->claim);
	outbox_committed(&p->outbox, &p->plan);
	leases_walked(p);
	metric_count(&commits, 1);
	return outbox_publish(&p->outbox, &p->plan.rows, err) ? APPLIED : STOPPED;
}

/* What was made of the items goes; however often they are tried, the turn's memory holds. */
static enum outcome
transact(struct projector *p, const struct item *items, size_t n, bool hold, struct err *err)
{
	const struct arena_mark mark = arena_mark(p->plan.arena);
	enum outcome outcome = run(p, items, n, hold, err);

	plan_reset(&p->plan);
	arena_rewind(p->plan.arena, mark);
	return outcome;
}

/* ---- what is refused ---- */

/* A refusal that is nobody's in particular must not look like a record's to the loop. */
static bool
stop(struct err *err)
{
	if (err->verdict == ERR_REJECT)
		err->verdict = ERR_RETRY;
	return false;
}

/* What took longer than a statement may is halved, it would take as long again; alone it is tried in
 * some turns, since the server may be busy, and then given up on, since the line stands behind it:
 * unless a transaction without it takes too long, too. */
static bool
too_slow(struct projector *p, const struct item *items, size_t n, const struct err *why)
{
	struct err ignored = {0};

	if (n == 0 || strcmp(why->code, TOOK_TOO_LONG))
		return false;
	if (n > 1)
		return true;
	if (p->slow.partition != items->partition || p->slow.offset != items->offset)
		p->slow_turns = 0;
	p->slow = (struct parked_place){ items->partition, items->offset };
	return ++p->slow_turns >= SLOW_TURNS
	    && transact(p, NULL, 0, true, &ignored) == APPLIED;
}

/* A turn of many transactions is long work: the group and /healthz see that we live, and what the
 * group gave to others meanwhile ends the turn. */
static bool
keep_alive(struct projector *p, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (now - p->alive_ms < ALIVE_MS)
		return true;
	p->alive_ms = now;
	return service_keep_alive(&p->context, err);
}

/* What is refused is tried again, then halved, and given up on when it stands alone. */
static bool
apply(struct projector *p, struct item *items, size_t n, bool hold, int tries, struct err *err)
{
	enum outcome outcome;
	struct err why;

	if (!keep_alive(p, err))
		return stop(err);
	outcome = transact(p, items, n, hold, err);
	why = *err;
	if (outcome == STOPPED && too_slow(p, items, n, &why))
		outcome = REFUSED, tries = 0;
	if (outcome != REFUSED)
		return outcome == APPLIED || stop(err);
	if (tries > 0)		/* another projector may have been first with this batch */
		return apply(p, items, n, hold, tries - 1, err);
	if (n == 0 || (n == 1 && items[0].defect))
		return stop(err);
	if (n == 1)
		return item_give_up(&items[0], "apply", &why, p->plan.arena, err)
		    && apply(p, items, 1, hold, 0, err);
	return apply(p, items, n / 2, true, 0, err)
	    && apply(p, items + n / 2, n - n / 2, hold, 0, err);
}

/* ---- a turn ---- */

/* Commands change many rows at once: each stands alone, between what came before and after. */
static bool
apply_all(struct projector *p, struct item *items, size_t n, bool hold, struct err *err)
{
	for (size_t end; n > 0; items += end, n -= end) {
		end = items_segment(items, n);
		if (!apply(p, items, end, hold || end < n, 1, err))
			return false;
	}
	return true;
}

static size_t
submissions_of(const struct item *items, size_t n)
{
	size_t i = 0;

	while (i < n && items[i].topic == TOPIC_SUBMISSIONS)
		i++;
	return i;
}

/* The first items, then those parked; behind them, when all of them are here, the last ones. */
static bool
splice(struct projector *p, const struct item *first, size_t n_first, const struct item *parked,
    size_t n_parked, struct item **ret, struct err *err)
{
	*ret = arena_take(p->plan.arena, (n_first + n_parked + 1) * sizeof(**ret));
	if (!*ret)
		return plan_full(err);
	memcpy(*ret, first, n_first * sizeof(**ret));
	if (n_parked)
		memcpy(*ret + n_first, parked, n_parked * sizeof(**ret));
	return true;
}

/* Submissions, then what waited for them, page by page, then events. */
static bool
apply_in_order(struct projector *p, struct item *items, size_t n, bool hold, struct err *err)
{
	struct parked_place after = { -1, -1 };
	struct item *parked = NULL, *first;
	size_t submissions = submissions_of(items, n), n_parked = 0;
	const struct arena_mark mark = arena_mark(p->plan.arena);
	bool more;

	if (!parked_read(&p->parked, &p->plan, p->db, &p->claim.homes, items, submissions, &after,
	    &parked, &n_parked, &more, err))
		return false;
	if (n_parked == 0)
		return n ? apply_all(p, items, n, hold, err) : apply(p, items, 0, hold, 0, err);
	if (!splice(p, items, submissions, parked, n_parked, &first, err)
	    || !apply_all(p, first, submissions + n_parked, true, err))
		return false;
	while (more) {
		arena_rewind(p->plan.arena, mark);
		if (!parked_read(&p->parked, &p->plan, p->db, &p->claim.homes, items, submissions,
		    &after, &parked, &n_parked, &more, err)
		    || !apply_all(p, parked, n_parked, true, err))
			return false;
	}
	arena_rewind(p->plan.arena, mark);
	return apply_all(p, items + submissions, n - submissions, hold, err);
}

static bool
sweep(struct projector *p, struct err *err)
{
	struct item *parked = NULL;
	size_t n = 0;

	plan_clear(&p->plan);
	return parked_sweep(&p->parked, &p->plan, p->db, &p->claim.homes, &parked, &n, err)
	    && apply_all(p, parked, n, false, err);
}

/* Nothing came, nothing was acknowledged, and the timers have time. */
static bool
is_idle(const struct projector *p, size_t n)
{
	return n == 0 && outbox_is_quiet(&p->outbox) && !timers_are_due(p);
}

bool
project_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	struct projector *p = state;
	struct intake intake = { records, n, 0, false };
	struct item *items;
	size_t n_items;

	if (p->claim.n == 0)
		return true;
	if (!outbox_collect(&p->outbox, err))
		return false;
	if (is_idle(p, n))
		return true;
	p->alive_ms = clock_monotonic_ms();
	do {
		plan_clear(&p->plan);
		if (!items_take(&intake, p->codec, p->plan.arena, claim_wants, &p->claim, &items,
		    &n_items, err)
		    || !apply_in_order(p, items, n_items, items_left(&intake), err))
			return stop(err);
	} while (items_left(&intake));
	return (sweep(p, err) && (!timers_are_due(p) || apply(p, NULL, 0, false, 0, err))
	    && outbox_collect(&p->outbox, err)) || stop(err);
}
