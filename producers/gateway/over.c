/* SPDX-License-Identifier: Apache-2.0 */
/* over.c: listeners whose API key or session opens nothing any more. Their next request is refused. */
#include <string.h>
#include "gateway.h"
#include "sql.h"
#include "stream.h"

enum { ASKED_MAX = 1024 };

static size_t
end_those_of(struct stream *streams, const uint8_t *shown)
{
	size_t n = 0;

	for (struct stream *s = streams; s; s = s->next) {
		if (s->fd < 0 || memcmp(s->shown, shown, SHA256_SIZE))
			continue;
		stream_end(s);
		n++;
	}
	return n;
}

/* What the next streams have shown; those that share a key stand together often. */
static struct stream *
ask_for(struct stream *s, struct db_array *ret)
{
	const uint8_t *last = NULL;

	for (db_array_reset(ret); s && ret->n < ASKED_MAX; s = s->next) {
		if (s->fd < 0 || (last && !memcmp(last, s->shown, SHA256_SIZE)))
			continue;
		last = s->shown;
		db_array_add(ret, db_bytes(s->shown, SHA256_SIZE));
	}
	return s;
}

bool
streams_end_over(struct stream *streams, struct db_pool *pool, int64_t idle_s, size_t *n,
    struct err *err)
{
	struct db_array shown = { .type = DB_BYTES };
	struct stream *next = streams;
	bool well = true;

	while (well && next) {
		own(db_rows_freep) struct db_rows *rows = NULL;

		next = ask_for(next, &shown);
		well = db_pool_run(pool, &rows, err, sql_gateway_listeners_over, db_array(&shown),
		    db_int(idle_s));
		for (int i = 0; well && i < db_count(rows); i++) {
			size_t size;

			*n += end_those_of(streams, db_bytes_at(rows, i, 0, &size));
		}
	}
	db_array_clear(&shown);
	return well;
}
