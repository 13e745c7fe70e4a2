/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unnamed.h: inputs that nothing names go after a day.
 *
 * An input (blob:sha256/..) is put before the submission that names it, by POST /api/blobs or in the
 * course of a form that is refused in the end; a deleted batch names its inputs no more. The rule: an
 * input whose time is older than BATCHLINE_UNNAMED_S, which no job and no pipeline names, is removed.
 *
 * A submission under way is safe. Putting the same bytes again, and naming them to the gateway, give
 * the input a fresh time, and that is looked at again once it is out of reach (blob_remove_old()).
 * What was published is in the projection: the sweep waits until the projector has taken every
 * submission that was in the log when it began. So only who publishes to Kafka by himself, naming
 * what he put longer ago than that, finds it gone: his job fails with blob_not_found.
 */
#ifndef UNNAMED_H
#define UNNAMED_H
#include <stdint.h>
#include "port/blob.h"
#include "port/db.h"
#include "service.h"

/* n: how many were removed. With submissions still to be taken it does nothing and says so. */
bool unnamed_sweep(const struct service_context *context, struct db *db, struct blob_store *store,
    int64_t age_s, bool *done, size_t *n, struct err *err);
#endif
