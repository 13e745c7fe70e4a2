/* SPDX-License-Identifier: Apache-2.0 */
/* prefer.c: two headers of a submission: Prefer (RFC 7240) and Idempotency-Key. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "gateway.h"

/* One preference of the list, from *at on; false at the end. */
static bool
next_word(const char **at, char *ret, size_t size)
{
	size_t n, kept;

	*at += strspn(*at, " \t,");
	n = strcspn(*at, ",");
	if (n == 0)
		return false;
	kept = strcspn(*at, ",; \t");
	snprintf(ret, size, "%.*s", (int)kept, *at);
	*at += n;
	return true;
}

int64_t
prefer_wait_ms(const char *prefer, char said[PREFER_SIZE])
{
	int64_t wait_s = -1;
	bool async = false;
	char word[32];

	*said = '\0';
	while (prefer && next_word(&prefer, word, sizeof(word))) {
		char *end = word + 5;

		async |= !strcasecmp(word, "respond-async");
		if (wait_s < 0 && !strncasecmp(word, "wait=", 5) && *end >= '0' && *end <= '9')
			wait_s = strtol(word + 5, &end, 10);
	}
	if (wait_s > WAIT_MOST_MS / 1000)
		wait_s = WAIT_MOST_MS / 1000;
	if (async)
		snprintf(said, PREFER_SIZE, "respond-async");
	if (wait_s >= 0)
		snprintf(said + strlen(said), PREFER_SIZE - strlen(said), "%swait=%d", async ? ", " : "",
		    (int)wait_s);
	return wait_s >= 0 ? wait_s * 1000 : async ? 0 : WAIT_MS;
}

/* Between quotes a backslash stands before a quote or a backslash; all is printable ASCII. */
const char *
idempotency_key_read(char *ret, size_t size, const char *header)
{
	bool quoted = *header == '"';
	size_t n = 0;

	for (header += quoted; *header && (!quoted || *header != '"'); header++) {
		if (quoted && *header == '\\' && header[1] != '"' && *++header != '\\')
			return NULL;
		if (quoted && *header == '\\' && header[1] == '"')
			header++;
		if (*header < ' ' || *header > '~' || n + 1 >= size)
			return NULL;
		ret[n++] = *header;
	}
	ret[n] = '\0';
	return n > 0 && strcmp(header, quoted ? "\"" : "") == 0 ? ret : NULL;
}
