/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus.h: the Kafka side. The only module that includes rdkafka.h.
 *
 * A bus is one producer and, once it subscribed, one consumer. What the group hands us is taken
 * up in two steps: the listener says where to start each partition (or that the group's committed
 * offset will do), then the bus assigns exactly that. bus_release() lets go of everything and
 * stays in the group; bus_claim() takes it up again. So there is one answer to every doubt, whatever
 * caused it: release, wait while polling, claim, and read on from what is durable.
 *
 * Topics are named by their row in schemas/topics.tbl; the configured prefix is added here.
 * One thread consumes; publishing is safe from any thread.
 */
#ifndef BUS_H
#define BUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/own.h"
#include "topics.h"		/* enum topic, topics[]: made from schemas/topics.tbl */

struct bus;

struct bus_options {
	const char *brokers, *client_id;
	const char *group;			/* NULL: producer alone */
	const char *instance;			/* static member of the group, stable over restarts; "" none */
	const char *topic_prefix;		/* "batchline." */
	const char *const (*properties)[2];	/* librdkafka's own, passed through */
	size_t n_properties;
};

enum { BUS_HEADERS_MAX = 24, BUS_PARTITION_ANY = -1 };
enum { BUS_METADATA_MAX = 4096 };	/* what brokers take, as they come */
#define BUS_OFFSET_COMMITTED INT64_MIN	/* where the group's committed offset is; none: the beginning */

/* metadata: what the group keeps beside the offset that it commits, a text of at most 4,096 bytes. */
struct bus_position { enum topic topic; int32_t partition; int64_t offset; const char *metadata; };
struct bus_header { const char *name; const void *value; size_t size; };

/* A received record. Its bytes live until bus_records_free(). value NULL: a tombstone. */
struct bus_record {
	enum topic topic;
	int32_t partition;
	int64_t offset, timestamp_ms;
	const void *key, *value;
	size_t key_size, value_size;
	void *held;			/* the bus's own; NULL: a record without headers */
};

/* A record to publish. key NULL: none; value NULL: a tombstone. All bytes are copied. */
struct bus_outgoing {
	enum topic topic;
	bool dead_letter;		/* to <topic>.dlq instead */
	int32_t partition;		/* or BUS_PARTITION_ANY: by the key */
	const void *key, *value;
	size_t key_size, value_size;
	const struct bus_header *headers;
	size_t n_headers;
};

/* The fate of a record given to bus_send(). refused: the broker will never take it, and why (a word
 * of librdkafka's that lives for ever); NULL: the broker has it. */
struct bus_ack { int64_t id; const char *refused; };

struct bus_listener {
	/* The partitions are ours: set each offset. False: none is taken, bus_claim() later. May be NULL. */
	bool (*assigned)(void *state, struct bus_position *positions, size_t n, struct err *err);
	/* What the group committed last, where that is read on from. May be NULL. */
	void (*committed)(void *state, const struct bus_position *position);
	/* They are no longer ours (lost: somebody else may work on them already). May be NULL. */
	void (*revoked)(void *state, const struct bus_position *positions, size_t n, bool lost);
	void *state;
};

/* Whether librdkafka knows the properties and takes their values. False: code "option", fatal. */
bool bus_options_check(const struct bus_options *options, struct err *err);
/* On success *ret is the caller's, to be given to bus_free(). */
bool bus_open(struct bus **ret, const struct bus_options *options, struct err *err);
void bus_free(struct bus *bus);		/* NULL is fine; flushes, leaves the group */

bool bus_subscribe(struct bus *bus, const enum topic *topics_read, size_t n,
    const struct bus_listener *listener, struct err *err);
/* What is new on a topic from now on, by bus_poll(): a reader in no group, which commits nothing, missed
 * what came before, and publishes nothing. */
bool bus_follow(struct bus **ret, const struct bus_options *options, enum topic topic,
    struct err *err);
/* What it follows from here on: n partitions of the topic, each from its offset. */
bool bus_follow_from(struct bus *bus, enum topic topic, const int64_t *offsets, int n,
    struct err *err);
/*
 * Dead letters, for who looks at them: a reader in no group, which commits and publishes nothing. Its
 * records have the topic that they died on.
 */
struct bus_lane { enum topic topic; int32_t partition; int64_t from, to; };	/* of <topic>.dlq */
bool bus_letters_open(struct bus **ret, const struct bus_options *options, struct err *err);
/* Every partition, up to max, from its first offset to its next one. A topic that is not there has none. */
bool bus_letters_lanes(struct bus *bus, struct bus_lane *lanes, size_t max, size_t *n, struct err *err);
/* bus_poll() brings these from here on, each from `from`; n 0: nothing. */
bool bus_letters_follow(struct bus *bus, const struct bus_lane *lanes, size_t n, struct err *err);
/* Waits up to timeout_ms for the first record, then takes what is there, up to max, until they have
 * max_bytes (0: any number). A change of the assignment drops what was not handed out yet. */
bool bus_poll(struct bus *bus, int timeout_ms, struct bus_record *records, size_t max,
    size_t max_bytes, size_t *n, struct err *err);
/* Rises with every change of what is assigned: a claim, a release, a rebalance. */
unsigned bus_generation(const struct bus *bus);
void bus_records_free(struct bus_record *records, size_t n);
bool bus_header_find(const struct bus_record *record, const char *name, const void **value,
    size_t *size);
size_t bus_headers(const struct bus_record *record, struct bus_header *headers, size_t max);

void bus_release(struct bus *bus);
bool bus_claim(struct bus *bus, struct err *err);
bool bus_is_claimed(const struct bus *bus);		/* everything the group gave us is taken up */
/* Stops and resumes intake from all that is assigned, e.g. while a pool is full. */
void bus_pause(struct bus *bus, bool paused);

/* Offsets are of the next record to read. wait: returns after the broker's word. */
bool bus_commit(struct bus *bus, const struct bus_position *positions, size_t n, bool wait,
    struct err *err);

/* First and next offset of n partitions from that one on. One question for all: a consumer's waits behind what
 * it is about to fetch, half a second where nothing comes. */
bool bus_bounds(struct bus *bus, enum topic topic, int32_t first, int n, int64_t *lows, int64_t *highs,
    struct err *err);

/* Publishes and waits for the broker's word (acks=all). */
bool bus_publish(struct bus *bus, const struct bus_outgoing *outgoing, struct err *err);
/* Publishes without waiting; id comes back by bus_delivered(). A full queue asks for a retry; never
 * ERR_REJECT: a record that no broker will take is told by bus_delivered() like any other. */
bool bus_send(struct bus *bus, const struct bus_outgoing *outgoing, int64_t id, struct err *err);
/* What became of records since the last call, up to max. False: one was not taken and may be later
 * (ERR_RETRY), or the producer is lost (ERR_FATAL); the rest of the queue is purged then, and
 * nothing is pending. Never ERR_REJECT. */
bool bus_delivered(struct bus *bus, int timeout_ms, struct bus_ack *acks, size_t max, size_t *n,
    struct err *err);
size_t bus_pending(const struct bus *bus);		/* sent and not yet told by bus_delivered() */
void bus_purge(struct bus *bus);			/* forgets what was sent and is not acked */

OWN_FREEP(struct bus, bus_free)
#endif
