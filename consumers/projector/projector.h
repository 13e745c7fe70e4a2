/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector.h: the projector and its parts. Calls go down only:
 *
 *	main.c		the service's table, options, open and close; owns the parts
 *	project.c	the turn: read, known, translate, run, publish; halves what Postgres refuses
 *	submit.c facts.c command.c	records into rows; they get the parts they use
 *	parked.c	facts that came before their submission
 *	letters.c	dead letters that wait in the outbox
 *	outbox.c	what is owed to Kafka, and what Kafka took of it
 *	claim.c		which partitions are ours, behind which fence, how far
 *	item.c		a record read; order, segments, budget
 *	pipelines.c	which pipelines there are
 *	plan.c		a turn in the making: memory, known.c (its batches), rows.c (its statements)
 *
 * One thread. A turn's memory is the plan's arena; columns keep theirs.
 */
#ifndef PROJECTOR_H
#define PROJECTOR_H
#include "claim.h"
#include "facts.h"
#include "outbox.h"
#include "parked.h"
#include "plan.h"
#include "service.h"
#include "submit.h"

struct projector {
	struct service_context context;
	struct db *db;			/* the claim's: it is opened again with it */
	struct codec *codec;
	struct plan plan;
	struct claim claim;
	struct outbox outbox;
	struct parked parked;
	struct submit_rules submit;
	struct facts_rules facts;
	struct uuid leases_batch;	/* how far the walk through the leases is */
	int32_t leases_position;
	int64_t timers_run_ms, alive_ms;
	struct parked_place slow;	/* the last record that took too long alone, and in how many turns */
	int slow_turns;
};

/* project.c */
void project_open(void);	/* once: its metric */
bool project_turn(void *state, const struct bus_record *records, size_t n, struct err *err);
#endif
