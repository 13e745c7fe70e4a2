/* SPDX-License-Identifier: Apache-2.0 */
/* webhook: tells URLs of the operator's own what becomes of batches. */
#include "webhook.h"

static const struct option_row webhook_options[] = {
	DELIVERY_OPTIONS("batchline_webhook", "16", "2", "20"),
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static const struct door door = {
	.service = "webhook",
	.deliver = post_batch,
	.test = post_test,
};

static bool
webhook_open(void **state, const struct service_context *context, struct err *err)
{
	return delivery_open(state, context, &door, err);
}

static const struct service webhook = {
	.name = "webhook",
	.what = "tells URLs of the operator's own what becomes of batches",
	.reads = { TOPIC_BATCHES },
	.n_reads = 1,
	.options = webhook_options,
	.turn_records = 1,
	.idle_ms = 100,
	.check = delivery_check,
	.open = webhook_open,
	.turn = delivery_turn,
	.close = delivery_close,
};

int
main(int argc, char **argv)
{
	return service_main(&webhook, argc, argv);
}
