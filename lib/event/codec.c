/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c: the frame, and which schema it names. */
#include "event/codec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "event/wire.h"
#include "schemas.h"

enum { CODEC_SCHEMAS_MAX = 64 };

struct known {
	uint8_t frame[EVENT_FRAME_SIZE];
	enum event_type type;
	struct wire *wire;
};

struct codec {
	struct known known[CODEC_SCHEMAS_MAX];	/* today's first, one for each type, then released */
	size_t n;
};

void
codec_free(struct codec *codec)
{
	if (!codec)
		return;
	for (size_t i = 0; i < codec->n; i++)
		wire_free(codec->known[i].wire);
	free(codec);
}

static bool
schema_add(struct codec *codec, enum event_type type, const char *text, struct err *err)
{
	struct known *known = &codec->known[codec->n];
	struct buf canonical = {0};
	uint64_t fingerprint;

	assert(codec->n < CODEC_SCHEMAS_MAX);
	if (!wire_new(&known->wire, text, &event_shapes[type], &canonical, err)) {
		buf_clear(&canonical);
		return false;
	}
	fingerprint = wire_fingerprint(canonical.data, canonical.size);
	buf_clear(&canonical);
	known->type = type;
	known->frame[0] = 0xc3;
	known->frame[1] = 0x01;
	for (int i = 0; i < 8; i++)
		known->frame[2 + i] = (uint8_t)(fingerprint >> (8 * i));
	codec->n++;
	return true;
}

/* released false: today's text of the type; true: every older one. */
static bool
schemas_add(struct codec *codec, enum event_type type, bool released, struct err *err)
{
	bool found = released;

	for (size_t i = 0; i < n_schema_texts; i++) {
		if (schema_texts[i].released != released
		    || strcmp(schema_texts[i].name, event_shapes[type].name))
			continue;
		found = true;
		if (!schema_add(codec, type, schema_texts[i].text, err))
			return false;
	}
	return found || err_set(err, ERR_FATAL, "no schema %s", event_shapes[type].name);
}

bool
codec_open(struct codec **ret, struct err *err)
{
	own(codec_freep) struct codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return err_set(err, ERR_FATAL, "out of memory");
	for (int released = 0; released < 2; released++)
		for (int type = 0; type < EVENT_TYPES; type++)
			if (!schemas_add(codec, (enum event_type)type, released, err))
				return false;
	*ret = codec_free_hand_over(&codec);
	return true;
}

static const struct known *
known_by_frame(const struct codec *codec, const uint8_t *frame)
{
	for (size_t i = 0; i < codec->n; i++)
		if (!memcmp(codec->known[i].frame, frame, EVENT_FRAME_SIZE))
			return &codec->known[i];
	return NULL;
}

bool
codec_read(const struct codec *codec, const void *bytes, size_t size, struct arena *arena,
    struct event *ret, struct err *err)
{
	const uint8_t *b = bytes;
	const struct known *known;
	struct event event;

	if (size >= 5 && b[0] == 0x00)
		return err_code(err, ERR_REJECT, "unknown_schema",
		    "framed for a schema registry, and none is configured");
	if (size < EVENT_FRAME_SIZE || b[0] != 0xc3 || b[1] != 0x01)
		return err_code(err, ERR_REJECT, "not_framed",
		    "not an Avro single object: C3 01 and a fingerprint must stand first");
	known = known_by_frame(codec, b);
	if (!known)
		return err_code(err, ERR_REJECT, "unknown_schema", "the fingerprint "
		    "%02x%02x%02x%02x%02x%02x%02x%02x is of no schema that we know",
		    b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9]);
	event.type = known->type;
	if (!wire_read(known->wire, b + EVENT_FRAME_SIZE, size - EVENT_FRAME_SIZE, arena,
	    &event.head, err))
		return err_at(err, "%s", event_type_name(known->type));
	*ret = event;
	return true;
}

bool
codec_write(const struct codec *codec, const struct event *event, struct buf *ret, struct err *err)
{
	const struct known *known = &codec->known[event->type];

	assert(known->type == event->type);
	buf_add(ret, known->frame, EVENT_FRAME_SIZE);
	wire_write(known->wire, &event->head, ret);
	return !ret->failed || err_set(err, ERR_REJECT, "%s: larger than %zu bytes",
	    event_type_name(event->type), ret->limit ? ret->limit : BUF_LIMIT_DEFAULT);
}

const uint8_t *
codec_frame(const struct codec *codec, enum event_type type)
{
	return codec->known[type].frame;
}
