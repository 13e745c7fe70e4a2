/* SPDX-License-Identifier: Apache-2.0 */
/* dropbox: finished batches as folders of Dropbox. */
#include "dropbox.h"

static const struct option_row dropbox_options[] = {
	{ "BLOB_URI", OPTION_STORE, NULL, 0, 0,
	    "where pictures and archives lie: file:///absolute/folder", false },
	{ "BATCHLINE_DROPBOX_API", OPTION_TEXT, "https://api.dropboxapi.com", 0, 0,
	    "address of Dropbox's API", false },
	{ "BATCHLINE_DROPBOX_CONTENT", OPTION_TEXT, "https://content.dropboxapi.com", 0, 0,
	    "address of Dropbox's API for the bytes of files", false },
	DELIVERY_OPTIONS("batchline_dropbox", "8", "1", "120"),
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static const struct door door = {
	.service = "dropbox",
	.waits_for_archive = true,
	.open = deliver_open,
	.close = deliver_close,
	.deliver = deliver_batch,
	.test = deliver_test,
};

static bool
dropbox_open(void **state, const struct service_context *context, struct err *err)
{
	return delivery_open(state, context, &door, err);
}

static const struct service dropbox = {
	.name = "dropbox",
	.what = "puts finished batches into folders of Dropbox",
	.reads = { TOPIC_BATCHES },
	.n_reads = 1,
	.options = dropbox_options,
	.turn_records = 1,
	.idle_ms = 100,
	.check = delivery_check,
	.open = dropbox_open,
	.turn = delivery_turn,
	.close = delivery_close,
};

int
main(int argc, char **argv)
{
	return service_main(&dropbox, argc, argv);
}
