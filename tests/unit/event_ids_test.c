/* SPDX-License-Identifier: Apache-2.0 */
/* Derived ids: the vectors that docs/events.md publishes, made by Python's hashlib and uuid. */
#include <criterion/criterion.h>
#include <string.h>
#include "event/ids.h"

static const char batch[] = "018f3c5e-7a10-7b3c-9d2e-0123456789ab";

static struct uuid
id(const char *text)
{
	struct uuid uuid;

	cr_assert(uuid_read(&uuid, text, strlen(text)));
	return uuid;
}

static void
is(struct uuid uuid, const char *want)
{
	char text[UUID_TEXT_SIZE];

	cr_assert_str_eq(uuid_print(text, uuid), want);
}

Test(event_ids, a_job_id_is_the_published_one)
{
	is(ids_job(id(batch), 0), "018f3c5e-7a10-8b1f-b579-f5cb750d375c");
	is(ids_job(id(batch), 1), "018f3c5e-7a10-8c8f-b28a-7441f53e95cd");
	is(ids_job(id(batch), 9999), "018f3c5e-7a10-8b53-89e8-edee499a1a6b");
}

Test(event_ids, a_job_id_begins_with_its_batch_s_time_and_is_of_version_8)
{
	struct uuid job = ids_job(id(batch), 7);

	cr_assert_eq(memcmp(job.bytes, id(batch).bytes, 6), 0);
	cr_assert_eq(job.bytes[6] >> 4, 8);
	cr_assert_eq(job.bytes[8] >> 6, 2);
}

Test(event_ids, an_event_id_is_the_published_one)
{
	is(ids_batch_event(id(batch), 7), "40c45131-6d22-5fdd-ae96-e63b24ffaa82");
	is(ids_job_event(id("018f3c5e-7a10-8b1f-b579-f5cb750d375c"), EVENT_JOB_COMPLETED, 2),
	    "c370e338-968a-55ac-adfb-b2fb4e70b3d3");
	is(ids_run_event(id(batch), EVENT_ARCHIVE_BUILT, 1), "489932bf-79d5-5840-b8f1-683a255b6173");
	is(ids_delivery_event(id("018f3c5e-7a10-8b1f-b579-f5cb750d375c"), EVENT_DELIVERY_FAILED, 3),
	    "5606f398-798e-5ce4-be88-5806b61eb362");
}
