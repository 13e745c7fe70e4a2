/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.c: see envelope.h. */
#include "event/envelope.h"

bool
envelope_fill(struct envelope *ret, const struct codec *codec, const struct event *event,
    enum topic topic, int32_t partition, const char *service, const char *traceparent,
    struct err *err)
{
	struct uuid key = event->type == EVENT_JOB_DISPATCHED ? event->dispatched.job_id
	    : event->head.batch_id;

	*ret = (struct envelope){0};
	if (!codec_write(codec, event, &ret->bytes, err))
		return false;
	headers_fill(&ret->headers, event, service, traceparent);
	ret->outgoing = (struct bus_outgoing){
		.topic = topic, .partition = partition,
		.key = uuid_print(ret->key, key), .key_size = UUID_TEXT_SIZE - 1,
		.value = ret->bytes.data, .value_size = ret->bytes.size,
		.headers = ret->headers.list, .n_headers = HEADERS_COUNT,
	};
	return true;
}

void
envelope_clear(struct envelope *envelope)
{
	buf_clear(&envelope->bytes);
}
