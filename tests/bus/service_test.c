/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of every consumer, whole, against librdkafka's mock cluster: what a turn answers decides
 * whether its record is done, comes again, becomes a dead letter, or ends the process.
 */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "service.h"

enum { PATIENCE_MS = 60000 };

static rd_kafka_t *host;		/* of the cluster */
static rd_kafka_mock_cluster_t *cluster;
static char said[400];			/* every record that a turn saw */
static bool was_sick, was_closed;
static int stop_after;			/* so many turns; 0: when a record says so */

static void
line_up(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
	host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	cluster = host ? rd_kafka_mock_cluster_new(host, 1) : NULL;
	cr_assert(cluster);
	cr_assert_eq(rd_kafka_mock_topic_create(cluster, "t.events", 1, 1), 0);
	cr_assert_eq(rd_kafka_mock_topic_create(cluster, "t.events.dlq", 1, 1), 0);
	setenv("KAFKA_BOOTSTRAP_SERVERS", rd_kafka_mock_cluster_bootstraps(cluster), 1);
	setenv("BATCHLINE_TOPIC_PREFIX", "t.", 1);
	setenv("BATCHLINE_LOG_LEVEL", "error", 1);
}

static void
line_down(void)
{
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

TestSuite(service, .init = line_up, .fini = line_down);

/* A turn that does what its record says. */
static bool
turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	const char *word = n ? records[0].value : "";
	size_t size = n ? records[0].value_size : 0;

	(void)state;
	if (n == 0)
		return true;
	if (stop_after && --stop_after == 0)
		raise(SIGTERM);
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%.*s ", (int)size, word);
	if (size == 3 && !memcmp(word, "bad", 3))
		return err_code(err, ERR_REJECT, "bad_word", "it is bad");
	if (size == 4 && !memcmp(word, "sick", 4) && !was_sick) {
		was_sick = true;
		return err_set(err, ERR_RETRY, "not now");
	}
	if (size == 5 && !memcmp(word, "fatal", 5))
		return err_set(err, ERR_FATAL, "we are unwell");
	if (size == 4 && !memcmp(word, "stop", 4))
		raise(SIGTERM);
	return true;
}

static struct service_context context;		/* of the service under test */

static bool
opened(void **state, const struct service_context *given, struct err *err)
{
	(void)state, (void)err;
	context = *given;
	return true;
}

static void
closed(void *state)
{
	(void)state;
	was_closed = true;
}

static const struct service test_service = { .name = "test", .what = "does what it is told",
	.reads = { TOPIC_EVENTS }, .n_reads = 1, .turn_records = 1, .turn = turn, .open = opened, .close = closed };

/* Of a service that counts itself: everything that a turn saw, a word each. */
static size_t
words_done(void *state, struct bus_position *positions, size_t max)
{
	static int64_t told;
	int64_t n = 0;

	(void)state, (void)max;
	for (const char *c = said; *c; c++)
		n += *c == ' ';
	if (n == told)
		return 0;
	positions[0] = (struct bus_position){ TOPIC_EVENTS, 0, told = n, NULL };
	return 1;
}

static struct bus *
a_bus(const char *group)
{
	const struct bus_options options = { .client_id = "peer", .group = group, .instance = "",
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster), .topic_prefix = "t." };
	struct bus *bus = NULL;
	struct err err = {0};

	cr_assert(bus_open(&bus, &options, &err), "%s", err.text);
	return bus;
}

static void
publish(const char *const *words)
{
	own(bus_freep) struct bus *bus = a_bus(NULL);
	struct err err = {0};

	for (; *words; words++) {
		const struct bus_outgoing outgoing = { .topic = TOPIC_EVENTS, .key = "k", .key_size = 1,
			.value = *words, .value_size = strlen(*words) };

		cr_assert(bus_publish(bus, &outgoing, &err), "%s", err.text);
	}
}

static int
serve_as(struct service service)
{
	char name[] = "test", *argv[] = { name, NULL };

	return service_main(&service, 1, argv);
}

static int
serve_records(size_t turn_records)
{
	struct service service = test_service;

	service.turn_records = turn_records;
	return serve_as(service);
}

static int
serve(void)
{
	return serve_records(1);
}

/* How many records lie on a topic, by the broker's word. */
static int64_t
records_on(const char *topic)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	int64_t low = -1, high = -1;

	rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL, 0);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	cr_assert_eq(rd_kafka_query_watermark_offsets(client, topic, 0, &low, &high, 10000), 0);
	rd_kafka_destroy(client);
	return high - low;
}

/* The word that the group would read next. */
static const char *
next_of_the_group(void)
{
	static const enum topic events[] = { TOPIC_EVENTS };
	static char word[64];
	own(bus_freep) struct bus *bus = a_bus("batchline-test");
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus_record record;
	struct err err = {0};
	size_t n = 0;

	cr_assert(bus_subscribe(bus, events, 1, NULL, &err), "%s", err.text);
	while (n == 0 && clock_monotonic_ms() < until)
		cr_assert(bus_poll(bus, 100, &record, 1, 0, &n, &err), "%s", err.text);
	cr_assert_eq(n, 1);
	snprintf(word, sizeof(word), "%.*s", (int)record.value_size, (const char *)record.value);
	bus_records_free(&record, n);
	return word;
}

Test(service, ends_clean_on_a_signal_and_goes_on_behind_what_is_done)
{
	publish((const char *[]){ "one", "two", "stop", "three", NULL });

	cr_expect_eq(serve(), 0);

	cr_expect_str_eq(said, "one two stop ");
	cr_expect(was_closed);
	cr_expect_str_eq(next_of_the_group(), "three");
}

Test(service, who_counts_what_is_done_is_asked_once_more_at_the_end)
{
	struct service service = test_service;

	service.done = words_done;
	publish((const char *[]){ "one", "two", "stop", "three", NULL });

	cr_expect_eq(serve_as(service), 0);

	cr_expect_str_eq(next_of_the_group(), "three");
}

Test(service, a_record_that_is_rejected_becomes_a_dead_letter_and_the_next_one_comes)
{
	publish((const char *[]){ "one", "bad", "two", "stop", NULL });

	cr_expect_eq(serve(), 0);

	cr_expect_str_eq(said, "one bad two stop ");
	cr_expect_eq(records_on("t.events.dlq"), 1);
}

Test(service, a_record_that_meets_a_sick_world_comes_again_before_the_next_one)
{
	publish((const char *[]){ "one", "sick", "two", "stop", NULL });

	cr_expect_eq(serve(), 0);

	cr_expect_str_eq(said, "one sick sick two stop ");
	cr_expect_eq(records_on("t.events.dlq"), 0);
}

Test(service, what_is_fatal_ends_with_1_and_its_record_comes_again)
{
	publish((const char *[]){ "one", "fatal", "two", NULL });

	cr_expect_eq(serve(), 1);

	cr_expect_str_eq(said, "one fatal ");
	cr_expect(was_closed);
	cr_expect_str_eq(next_of_the_group(), "fatal");
}

Test(service, a_wrong_configuration_ends_with_2_before_anything_is_read)
{
	publish((const char *[]){ "one", NULL });
	setenv("BATCHLINE_LOG_FORMAT", "yaml", 1);

	cr_expect_eq(serve(), 2);

	cr_expect_str_eq(said, "");
}

Test(service, a_turn_of_many_that_is_rejected_costs_no_record_it_comes_again)
{
	publish((const char *[]){ "bad", NULL });
	stop_after = 3;		/* its turn would fail without end */

	cr_expect_eq(serve_records(2), 0);

	cr_expect(strstr(said, "bad bad "), "%s", said);
	cr_expect_eq(records_on("t.events.dlq"), 0);
}

/* Long work, while another member joins the group: no record comes to tell of it. */
static bool
long_turn(void *state, const struct bus_record *records, size_t n, struct err *err)
{
	static const enum topic events[] = { TOPIC_EVENTS };
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct bus *other;
	struct bus_record record;
	struct err ignored = {0};
	size_t m;

	(void)state, (void)records;
	if (n == 0)
		return true;
	other = a_bus("batchline-test");
	cr_assert(bus_subscribe(other, events, 1, NULL, &ignored));
	while (service_keep_alive(&context, err) && clock_monotonic_ms() < until)
		if (bus_poll(other, 20, &record, 1, 0, &m, &ignored))
			bus_records_free(&record, m);
	strcat(said, err->code);
	bus_free(other);
	raise(SIGTERM);
	return err->verdict == ERR_NONE;
}

Test(service, a_rebalance_that_brings_no_record_ends_long_work_too)
{
	char name[] = "test", *argv[] = { name, NULL };
	struct service service = test_service;

	publish((const char *[]){ "one", NULL });
	service.turn = long_turn;
	cr_expect_eq(service_main(&service, 1, argv), 0);

	cr_expect_str_eq(said, "reassigned");
}
