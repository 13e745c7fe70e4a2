/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c: a person's word about a dead letter: put it back where it came from, or let it be. It is
 * written down once that is done, so that the same order again does nothing; between the two the
 * record may go out twice, under its event id, which every service knows what to do with.
 */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "letters.h"
#include "port/letter.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

enum { REASON_MAX = 500, NUMBER_SIZE = 24 };

struct order {
	struct call *call;
	const char *reason;
	bool replays, again, done;
};

/* ---- what was said ---- */

/* On one line, and nothing that a terminal obeys: U+0080 to U+009F are commands as ESC is. */
static bool
is_reason(const char *text)
{
	size_t size = text ? strlen(text) : 0;

	for (const unsigned char *c = (const unsigned char *)text; size > 0 && *c; c++)
		if (*c == 0xc2 && c[1] < 0xa0)
			return false;
	return size > 0 && size <= REASON_MAX && utf8_is_printable(text, size);
}

static bool
read_member(void *state, const char *name, const struct doc_value *value)
{
	struct order *order = state;
	struct call *call = order->call;

	if (!strcmp(name, "reason")) {
		order->reason = doc_text(value);
		if (!is_reason(order->reason))
			problem_field(call, name, "is not a text of 1 to %d bytes on one line", REASON_MAX);
	} else if (!strcmp(name, "again")) {
		if (!doc_bool(value, &order->again))
			problem_field(call, name, "is not true or false");
	} else {
		problem_field(call, name, "is no member of this order");
	}
	return true;
}

static bool
order_read(struct order *order, const struct doc_value *root)
{
	if (doc_kind(root) != DOC_OBJECT)
		return problem(order->call, &problem_invalid, "The body is no object.");
	doc_members(root, read_member, order);
	if (!problem_is_set(order->call) && !order->reason)
		problem_field(order->call, "reason", "is missing: say what was mended, or why it may be let be");
	return !problem_is_set(order->call);
}

/* ---- putting it back ---- */

/* Why it cannot be put back; NULL: it can. */
static const char *
no_replay(const struct bus_record *letter)
{
	char text[LETTER_TEXT_SIZE];

	if (letter->topic == TOPIC_BATCHES)
		return "what stood on batches is a state of long ago; retry the batch";
	if (letter_header(text, letter, "dlq_cut"))
		return "it is not whole";
	return NULL;
}

static int64_t
number_of(const struct bus_record *letter, const char *name, int64_t most, int64_t otherwise)
{
	char text[LETTER_TEXT_SIZE];
	int64_t number;

	return letter_header(text, letter, name) && number_read(&number, text, 0, most) ? number : otherwise;
}

/* Key, bytes and headers as they were, where it was: a batch has its home in one partition. */
static bool
put_back(struct order *order, const struct bus_record *letter, struct err *err)
{
	struct bus_header all[BUS_HEADERS_MAX + 13], headers[BUS_HEADERS_MAX];
	size_t n = bus_headers(letter, all, BUS_HEADERS_MAX + 13), kept = 0;
	char replays[NUMBER_SIZE];

	/* Ours stand first: of a record with very many headers the last ones are not read. */
	snprintf(replays, sizeof(replays), "%lld",
	    (long long)number_of(letter, "dlq_replays", INT32_MAX, 0) + 1);
	headers[kept++] = (struct bus_header){ "dlq_replays", replays, strlen(replays) };
	headers[kept++] = (struct bus_header){ "dlq_replay_reason", order->reason, strlen(order->reason) };
	for (size_t i = 0; i < n && kept < BUS_HEADERS_MAX; i++)
		if (strncmp(all[i].name, "dlq_", 4))
			headers[kept++] = all[i];
	const struct bus_outgoing outgoing = {
		.topic = letter->topic,
		.partition = (int32_t)number_of(letter, "dlq_partition",
		    topics[letter->topic].partitions - 1, BUS_PARTITION_ANY),
		.key = letter->key, .key_size = letter->key_size,
		.value = letter->value, .value_size = letter->value_size,
		.headers = headers, .n_headers = kept,
	};
	return bus_publish(order->call->gateway->bus, &outgoing, err);
}

static bool
settle(struct order *order, const struct bus_record *letter)
{
	struct call *call = order->call;
	const char *why = order->replays ? no_replay(letter) : NULL;
	struct err err = {0};

	if (why)
		return problem(call, &problem_not_possible, "It cannot be put back: %s.", why);
	if ((order->replays && !put_back(order, letter, &err))
	    || !db_call_run(call, NULL, &err, sql_gateway_letter_settle,
	        db_text(topics[letter->topic].name), db_int4(letter->partition), db_int(letter->offset),
	        db_time(letter->timestamp_ms * 1000), db_text(order->replays ? "replayed" : "discarded"),
	        db_text(order->reason), db_text(caller_word(&call->caller))))
		return problem_err(call, &err);
	order->done = true;
	return true;
}

/* ---- the order ---- */

static void
audit_order(const struct order *order)
{
	char outcome[REASON_MAX + 16];

	snprintf(outcome, sizeof(outcome), "done (%s)", order->reason);
	audit(order->call, order->replays ? "letter_replay" : "letter_discard", order->call->arguments[0],
	    outcome);
}

static bool
answer_order(struct order *order, const struct bus_record *letter, const struct bus_lane *window)
{
	own(db_rows_freep) struct db_rows *settled = NULL;
	struct err err = {0};
	struct put put;

	if (!letters_settled(order->call->gateway->pool, window, &settled, &err))
		return problem_err(order->call, &err);
	put = answer_json(order->call, 200);
	put_open(&put, '{');
	put_name(&put, "done");
	put_bool(&put, order->done);
	put_name(&put, "letter");
	put_open(&put, '{');
	letter_put(&put, letter, settled);
	put_close(&put, '}');
	put_close(&put, '}');
	return true;
}

/* The reader's turn is ours: of two who order at once the second finds what the first did. */
static bool
order_letter(void *state, const struct bus_record *letter)
{
	struct order *order = state;
	const struct bus_lane window = { letter->topic, letter->partition, letter->offset,
		letter->offset + 1 };
	own(db_rows_freep) struct db_rows *settled = NULL;
	struct err err = {0};

	if (!letters_settled(order->call->gateway->pool, &window, &settled, &err))
		return problem_err(order->call, &err);
	if ((letter_row(settled, letter) < 0 || order->again) && !settle(order, letter))
		return false;
	if (order->done)
		audit_order(order);
	return answer_order(order, letter, &window);
}

bool
serve_letter_order(struct call *call)
{
	struct order order = { .call = call, .replays = !strcmp(strrchr(call->request->path, '/'), "/replay") };
	own(doc_freep) struct doc *doc = NULL;

	return jsonbody_read(call, &doc) && order_read(&order, doc ? doc_root(doc) : NULL)
	    && letter_use(call, order_letter, &order);
}
