/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c: see stream.h. */
#include "stream.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"

static const char head[] = "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/event-stream\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Accel-Buffering: no\r\n"
    "Connection: close\r\n";

void
stream_end(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

void
stream_free(struct stream *stream)
{
	if (!stream)
		return;
	stream_end(stream);
	buf_clear(&stream->waiting);
	free(stream->origin);
	for (char **c = stream->wanted.customers; c && *c; c++)
		free(*c);
	free(stream->wanted.customers);
	free(stream);
}

static bool
is_among(char *const *customers, const char *customer)
{
	while (*customers && strcmp(*customers, customer))
		customers++;
	return *customers;
}

bool
stream_wants(const struct stream *stream, const struct news *news)
{
	const struct wanted *w = &stream->wanted;

	if ((w->customers && !is_among(w->customers, news->customer))
	    || (*w->customer_prefix && strcmp(w->customer_prefix, news->customer)))
		return false;
	if ((w->date_from != INT32_MIN && news->date < w->date_from)
	    || (w->date_to != INT32_MIN && news->date > w->date_to))
		return false;
	if (w->counter >= 0 && news->counter != w->counter)
		return false;
	return !w->statuses || w->statuses & news->statuses;
}

bool
stream_has_room(const struct stream *stream)
{
	return stream->waiting.size < STREAM_WAITING_MAX;
}

/* How much of it the socket took. */
static size_t
give(struct stream *stream, const void *bytes, size_t size)
{
	ssize_t sent = send(stream->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		stream_end(stream);
	if (sent <= 0)
		return 0;
	stream->since_ms = clock_monotonic_ms();
	return (size_t)sent;
}

void
stream_say(struct stream *stream, const struct buf *text)
{
	size_t sent = 0;

	if (stream->fd < 0)
		return;
	stream->said_ms = clock_monotonic_ms();
	if (stream->waiting.size == 0) {
		stream->since_ms = stream->said_ms;
		sent = give(stream, text->data, text->size);
	}
	if (stream->fd >= 0 && sent < text->size
	    && !buf_add(&stream->waiting, text->data + sent, text->size - sent))
		stream_end(stream);
}

void
stream_flush(struct stream *stream)
{
	struct buf *w = &stream->waiting;
	size_t sent;

	if (stream->fd < 0 || w->size == 0)
		return;
	sent = give(stream, w->data, w->size);
	memmove(w->data, w->data + sent, w->size - sent);
	w->size -= sent;
	if (w->size == 0)
		buf_clear(w);
}

void
stream_begin(struct stream *stream)
{
	const int one = 1, bytes = STREAM_SOCKET_BYTES;
	struct buf text = {0};

	buf_add_text(&text, head);
	if (stream->origin)
		buf_print(&text, "Vary: Origin\r\nAccess-Control-Allow-Origin: %s\r\n", stream->origin);
	buf_add_text(&text, "\r\nretry: 2000\n");
	setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(stream->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	stream_say(stream, &text);
	buf_clear(&text);
	free(stream->origin);
	stream->origin = NULL;
}

void
stream_event(struct buf *ret, const char *name, const char *id, const struct buf *data)
{
	buf_add_text(ret, "event: ");
	buf_add_text(ret, name);
	buf_add_text(ret, "\nid: ");
	buf_add_text(ret, id);
	buf_add_text(ret, "\ndata: ");
	buf_add(ret, data->data, data->size);
	buf_add_text(ret, "\n\n");
}

void
stream_tell(struct stream *stream, const char *name, const struct buf *data)
{
	char id[POSITION_TEXT_SIZE];
	struct buf text = {0};

	position_print(id, &stream->position, clock_now_us() / 1000000);
	stream_event(&text, name, id, data);
	if (!text.failed)
		stream_say(stream, &text);
	else
		stream_end(stream);
	buf_clear(&text);
}

void
stream_mark(struct stream *stream)
{
	char id[POSITION_TEXT_SIZE];
	struct buf text = {0};

	position_print(id, &stream->position, clock_now_us() / 1000000);
	buf_print(&text, ": here\nid: %s\n\n", id);
	stream_say(stream, &text);
	buf_clear(&text);
}
