/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c: a record of `jobs` becomes a job, once, however often it is delivered. */
#include <string.h>
#include "base/log.h"
#include "consumers/renderer/renderer.h"
#include "event/texts.h"
#include "port/letter.h"

static bool
asked_read(struct renderer *r, const struct bus_record *record, struct event *ret, struct err *err)
{
	char key[UUID_TEXT_SIZE];

	arena_clear(r->arena);
	if (!record->value)
		return err_code(err, ERR_REJECT, "no_value", "a tombstone asks for no work");
	if (!codec_read(r->codec, record->value, record->value_size, r->arena, ret, err))
		return false;
	if (ret->type != EVENT_JOB_DISPATCHED)
		return err_code(err, ERR_REJECT, "wrong_topic", "%s does not belong on jobs",
		    event_type_name(ret->type));
	uuid_print(key, ret->dispatched.job_id);
	if (record->key_size != UUID_TEXT_SIZE - 1
	    || memcmp(record->key, key, UUID_TEXT_SIZE - 1))
		return err_code(err, ERR_REJECT, "wrong_key", "the key is not the job_id %s", key);
	if (ret->dispatched.partition < 0)
		return err_code(err, ERR_REJECT, "bad_partition", "partition is negative");
	return texts_check(ret->type, &ret->dispatched, err);
}

/* The partition went and came back while its job was under way: that job will do. */
static bool
is_under_way(const struct renderer *r, const struct bus_record *record)
{
	for (const struct job *job = r->jobs; job; job = job->kin)
		if (job->partition == record->partition && job->offset == record->offset)
			return true;
	return false;
}

/* Its dead letter is out before it counts as done. */
static bool
give_up(struct renderer *r, const struct bus_record *record, const struct err *why,
    struct err *err)
{
	char quoted[700];

	log_write(LOG_WARN, "record given up on", "partition=%d offset=%lld code=%s why=%s",
	    (int)record->partition, (long long)record->offset, why->code,
	    log_quote(quoted, sizeof(quoted), why->text));
	if (!letter_publish(r->bus, record, "batchline-renderer", "decode", why, err))
		return err_at(err, "dead letter");
	tracker_done(r->tracker, record->partition, record->offset);
	return true;
}

static bool
job_begin(struct renderer *r, const struct bus_record *record, const struct event *event,
    struct err *err)
{
	struct job *job = job_new(&event->dispatched, record->partition, record->offset);

	if (!job)
		return err_set(err, ERR_FATAL, "out of memory");
	headers_trace(job->trace, record);
	job->serial = ++r->last_serial;
	job->kin = r->jobs;
	r->jobs = job;
	pool_add(r->pool, job);
	return true;
}

bool
intake_take(struct renderer *r, const struct bus_record *record, struct err *err)
{
	enum tracker_answer seen;
	struct event event;
	struct err why = {0};

	if (!tracker_take(r->tracker, record->partition, record->offset, &seen, err))
		return false;
	if (seen == TRACKER_DONE || is_under_way(r, record))
		return true;
	if (asked_read(r, record, &event, &why))
		return job_begin(r, record, &event, err);
	return give_up(r, record, &why, err);
}

void
intake_balance(struct renderer *r)
{
	size_t waiting = pool_waiting(r->pool);
	bool pause = r->paused ? waiting > r->waiting_most / 2 : waiting >= r->waiting_most;

	if (pause == r->paused)
		return;
	bus_pause(r->bus, pause);
	r->paused = pause;
}
