/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook.h: a batch's states to URLs of the operator's own, as Standard Webhooks 1.0.0 says.
 *
 *	main      the table of options, and the door (delivery/delivery.h has the engine)
 *	post      one POST: its body, its headers, what the answer means
 *	sign      the header webhook-signature
 *
 * The webhook-id is the delivery's: whoever is told twice, since nobody can say whether the first
 * one came through, sees one id.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H
#include "delivery/delivery.h"

enum { BODY_MAX = 1 << 20, SIGNATURES_MAX = 2 };

/* post.c */
void post_batch(struct call *call);
void post_test(struct call *call);	/* an event of type test, which is about no batch */

/* sign.c: "v1,.. v1,..", one for each line of the secret. False: ERR_FATAL "secret". */
bool sign(struct buf *ret, const struct buf *secret, const char *id, const char *timestamp,
    const struct buf *body, struct err *err);
#endif
