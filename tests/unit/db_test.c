/* SPDX-License-Identifier: Apache-2.0 */
/* db_test.c: what is never sent to Postgres. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "port/db.h"

Test(db, an_array_that_met_its_limit_is_refused_before_anything_is_sent)
{
	enum { PIECE = 1 << 20 };
	struct db_array whole = { .type = DB_INT8 }, large = { .type = DB_BYTES };
	char *piece = calloc(1, PIECE);
	struct db_arg args[] = { { .type = DB_TEXT, .is_array = true, .is_null = true }, db_int(1),
		db_null(DB_BYTES) };
	struct db_step step = { "select", args, 3 };
	struct err err = {0};

	cr_assert(piece);
	for (int i = 0; i < 63; i++)
		db_array_add(&large, db_bytes(piece, PIECE));
	db_array_add(&whole, db_int(7));
	args[1] = db_array(&whole);
	args[2] = db_array(&large);
	cr_expect(db_steps_check(&step, 1, &err), "%s", err.text);
	db_array_add(&large, db_bytes(piece, PIECE));
	args[2] = db_array(&large);
	cr_expect(!db_steps_check(&step, 1, &err));
	cr_expect_eq(err.verdict, ERR_REJECT);
	cr_expect_str_eq(err.code, "54000");
	db_array_clear(&whole);
	db_array_clear(&large);
	free(piece);
}
