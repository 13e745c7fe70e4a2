/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus.c: librdkafka 2.0.2 and later, as far as we use it.
 *
 * What shapes this file: the eager `range` assignor (it gives partition n of two topics to one
 * member), explicit offsets at every assign, commits by explicit lists, no seek and no batch
 * consume (both skip records in 2.0.2 beside pause), delivery reports as the only truth.
 */
#include "port/bus.h"
#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"

enum {
	BUS_CALL_MS = 5000,		/* a question to the brokers */
	BUS_FLUSH_MS = 10000,		/* the last words of a producer that stops */
	BUS_ACKS_MAX = 65536,		/* delivered and not yet asked for */
	TOPIC_NAME_MAX = 249,		/* Kafka's own */
};

/* A published record until its delivery report. A waiting publisher owns its own; the others
 * are freed by the report. */
struct sent {
	bool waits;
	int64_t id;
	rd_kafka_resp_err_t rc;
	_Atomic bool done;
};

struct bus {
	rd_kafka_t *in, *out;
	char names[TOPIC_COUNT][2][TOPIC_NAME_MAX + 1];		/* topic and its dead letters */
	struct bus_listener listener;
	rd_kafka_topic_partition_list_t *given;			/* by the group, until revoked */
	bool claimed;			/* given is assigned, with offsets */
	bool paused;
	unsigned generation;		/* rises with every change of the assignment */
	struct err claim_err;		/* why the last claim failed */

	struct bus_ack acks[BUS_ACKS_MAX];	/* of bus_send(), since the last bus_delivered() */
	size_t n_acks, n_pending;
	rd_kafka_resp_err_t lost;	/* the first report of a record that may be taken later */
};

static enum err_verdict
verdict_of(rd_kafka_resp_err_t rc)
{
	switch (rc) {
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__FENCED:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return ERR_FATAL;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		return ERR_REJECT;
	default:
		return ERR_RETRY;
	}
}

/* Of a record: there is no other partition to come, their number never changes. */
static bool
is_never_taken(rd_kafka_resp_err_t rc)
{
	return rc == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || verdict_of(rc) == ERR_REJECT;
}

static bool
kafka_err(struct err *err, rd_kafka_resp_err_t rc, const char *what)
{
	return err_code(err, verdict_of(rc), rd_kafka_err2name(rc), "%s: %s", what,
	    rd_kafka_err2str(rc));
}

/* ---- making the two clients ---- */

static const char *const consumer_properties[][2] = {
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "error" },	/* a lost offset is an alarm, never a silent jump */
	{ "partition.assignment.strategy", "range" },
	{ "session.timeout.ms", "15000" },
	{ "max.poll.interval.ms", "300000" },
	{ "fetch.message.max.bytes", "4194304" },
	{ "fetch.wait.max.ms", "500" },
	{ "queued.min.messages", "10000" },
	{ "queued.max.messages.kbytes", "32768" },
	{ "check.crcs", "true" },
};

static const char *const producer_properties[][2] = {
	{ "enable.idempotence", "true" },
	{ "acks", "all" },
	{ "partitioner", "murmur2_random" },	/* keys lie where Java's clients put them */
	{ "compression.codec", "lz4" },
	{ "linger.ms", "2" },
	{ "message.timeout.ms", "10000" },	/* below the session time-out: no late words */
	{ "message.max.bytes", "17825792" },	/* of the largest topic: schemas/topics.tbl */
};

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	char quoted[600];

	(void)rk;
	log_write(level <= 3 ? LOG_ERROR : level <= 5 ? LOG_WARN : LOG_DEBUG, "kafka client",
	    "facility=%s why=%s", facility, log_quote(quoted, sizeof(quoted), text));
}

/* One ack too many is forgotten: its record is sent again after the next claim. */
static void
ack_add(struct bus *bus, int64_t id, rd_kafka_resp_err_t rc)
{
	if (bus->n_acks < BUS_ACKS_MAX)
		bus->acks[bus->n_acks++] = (struct bus_ack){ id, rc ? rd_kafka_err2name(rc) : NULL };
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sent *sent = m->_private;
	struct bus *bus = opaque;

	(void)rk;
	if (sent->waits) {
		sent->rc = m->err;
		atomic_store(&sent->done, true);
		return;
	}
	bus->n_pending--;
	if (m->err && !is_never_taken(m->err)) {
		if (!bus->lost)
			bus->lost = m->err;
	} else {
		ack_add(bus, sent->id, m->err);
	}
	free(sent);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t rc,
    rd_kafka_topic_partition_list_t *list, void *opaque);

static bool
conf_add(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return true;
	return err_code(err, ERR_FATAL, "option", "kafka property %s: %s", name, why);
}

static bool
conf_fill(rd_kafka_conf_t *conf, bool consumer, const struct bus_options *options, struct err *err)
{
	const char *const (*own_properties)[2] = consumer ? consumer_properties : producer_properties;
	size_t n = consumer ? sizeof(consumer_properties) / sizeof(*consumer_properties)
	    : sizeof(producer_properties) / sizeof(*producer_properties);
	char instance[256];

	for (size_t i = 0; i < n; i++)
		if (!conf_add(conf, own_properties[i][0], own_properties[i][1], err))
			return false;
	if (!conf_add(conf, "bootstrap.servers", options->brokers, err)
	    || !conf_add(conf, "client.id", options->client_id, err)
	    || !conf_add(conf, "socket.nagle.disable", "true", err)
	    || !conf_add(conf, "allow.auto.create.topics", "false", err))
		return false;
	if (consumer && !conf_add(conf, "group.id", options->group, err))
		return false;
	if (consumer && options->instance && *options->instance) {
		snprintf(instance, sizeof(instance), "%s-%s", options->group, options->instance);
		if (!conf_add(conf, "group.instance.id", instance, err))
			return false;
	}
	for (size_t i = 0; i < options->n_properties; i++)
		if (!conf_add(conf, options->properties[i][0], options->properties[i][1], err))
			return false;
	return true;
}

bool
bus_options_check(const struct bus_options *options, struct err *err)
{
	bool well = true;

	for (int consumer = 0; well && consumer <= (options->group != NULL); consumer++) {
		rd_kafka_conf_t *conf = rd_kafka_conf_new();

		well = conf_fill(conf, consumer, options, err);
		rd_kafka_conf_destroy(conf);
	}
	return well;
}

static bool
client_new(rd_kafka_t **ret, struct bus *bus, bool consumer, const struct bus_options *options,
    struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	if (!conf_fill(conf, consumer, options, err)) {
		rd_kafka_conf_destroy(conf);
		return false;
	}
	rd_kafka_conf_set_opaque(conf, bus);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (consumer)
		rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	else
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	*ret = rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (*ret)
		return true;	/* the client owns conf from here on */
	rd_kafka_conf_destroy(conf);
	return err_code(err, ERR_FATAL, "option", "kafka client: %s", why);
}

static bool
names_fill(struct bus *bus, const struct bus_options *options, struct err *err)
{
	for (int t = 0; t < TOPIC_COUNT; t++) {
		int n = snprintf(bus->names[t][0], sizeof(bus->names[t][0]), "%s%s",
		    options->topic_prefix, topics[t].name);
		int m = snprintf(bus->names[t][1], sizeof(bus->names[t][1]), "%s%s.dlq",
		    options->topic_prefix, topics[t].name);

		if (n > TOPIC_NAME_MAX || m > TOPIC_NAME_MAX)
			return err_code(err, ERR_FATAL, "option", "the topic prefix is too long");
	}
	return true;
}

bool
bus_open(struct bus **ret, const struct bus_options *options, struct err *err)
{
	own(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!names_fill(bus, options, err))
		return false;
	if (!client_new(&bus->out, bus, false, options, err))
		return err_at(err, "producer");
	if (options->group && !client_new(&bus->in, bus, true, options, err))
		return err_at(err, "consumer");
	if (bus->in)
		rd_kafka_poll_set_consumer(bus->in);
	*ret = bus_free_hand_over(&bus);
	return true;
}

void
bus_free(struct bus *bus)
{
	if (!bus)
		return;
	if (bus->in) {
		rd_kafka_consumer_close(bus->in);
		rd_kafka_destroy(bus->in);
	}
	if (bus->given)
		rd_kafka_topic_partition_list_destroy(bus->given);
	if (bus->out) {
		rd_kafka_flush(bus->out, BUS_FLUSH_MS);
		bus_purge(bus);
		rd_kafka_destroy(bus->out);
	}
	free(bus);
}

/* ---- what the group gives, and taking it up ---- */

static enum topic
topic_named(const struct bus *bus, const char *name)
{
	int t = 0;

	while (t < TOPIC_COUNT && strcmp(bus->names[t][0], name) && strcmp(bus->names[t][1], name))
		t++;
	assert(t < TOPIC_COUNT);	/* only what we asked for comes */
	return (enum topic)t;
}

static struct bus_position *
positions_of(const struct bus *bus, const rd_kafka_topic_partition_list_t *list)
{
	struct bus_position *positions = calloc((size_t)list->cnt + 1, sizeof(*positions));

	for (int i = 0; positions && i < list->cnt; i++)
		positions[i] = (struct bus_position){
			.topic = topic_named(bus, list->elems[i].topic),
			.partition = list->elems[i].partition,
			.offset = BUS_OFFSET_COMMITTED,
		};
	return positions;
}

static void
committed_tell(struct bus *bus, const rd_kafka_topic_partition_t *committed)
{
	char metadata[BUS_METADATA_MAX + 1];
	struct bus_position position = { topic_named(bus, committed->topic), committed->partition,
		committed->offset, metadata };

	if (!bus->listener.committed || committed->offset < 0
	    || committed->metadata_size > BUS_METADATA_MAX)
		return;
	memcpy(metadata, committed->metadata ? committed->metadata : "", committed->metadata_size);
	metadata[committed->metadata_size] = '\0';
	bus->listener.committed(bus->listener.state, &position);
}

/* The group's committed offset where the listener asked for it; none yet: the beginning. */
static bool
committed_fill(struct bus *bus, rd_kafka_topic_partition_list_t *list, struct err *err)
{
	rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);
	rd_kafka_resp_err_t rc = rd_kafka_committed(bus->in, asked, BUS_CALL_MS);

	for (int i = 0; !rc && i < list->cnt; i++)
		if (list->elems[i].offset == RD_KAFKA_OFFSET_STORED) {
			list->elems[i].offset = asked->elems[i].offset >= 0
			    ? asked->elems[i].offset : RD_KAFKA_OFFSET_BEGINNING;
			committed_tell(bus, &asked->elems[i]);
		}
	rd_kafka_topic_partition_list_destroy(asked);
	return rc ? kafka_err(err, rc, "committed offsets") : true;
}

static bool
positions_ask(struct bus *bus, rd_kafka_topic_partition_list_t *list, struct err *err)
{
	struct bus_position *positions = positions_of(bus, list);
	bool well = positions || err_set(err, ERR_FATAL, "out of memory"), committed = false;

	if (well && bus->listener.assigned)
		well = bus->listener.assigned(bus->listener.state, positions, (size_t)list->cnt, err);
	for (int i = 0; well && i < list->cnt; i++) {
		bool ask = positions[i].offset == BUS_OFFSET_COMMITTED;

		list->elems[i].offset = ask ? RD_KAFKA_OFFSET_STORED : positions[i].offset;
		committed |= ask;
	}
	free(positions);
	return well && (!committed || committed_fill(bus, list, err));
}

bool
bus_claim(struct bus *bus, struct err *err)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;
	bool well;

	if (!bus->given || bus->claimed)
		return true;
	bus->generation++;
	list = rd_kafka_topic_partition_list_copy(bus->given);
	well = positions_ask(bus, list, err);
	if (well)
		rc = rd_kafka_assign(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (well && rc)
		well = kafka_err(err, rc, "assign");
	bus->claimed = well;
	if (well && bus->paused)
		bus_pause(bus, true);	/* an assign resumes everything */
	return well;
}

static void
assign_nothing(struct bus *bus)
{
	rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(0);

	rd_kafka_assign(bus->in, nothing);
	rd_kafka_topic_partition_list_destroy(nothing);
}

void
bus_release(struct bus *bus)
{
	if (!bus->claimed)
		return;
	bus->claimed = false;
	bus->generation++;
	assign_nothing(bus);
}

bool
bus_is_claimed(const struct bus *bus)
{
	return bus->given && bus->claimed;
}

static void
group_took_back(struct bus *bus, bool lost)
{
	struct bus_position *positions;

	if (!bus->given)
		return;
	positions = positions_of(bus, bus->given);
	if (positions && bus->listener.revoked)
		bus->listener.revoked(bus->listener.state, positions, (size_t)bus->given->cnt, lost);
	free(positions);
	rd_kafka_topic_partition_list_destroy(bus->given);
	bus->given = NULL;
	bus->claimed = false;
}

/* Runs inside bus_poll() and bus_free(), on the one thread that consumes. */
static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t rc, rd_kafka_topic_partition_list_t *list,
    void *opaque)
{
	struct bus *bus = opaque;

	bus->generation++;
	group_took_back(bus, rd_kafka_assignment_lost(rk));
	if (rc != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		rd_kafka_assign(rk, NULL);
		return;
	}
	bus->given = rd_kafka_topic_partition_list_copy(list);
	err_clear(&bus->claim_err);
	if (!bus_claim(bus, &bus->claim_err))
		assign_nothing(bus);	/* bus_poll() tells why; the loop claims later */
}

bool
bus_subscribe(struct bus *bus, const enum topic *topics_read, size_t n,
    const struct bus_listener *listener, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t rc;

	assert(bus->in);
	if (listener)
		bus->listener = *listener;
	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, bus->names[topics_read[i]][0],
		    RD_KAFKA_PARTITION_UA);
	rc = rd_kafka_subscribe(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, "subscribe") : true;
}

/* Adds every partition of the topic, with this offset. */
static rd_kafka_resp_err_t
partitions_add(struct bus *bus, const char *name, int64_t offset, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_t *asked = rd_kafka_topic_new(bus->in, name, NULL);
	const struct rd_kafka_metadata *found = NULL;
	rd_kafka_resp_err_t rc = asked ? rd_kafka_metadata(bus->in, 0, asked, &found, BUS_CALL_MS)
	    : rd_kafka_last_error();

	if (!rc)
		rc = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
	for (int i = 0; !rc && i < found->topics[0].partition_cnt; i++)
		rd_kafka_topic_partition_list_add(list, name, found->topics[0].partitions[i].id)->offset
		    = offset;
	if (found)
		rd_kafka_metadata_destroy(found);
	if (asked)
		rd_kafka_topic_destroy(asked);
	return rc;
}

/* Every partition from its end on. */
static bool
ends_take(struct bus *bus, enum topic topic, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t rc = partitions_add(bus, bus->names[topic][0], RD_KAFKA_OFFSET_END, list);

	if (!rc)
		rc = rd_kafka_assign(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, "follow") : true;
}

/* A consumer in no group: the name of one is all that it has. */
static bool
reader_open(struct bus **ret, const struct bus_options *options, struct err *err)
{
	own(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!names_fill(bus, options, err) || !client_new(&bus->in, bus, true, options, err))
		return false;
	rd_kafka_poll_set_consumer(bus->in);
	*ret = bus_free_hand_over(&bus);
	return true;
}

bool
bus_follow(struct bus **ret, const struct bus_options *options, enum topic topic, struct err *err)
{
	own(bus_freep) struct bus *bus = NULL;

	if (!reader_open(&bus, options, err) || !ends_take(bus, topic, err))
		return false;
	*ret = bus_free_hand_over(&bus);
	return true;
}

bool
bus_follow_from(struct bus *bus, enum topic topic, const int64_t *offsets, int n, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_resp_err_t rc;

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, bus->names[topic][0], i)->offset = offsets[i];
	rc = rd_kafka_assign(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, "follow") : true;
}

/* ---- dead letters, looked at ---- */

bool
bus_letters_open(struct bus **ret, const struct bus_options *options, struct err *err)
{
	return reader_open(ret, options, err);
}

/* when: RD_KAFKA_OFFSET_BEGINNING or _END, which stand for timestamps in the protocol. */
static rd_kafka_resp_err_t
bounds_ask(struct bus *bus, rd_kafka_topic_partition_list_t *list, int64_t when)
{
	rd_kafka_resp_err_t rc;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = when;
	rc = rd_kafka_offsets_for_times(bus->in ? bus->in : bus->out, list, BUS_CALL_MS);
	for (int i = 0; !rc && i < list->cnt; i++)
		rc = list->elems[i].err;
	return rc;
}

static rd_kafka_resp_err_t
lanes_ask(struct bus *bus, rd_kafka_topic_partition_list_t *list, struct bus_lane *lanes, size_t max,
    size_t *n)
{
	rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int t = 0; !rc && t < TOPIC_COUNT; t++) {
		rc = partitions_add(bus, bus->names[t][1], 0, list);
		if (rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || rc == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
			rc = RD_KAFKA_RESP_ERR_NO_ERROR;
	}
	*n = (size_t)list->cnt < max ? (size_t)list->cnt : max;
	if (!rc && list->cnt)
		rc = bounds_ask(bus, list, RD_KAFKA_OFFSET_BEGINNING);
	for (size_t i = 0; !rc && i < *n; i++)
		lanes[i] = (struct bus_lane){ topic_named(bus, list->elems[i].topic),
			list->elems[i].partition, list->elems[i].offset, 0 };
	if (!rc && list->cnt)
		rc = bounds_ask(bus, list, RD_KAFKA_OFFSET_END);
	for (size_t i = 0; !rc && i < *n; i++)
		lanes[i].to = list->elems[i].offset;
	return rc;
}

bool
bus_letters_lanes(struct bus *bus, struct bus_lane *lanes, size_t max, size_t *n, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t rc = lanes_ask(bus, list, lanes, max, n);

	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, "dead letters") : true;
}

bool
bus_letters_follow(struct bus *bus, const struct bus_lane *lanes, size_t n, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t rc;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, bus->names[lanes[i].topic][1],
		    lanes[i].partition)->offset = lanes[i].from;
	rc = rd_kafka_assign(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, "dead letters") : true;
}

/* ---- reading ---- */

static bool
message_is_well(struct bus *bus, rd_kafka_message_t *m, struct err *err)
{
	char why[256];

	if (!m->err)
		return true;
	if (m->err == RD_KAFKA_RESP_ERR__FATAL) {
		rd_kafka_fatal_error(bus->in, why, sizeof(why));
		return err_code(err, ERR_FATAL, "kafka_fatal", "consumer: %s", why);
	}
	return err_code(err, verdict_of(m->err), rd_kafka_err2name(m->err), "poll: %s",
	    rd_kafka_message_errstr(m));
}

static struct bus_record
record_of(const struct bus *bus, rd_kafka_message_t *m)
{
	return (struct bus_record){
		.topic = topic_named(bus, rd_kafka_topic_name(m->rkt)),
		.partition = m->partition,
		.offset = m->offset,
		.timestamp_ms = rd_kafka_message_timestamp(m, NULL),
		.key = m->key,
		.key_size = m->key_len,
		.value = m->payload,
		.value_size = m->len,
		.held = m,
	};
}

/* Takes one more; false with *n untouched when there is none or it is an error. */
static bool
poll_one(struct bus *bus, int timeout_ms, struct bus_record *records, size_t *n, struct err *err)
{
	unsigned generation = bus->generation;
	rd_kafka_message_t *m = rd_kafka_consumer_poll(bus->in, timeout_ms);

	if (bus->generation != generation) {	/* what we hold is of an assignment that is gone */
		bus_records_free(records, *n);
		*n = 0;
	}
	if (!m)
		return false;
	if (!message_is_well(bus, m, err)) {
		rd_kafka_message_destroy(m);
		return false;
	}
	records[(*n)++] = record_of(bus, m);
	return true;
}

/* A record of ten bytes may have headers of megabytes. */
static size_t
size_of(const struct bus_record *record)
{
	size_t size = record->key_size + record->value_size, bytes;
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;

	if (rd_kafka_message_headers(record->held, &headers))
		return size;
	for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &bytes); i++)
		size += strlen(name) + bytes;
	return size;
}

bool
bus_poll(struct bus *bus, int timeout_ms, struct bus_record *records, size_t max,
    size_t max_bytes, size_t *n, struct err *err)
{
	size_t bytes = 0;

	*n = 0;
	err_clear(err);
	while (*n < max && (!max_bytes || bytes < max_bytes)
	    && poll_one(bus, *n ? 0 : timeout_ms, records, n, err))
		bytes += max_bytes ? size_of(&records[*n - 1]) : 0;
	if (err->verdict == ERR_NONE && bus->given && bus->claim_err.verdict != ERR_NONE) {
		*err = bus->claim_err;
		err_clear(&bus->claim_err);
	}
	if (err->verdict == ERR_NONE)
		return true;
	bus_records_free(records, *n);	/* they come again after the claim */
	*n = 0;
	return false;
}

unsigned
bus_generation(const struct bus *bus)
{
	return bus->generation;
}

void
bus_records_free(struct bus_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rd_kafka_message_destroy(records[i].held);
}

bool
bus_header_find(const struct bus_record *record, const char *name, const void **value, size_t *size)
{
	rd_kafka_headers_t *headers;

	return !rd_kafka_message_headers(record->held, &headers)
	    && !rd_kafka_header_get_last(headers, name, value, size);
}

size_t
bus_headers(const struct bus_record *record, struct bus_header *ret, size_t max)
{
	rd_kafka_headers_t *headers;
	size_t n = 0;

	if (!record->held || rd_kafka_message_headers(record->held, &headers))
		return 0;
	while (n < max && !rd_kafka_header_get_all(headers, n, &ret[n].name, &ret[n].value,
	    &ret[n].size))
		n++;
	return n;
}

void
bus_pause(struct bus *bus, bool paused)
{
	rd_kafka_topic_partition_list_t *list;

	bus->paused = paused;
	if (!bus_is_claimed(bus) || rd_kafka_assignment(bus->in, &list))
		return;
	if (paused)
		rd_kafka_pause_partitions(bus->in, list);
	else
		rd_kafka_resume_partitions(bus->in, list);
	rd_kafka_topic_partition_list_destroy(list);
}

/* Another member has them now, or will: whoever has them reads on from what was committed. */
static bool
is_no_longer_ours(rd_kafka_resp_err_t rc)
{
	return rc == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || rc == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID
	    || rc == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
	    || rc == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST || rc == RD_KAFKA_RESP_ERR__NO_OFFSET;
}

static void
position_add(const struct bus *bus, rd_kafka_topic_partition_list_t *list,
    const struct bus_position *position)
{
	rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list,
	    bus->names[position->topic][0], position->partition);

	at->offset = position->offset;
	if (position->metadata && (at->metadata = strdup(position->metadata)))
		at->metadata_size = strlen(position->metadata);		/* freed with the list */
}

bool
bus_commit(struct bus *bus, const struct bus_position *positions, size_t n, bool wait,
    struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n; i++)
		position_add(bus, list, &positions[i]);
	if (n)
		rc = rd_kafka_commit(bus->in, list, !wait);
	rd_kafka_topic_partition_list_destroy(list);
	return rc && !is_no_longer_ours(rc) ? kafka_err(err, rc, "commit offsets") : true;
}

static bool
bound(struct bus *bus, enum topic topic, int32_t first, int n, int64_t when, int64_t *ret,
    struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_resp_err_t rc;

	for (int32_t p = first; p < first + n; p++)
		rd_kafka_topic_partition_list_add(list, bus->names[topic][0], p);
	rc = bounds_ask(bus, list, when);
	for (int i = 0; i < n; i++)
		ret[i] = list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return rc ? kafka_err(err, rc, bus->names[topic][0]) : true;
}

/* Not rd_kafka_query_watermark_offsets(): in 2.0.2 it waits without end when the broker is away,
 * whatever time it was given. */
bool
bus_bounds(struct bus *bus, enum topic topic, int32_t first, int n, int64_t *lows, int64_t *highs,
    struct err *err)
{
	return bound(bus, topic, first, n, RD_KAFKA_OFFSET_BEGINNING, lows, err)
	    && bound(bus, topic, first, n, RD_KAFKA_OFFSET_END, highs, err);
}

/* ---- publishing ---- */

static rd_kafka_resp_err_t
produce(struct bus *bus, const struct bus_outgoing *o, struct sent *sent)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(o->n_headers);
	rd_kafka_resp_err_t rc;

	const rd_kafka_vu_t parts[] = {
		{ RD_KAFKA_VTYPE_TOPIC, .u.cstr = bus->names[o->topic][o->dead_letter] },
		{ RD_KAFKA_VTYPE_PARTITION, .u.i32 = o->partition },	/* ANY is librdkafka's UA */
		{ RD_KAFKA_VTYPE_KEY, .u.mem = { (void *)(uintptr_t)o->key, o->key_size } },
		{ RD_KAFKA_VTYPE_VALUE, .u.mem = { (void *)(uintptr_t)o->value, o->value_size } },
		{ RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
		{ RD_KAFKA_VTYPE_OPAQUE, .u.ptr = sent },
		{ RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
	};
	rd_kafka_error_t *error;

	for (size_t i = 0; i < o->n_headers; i++)
		rd_kafka_header_add(headers, o->headers[i].name, -1, o->headers[i].value,
		    (ssize_t)o->headers[i].size);
	error = rd_kafka_produceva(bus->out, parts, sizeof(parts) / sizeof(*parts));
	rc = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_error_destroy(error);
	if (rc)
		rd_kafka_headers_destroy(headers);	/* else they belong to the message */
	return rc;
}

static bool
publish_err(struct bus *bus, enum topic topic, rd_kafka_resp_err_t rc, struct err *err)
{
	char what[TOPIC_NAME_MAX + 16];

	snprintf(what, sizeof(what), "publish to %s", bus->names[topic][0]);
	return kafka_err(err, rd_kafka_fatal_error(bus->out, NULL, 0)
	    ? RD_KAFKA_RESP_ERR__FATAL : rc, what);
}

bool
bus_publish(struct bus *bus, const struct bus_outgoing *outgoing, struct err *err)
{
	struct sent sent = { .waits = true };
	rd_kafka_resp_err_t rc = produce(bus, outgoing, &sent);

	/* message.timeout.ms ends the wait: a report always comes. */
	while (!rc && !atomic_load(&sent.done))
		rd_kafka_poll(bus->out, 5);
	if (!rc)
		rc = sent.rc;
	return rc ? publish_err(bus, outgoing->topic, rc, err) : true;
}

bool
bus_send(struct bus *bus, const struct bus_outgoing *outgoing, int64_t id, struct err *err)
{
	struct sent *sent = calloc(1, sizeof(*sent));
	rd_kafka_resp_err_t rc;

	if (!sent)
		return err_set(err, ERR_FATAL, "out of memory");
	sent->id = id;
	rc = produce(bus, outgoing, sent);
	if (!rc) {
		bus->n_pending++;
		return true;
	}
	free(sent);
	if (!is_never_taken(rc))
		return publish_err(bus, outgoing->topic, rc, err);
	ack_add(bus, id, rc);
	return true;
}

bool
bus_delivered(struct bus *bus, int timeout_ms, struct bus_ack *acks, size_t max, size_t *n,
    struct err *err)
{
	rd_kafka_poll(bus->out, timeout_ms);
	*n = bus->n_acks < max ? bus->n_acks : max;
	memcpy(acks, bus->acks, *n * sizeof(*acks));
	bus->n_acks -= *n;
	memmove(bus->acks, bus->acks + *n, bus->n_acks * sizeof(*acks));
	if (!bus->lost)
		return true;
	kafka_err(err, rd_kafka_fatal_error(bus->out, NULL, 0) ? RD_KAFKA_RESP_ERR__FATAL
	    : bus->lost, "a published record was not taken");
	bus_purge(bus);
	return false;
}

size_t
bus_pending(const struct bus *bus)
{
	return bus->n_pending + bus->n_acks;
}

void
bus_purge(struct bus *bus)
{
	rd_kafka_purge(bus->out, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	for (int64_t until = clock_monotonic_ms() + BUS_CALL_MS;
	    bus->n_pending && clock_monotonic_ms() < until;)
		rd_kafka_poll(bus->out, 10);
	bus->n_acks = 0;
	bus->lost = RD_KAFKA_RESP_ERR_NO_ERROR;
}
