/* SPDX-License-Identifier: Apache-2.0 */
/* news.c: see news.h. */
#include "news.h"
#include <string.h>
#include "delivery/shown.h"
#include "gateway.h"
#include "port/named.h"
#include "sql.h"

/* One that is longer than any is nobody's. */
static void
customer_keep(struct news *news, const char *prefix)
{
	if (prefix && strlen(prefix) < sizeof(news->customer))
		strcpy(news->customer, prefix);
}

static bool
deleted_read(const struct news_source *source, const struct bus_record *record, struct news *ret,
    struct err *err)
{
	struct put put = { &ret->data, false };
	struct db_rows *rows = NULL;
	struct uuid id;

	if (!record->key || !uuid_read(&id, record->key, record->key_size))
		return true;
	if (!db_pool_run(source->pool, &rows, err, sql_gateway_deleted, db_uuid(id)))
		return false;
	ret->name = "deleted";
	ret->statuses = ~0u;
	if (db_count(rows) > 0) {
		customer_keep(ret, db_text_of(rows, 0, "customer_prefix"));
		ret->date = db_date_of(rows, 0, "batch_date");
		ret->counter = (int32_t)db_int_of(rows, 0, "batch_counter");
	}
	db_rows_free(rows);
	put_open(&put, '{');
	put_uuid_of(&put, "id", id);
	put_close(&put, '}');
	return true;
}

bool
news_read(const struct news_source *source, const struct bus_record *record, struct news *ret,
    struct err *err)
{
	struct put put = { &ret->data, false };
	struct err ignored = {0};
	struct event event;

	if (!record->value)
		return deleted_read(source, record, ret, err);
	if (!codec_read(source->codec, record->value, record->value_size, source->arena, &event,
	        &ignored)
	    || event.type != EVENT_BATCH_CHANGED)
		return true;
	ret->name = "batch";
	customer_keep(ret, event.changed.customer_prefix);
	for (unsigned i = 0; i < STATUSES; i++)
		if (!strcmp(batch_statuses[i], event.changed.status))
			ret->statuses = 1u << i;
	ret->date = event.changed.batch_date;
	ret->counter = event.changed.batch_counter;
	put_open(&put, '{');
	shown_changed(&put, &event.changed);
	put_close(&put, '}');
	return true;
}
