/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter.c: dead letters as they are told: a page of them, one, and its bytes. They are strangers'
 * from the first to the last byte: what is no UTF-8 is mended, what is no number is null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/date.h"
#include "base/utf8.h"
#include "event/put.h"
#include "letters.h"
#include "port/letter.h"
#include "port/named.h"
#include "query.h"
#include "sql.h"

enum { HEAD_BYTES = 512, DECODE_MAX = 64 << 20 };

/* ---- headers ---- */

bool
letter_header(char ret[LETTER_TEXT_SIZE], const struct bus_record *letter, const char *name)
{
	const void *value;
	size_t size;

	if (!bus_header_find(letter, name, &value, &size) || !value)
		return false;
	size = size < LETTER_HEADER_MAX ? size : LETTER_HEADER_MAX;
	memcpy(ret, value, size);
	ret[size] = '\0';
	utf8_mend(ret);
	return true;
}

static void
put_header(struct put *put, const char *member, const struct bus_record *letter, const char *name)
{
	char text[LETTER_TEXT_SIZE];

	put_text_of(put, member, letter_header(text, letter, name) ? text : NULL);
}

static void
put_header_number(struct put *put, const char *member, const struct bus_record *letter, const char *name)
{
	char text[LETTER_TEXT_SIZE];
	int64_t number;

	put_name(put, member);
	if (letter_header(text, letter, name) && number_read(&number, text, INT64_MIN, INT64_MAX))
		put_int(put, number);
	else
		put_null(put);
}

/* A text of so many bytes; null when it is none. */
static void
put_bytes_text(struct put *put, const char *member, const void *bytes, size_t size)
{
	char *text = bytes && utf8_is_valid(bytes, size) && !memchr(bytes, 0, size)
	    ? strndup(bytes, size) : NULL;

	put_text_of(put, member, text);
	free(text);
}

/* ---- what became of it ---- */

bool
letters_settled(struct db_pool *pool, const struct bus_lane *window, struct db_rows **ret, struct err *err)
{
	return db_pool_run(pool, ret, err, sql_gateway_letters_settled, db_text(topics[window->topic].name),
	    db_int4(window->partition), db_int(window->from), db_int(window->to));
}

int
letter_row(const struct db_rows *settled, const struct bus_record *letter)
{
	int from = 0, to = db_count(settled), offset_at, written_at;

	if (to == 0)
		return -1;
	offset_at = db_column(settled, "letter_offset");
	written_at = db_column(settled, "written_at");
	while (from < to) {	/* the first that does not lie before it; they come in order */
		int middle = from + (to - from) / 2;

		if (db_int_at(settled, middle, offset_at) < letter->offset)
			from = middle + 1;
		else
			to = middle;
	}
	for (; from < db_count(settled) && db_int_at(settled, from, offset_at) == letter->offset; from++)
		if (db_time_at(settled, from, written_at) == letter->timestamp_ms * 1000)
			return from;
	return -1;
}

static void
put_settled(struct put *put, const struct db_rows *settled, int row)
{
	put_text_of(put, "state", row < 0 ? "open" : db_text_of(settled, row, "state"));
	put_text_of(put, "settled_by", row < 0 ? NULL : db_text_of(settled, row, "actor"));
	put_text_of(put, "settled_for", row < 0 ? NULL : db_text_of(settled, row, "reason"));
	put_name(put, "settled_at");
	put_time(put, row < 0 ? INT64_MIN : db_time_of(settled, row, "settled_at"));
}

/* ---- the list ---- */

bool
letter_fits(const struct look *look, const struct bus_record *letter)
{
	char text[LETTER_TEXT_SIZE];

	if (look->code && (!letter_header(text, letter, "dlq_code") || strcmp(text, look->code)))
		return false;
	if (!look->batch_id || (letter->key && letter->key_size == strlen(look->batch_id)
	    && !memcmp(letter->key, look->batch_id, letter->key_size)))
		return true;
	return letter_header(text, letter, "ce_subject") && !strcmp(text, look->batch_id);
}

void
letter_put(struct put *put, const struct bus_record *letter, const struct db_rows *settled)
{
	const struct letter_place place = { letter->topic, letter->partition, letter->offset };
	char id[LETTER_ID_SIZE];

	put_text_of(put, "id", letter_id_print(id, place));
	put_text_of(put, "topic", topics[letter->topic].name);
	put_header_number(put, "partition", letter, "dlq_partition");
	put_header_number(put, "offset", letter, "dlq_offset");
	put_name(put, "written_at");
	put_time(put, letter->timestamp_ms * 1000);
	put_bytes_text(put, "key", letter->key, letter->key_size);
	put_header(put, "code", letter, "dlq_code");
	put_header(put, "message", letter, "dlq_message");
	put_header(put, "stage", letter, "dlq_stage");
	put_header(put, "group", letter, "dlq_group");
	put_header(put, "failed_at", letter, "dlq_failed_at");
	put_header_number(put, "replays", letter, "dlq_replays");
	put_header(put, "replay_reason", letter, "dlq_replay_reason");
	put_header(put, "cut", letter, "dlq_cut");
	put_int_of(put, "value_size", (int64_t)letter->value_size);
	put_settled(put, settled, letter_row(settled, letter));
}

static void
read_topic(struct call *call, struct look *look, const char *value)
{
	for (int t = 0; t < TOPIC_COUNT; t++)
		if (!strcmp(topics[t].name, value)) {
			look->topics |= 1u << t;
			return;
		}
	problem_field(call, "topic", "is not one of submissions, events, jobs, batches");
}

/* 12.0.7: where each lane was. */
static void
read_cursor(struct call *call, struct look *look, const char *value)
{
	char number[24];

	for (;; value++) {
		size_t size = strcspn(value, ".");

		snprintf(number, sizeof(number), "%.*s", (int)(size < 20 ? size : 20), value);
		if (size == 0 || size > 19 || look->n_at == LANES_MAX
		    || !number_read(&look->at[look->n_at++], number, 0, INT64_MAX)) {
			problem_field(call, "cursor", "is not a next_cursor of this list");
			return;
		}
		value += size;
		if (!*value)
			return;
	}
}

struct asked { struct call *call; struct look *look; struct uuid batch_id; };

static bool
read_parameter(void *state, const char *name, const char *value)
{
	struct asked *asked = state;
	struct look *look = asked->look;
	struct call *call = asked->call;

	value = value ? value : "";
	if (!strcmp(name, "topic"))
		read_topic(call, look, value);
	else if (!strcmp(name, "code"))
		look->code = *value ? value : NULL;
	else if (!strcmp(name, "batch_id")) {
		look->batch_id = value;
		if (!uuid_read(&asked->batch_id, value, strlen(value)))
			problem_field(call, name, "is not the id of a batch");
	} else if (!strcmp(name, "since")) {
		if (!time_read(&look->since_us, value))
			problem_field(call, name, "is not a time like 2026-12-31T00:00:00Z");
	} else if (!strcmp(name, "state")) {
		look->all = !strcmp(value, "all");
		if (!look->all && strcmp(value, "open"))
			problem_field(call, name, "is not open or all");
	} else if (!strcmp(name, "limit")) {
		if (!number_read(&look->limit, value, 1, LIMIT_MOST))
			problem_field(call, name, "is not a whole number from 1 to %d", LIMIT_MOST);
	} else if (!strcmp(name, "cursor") && *value) {
		read_cursor(call, look, value);
	}
	return true;
}

static void
put_cursor(struct put *put, const struct look *look)
{
	struct buf text = {0};

	for (size_t i = 0; i < look->n_at; i++)
		buf_print(&text, "%s%lld", i ? "." : "", (long long)look->at[i]);
	put_text_of(put, "next_cursor", look->more ? buf_text(&text) : NULL);
	buf_clear(&text);
}

bool
serve_letters(struct call *call)
{
	struct look look = { .since_us = INT64_MIN, .limit = LIMIT_DEFAULT };
	struct asked asked = { .call = call, .look = &look };
	struct err err = {0};
	struct buf data = {0};
	struct put put = { &data, false };
	bool well;

	if (!caller_is_of_all(call, "Dead letters are"))
		return false;
	httpd_query_each(call->request, read_parameter, &asked);
	if (problem_is_set(call))
		return false;
	look.put = &put;
	put_open(&put, '[');
	well = letters_look(call->gateway->letters, &look, &err) || problem_err(call, &err);
	put_close(&put, ']');
	if (well) {
		put = answer_json(call, 200);
		put_open(&put, '{');
		put_name(&put, "data");
		put_raw(&put, buf_text(&data));
		put_int_of(&put, "looked_at", look.looked);
		put_int_of(&put, "total", look.total);
		put_int_of(&put, "open", look.open);
		put_cursor(&put, &look);
		put_close(&put, '}');
	}
	buf_clear(&data);
	return well;
}

/* ---- one ---- */

static void
put_hex(struct put *put, const char *member, const uint8_t *bytes, size_t size)
{
	char hex[2 * HEAD_BYTES + 1] = "";

	for (size_t i = 0; i < size && i < HEAD_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	put_text_of(put, member, bytes ? hex : NULL);
}

static void
put_headers(struct put *put, const struct bus_record *letter)
{
	struct bus_header headers[BUS_HEADERS_MAX + 13];
	size_t n = bus_headers(letter, headers, BUS_HEADERS_MAX + 13);

	put_name(put, "headers");
	put_open(put, '[');
	for (size_t i = 0; i < n; i++) {
		put_open(put, '{');
		put_bytes_text(put, "name", headers[i].name, strlen(headers[i].name));
		put_bytes_text(put, "value", headers[i].value, headers[i].size);
		put_close(put, '}');
	}
	put_close(put, ']');
}

/* What its schema makes of the value, or why nothing. */
static void
put_decoded(struct put *put, const struct call *call, const struct bus_record *letter)
{
	own(arena_freep) struct arena *arena = arena_new(DECODE_MAX);
	struct event event;
	struct err err = {0};
	bool well = letter->value && arena && codec_read(call->gateway->codec, letter->value,
	    letter->value_size, arena, &event, &err);

	put_text_of(put, "record", well ? event_type_name(event.type) : NULL);
	put_name(put, "decoded");
	if (well)
		event_put(put, &event);
	else
		put_null(put);
	put_text_of(put, "not_decoded", well ? NULL : letter->value ? err.text : "there is no value");
}

static bool
answer_letter(void *state, const struct bus_record *letter)
{
	struct call *call = state;
	const struct bus_lane window = { letter->topic, letter->partition, letter->offset,
		letter->offset + 1 };
	own(db_rows_freep) struct db_rows *settled = NULL;
	struct err err = {0};
	struct put put;

	if (!letters_settled(call->gateway->pool, &window, &settled, &err))
		return problem_err(call, &err);
	put = answer_json(call, 200);
	put_open(&put, '{');
	letter_put(&put, letter, settled);
	put_headers(&put, letter);
	put_decoded(&put, call, letter);
	put_hex(&put, "key_head", letter->key, letter->key_size);
	put_hex(&put, "value_head", letter->value, letter->value_size);
	put_close(&put, '}');
	return true;
}

static bool
answer_value(void *state, const struct bus_record *letter)
{
	struct call *call = state;
	char value[LETTER_ID_SIZE + 64], id[LETTER_ID_SIZE];
	const struct letter_place place = { letter->topic, letter->partition, letter->offset };

	call->answer->type = "application/octet-stream";
	httpd_answer_header(call->answer, "Cache-Control", "no-store");
	httpd_answer_header(call->answer, "Content-Security-Policy", "default-src 'none'; sandbox");
	snprintf(value, sizeof(value), "attachment; filename=\"%s.bin\"",
	    letter_id_print(id, place));
	httpd_answer_header(call->answer, "Content-Disposition", value);
	return buf_add(&call->answer->body, letter->value, letter->value_size)
	    || problem(call, &problem_internal, "out of memory");
}

bool
letter_use(struct call *call, bool (*use)(void *state, const struct bus_record *letter), void *state)
{
	struct letter_place place;
	struct err err = {0};

	if (!caller_is_of_all(call, "Dead letters are"))
		return false;
	if (!letter_id_read(&place, call->arguments[0]))
		return problem(call, &problem_not_found, "There is no dead letter of this id.");
	if (letters_find(call->gateway->letters, place, use, state, &err))
		return !problem_is_set(call);
	return !strcmp(err.code, "no_letter") ? problem(call, &problem_not_found, "%s", err.text)
	                                      : problem_err(call, &err);
}

bool
serve_letter(struct call *call)
{
	return letter_use(call, answer_letter, call);
}

bool
serve_letter_value(struct call *call)
{
	return letter_use(call, answer_value, call);
}
