/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h: the loop that every consumer runs.
 *
 * A service is a table: what it reads, its options, and the work. The loop owns order, retries,
 * dead letters, signals, offsets, health and logging; turn() owns the work:
 *
 *	poll -> turn -> commit -> poll ..
 *	          |
 *	          +-- retry:  release, wait (polling), claim; the same records come again
 *	          +-- reject: dead letter of the one record of the turn, then done
 *	          +-- fatal:  leave the loop, exit 1
 *
 * What must hold on every path: a record is done only after its effect is durable. A crash
 * between the two means a repeat, never a loss, so turn() gives the same result twice.
 */
#ifndef SERVICE_H
#define SERVICE_H
#include "base/buf.h"
#include "base/err.h"
#include "base/option.h"
#include "port/bus.h"

enum { SERVICE_TOPICS_MAX = 4 };

struct service_context {
	const struct service *service;
	const struct options *options;	/* the common ones and the service's own */
	struct bus *bus;
	struct loop *loop;		/* the loop's own */
};

struct service {
	const char *name;		/* projector: binary, group, role and log tag come from it */
	const char *what;		/* one sentence for --help */
	enum topic reads[SERVICE_TOPICS_MAX];
	size_t n_reads;
	const struct option_row *options;	/* its own rows; may be NULL */
	size_t turn_records;		/* at most so many a turn; 1 where turn() may reject */
	size_t turn_bytes;		/* and until they have so many bytes; 0: any number */
	int idle_ms;			/* a turn of 0 records comes at least so often, while it is busy */

	/* Optional: what the tables of options cannot say about them; also for --check-config. */
	bool (*check)(const struct options *options, struct err *err);
	/* Optional: before any thread or connection exists, e.g. to fork. */
	bool (*before)(const struct options *options, struct err *err);
	bool (*open)(void **state, const struct service_context *context, struct err *err);
	/* Optional: where to start (see bus_listener); without it the group's committed offsets. */
	bool (*assigned)(void *state, struct bus_position *positions, size_t n, struct err *err);
	/* Optional: what the group committed last, of a partition that is read on from there. */
	void (*committed)(void *state, const struct bus_position *position);
	void (*revoked)(void *state, const struct bus_position *positions, size_t n, bool lost);
	/* The records of one turn, in order within a partition. n may be 0: time has passed. */
	bool (*turn)(void *state, const struct bus_record *records, size_t n, struct err *err);
	/* Optional: the positions that moved since it was asked last (work that outlives a turn, or
	 * that is counted elsewhere), asked some times a second and when partitions go. Without it
	 * a turn that succeeded is done as a whole. */
	size_t (*done)(void *state, struct bus_position *positions, size_t max);
	/* Optional: is there work whose end a turn would see? If not, no turn needs to come by itself. */
	bool (*busy)(const void *state);
	/* Optional: words for /readyz ("sandbox: seccomp rlimits"); false: not ready. */
	bool (*ready)(void *state, struct buf *words);
	void (*close)(void *state);	/* state may be NULL or half open */
};

/* The rows every program of the line has: brokers, topic prefix, log format and level. */
extern const struct option_row service_options[];
/* Those of them that a program has which is not on the bus. */
extern const struct option_row *const service_plain_options;
/* What service_options say, as the bus wants it; group NULL: a producer alone. */
struct bus_options service_bus_options(const struct options *options, const char *client_id,
    const char *group);
/* The command line of a program that takes options alone. False: it ends with *status, and what there
 * is to say (help, version, what is wrong) was said. */
bool service_options_read(struct options *ret, const struct option_row *const *tables, size_t n_tables,
    int argc, char **argv, const char *program, const char *what, int *status);
/* Says what is wrong with how it was called: 2. */
int service_usage_err(const char *program, const struct err *err);
/* Opens the log as the options say; name stands in every line. */
void service_log_open(const struct options *options, const char *name);
/* 2 when a wrong option is the reason, which the same options would bring about again; else 1. */
int service_exit_of(const struct err *err);
/* SIGTERM and SIGINT make service_is_stopping() true; SIGPIPE is ignored; a service manager hears of us. */
void service_signals(void);

/* True once SIGTERM or SIGINT came; long work looks at it. */
bool service_is_stopping(void);

/* Long work inside a turn calls this at least every few seconds: intake is paused and the bus
 * polled, so that the group and /healthz see a living member. False (ERR_RETRY): give up the work,
 * the service stops or the group moved the partitions; the same record comes again. */
bool service_keep_alive(const struct service_context *context, struct err *err);

/* The whole life of a service: 0 stopped, 1 restart me, 2 usage or configuration. */
int service_main(const struct service *service, int argc, char **argv);
#endif
