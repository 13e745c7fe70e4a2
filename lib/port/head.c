/* SPDX-License-Identifier: Apache-2.0 */
/* head.c: a table of the headers that stand once. */
#include "port/head.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HOST, LENGTH, ENCODING };

static const char *const singles[HEAD_SINGLES] = {
	[HOST] = "Host",
	[LENGTH] = "Content-Length",
	[ENCODING] = "Transfer-Encoding",
	"Content-Type",
	"Content-Encoding",
	"Authorization",
	"Origin",
	"Idempotency-Key",
};

/* The same thing said again is passed over, but for the host and the form of the body. */
void
head_take(struct head *head, const char *name, const char *value)
{
	value = value ? value : "";
	for (size_t i = 0; i < HEAD_SINGLES; i++) {
		if (strcasecmp(name, singles[i]))
			continue;
		if (head->seen[i] && (i == HOST || i == ENCODING || strcmp(head->seen[i], value)))
			head->twice = singles[i];
		head->seen[i] = value;
	}
}

/* Behind http://, where the target begins so; else NULL. */
static const char *
authority(const char *target)
{
	return !strncasecmp(target, "http://", 7) ? target + 7
	    : !strncasecmp(target, "https://", 8) ? target + 8
						  : NULL;
}

const char *
head_path(const char *target)
{
	const char *host = authority(target);

	if (!host)
		return target;
	host += strcspn(host, "/");
	return *host ? host : "/";
}

const char *
head_finish(struct head *head, const char *target)
{
	const char *host = authority(target);
	size_t size = host ? strcspn(host, "/") : 0;

	if (head->twice) {
		snprintf(head->why, sizeof(head->why), "%s is given twice.", head->twice);
		return head->why;
	}
	if (head->seen[LENGTH] && head->seen[ENCODING])
		return "Content-Length has no place beside Transfer-Encoding.";
	if (head->seen[ENCODING] && strcasecmp(head->seen[ENCODING], "chunked"))
		return "Transfer-Encoding is chunked, or it is none.";
	if (!host) {
		host = head->seen[HOST] ? head->seen[HOST] : "";
		size = strlen(host);
	}
	if (size >= sizeof(head->host))
		return "The host's name is too long.";
	snprintf(head->host, sizeof(head->host), "%.*s", (int)size, host);
	return NULL;
}
