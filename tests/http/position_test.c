/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the topic, as the ids of events. */
#include <criterion/criterion.h>
#include <stddef.h>
#include "producers/gateway/position.h"

Test(position, is_read_as_it_was_printed)
{
	struct position one = { { 0, 1, INT64_MAX, 3, 4, 5, 6, 7, 8, 9, 10, 11 } }, read;
	char text[POSITION_TEXT_SIZE], again[POSITION_TEXT_SIZE];
	int64_t second;

	cr_assert(position_read(&read, &second, position_print(text, &one, 1764294000)));

	cr_assert_eq(second, 1764294000);
	cr_assert_str_eq(position_print(again, &read, second), text);
}

Test(position, anything_else_is_none)
{
	static const char *const texts[] = { "", "-", "1", "x", "1-2-3", "1-0-0-0-0-0-0-0-0-0-0-0-0-0",
		"1-0-0-0-0-0-0-0-0-0-0-0-", "1-0-0-0-0-0-0-0-0-0-0-0-0 ", " 1-0-0-0-0-0-0-0-0-0-0-0-0",
		"1--1-0-0-0-0-0-0-0-0-0-0-0", "1-0-0-0-0-0-0-0-0-0-0-0-9223372036854775808",
		"1-0-0-0-0-0-0-0-0-0-0-0-+1" };
	struct position read;
	int64_t second;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_expect_not(position_read(&read, &second, texts[i]), "%s", texts[i]);
}

Test(position, lag_counts_only_what_is_ahead)
{
	struct position one = { { 5, 7 } }, later = { { 8, 2 } };

	cr_assert_eq(position_lag(&one, &later), 3);
	cr_assert_eq(position_lag(&later, &one), 5);
}
