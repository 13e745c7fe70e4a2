/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c: datagrams to the socket of the service manager. One that is lost is followed by another. */
#include "notify.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"

enum { EVERY_MS = 1000, WORDS_MOST = 400 };

static int fd = -1;
static int64_t beat_ms;		/* the last one; 0: none yet */

static void
tell(const char *words)
{
	if (fd >= 0)
		(void)!send(fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = path ? strlen(path) : 0;

	if (size > 1 && size < sizeof(address.sun_path) && (*path == '/' || *path == '@')) {
		memcpy(address.sun_path, path, size);
		if (*path == '@')	/* an abstract one: its name begins with a zero */
			*address.sun_path = '\0';
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size))) {
			close(fd);
			fd = -1;
		}
	}
	unsetenv("NOTIFY_SOCKET");
}

void
notify_beat(bool ready, const char *words)
{
	int64_t now = clock_monotonic_ms();
	char told[WORDS_MOST + 64];
	size_t line;

	if (fd < 0 || (beat_ms && now - beat_ms < EVERY_MS))
		return;
	words = words ? words : "";
	line = strcspn(words, "\n");	/* what stands behind would be another assignment */
	snprintf(told, sizeof(told), "%s\nSTATUS=%s%s%.*s", beat_ms ? "WATCHDOG=1" : "READY=1\nWATCHDOG=1",
	    ready ? "ready" : "not ready", line ? ": " : "", line < WORDS_MOST ? (int)line : WORDS_MOST, words);
	tell(told);
	beat_ms = now;
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}
