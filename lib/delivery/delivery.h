/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery.h: what the services that deliver have in common: which target wants which state of
 * which batch, the ledger, back-off, the word of it. What differs is a door: a table of calls.
 *
 *	engine    the turn: records, calls that are over, words, tests, what is due
 *	ledger    its transactions, by sql/queries/delivery
 *	call      one request of a delivery, and what its answer means
 *
 *	intent -> called -> done | failed | intent again | passed (the batch went on)
 *
 * What must stay true: each arrow is a transaction of the ledger, and nothing is sent before the
 * row says so. A crash between a call and its outcome is found by the time in the row, which a call
 * under way moves on; the call is then made again, and its door asks the other side what is there,
 * or says the same id again. A record is done when its intents are in the ledger; calls outlive
 * turns, and hold up neither records nor each other.
 */
#ifndef DELIVERY_H
#define DELIVERY_H
#include <pthread.h>
#include <stdatomic.h>
#include "base/buf.h"
#include "base/json.h"
#include "port/db.h"
#include "port/http.h"
#include "service.h"

enum { DELIVERY_CALLS_MAX = 64, DELIVERY_ID_MAX = 256, DELIVERY_LINK_MAX = 2048 };

/* What is to be done after a call. */
enum fate {
	FATE_AGAIN,		/* later: this delivery, or, with retry_after_s, all of its target */
	FATE_DONE,
	FATE_FAILED,		/* never: it is this delivery that the other side does not take */
	FATE_STOP,		/* a person has to look at the target */
	FATE_GONE,		/* and it said that it is no more */
};

/* One delivery under way, or one test of a target, on a thread of its own. */
struct call {
	/* What is asked; a door changes nothing of it. */
	struct uuid id, batch_id;	/* id follows from the target, batch, run and state */
	int32_t run_no, attempt;	/* attempts count from 1 */
	char state[16], target[72];
	char states[64];		/* of a test: all that the target wants, with commas */
	const struct doc_value *settings;	/* target_defect() found nothing wrong with them */
	const struct db_rows *batch;	/* one row of batch_items, see shown.h; NULL: a test */
	char known_id[DELIVERY_ID_MAX];	/* what the other side called the batch before; "" */
	const struct options *options;
	struct http *http;		/* this call's, to addresses that may be called */
	int64_t timeout_ms;		/* BATCHLINE_CALL_S, for one request */
	void *own;			/* the door's: what its open() made */

	/* What came of it: the door's to say. */
	enum fate fate;
	int64_t retry_after_s;		/* the other side's own word, of a success too; 0: none */
	char code[32], words[700];	/* why not; of a test: what was found */
	char external_id[DELIVERY_ID_MAX], link[DELIVERY_LINK_MAX];	/* its name there, for people */
	struct http_answer answer;	/* of the latest call_send() */

	/* The engine's. */
	bool in_use;
	pthread_t thread;
	atomic_bool is_over, is_lost;
	const struct door *door;
	struct doc *document;
	struct db_rows *rows;
	struct uuid target_id;
	int64_t began_ms, renewed_ms, stop_ms, took_ms;
};

struct door {
	const char *service;		/* as in targets.service and the events; the program's name */
	const char *what;		/* one sentence for --help */
	const struct option_row *options;	/* its own and DELIVERY_OPTIONS */
	/* NULL: delivery_check(), which one of its own calls, too. */
	bool (*check)(const struct options *options, struct err *err);
	bool waits_for_archive;		/* a run that completed anything is due once it is packed */
	bool (*open)(struct call *call, struct err *err);	/* once a slot; may be NULL */
	void (*close)(struct call *call);			/* may be NULL */
	/* Makes the delivery, or what is missing of it: it may have been made before, in part or as a
	 * whole. */
	void (*deliver)(struct call *call);
	/* Could one be made? FATE_DONE: yes, and words say what was found; else code and words say
	 * what does not fit. Leaves as little behind as it can. */
	void (*test)(struct call *call);
};

/* ---- for doors: call.c ---- */

/* With the call's time-out unless one is set, and 64 KiB of the answer unless more are asked for.
 * True: an answer came, call->answer. False: none did, and fate, code and words say why. */
bool call_send(struct call *call, struct http_request *request);
/* What a status means: 2xx is done, 401 and 403 stop, 410 is gone, 429 and 503 wait as Retry-After
 * says, all else is tried again. code is http_<status>, words its first bytes. */
void call_judge(struct call *call);
void call_say(struct call *call, enum fate fate, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The secret that the settings name. False: said. *ret goes to secret_clear() either way. */
bool call_secret(struct call *call, struct buf *ret);
/* False: the service stops, or somebody else makes this delivery by now. Long work asks. */
bool call_goes_on(struct call *call);

/* ---- for a service's main.c ---- */

/* Options that every door has, as rows of a table; texts but the role are numbers. */
#define DELIVERY_OPTIONS(role, calls, calls_per_target, call_s)                              \
	{ "DATABASE_URL", OPTION_DATABASE, NULL, 0, 0, "PostgreSQL connection of role " role, true }, \
	{ "BATCHLINE_SECRETS", OPTION_TEXT, "", 0, 0,                                        \
	    "folder of the targets' secrets, files that this service alone can read; empty: none", \
	    false },                                                                         \
	{ "BATCHLINE_ALLOWED_NETWORKS", OPTION_TEXT, "", 0, 0,                               \
	    "networks of one's own (10.0.0.0/8,::1/128) that may be called, also by plain http; " \
	    "others are called by https, at public addresses alone", false },                \
	{ "BATCHLINE_CA_FILE", OPTION_TEXT, "", 0, 0,                                        \
	    "certificates that are trusted for https, PEM; empty: the system's", false },    \
	{ "BATCHLINE_CALLS", OPTION_INT, calls, 1, DELIVERY_CALLS_MAX,                       \
	    "deliveries under way at once", false },                                         \
	{ "BATCHLINE_CALLS_PER_TARGET", OPTION_INT, calls_per_target, 1, DELIVERY_CALLS_MAX, \
	    "deliveries to one target at once", false },                                     \
	{ "BATCHLINE_CALL_S", OPTION_INT, call_s, 1, 300, "seconds for one request", false }, \
	{ "BATCHLINE_BYTES_PER_S", OPTION_INT, "0", 0, 1000000000,                           \
	    "bytes a second that a delivery sends at most; 0: any number", false },          \
	{ "BATCHLINE_RETRY_S", OPTION_INT, "5", 1, 3600,                                     \
	    "seconds until the second attempt; then four times as long each, up to six hours", \
	    false },                                                                         \
	{ "BATCHLINE_GIVE_UP_S", OPTION_INT, "259200", 1, 2592000,                           \
	    "seconds: what is not delivered after so long has failed", false }

bool delivery_check(const struct options *options, struct err *err);
/* The whole life of a service that delivers, as service_main(). */
int delivery_main(const struct door *door, int argc, char **argv);
#endif
