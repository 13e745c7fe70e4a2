/* SPDX-License-Identifier: Apache-2.0 */
/* post.c: one POST. Touches nothing but its own call. */
#include <inttypes.h>
#include <stdio.h>
#include "base/clock.h"
#include "delivery/secret.h"
#include "delivery/shown.h"
#include "webhook.h"
#include "port/named.h"

/* What is sent, beside what the call has. */
struct post {
	struct buf body, signature;
	char id[UUID_TEXT_SIZE], timestamp[24];
};

static void
post_clear(struct post *post)
{
	buf_clear(&post->body);
	buf_clear(&post->signature);
}

/* ---- bodies ---- */

/* The batch as the API shows it, within the envelope of Standard Webhooks. */
static void
write_batch(struct buf *body, const struct call *call)
{
	const struct shown batch = shown_batches(call->batch);
	struct put put = { body, false };
	char type[32];

	snprintf(type, sizeof(type), "batch.%s", call->state);
	put_open(&put, '{');
	put_text_of(&put, "type", type);
	put_name(&put, "timestamp");
	put_time(&put, db_time_of(call->batch, 0, db_is_null_of(call->batch, 0, "completed_at")
	    ? "updated_at" : "completed_at"));
	put_name(&put, "data");
	put_open(&put, '{');
	shown_batch(&put, &batch, 0);
	put_close(&put, '}');
	put_close(&put, '}');
}

static void
write_test(struct buf *body, const struct call *call)
{
	struct put put = { body, false };

	put_open(&put, '{');
	put_text_of(&put, "type", "test");
	put_name(&put, "timestamp");
	put_time(&put, clock_now_us());
	put_name(&put, "data");
	put_open(&put, '{');
	put_text_of(&put, "target", call->target);
	put_close(&put, '}');
	put_close(&put, '}');
}

/* ---- the call ---- */

static bool
write_signature(struct call *call, struct post *post)
{
	struct buf secret;
	struct err err = {0};
	bool well;

	snprintf(post->timestamp, sizeof(post->timestamp), "%" PRId64, clock_now_us() / 1000000);
	if (!call_secret(call, &secret))
		return false;
	well = sign(&post->signature, &secret, post->id, post->timestamp, &post->body, &err);
	secret_clear(&secret);
	if (!well)
		call_say(call, FATE_STOP, err.code, "%s", err.text);
	return well;
}

static void
post_send(struct call *call, struct post *post)
{
	struct http_request request = { .method = "POST",
		.url = doc_text(doc_member(call->settings, "url")), .body = HTTP_BYTES,
		.bytes = post->body.data, .size = (int64_t)post->body.size };

	http_add_header(&request, "Content-Type", "application/json");
	http_add_header(&request, "webhook-id", post->id);
	http_add_header(&request, "webhook-timestamp", post->timestamp);
	http_add_header(&request, "webhook-signature", buf_text(&post->signature));
	if (call_send(call, &request))
		call_judge(call);
}

void
post_batch(struct call *call)
{
	struct post post = { .body = { .limit = BODY_MAX } };

	uuid_print(post.id, call->id);
	snprintf(call->external_id, sizeof(call->external_id), "%s", post.id);
	write_batch(&post.body, call);
	if (post.body.failed)
		call_say(call, FATE_FAILED, "too_large", "the batch is larger than %d bytes", BODY_MAX);
	else if (write_signature(call, &post))
		post_send(call, &post);
	post_clear(&post);
}

void
post_test(struct call *call)
{
	struct post post = { .body = { .limit = BODY_MAX } };

	uuid_print(post.id, uuid_v7());
	write_test(&post.body, call);
	if (write_signature(call, &post))
		post_send(call, &post);
	post_clear(&post);
}
