/* SPDX-License-Identifier: Apache-2.0 */
/* monday: an item on a board of Monday for each batch. */
#include <string.h>
#include "monday.h"
#include "port/blob.h"

static const struct option_row monday_options[] = {
	DELIVERY_OPTIONS("batchline_monday", "4", "1", "60"),
	{ "BATCHLINE_MONDAY_API", OPTION_TEXT, "https://api.monday.com/v2", 0, 0,
	    "where Monday's API is", false },
	{ "BATCHLINE_PUBLIC_URL", OPTION_TEXT, "", 0, 0,
	    "address of the dashboard for people, for the link to a batch; empty: no link", false },
	{ "BLOB_URI", OPTION_STORE, "", 0, 0,
	    "blob store, where archives lie that go into a files column; empty: none do", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};

static bool
monday_open(struct call *call, struct err *err)
{
	const char *uri = option_text(call->options, "BLOB_URI");
	struct blob_store *store = NULL;

	if (*uri && !blob_open(&store, uri, err))
		return false;
	call->own = store;
	return true;
}

static void
monday_close(struct call *call)
{
	blob_free(call->own);
}

/* The lane is the board, and a board takes one change after the other. */
static bool
monday_check(const struct options *options, struct err *err)
{
	if (option_int(options, "BATCHLINE_CALLS_PER_TARGET") != 1)
		return err_code(err, ERR_FATAL, "option",
		    "BATCHLINE_CALLS_PER_TARGET: a board of Monday takes one change after the other: 1");
	return delivery_check(options, err);
}

static const struct door door = {
	.service = "monday",
	.what = "keeps an item on a board of Monday for each batch",
	.options = monday_options,
	.check = monday_check,
	.open = monday_open,
	.close = monday_close,
	.deliver = monday_deliver,
	.test = monday_test,
};

int
main(int argc, char **argv)
{
	return delivery_main(&door, argc, argv);
}
