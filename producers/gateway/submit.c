/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.c: from a form to a batch. The event is published with the word of all in-sync brokers;
 * then the answer waits a little for the projection, so that it has the batch's name and the next
 * GET finds it. An Idempotency-Key is the batch's id: what is sent twice is one batch.
 */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "batch/accept.h"
#include "event/envelope.h"
#include "event/ids.h"
#include "gateway.h"
#include "port/named.h"
#include "service.h"
#include "sql.h"

enum { LOOK_LEAST_MS = 4, LOOK_MOST_MS = 50, KEY_SIZE = 256, NAME_SIZE = 160, RECORD_SPARE = 4096 };

/* Name space of batch ids that are derived from idempotency keys. */
static const struct uuid key_space = { { 0x6b, 0x1f, 0x0e, 0x5a, 0x8d, 0x3c, 0x4e, 0x57, 0x9a, 0x42,
	0x7e, 0x90, 0x1c, 0x55, 0xd2, 0x08 } };

bool
wait_for(int64_t wait_ms, bool (*is_done)(void *state, bool *done, struct err *err), void *state,
    bool *late, struct err *err)
{
	int64_t until = clock_monotonic_ms() + wait_ms, look_ms = LOOK_LEAST_MS;
	bool done = false;

	for (;;) {
		if (!is_done(state, &done, err))
			return false;
		*late = !done;
		if (done || clock_monotonic_ms() >= until || service_is_stopping())
			return true;
		clock_sleep_ms(look_ms);
		look_ms = look_ms * 2 < LOOK_MOST_MS ? look_ms * 2 : LOOK_MOST_MS;
	}
}

static bool
publish_err(struct call *call, struct err *err)
{
	if (err->verdict == ERR_FATAL) {	/* the producer is lost: the supervisor starts us again */
		atomic_store(&call->gateway->lost, true);
		err->verdict = ERR_RETRY;
	}
	return problem_err(call, err);
}

bool
publish(struct call *call, enum topic topic, int32_t partition, const struct event *event)
{
	size_t most = topic == TOPIC_SUBMISSIONS ? ACCEPT_RECORD_MAX
	    : (size_t)topics[topic].max_message_bytes - RECORD_SPARE;
	struct envelope envelope;
	struct err err = {0};
	bool fits = envelope_fill(&envelope, call->gateway->codec, event, topic, partition, "gateway",
	    httpd_header(call->request, "traceparent"), &err) && envelope.bytes.size <= most;
	bool well = fits && bus_publish(call->gateway->bus, &envelope.outgoing, &err);

	envelope_clear(&envelope);
	if (!fits)
		return problem(call, &problem_too_large, "The event of it would be too large.");
	return well || publish_err(call, &err);
}

/* ---- the batch in the projection ---- */

struct landing {
	struct call *call;
	struct uuid batch_id;
	uint8_t sha256[32];		/* of what was sent */
	bool found, differs, deleted;
	char name[NAME_SIZE], error_code[40], error_message[500];
};

static void
keep(char *ret, size_t size, const char *text)
{
	snprintf(ret, size, "%s", text ? text : "");
}

static bool
has_landed(void *state, bool *done, struct err *err)
{
	struct landing *l = state;
	own(db_rows_freep) struct db_rows *rows = NULL;
	const void *sha256;
	size_t size;

	if (!db_call_run(l->call, &rows, err, sql_gateway_submitted,
	    db_uuid(l->batch_id)))
		return false;
	*done = l->found = db_count(rows) > 0;
	if (!l->found)
		return true;
	keep(l->name, sizeof(l->name), db_text_of(rows, 0, "base_directory_name"));
	sha256 = db_bytes_of(rows, 0, "payload_sha256", &size);
	l->differs = size != sizeof(l->sha256) || memcmp(sha256, l->sha256, size);
	l->deleted = db_bool_of(rows, 0, "is_deleted");
	keep(l->error_code, sizeof(l->error_code), db_text_of(rows, 0, "error_code"));
	keep(l->error_message, sizeof(l->error_message), db_text_of(rows, 0, "error_message"));
	return true;
}

/* A batch of this id that is no answer to this submission. */
static bool
check_landing(struct call *call, const struct landing *l)
{
	if (l->differs)
		return problem(call, &problem_conflict,
		    "Its Idempotency-Key belongs to %s, which was submitted with other contents.",
		    l->name);
	if (l->deleted)
		return problem(call, &problem_deleted, "%s was submitted with this key, and deleted.",
		    l->name);
	if (*l->error_code) {
		answer_location(call, l->batch_id);
		return problem(call, &problem_not_accepted, "%s: %s (%s)", l->name, l->error_message,
		    l->error_code);
	}
	return true;
}

/* ---- the way ---- */

static bool
batch_id_choose(struct call *call, struct uuid *ret, bool *has_key)
{
	const char *header = httpd_header(call->request, "Idempotency-Key");
	char key[KEY_SIZE], name[KEY_SIZE + sizeof(call->caller.name) + 2];

	*has_key = header != NULL;
	*ret = uuid_v7();
	if (!header)
		return true;
	if (!idempotency_key_read(key, sizeof(key), header))
		return problem_field(call, "Idempotency-Key", "is not 1 to %d printable characters, or a "
		    "quoted string of them", KEY_SIZE - 1);
	snprintf(name, sizeof(name), "%s\n%s", call->caller.name, key);
	*ret = uuid_v5(key_space, name, strlen(name));
	return true;
}

static void
put_ids(struct put *put, const struct form *form)
{
	put_name(put, "job_ids");
	put_open(put, '[');
	for (size_t i = 0; i < form->submitted.n_files; i++)
		put_uuid(put, ids_job(form->submitted.batch_id, (uint32_t)i));
	put_close(put, ']');
}

static void
answer(struct call *call, const struct form *form, const struct landing *l, const char *applied,
    bool single)
{
	struct put put = answer_json(call, l->found ? 201 : 202);

	answer_location(call, l->batch_id);
	if (*applied)
		httpd_answer_header(call->answer, "Preference-Applied", applied);
	put_open(&put, '{');
	if (single)
		put_uuid_of(&put, "job_id", ids_job(l->batch_id, 0));
	put_uuid_of(&put, "batch_id", l->batch_id);
	put_text_of(&put, "base_directory_name", l->found ? l->name : NULL);
	if (!single) {
		put_int_of(&put, "job_count", (int64_t)form->submitted.n_files);
		put_ids(&put, form);
	}
	put_text_of(&put, "status", "queued");
	put_close(&put, '}');
}

/* Published already under this key? Then nothing is published again. */
static bool
submit(struct call *call, struct form *form, bool has_key, bool single)
{
	struct landing l = { .call = call, .batch_id = form->submitted.batch_id };
	struct event event = { .type = EVENT_BATCH_SUBMITTED, .submitted = form->submitted };
	char applied[PREFER_SIZE];
	int64_t wait_ms = prefer_wait_ms(httpd_header(call->request, "Prefer"), applied);
	char id[UUID_TEXT_SIZE];
	struct err err = {0};
	bool late, sent;

	accept_digest(l.sha256, &form->submitted);
	if (has_key && !wait_for(0, has_landed, &l, &late, &err))
		return problem_err(call, &err);
	sent = !l.found && publish(call, TOPIC_SUBMISSIONS, BUS_PARTITION_ANY, &event);
	audit(call, "submit", uuid_print(id, l.batch_id), l.found ? "asked again" : sent ? "asked" : "not sent");
	if (!l.found && !sent)
		return false;
	/* It is in the log now: whatever happens from here on, the submission stands. */
	if (!l.found && wait_ms > 0 && !wait_for(wait_ms, has_landed, &l, &late, &err))
		log_write(LOG_WARN, "cannot see whether a submission arrived", "code=%s", err.code);
	if (l.found && !check_landing(call, &l))
		return false;
	answer(call, form, &l, applied, single);
	return true;
}

static bool
serve_form(struct call *call, struct form *form, bool single)
{
	struct batch_submitted *s = &form->submitted;
	bool has_key;

	if (!batch_id_choose(call, &s->batch_id, &has_key) || !form_finish(form, single))
		return false;
	s->event_id = uuid_v5(s->batch_id, "BatchSubmitted", strlen("BatchSubmitted"));
	s->occurred_at = clock_now_us();
	s->submitted_by = call->caller.name;
	return submit(call, form, has_key, single);
}

static bool
serve_submission(struct call *call, bool single)
{
	struct form *uploaded = upload_form(call->upload), form;
	bool well;

	if (uploaded)
		return upload_finish(call->upload) && serve_form(call, uploaded, single);
	if (!form_init(&form, call))
		return problem(call, &problem_internal, "out of memory");
	well = form_read_json(&form, single) && serve_form(call, &form, single);
	form_clear(&form);
	return well;
}

bool
serve_submit_one(struct call *call)
{
	return serve_submission(call, true);
}

bool
serve_submit_batch(struct call *call)
{
	return serve_submission(call, false);
}
