/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a stranger through the codec. Whatever they are, reading ends with a record or a reject;
 * a record that was read can be written, and what was written reads as the same bytes again.
 *
 * With libFuzzer: make fuzz. Without (gcc, AFL, a crash to be seen again): build with
 * -DFUZZ_MAIN, then event_fuzz FILE... runs each file once, or standard input when there is none.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event/codec.h"
#include "event/texts.h"

enum { FUZZ_ARENA = 64 << 20, FUZZ_INPUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
write_and_read_again(const struct codec *codec, const struct event *event, struct arena *arena)
{
	struct buf once = {0}, twice = {0};
	struct event again;
	struct err err = {0};

	if (!codec_write(codec, event, &once, &err)
	    || !codec_read(codec, once.data, once.size, arena, &again, &err)
	    || !codec_write(codec, &again, &twice, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	assert(again.type == event->type);
	assert(once.size == twice.size && !memcmp(once.data, twice.data, once.size));
	buf_clear(&once);
	buf_clear(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct codec *codec;
	static struct arena *arena;
	struct event event;
	struct err err = {0};

	if (!arena && (!codec_open(&codec, &err) || !(arena = arena_new(FUZZ_ARENA)))) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	arena_clear(arena);
	if (codec_read(codec, bytes, size, arena, &event, &err)) {
		write_and_read_again(codec, &event, arena);
		assert(texts_check(event.type, &event.head, &err)
		    || (err.verdict == ERR_REJECT && *err.code && *err.text));
	} else {
		assert(err.verdict == ERR_REJECT && *err.code && *err.text);
	}
	return 0;
}

#ifdef FUZZ_MAIN
static void
run(FILE *f)
{
	uint8_t *bytes = malloc(FUZZ_INPUT_MAX);
	size_t size;

	assert(bytes);
	size = fread(bytes, 1, FUZZ_INPUT_MAX, f);
	bytes = realloc(bytes, size ? size : 1);	/* so that a read behind the end is seen */
	assert(bytes);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		run(stdin);
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		run(f);
		fclose(f);
	}
	return 0;
}
#endif
