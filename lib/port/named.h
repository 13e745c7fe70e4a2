/* SPDX-License-Identifier: Apache-2.0 */
/*
 * named.h: the columns of a row by their names, for what reads one row. Who reads many asks db_column()
 * once for all of them.
 */
#ifndef NAMED_H
#define NAMED_H
#include "port/db.h"

bool db_is_null_of(const struct db_rows *rows, int row, const char *name);
const char *db_text_of(const struct db_rows *rows, int row, const char *name);	/* lives with rows */
int64_t db_int_of(const struct db_rows *rows, int row, const char *name);
bool db_bool_of(const struct db_rows *rows, int row, const char *name);
struct uuid db_uuid_of(const struct db_rows *rows, int row, const char *name);
const void *db_bytes_of(const struct db_rows *rows, int row, const char *name, size_t *size);
int64_t db_time_of(const struct db_rows *rows, int row, const char *name);
int32_t db_date_of(const struct db_rows *rows, int row, const char *name);
#endif
