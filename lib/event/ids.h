/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h: ids that are derived, so that what is said again has the same name.
 *
 * A job id is SHA-1 of (16 bytes of the batch id, index as 32-bit big-endian, from 0): bytes 0-5
 * are the batch id's own, bytes 6-15 the digest's first ten, then version 8 and the variant
 * (RFC 9562). An event id is a UUIDv5 in the name space of what it speaks of.
 */
#ifndef IDS_H
#define IDS_H
#include <stdint.h>
#include "base/uuid.h"
#include "event/event.h"

struct uuid ids_job(struct uuid batch_id, uint32_t index);

/* Of a BatchChanged: name space the batch id, name "revision/<n>". */
struct uuid ids_batch_event(struct uuid batch_id, int64_t revision);
/* Of a job's event: name space the job id, name "<JobCompleted>/<attempt>". */
struct uuid ids_job_event(struct uuid job_id, enum event_type type, int32_t attempt);
/* Of a run's event: name space the batch id, name "<ArchiveBuilt>/<run_no>". */
struct uuid ids_run_event(struct uuid batch_id, enum event_type type, int32_t run_no);
/* Of a delivery's outcome: name space the delivery's id, name "<DeliveryFailed>/<attempts>". */
struct uuid ids_delivery_event(struct uuid delivery_id, enum event_type type, int32_t attempts);
#endif
