/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines_test.c: which submissions a pipeline takes. */
#include <criterion/criterion.h>
#include "consumers/projector/pipelines.h"

Test(pipelines, what_was_submitted_before_one_was_disabled_is_still_taken)
{
	static const struct pipelines p = { .n = 3, .list = {
		{ .id = 1, .views = 1, .enabled = true, .disabled_at = INT64_MIN },
		{ .id = 2, .views = 1, .enabled = false, .disabled_at = 100 },
		{ .id = 3, .views = 1, .enabled = false, .disabled_at = INT64_MIN } } };

	cr_expect_not_null(pipelines_find(&p, 1, 500));
	cr_expect_not_null(pipelines_find(&p, 2, 99));
	cr_expect_null(pipelines_find(&p, 2, 100));
	cr_expect_null(pipelines_find(&p, 3, 99), "nobody knows since when it is disabled");
	cr_expect_null(pipelines_find(&p, 4, 99));
}
