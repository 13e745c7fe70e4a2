/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h: what the words of a batch's status mean. Pure. The projection's trigger gives them
 * (sql/deploy/rules.sql): queued, processing, paused; completed, partial, failed, cancelled.
 */
#ifndef STATUS_H
#define STATUS_H
#include <stdbool.h>

/* No job of the batch is open any more; only a retry opens it again. */
bool status_is_final(const char *status);
#endif
