/* SPDX-License-Identifier: Apache-2.0 */
/* webhook: tells URLs of the operator's own what becomes of batches. */
#include "webhook.h"

static const struct option_row webhook_options[] = {
	DELIVERY_OPTIONS("batchline_webhook", "16", "2", "20"),
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static const struct door door = {
	.service = "webhook",
	.what = "tells URLs of the operator's own what becomes of batches",
	.options = webhook_options,
	.deliver = post_batch,
	.test = post_test,
};

int
main(int argc, char **argv)
{
	return delivery_main(&door, argc, argv);
}
