/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c: see ids.h; the test vector stands in docs/events.md and tests/unit/event_ids_test.c. */
#include "event/ids.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"

struct uuid
ids_job(struct uuid batch_id, uint32_t index)
{
	uint8_t name[20], digest[SHA1_SIZE];
	struct uuid id;

	memcpy(name, batch_id.bytes, 16);
	for (int i = 0; i < 4; i++)
		name[16 + i] = (uint8_t)(index >> (24 - 8 * i));
	hash_sha1(digest, name, sizeof(name));
	memcpy(id.bytes, batch_id.bytes, 6);
	memcpy(id.bytes + 6, digest, 10);
	id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0f));
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

static struct uuid
named(struct uuid space, const char *kind, int64_t n)
{
	char name[64];
	int size = snprintf(name, sizeof(name), "%s/%" PRId64, kind, n);

	return uuid_v5(space, name, (size_t)size);
}

struct uuid
ids_batch_event(struct uuid batch_id, int64_t revision)
{
	return named(batch_id, "revision", revision);
}

struct uuid
ids_job_event(struct uuid job_id, enum event_type type, int32_t attempt)
{
	return named(job_id, event_type_name(type), attempt);
}

struct uuid
ids_run_event(struct uuid batch_id, enum event_type type, int32_t run_no)
{
	return named(batch_id, event_type_name(type), run_no);
}

struct uuid
ids_delivery_event(struct uuid delivery_id, enum event_type type, int32_t attempts)
{
	return named(delivery_id, event_type_name(type), attempts);
}
