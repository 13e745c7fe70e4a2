/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus against librdkafka's mock cluster, which can be made to fail: what is published arrives
 * as it was, faults that pass cost nothing, and reading goes on from where it is told to.
 */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "port/bus.h"
#include "port/letter.h"

enum { PARTITIONS = 4, PATIENCE_MS = 30000, PRODUCE = 0 };	/* PRODUCE: the protocol's API key */

static rd_kafka_t *host;		/* of the cluster */
static rd_kafka_mock_cluster_t *cluster;

static void
cluster_up(void)
{
	char name[80];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	log_open("bus_test", false, LOG_ERROR);
	rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
	host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	cluster = host ? rd_kafka_mock_cluster_new(host, 1) : NULL;
	cr_assert(cluster);
	for (int t = 0; t < TOPIC_COUNT; t++) {
		snprintf(name, sizeof(name), "t.%s", topics[t].name);
		cr_assert_eq(rd_kafka_mock_topic_create(cluster, name, PARTITIONS, 1), 0);
		snprintf(name, sizeof(name), "t.%s.dlq", topics[t].name);
		cr_assert_eq(rd_kafka_mock_topic_create(cluster, name, 1, 1), 0);
	}
}

static void
cluster_down(void)
{
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

TestSuite(bus, .init = cluster_up, .fini = cluster_down);

static struct bus *
a_bus(const char *group)
{
	static const char *const quick[][2] = { { "message.timeout.ms", "1500" } };
	const struct bus_options options = { .client_id = "test", .group = group, .instance = "",
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster), .topic_prefix = "t.",
		.properties = group ? NULL : quick, .n_properties = group ? 0 : 1 };
	struct bus *bus = NULL;
	struct err err = {0};

	cr_assert(bus_open(&bus, &options, &err), "%s", err.text);
	return bus;
}

static struct bus_outgoing
a_record(int32_t partition, const char *key, const char *value)
{
	return (struct bus_outgoing){ .topic = TOPIC_EVENTS, .partition = partition, .key = key,
		.key_size = strlen(key), .value = value, .value_size = value ? strlen(value) : 0 };
}

static void
publish(struct bus *bus, int32_t partition, const char *key, const char *value)
{
	const struct bus_outgoing outgoing = a_record(partition, key, value);
	struct err err = {0};

	cr_assert(bus_publish(bus, &outgoing, &err), "%s", err.text);
}

static void
subscribe(struct bus *bus, const struct bus_listener *listener)
{
	static const enum topic events[] = { TOPIC_EVENTS };
	struct err err = {0};

	cr_assert(bus_subscribe(bus, events, 1, listener, &err), "%s", err.text);
}

/* The next records, as "partition@offset=value " each. */
static const char *
take(struct bus *bus, size_t wanted)
{
	static char said[1000];
	struct bus_record records[16];
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	size_t n, at = 0, got = 0;
	struct err err = {0};

	*said = '\0';
	while (got < wanted && clock_monotonic_ms() < until) {
		cr_assert(bus_poll(bus, 100, records, 16, 0, &n, &err), "%s", err.text);
		for (size_t i = 0; i < n; i++)
			at += (size_t)snprintf(said + at, sizeof(said) - at, "%d@%lld=%.*s ",
			    (int)records[i].partition, (long long)records[i].offset,
			    (int)records[i].value_size,
			    records[i].value ? (const char *)records[i].value : "");
		bus_records_free(records, n);
		got += n;
	}
	return said;
}

/* Where a listener says to start. */
struct place { int64_t offset; bool refuse; int asked, taken_back; char committed[60]; };

static bool
place_assigned(void *state, struct bus_position *positions, size_t n, struct err *err)
{
	struct place *place = state;

	place->asked++;
	for (size_t i = 0; i < n; i++)
		positions[i].offset = place->offset;
	return !place->refuse || err_set(err, ERR_RETRY, "not yet");
}

static void
place_committed(void *state, const struct bus_position *p)
{
	struct place *place = state;

	snprintf(place->committed, sizeof(place->committed), "%d@%lld=%s", (int)p->partition,
	    (long long)p->offset, p->metadata);
}

static void
place_revoked(void *state, const struct bus_position *positions, size_t n, bool lost)
{
	(void)positions, (void)n, (void)lost;
	((struct place *)state)->taken_back++;
}

static struct bus_listener
listener_of(struct place *place)
{
	return (struct bus_listener){ place_assigned, place_committed, place_revoked, place };
}

/* ---- a record ---- */

Test(bus, a_record_arrives_as_it_was_published)
{
	const struct bus_header headers[] = { { "ce_id", "1-2-3", 5 }, { "empty", "", 0 } };
	struct bus_outgoing outgoing = a_record(2, "a key", "some bytes");
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_record record;
	const void *value;
	struct err err = {0};
	size_t n = 0, size;

	outgoing.headers = headers;
	outgoing.n_headers = 2;
	cr_assert(bus_publish(out, &outgoing, &err), "%s", err.text);
	subscribe(in, NULL);
	while (n == 0 && clock_monotonic_ms() < until)
		cr_assert(bus_poll(in, 100, &record, 1, 0, &n, &err), "%s", err.text);

	cr_assert_eq(n, 1);
	cr_expect(record.topic == TOPIC_EVENTS && record.partition == 2 && record.offset == 0);
	cr_expect(record.key_size == 5 && !memcmp(record.key, "a key", 5));
	cr_expect(record.value_size == 10 && !memcmp(record.value, "some bytes", 10));
	cr_expect(bus_header_find(&record, "ce_id", &value, &size));
	cr_expect(size == 5 && !memcmp(value, "1-2-3", 5));
	cr_expect(!bus_header_find(&record, "other", &value, &size));
	bus_records_free(&record, n);
	bus_free(in);
	bus_free(out);
}

Test(bus, a_record_without_a_value_is_a_tombstone)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_record record;
	struct err err = {0};
	size_t n = 0;

	publish(out, 0, "gone", NULL);
	subscribe(in, NULL);
	while (n == 0 && clock_monotonic_ms() < until)
		cr_assert(bus_poll(in, 100, &record, 1, 0, &n, &err), "%s", err.text);

	cr_assert_eq(n, 1);
	cr_expect_null(record.value);
	cr_expect_eq(record.key_size, 4);
	bus_records_free(&record, n);
	bus_free(in);
	bus_free(out);
}

Test(bus, records_of_one_partition_come_in_their_order)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");

	publish(out, 1, "k", "a");
	publish(out, 1, "k", "b");
	publish(out, 1, "k", "c");
	subscribe(in, NULL);

	cr_assert_str_eq(take(in, 3), "1@0=a 1@1=b 1@2=c ");
	bus_free(in);
	bus_free(out);
}

/* ---- faults on the way out ---- */

Test(bus, a_poll_ends_at_its_number_of_bytes)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_record records[8];
	size_t n, most = 0, all = 0;
	struct err err = {0};

	for (int i = 0; i < 6; i++)
		publish(out, 0, "k", "0123456789");
	subscribe(in, NULL);
	for (; all < 6 && clock_monotonic_ms() < until; all += n) {
		clock_sleep_ms(all ? 200 : 0);	/* they are all there by then */
		cr_assert(bus_poll(in, 100, records, 8, 25, &n, &err), "%s", err.text);
		most = n > most ? n : most;
		bus_records_free(records, n);
	}

	cr_expect_eq(all, 6);
	cr_expect_leq(most, 3, "eleven bytes each: the third goes over 25");
	bus_free(in);
	bus_free(out);
}

Test(bus, a_broker_that_fails_for_a_moment_gets_the_record_once)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");

	publish(out, 0, "k", "before");
	rd_kafka_mock_push_request_errors(cluster, PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
	    RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	publish(out, 0, "k", "after");
	subscribe(in, NULL);

	cr_assert_str_eq(take(in, 2), "0@0=before 0@1=after ");
	bus_free(in);
	bus_free(out);
}

Test(bus, a_broker_that_is_away_asks_for_a_retry_which_then_succeeds)
{
	const struct bus_outgoing outgoing = a_record(0, "k", "v");
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct err err = {0};

	publish(out, 0, "k", "first");
	rd_kafka_mock_broker_set_down(cluster, 1);
	cr_expect(!bus_publish(out, &outgoing, &err));
	cr_expect_eq(err.verdict, ERR_RETRY, "%s: %s", err.code, err.text);
	rd_kafka_mock_broker_set_up(cluster, 1);
	do
		err_clear(&err);	/* each try has its time-out; connecting again is backed off */
	while (!bus_publish(out, &outgoing, &err) && err.verdict == ERR_RETRY
	    && clock_monotonic_ms() < until);
	cr_expect_eq(err.verdict, ERR_NONE, "%s", err.text);
	subscribe(in, NULL);

	cr_assert_str_eq(take(in, 2), "0@0=first 0@1=v ");
	bus_free(in);
	bus_free(out);
}

Test(bus, what_was_sent_is_told_by_its_id_once_the_broker_has_it)
{
	const struct bus_outgoing outgoing = a_record(0, "k", "v");
	struct bus *out = a_bus(NULL);
	struct bus_ack acks[8];
	int64_t sum = 0, until = clock_monotonic_ms() + PATIENCE_MS;
	struct err err = {0};
	size_t n, told = 0;

	for (int64_t id = 1; id <= 5; id++)
		cr_assert(bus_send(out, &outgoing, id, &err), "%s", err.text);
	while (told < 5 && clock_monotonic_ms() < until) {
		cr_assert(bus_delivered(out, 100, acks, 8, &n, &err), "%s", err.text);
		for (size_t i = 0; i < n; i++)
			sum += acks[i].refused ? 100 : acks[i].id;
		told += n;
	}

	cr_expect_eq(told, 5);
	cr_expect_eq(sum, 1 + 2 + 3 + 4 + 5);
	cr_expect_eq(bus_pending(out), 0);
	bus_free(out);
}

Test(bus, when_one_record_is_not_taken_nothing_is_pending_any_more)
{
	const struct bus_outgoing outgoing = a_record(0, "k", "v");
	struct bus *out = a_bus(NULL);
	struct bus_ack acks[8];
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct err err = {0};
	bool well = true;
	size_t n;

	publish(out, 0, "k", "first");
	rd_kafka_mock_broker_set_down(cluster, 1);
	cr_assert(bus_send(out, &outgoing, 1, &err) && bus_send(out, &outgoing, 2, &err));
	while (well && clock_monotonic_ms() < until)
		well = bus_delivered(out, 100, acks, 8, &n, &err);

	cr_expect(!well);
	cr_expect_eq(err.verdict, ERR_RETRY, "%s", err.text);
	cr_expect_eq(bus_pending(out), 0);
	bus_free(out);
}

/* The fates of what was sent: "1 2! 3", with a mark on what was refused, in order of the ids. */
static const char *
fates(struct bus *out, size_t expected)
{
	static char words[64];
	const char *refused[8] = { NULL };
	bool told[8] = { false };
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_ack acks[8];
	struct err err = {0};

	*words = '\0';
	for (size_t n, sum = 0; sum < expected && clock_monotonic_ms() < until; sum += n) {
		cr_assert(bus_delivered(out, 100, acks, 8, &n, &err), "%s", err.text);
		for (size_t i = 0; i < n; i++) {
			told[acks[i].id] = true;
			refused[acks[i].id] = acks[i].refused;
		}
	}
	for (int i = 0; i < 8; i++)
		if (told[i])
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%d%s ", i,
			    refused[i] ? "!" : "");
	return words;
}

Test(bus, a_record_that_no_broker_ever_takes_is_told_and_holds_up_nothing)
{
	static char large[18 * 1024 * 1024];
	struct bus_outgoing outgoing = a_record(0, "k", "v");
	struct bus *out = a_bus(NULL);
	struct err err = {0};

	cr_assert(bus_send(out, &outgoing, 1, &err));
	outgoing.value = large;
	outgoing.value_size = sizeof(large);
	cr_assert(bus_send(out, &outgoing, 2, &err), "%s", err.text);
	cr_expect_str_eq(fates(out, 2), "1 2! ");
	outgoing = a_record(0, "k", "v");
	rd_kafka_mock_push_request_errors(cluster, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	cr_assert(bus_send(out, &outgoing, 3, &err));
	cr_expect_str_eq(fates(out, 1), "3! ");
	cr_assert(bus_send(out, &outgoing, 4, &err));
	cr_expect_str_eq(fates(out, 1), "4 ");
	outgoing.partition = PARTITIONS;
	cr_assert(bus_send(out, &outgoing, 5, &err), "%s", err.text);
	cr_expect_str_eq(fates(out, 1), "5! ");
	bus_free(out);
}

Test(bus, a_partition_that_there_is_not_is_told_also_when_it_was_the_first_to_be_asked_for)
{
	struct bus_outgoing outgoing = a_record(PARTITIONS, "k", "v");
	struct bus *out = a_bus(NULL);
	struct err err = {0};

	cr_assert(bus_send(out, &outgoing, 1, &err), "%s", err.text);
	cr_expect_str_eq(fates(out, 1), "1! ");
	bus_free(out);
}

Test(bus, a_record_over_the_limit_is_rejected)
{
	static char large[18 * 1024 * 1024];
	struct bus_outgoing outgoing = a_record(0, "k", "");
	struct bus *out = a_bus(NULL);
	struct err err = {0};

	outgoing.value = large;
	outgoing.value_size = sizeof(large);
	cr_expect(!bus_publish(out, &outgoing, &err));
	cr_expect_eq(err.verdict, ERR_REJECT, "%s", err.text);
	bus_free(out);
}

/* ---- where reading starts ---- */

Test(bus, reading_starts_where_the_listener_says)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct place place = { .offset = 2 };
	const struct bus_listener listener = listener_of(&place);

	for (int i = 0; i < 4; i++)
		publish(out, 3, "k", (const char *[]){ "a", "b", "c", "d" }[i]);
	for (int p = 0; p < 3; p++)		/* so that 2 lies in every partition */
		for (int i = 0; i < 2; i++)
			publish(out, p, "k", "x");
	subscribe(in, &listener);

	cr_assert_str_eq(take(in, 2), "3@2=c 3@3=d ");
	bus_free(in);
	cr_expect_eq(place.taken_back, 1);
	bus_free(out);
}

Test(bus, after_release_and_claim_the_same_records_come_again)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct place place = { .offset = 0 };
	const struct bus_listener listener = listener_of(&place);
	struct err err = {0};

	publish(out, 0, "k", "a");
	publish(out, 0, "k", "b");
	subscribe(in, &listener);
	cr_assert_str_eq(take(in, 2), "0@0=a 0@1=b ");

	bus_release(in);
	cr_expect(!bus_is_claimed(in));
	cr_assert(bus_claim(in, &err), "%s", err.text);
	cr_assert_str_eq(take(in, 2), "0@0=a 0@1=b ");
	cr_expect_eq(place.asked, 2);
	cr_expect_eq(place.taken_back, 0, "the group was never left");
	bus_free(in);
	bus_free(out);
}

Test(bus, a_listener_that_is_not_ready_takes_nothing_until_it_is)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct place place = { .offset = 0, .refuse = true };
	const struct bus_listener listener = listener_of(&place);
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_record records[4];
	struct err err = {0};
	size_t n;

	publish(out, 0, "k", "a");
	subscribe(in, &listener);
	while (place.asked == 0 && clock_monotonic_ms() < until) {
		bus_poll(in, 100, records, 4, 0, &n, &err);
		cr_assert_eq(n, 0);
	}
	cr_assert(place.asked > 0 && !bus_is_claimed(in));

	place.refuse = false;
	err_clear(&err);
	cr_assert(bus_claim(in, &err), "%s", err.text);
	cr_assert_str_eq(take(in, 1), "0@0=a ");
	bus_free(in);
	bus_free(out);
}

Test(bus, what_was_committed_beside_an_offset_comes_back_with_it)
{
	const struct bus_position done = { TOPIC_EVENTS, 0, 1, "a word of ours" };
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct place place = { .offset = BUS_OFFSET_COMMITTED };
	const struct bus_listener listener = listener_of(&place);
	struct err err = {0};

	publish(out, 0, "k", "a");
	publish(out, 0, "k", "b");
	subscribe(in, &listener);
	cr_assert_str_eq(take(in, 2), "0@0=a 0@1=b ");
	cr_expect_str_eq(place.committed, "", "nothing yet");
	cr_assert(bus_commit(in, &done, 1, true, &err), "%s", err.text);
	bus_free(in);

	in = a_bus("g");
	subscribe(in, &listener);
	cr_assert_str_eq(take(in, 1), "0@1=b ");
	cr_expect_str_eq(place.committed, "0@1=a word of ours");
	bus_free(in);
	bus_free(out);
}

Test(bus, without_a_listener_reading_goes_on_behind_what_was_committed)
{
	const struct bus_position done = { TOPIC_EVENTS, 0, 1, NULL };
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct err err = {0};

	publish(out, 0, "k", "a");
	publish(out, 0, "k", "b");
	subscribe(in, NULL);
	cr_assert_str_eq(take(in, 2), "0@0=a 0@1=b ");
	cr_assert(bus_commit(in, &done, 1, true, &err), "%s", err.text);
	bus_free(in);

	in = a_bus("g");
	subscribe(in, NULL);
	cr_assert_str_eq(take(in, 1), "0@1=b ");
	bus_free(in);
	bus_free(out);
}

/* Where a follower begins is the end that there is when it begins to fetch. */
Test(bus, who_follows_a_topic_hears_what_is_new_of_every_partition_and_leaves_no_mark)
{
	const struct bus_options options = { .client_id = "test", .group = "g", .instance = "",
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster), .topic_prefix = "t." };
	struct bus *out = a_bus(NULL), *follower = NULL, *in;
	struct bus_record records[4];
	struct err err = {0};
	size_t n;

	publish(out, 1, "k", "old");
	cr_assert(bus_follow(&follower, &options, TOPIC_EVENTS, &err), "%s", err.text);
	for (int i = 0; i < 10; i++) {
		cr_assert(bus_poll(follower, 100, records, 4, 0, &n, &err), "%s", err.text);
		cr_assert_eq(n, 0);
	}
	publish(out, 1, "k", "new");
	cr_assert_str_eq(take(follower, 1), "1@1=new ");
	publish(out, 3, "k", "too");
	cr_assert_str_eq(take(follower, 1), "3@0=too ");
	bus_free(follower);

	in = a_bus("g");
	subscribe(in, NULL);
	take(in, 3);
	bus_free(in);
	bus_free(out);
}

Test(bus, a_topic_that_there_is_not_cannot_be_followed)
{
	const struct bus_options options = { .client_id = "test", .group = "g", .instance = "",
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster), .topic_prefix = "none." };
	struct bus *follower = NULL;
	struct err err = {0};

	rd_kafka_mock_topic_set_error(cluster, "none.events",
	    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	cr_expect(!bus_follow(&follower, &options, TOPIC_EVENTS, &err));
	cr_expect(!follower && err.verdict != ERR_NONE);
}

Test(bus, a_paused_bus_brings_nothing_and_goes_on_where_it_was)
{
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	struct bus_record records[4];
	struct err err = {0};
	size_t n;

	publish(out, 0, "k", "a");
	subscribe(in, NULL);
	cr_assert_str_eq(take(in, 1), "0@0=a ");
	bus_pause(in, true);
	publish(out, 0, "k", "b");
	for (int i = 0; i < 5; i++) {
		cr_assert(bus_poll(in, 100, records, 4, 0, &n, &err), "%s", err.text);
		cr_assert_eq(n, 0);
	}
	bus_pause(in, false);

	cr_assert_str_eq(take(in, 1), "0@1=b ");
	bus_free(in);
	bus_free(out);
}

Test(bus, the_bounds_of_partitions_are_known_to_a_producer_alone)
{
	struct bus *out = a_bus(NULL);
	struct err err = {0};
	int64_t lows[2], highs[2];

	publish(out, 1, "k", "a");
	publish(out, 1, "k", "b");
	cr_assert(bus_bounds(out, TOPIC_EVENTS, 0, 2, lows, highs, &err), "%s", err.text);
	cr_expect(lows[0] == 0 && highs[0] == 0);
	cr_expect(lows[1] == 0 && highs[1] == 2);
	bus_free(out);
}

/* librdkafka's own question for both bounds would wait without end here. */
Test(bus, the_bounds_of_a_broker_that_went_away_are_asked_for_again_later, .timeout = 60)
{
	struct bus *out = a_bus(NULL);
	struct err err = {0};
	int64_t low, high;

	publish(out, 1, "k", "a");
	rd_kafka_mock_broker_set_down(cluster, 1);

	cr_assert_not(bus_bounds(out, TOPIC_EVENTS, 1, 1, &low, &high, &err));

	cr_expect_eq(err.verdict, ERR_RETRY);
	bus_free(out);
}

/* ---- dead letters ---- */

static void
expect_header(const struct bus_header *headers, size_t n, const char *name, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(headers[i].name, name)) {
			cr_expect(headers[i].size == strlen(text)
			    && !memcmp(headers[i].value, text, headers[i].size), "%s: %.*s", name,
			    (int)headers[i].size, (const char *)headers[i].value);
			return;
		}
	cr_expect(false, "no header %s", name);
}

/* The one record of the dead letters, read by librdkafka itself. */
static rd_kafka_message_t *
the_letter(rd_kafka_t **client)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_message_t *message = NULL;
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;

	rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL, 0);
	rd_kafka_conf_set(conf, "group.id", "letters", NULL, 0);
	*client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
	rd_kafka_topic_partition_list_add(list, "t.events.dlq", 0)->offset = 0;
	rd_kafka_assign(*client, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (!message && clock_monotonic_ms() < until)
		message = rd_kafka_consumer_poll(*client, 100);
	return message;
}

Test(bus, a_dead_letter_holds_the_record_as_it_came_and_why)
{
	const struct bus_header headers[] = { { "traceparent", "00-a-b-01", 9 } };
	struct bus_outgoing outgoing = a_record(3, "the key", "rubbish");
	struct bus *out = a_bus(NULL), *in = a_bus("g");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_header found[40];
	rd_kafka_headers_t *raw;
	rd_kafka_message_t *letter;
	rd_kafka_t *client;
	struct bus_record record;
	struct err err = {0}, why = {0};
	size_t n = 0;

	outgoing.headers = headers;
	outgoing.n_headers = 1;
	cr_assert(bus_publish(out, &outgoing, &err));
	subscribe(in, NULL);
	while (n == 0 && clock_monotonic_ms() < until)
		cr_assert(bus_poll(in, 100, &record, 1, 0, &n, &err), "%s", err.text);
	err_code(&why, ERR_REJECT, "not_framed", "it does not begin with C3 01");
	cr_assert(letter_publish(in, &record, "batchline-test", "decode", &why, &err), "%s", err.text);
	bus_records_free(&record, n);

	letter = the_letter(&client);
	cr_assert(letter && !letter->err);
	cr_expect(letter->len == 7 && !memcmp(letter->payload, "rubbish", 7));
	cr_expect(letter->key_len == 7 && !memcmp(letter->key, "the key", 7));
	cr_assert_eq(rd_kafka_message_headers(letter, &raw), RD_KAFKA_RESP_ERR_NO_ERROR);
	for (n = 0; n < 40 && !rd_kafka_header_get_all(raw, n, &found[n].name, &found[n].value,
	    &found[n].size); n++)
		;
	expect_header(found, n, "traceparent", "00-a-b-01");
	expect_header(found, n, "dlq_topic", "events");
	expect_header(found, n, "dlq_partition", "3");
	expect_header(found, n, "dlq_offset", "0");
	expect_header(found, n, "dlq_group", "batchline-test");
	expect_header(found, n, "dlq_stage", "decode");
	expect_header(found, n, "dlq_code", "not_framed");
	expect_header(found, n, "dlq_message", "it does not begin with C3 01");
	expect_header(found, n, "dlq_replays", "0");
	rd_kafka_message_destroy(letter);
	rd_kafka_consumer_close(client);
	rd_kafka_destroy(client);
	bus_free(in);
	bus_free(out);
}

/* One letter of each payload, to events.dlq. */
static void
publish_letters(struct bus *out, int32_t partition, const char *const *payloads, size_t n)
{
	struct err err = {0};

	for (size_t i = 0; i < n; i++) {
		struct bus_outgoing letter = a_record(partition, "k", payloads[i]);

		letter.dead_letter = true;
		cr_assert(bus_publish(out, &letter, &err), "%s", err.text);
	}
}

Test(bus, dead_letters_are_found_and_read_from_where_one_wants)
{
	const struct bus_options options = { .client_id = "test", .group = "g", .instance = "",
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster), .topic_prefix = "t." };
	const char *const payloads[] = { "a", "b", "c" };
	struct bus *out = a_bus(NULL), *reader = NULL;
	struct bus_lane lanes[64], lane = {0};
	struct err err = {0};
	size_t n;

	publish_letters(out, 0, payloads, 3);
	cr_assert(bus_letters_open(&reader, &options, &err), "%s", err.text);
	cr_assert(bus_letters_lanes(reader, lanes, 64, &n, &err), "%s", err.text);
	for (size_t i = 0; i < n; i++)
		if (lanes[i].topic == TOPIC_EVENTS && lanes[i].partition == 0)
			lane = lanes[i];

	cr_expect_eq(lane.from, 0);
	cr_expect_eq(lane.to, 3);
	lane.from = 1;
	cr_assert(bus_letters_follow(reader, &lane, 1, &err), "%s", err.text);
	cr_expect_str_eq(take(reader, 2), "0@1=b 0@2=c ");
	bus_free(reader);
	bus_free(out);
}
