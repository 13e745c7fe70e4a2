/* SPDX-License-Identifier: Apache-2.0 */
/* monday_test.c: what goes into a board's columns, and what Monday's errors lead to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "consumers/monday/monday.h"

#define SETTINGS "{\"secret\":\"m\",\"board\":\"7\",\"columns\":{\"key\":\"k\",\"status\":\"s_1\"," \
	"\"files\":\"n\",\"failures\":\"f\",\"link\":\"l\",\"date\":\"d\",\"description\":\"t\"," \
	"\"archive\":\"z\"},\"labels\":{\"failed\":\"Stuck\"}}"

/* The text as JSON, for as long as the test lives. */
static const struct doc_value *
json(const char *text)
{
	static struct doc *kept[256];
	static size_t n;
	struct err err = {0};

	cr_assert_lt(n, sizeof(kept) / sizeof(*kept));
	cr_assert(doc_read(&kept[n], text, strlen(text), &err), "%s: %s", text, err.text);
	return doc_root(kept[n++]);
}

/* ---- values ---- */

static struct told
a_batch(void)
{
	return (struct told){ .id = "b-1", .name = "PL_2026-11-27_batch-1", .state = "partial",
		.description = "two \"rooms\"", .page = "https://line.example/?q=a", .files = 12,
		.failures = 2, .day = 20784, .has_day = true };
}

static const char *
written(const char *settings, struct told told)
{
	static struct buf text;

	buf_reset(&text);
	columns_write(&text, json(settings), &told);
	return buf_text(&text);
}

Test(monday_columns, each_value_has_the_form_of_its_column)
{
	cr_expect_str_eq(written(SETTINGS, a_batch()),
	    "{\"k\":\"b-1\",\"s_1\":{\"label\":\"Partial\"},\"n\":\"12\",\"f\":\"2\","
	    "\"l\":{\"url\":\"https://line.example/?q=a\",\"text\":\"PL_2026-11-27_batch-1\"},"
	    "\"d\":{\"date\":\"2026-11-27\"},\"t\":\"two \\\"rooms\\\"\"}");
}

Test(monday_columns, what_is_not_configured_or_not_known_is_left_as_it_is)
{
	struct told told = a_batch();

	told.page = "";
	told.has_day = false;
	cr_expect_str_eq(written("{\"columns\":{\"key\":\"k\",\"link\":\"l\",\"date\":\"d\"}}", told),
	    "{\"k\":\"b-1\"}");
}

Test(monday_columns, a_label_is_the_operator_s_or_the_state_with_a_capital)
{
	char label[LABEL_MAX];

	cr_expect_str_eq(columns_label(label, json(SETTINGS), "failed"), "Stuck");
	cr_expect_str_eq(columns_label(label, json(SETTINGS), "completed"), "Completed");
}

Test(monday_columns, a_description_is_cut_where_monday_would_refuse_it)
{
	const char *settings = "{\"columns\":{\"description\":\"t\"}}";
	static char narrow[2 * 2100], wide[4 * 1100];
	struct told told = a_batch();

	for (size_t i = 0; i + 2 < sizeof(narrow); i += 2)
		memcpy(narrow + i, "é", 2);
	for (size_t i = 0; i + 4 < sizeof(wide); i += 4)
		memcpy(wide + i, "😀", 4);
	told.description = narrow;
	cr_expect_eq(strlen(written(settings, told)), strlen("{\"t\":\"\"}") + 2 * 2000);
	told.description = wide;
	cr_expect_eq(strlen(written(settings, told)), strlen("{\"t\":\"\"}") + 4 * 1000);
	told.description = NULL;
	cr_expect_str_eq(written(settings, told), "{\"t\":\"\"}");
}

/* ---- a board ---- */

static const char *
found(const char *board)
{
	static struct buf text;

	buf_reset(&text);
	columns_check(&text, json(SETTINGS), json(board));
	return buf_text(&text);
}

#define COLUMN(id, type) "{\"id\":\"" id "\",\"type\":\"" type "\"}"
#define FITTING COLUMN("k", "text") "," COLUMN("n", "numbers") "," COLUMN("f", "numbers") "," \
	COLUMN("l", "link") "," COLUMN("d", "date") "," COLUMN("z", "file")

Test(monday_board, that_fits_has_no_defect)
{
	cr_expect_str_eq(found("{\"columns\":[" FITTING "," COLUMN("s_1", "status") ","
	    COLUMN("t", "long_text") "]}"), "");
}

Test(monday_board, every_defect_is_named_by_setting_and_column)
{
	cr_expect_str_eq(found("{\"columns\":[" FITTING "," COLUMN("s_1", "text") "]}"),
	    "columns.status: the board's column 's_1' is of type text, not status; "
	    "columns.description: the board has no column 't'");
}

Test(monday_board, lacks_labels_for_states_that_a_target_wants)
{
	static const char *const wells[] = {
		"{\"labels\":{\"0\":\"Stuck\",\"1\":\"Completed\",\"5\":\"Partial\"}}",
		"{\"labels\":[{\"id\":0,\"label\":\"Stuck\"},{\"label\":\"Completed\"},{\"label\":\"Partial\"}]}",
	};
	struct buf text = {0};

	for (size_t i = 0; i < 2; i++) {
		columns_check_labels(&text, json(SETTINGS), "completed,partial,failed", json(wells[i]));
		cr_expect_str_eq(buf_text(&text), "");
	}
	columns_check_labels(&text, json(SETTINGS), "partial,failed",
	    json("{\"labels\":{\"1\":\"Partial\"}}"));
	cr_expect_str_eq(buf_text(&text), "columns.status: the board's column 's_1' has no label "
	    "'Stuck' for batches that are failed");
	buf_clear(&text);
}

/* ---- errors ---- */

#define ERROR(code, more) "{\"data\":null,\"errors\":[{\"message\":\"so\",\"extensions\":{" \
	"\"code\":\"" code "\"" more "}}]}"

static const struct answer {
	const char *what;
	int status;
	const char *headers, *body;
	enum fate fate;
	const char *code;
	int64_t wait_s;
	const char *words;
} answers[] = {
	{ "a spent budget waits as long as it says", 200, NULL,
	    ERROR("COMPLEXITY_BUDGET_EXHAUSTED", ",\"retry_in_seconds\":12"), FATE_AGAIN,
	    "COMPLEXITY_BUDGET_EXHAUSTED", 12, "so" },
	{ "parts of a second count as one", 429, NULL,
	    ERROR("COMPLEXITY_BUDGET_EXHAUSTED", ",\"retry_in_seconds\":1.2"), FATE_AGAIN,
	    "COMPLEXITY_BUDGET_EXHAUSTED", 2, "so" },
	{ "the time may stand in the message alone", 429, NULL,
	    "{\"errors\":[{\"message\":\"budget remaining 5 out of 9 reset in 31 seconds\","
	    "\"extensions\":{\"code\":\"ComplexityException\"}}]}", FATE_AGAIN, "ComplexityException",
	    31, "budget remaining 5 out of 9 reset in 31 seconds" },
	{ "or in error_data", 429, NULL,
	    ERROR("FIELD_LIMIT_EXCEEDED", ",\"error_data\":{\"retry_in_seconds\":3}"), FATE_AGAIN,
	    "FIELD_LIMIT_EXCEEDED", 3, "so" },
	{ "or in a header", 429, "Retry-After: 9", ERROR("maxConcurrencyExceeded", ""), FATE_AGAIN,
	    "maxConcurrencyExceeded", 9, "so" },
	{ "an address that asks too often waits", 429, "Retry-After: 4",
	    ERROR("IP_RATE_LIMIT_EXCEEDED", ""), FATE_AGAIN, "IP_RATE_LIMIT_EXCEEDED", 4, "so" },
	{ "a board that is locked is waited for", 423, "Retry-After: 2",
	    "{\"errors\":[{\"message\":\"Resource is currently locked\"}]}", FATE_AGAIN, "http_423", 2,
	    "Resource is currently locked" },
	{ "so is the same key under way", 409, "Retry-After: 1", "", FATE_AGAIN, "http_409", 1, NULL },
	{ "the old form of a limit", 429, "Retry-After: 7",
	    "{\"error_code\":\"RATE_LIMIT_EXCEEDED\",\"error_message\":\"slow\",\"status_code\":429}",
	    FATE_AGAIN, "RATE_LIMIT_EXCEEDED", 7, "slow" },
	{ "a value that a column does not take names it", 200, NULL,
	    ERROR("ColumnValueException", ",\"error_data\":{\"column_id\":\"s_1\"}"), FATE_STOP,
	    "ColumnValueException", 0, "columns.status (s_1): so" },
	{ "a column that is not there", 200, NULL,
	    ERROR("InvalidColumnIdException", ",\"error_data\":{\"column_id\":\"else\"}"), FATE_STOP,
	    "InvalidColumnIdException", 0, "so" },
	{ "a board that is not there", 200, NULL, ERROR("InvalidBoardIdException", ""), FATE_STOP,
	    "InvalidBoardIdException", 0, "so" },
	{ "nothing there", 200, NULL, ERROR("ResourceNotFoundException", ""), FATE_STOP,
	    "ResourceNotFoundException", 0, "so" },
	{ "a board that is full", 200, NULL, ERROR("ItemsLimitationException", ""), FATE_STOP,
	    "ItemsLimitationException", 0, "so" },
	{ "a user who may not", 403, NULL, ERROR("UserUnauthorizedException", ""), FATE_STOP,
	    "UserUnauthorizedException", 0, "so" },
	{ "a field for others", 200, NULL, ERROR("UNAUTHORIZED_FIELD_OR_TYPE", ""), FATE_STOP,
	    "UNAUTHORIZED_FIELD_OR_TYPE", 0, "so" },
	{ "a token that was revoked", 401, NULL, "{\"errors\":[\"Not Authenticated\"]}", FATE_STOP,
	    "http_401", 0, "Not Authenticated" },
	{ "a query of another age", 200, NULL, ERROR("undefinedField", ""), FATE_STOP,
	    "undefinedField", 0, "so" },
	{ "a name that is too long is this batch's own", 200, NULL,
	    ERROR("ItemNameTooLongException", ""), FATE_FAILED, "ItemNameTooLongException", 0, "so" },
	{ "a file that is too large is, too", 413, NULL, "<html>", FATE_FAILED, "http_413", 0, NULL },
	{ "a code that nobody knows is tried again", 200, NULL, ERROR("Surprise", ""), FATE_AGAIN,
	    "Surprise", 0, "so" },
	{ "a trouble of theirs", 500, NULL, ERROR("INTERNAL_SERVER_ERROR", ""), FATE_AGAIN,
	    "INTERNAL_SERVER_ERROR", 0, "so" },
	{ "one that is no JSON", 502, NULL, "<html>", FATE_AGAIN, "http_502", 0, NULL },
	{ "out of order for a while", 503, "Retry-After: 6", "<html>", FATE_AGAIN, "http_503", 6, NULL },
	{ "a yes without an answer", 200, NULL, "{}", FATE_AGAIN, "http_200", 0, NULL },
	{ "the error that means something counts", 200, NULL,
	    "{\"errors\":[{\"message\":\"first\"},{\"message\":\"second\",\"extensions\":{"
	    "\"code\":\"ColumnValueException\"}}]}", FATE_STOP, "ColumnValueException", 0, "second" },
	{ "an error that is only told again is no news", 200, "Idempotency-Replayed: true",
	    ERROR("InvalidColumnIdException", ""), FATE_AGAIN, "InvalidColumnIdException", 0, "so" },
	{ "controls do not reach a log", 200, NULL,
	    "{\"errors\":[{\"message\":\"one\\ntwo\",\"extensions\":{\"code\":\"X\"}}]}", FATE_AGAIN, "X",
	    0, "one two" },
};

static bool
answered(struct call *call, const struct answer *a)
{
	struct doc *doc = NULL;
	bool well;

	*call = (struct call){ .settings = json(SETTINGS), .answer = { .status = a->status } };
	if (a->headers)
		buf_add(&call->answer.headers, a->headers, strlen(a->headers) + 1);
	buf_add_text(&call->answer.body, a->body);
	well = api_read(call, &doc);
	doc_free(doc);
	http_answer_clear(&call->answer);
	return well;
}

Test(monday_errors, lead_to_what_their_code_says)
{
	struct call call;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct answer *a = &answers[i];

		cr_expect(!answered(&call, a), "%s", a->what);
		cr_expect_eq(call.fate, a->fate, "%s: %d", a->what, (int)call.fate);
		cr_expect_str_eq(call.code, a->code, "%s: %s", a->what, call.code);
		cr_expect_eq(call.retry_after_s, a->wait_s, "%s: %d", a->what, (int)call.retry_after_s);
		cr_expect(!a->words || !strcmp(call.words, a->words), "%s: %s", a->what, call.words);
	}
}

Test(monday_errors, a_day_that_is_used_up_ends_at_midnight)
{
	const struct answer day = { .status = 429, .headers = "Retry-After: 1",
		.body = ERROR("DAILY_LIMIT_EXCEEDED", "") };
	int64_t second = clock_now_us() / 1000000 % 86400;
	struct call call;

	cr_expect(!answered(&call, &day));
	cr_expect_eq(call.fate, FATE_AGAIN);
	cr_expect(call.retry_after_s <= 86460 - second && call.retry_after_s > 86400 - second);
}

Test(monday_errors, an_item_that_is_gone_is_told_from_all_else)
{
	const struct answer gone = { .status = 200, .body = ERROR("ResourceNotFoundException", "") };
	const struct answer other = { .status = 200, .body = ERROR("ColumnValueException", "") };
	struct call call;

	cr_expect(!answered(&call, &gone) && api_is_missing(&call));
	cr_expect(!answered(&call, &other) && !api_is_missing(&call));
}

Test(monday_errors, data_without_an_error_is_an_answer)
{
	const struct answer well = { .status = 200, .body = "{\"data\":{\"create_item\":{\"id\":\"5\"}}}" };
	struct call call;

	cr_expect(answered(&call, &well));
}
