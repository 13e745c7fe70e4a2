/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector.h: what the files of the projector share.
 *
 *	main.c		the service's table
 *	project.c	a turn: read, sort out, one transaction, publish; bisects what Postgres refuses
 *	claim.c		which partitions are ours, behind which fence
 *	submit.c	submissions into rows of batches and jobs
 *	facts.c		facts folded by job, commands, archives, deliveries
 *	parked.c	facts that came before their submission
 *	publish.c	rows of the outbox into records, and what Kafka took of them
 *
 * One thread. A turn's memory is the arena's; columns (arrays of SQL arguments) keep theirs.
 */
#ifndef PROJECTOR_H
#define PROJECTOR_H
#include "base/arena.h"
#include "batch/accept.h"
#include "event/codec.h"
#include "event/headers.h"
#include "port/blob.h"
#include "port/bus.h"
#include "port/db.h"
#include "service.h"

enum {
	PROJECTOR_PARTITIONS_MAX = 256, PROJECTOR_PIPELINES_MAX = 256, PROJECTOR_COLUMNS = 24,
	PROJECTOR_ACKS_MAX = 65536,
};

/* One partition of ours: where we are and behind which fence. */
struct owned {
	enum topic topic;
	int32_t partition;
	int64_t epoch, from, to;	/* from: committed; to: after the turn under way */
	int64_t stamp;			/* of the record at to - 1; EVENT_NULL_LONG: unknown */
};

struct pipeline { int32_t id, views; bool enabled; };

/* One record of a turn, or a parked one (record NULL, headers packed). */
struct item {
	const struct bus_record *record;
	enum topic topic;
	int32_t partition;
	int64_t offset;
	const void *bytes, *key, *headers;
	size_t size, key_size, headers_size;
	struct event event;
	struct err defect;		/* not ERR_NONE: a dead letter, for this reason */
	const char *stage;		/* of the defect */
};

struct columns { struct db_array column[PROJECTOR_COLUMNS]; int n; };

/* Steps of the transaction under way. Arguments live until it has run. */
struct steps {
	struct db_step step[DB_STEPS_MAX];
	struct db_arg args[DB_STEPS_MAX][PROJECTOR_COLUMNS];
	size_t n;
};

/* A batch of the turn that the projection knows, or gets in it. */
struct known_batch { struct uuid id; int32_t partition; bool deleted; uint8_t sha256[32]; };

struct projector {
	const struct options *options;
	struct bus *bus;
	struct db *db;
	struct codec *codec;
	struct blob_store *blobs;
	struct arena *arena;
	struct accept_limits limits;

	struct owned owned[PROJECTOR_PARTITIONS_MAX];
	size_t n_owned;
	struct pipeline pipelines[PROJECTOR_PIPELINES_MAX];
	size_t n_pipelines;
	int64_t pipelines_read_ms, timers_run_ms, old_read_ms;
	bool turn_goes_on;			/* another transaction of this turn follows */

	struct db_array partitions;		/* homes of ours: those of `events` */
	struct columns fence, known, batches, jobs, facts, outputs, archives, deliveries, early,
	    unpark, letters, acked, refused;
	struct steps steps;

	struct known_batch *known_batches;	/* sorted by id; lives in the arena */
	size_t n_known, known_room;

	struct bus_ack acks[PROJECTOR_ACKS_MAX];	/* outbox rows to delete, or park, in the next turn */
	size_t n_acks, n_acks_in_turn;
	int64_t sent_jobs, sent_batches, sent_letters;	/* outbox ids already sent */
	double completed_per_s;
	int64_t completed_count, completed_since_ms;
};

/* claim.c */
bool claim_take(struct projector *p, struct bus_position *positions, size_t n, struct err *err);
void claim_drop(struct projector *p);
struct owned *claim_find(struct projector *p, enum topic topic, int32_t partition);

/* submit.c: adds rows and letters of the submissions among the items. */
bool submit_items(struct projector *p, struct item *items, size_t n, struct err *err);

/* facts.c: adds rows of the facts; items of unknown batches are parked. */
bool facts_items(struct projector *p, struct item *items, size_t n, struct err *err);
bool facts_is_command(const struct item *item);

/* parked.c: what may be applied now, because its submission is there or among the items. */
bool parked_read(struct projector *p, const struct item *items, size_t n, struct item **ret,
    size_t *n_ret, struct err *err);

/* publish.c */
void publish_steps(struct projector *p);	/* adds dispatch, announce and the outbox queries */
bool publish_rows(struct projector *p, struct db_rows *const *rows, struct err *err);
bool publish_collect(struct projector *p, int timeout_ms, struct err *err);
bool letter_add(struct projector *p, const struct item *item, struct err *err);
/* The headers of a record as bytes that can wait in a row; NULL: out of memory. */
const void *headers_keep(struct projector *p, const struct bus_record *record, size_t *size);

/* project.c */
struct db_arg *step_add(struct projector *p, const char *sql, size_t n_args);
void step_add_columns(struct projector *p, const char *sql, struct columns *columns);
void columns_row(struct columns *columns, const struct db_arg *values, int n);
/* Batches of this turn; NULL: not known. */
const struct known_batch *known_find(const struct projector *p, struct uuid id);
bool known_add(struct projector *p, const struct known_batch *batch, struct err *err);
bool item_read(struct projector *p, struct item *item, struct err *err);
bool project_open(void **state, const struct service_context *context, struct err *err);
bool project_turn(void *state, const struct bus_record *records, size_t n, struct err *err);
void project_close(void *state);
#endif
