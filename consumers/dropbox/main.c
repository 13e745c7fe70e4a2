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
	.what = "puts finished batches into folders of Dropbox",
	.options = dropbox_options,
	.waits_for_archive = true,
	.open = deliver_open,
	.close = deliver_close,
	.deliver = deliver_batch,
	.test = deliver_test,
};

int
main(int argc, char **argv)
{
	return delivery_main(&door, argc, argv);
}
