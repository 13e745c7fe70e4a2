/* SPDX-License-Identifier: Apache-2.0 */
/* named.c: see named.h. */
#include "port/named.h"

bool
db_is_null_of(const struct db_rows *rows, int row, const char *name)
{
	return db_is_null(rows, row, db_column(rows, name));
}

const char *
db_text_of(const struct db_rows *rows, int row, const char *name)
{
	return db_text_at(rows, row, db_column(rows, name));
}

int64_t
db_int_of(const struct db_rows *rows, int row, const char *name)
{
	return db_int_at(rows, row, db_column(rows, name));
}

struct uuid
db_uuid_of(const struct db_rows *rows, int row, const char *name)
{
	return db_uuid_at(rows, row, db_column(rows, name));
}

int64_t
db_time_of(const struct db_rows *rows, int row, const char *name)
{
	return db_time_at(rows, row, db_column(rows, name));
}

int32_t
db_date_of(const struct db_rows *rows, int row, const char *name)
{
	return db_date_at(rows, row, db_column(rows, name));
}

bool
db_bool_of(const struct db_rows *rows, int row, const char *name)
{
	return db_int_of(rows, row, name) != 0;
}

const void *
db_bytes_of(const struct db_rows *rows, int row, const char *name, size_t *size)
{
	return db_bytes_at(rows, row, db_column(rows, name), size);
}
