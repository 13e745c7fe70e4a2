/* SPDX-License-Identifier: Apache-2.0 */
/* telling.c: see telling.h. */
#include "telling.h"
#include <string.h>
#include "base/clock.h"

bool
telling_take(struct telling *t, const struct news_source *source, const struct bus_record *record,
    struct err *err)
{
	struct heard *h = &t->heard[t->n];
	bool well;

	if (t->n == TELLING_MAX || record->partition >= POSITIONS)
		return true;
	*h = (struct heard){ .partition = record->partition, .offset = record->offset };
	well = news_read(source, record, &h->news, err);
	if (well)
		t->n++;
	else
		buf_clear(&h->news.data);
	return well;
}

static const char *
id_of(struct telling *t, struct heard *h, const struct position *position)
{
	if (!*h->id || memcmp(&h->position, position, sizeof(*position))) {
		t->second = t->second ? t->second : clock_now_us() / 1000000;
		position_print(h->id, position, t->second);
		h->position = *position;
	}
	return h->id;
}

static void
say(struct telling *t, struct stream *s)
{
	if (t->piece.failed)
		stream_end(s);
	else if (t->piece.size > 0)
		stream_say(s, &t->piece);
	buf_reset(&t->piece);
}

void
telling_hear(struct telling *t, struct stream *s)
{
	for (size_t i = 0; i < t->n && s->fd >= 0 && !s->behind; i++) {
		struct heard *h = &t->heard[i];
		int64_t *at = &s->position.at[h->partition];

		if (h->offset < *at)
			continue;
		if (!h->news.name || !stream_wants(s, &h->news)) {
			*at = h->offset + 1;
			continue;
		}
		if (t->piece.size >= STREAM_WAITING_MAX)
			say(t, s);
		if (!stream_has_room(s)) {
			s->behind = true;
			break;
		}
		*at = h->offset + 1;
		stream_event(&t->piece, h->news.name, id_of(t, h, &s->position), &h->news.data);
	}
	say(t, s);
}

void
telling_reset(struct telling *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_clear(&t->heard[i].news.data);
	t->n = 0;
	t->second = 0;
}

void
telling_clear(struct telling *t)
{
	telling_reset(t);
	buf_clear(&t->piece);
}
