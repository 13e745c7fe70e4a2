/* SPDX-License-Identifier: Apache-2.0 */
/* source.c: an address is read by counting what may stand in it. */
#include "batch/source.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-_"

static const char scheme[] = "https://";
enum { SCHEME_SIZE = sizeof(scheme) - 1, HTTPS_PORT = 443, PORT_MAX = 65535, NAME_MOST = 253 };

/* host, or host:port, at the start of a text. */
struct place { const char *name; size_t size; long port; };

/* How many bytes it takes; 0: it is none. */
static size_t
place_read(struct place *ret, const char *text)
{
	size_t name = strspn(text, NAME), digits;

	*ret = (struct place){ text, name, HTTPS_PORT };
	if (name == 0 || name > NAME_MOST)
		return 0;
	if (text[name] != ':')
		return name;
	digits = strspn(text + name + 1, DIGITS);
	ret->port = strtol(text + name + 1, NULL, 10);
	return digits > 0 && digits <= 5 && ret->port > 0 && ret->port <= PORT_MAX
	    ? name + 1 + digits : 0;
}

bool
source_is_https(const char *uri)
{
	return !strncasecmp(uri, scheme, SCHEME_SIZE);
}

bool
source_hosts_check(const char *hosts, struct err *err)
{
	struct place place;

	while (*hosts) {
		size_t size = strcspn(hosts, ","), star = strncmp(hosts, "*.", 2) ? 0 : 2;

		if (star + place_read(&place, hosts + star) != size || place.size == 0)
			return err_code(err, ERR_FATAL, "option",
			    "\"%.*s\" is no host like pictures.example, *.example or cdn.example:8443",
			    (int)size, hosts);
		hosts += size + (hosts[size] == ',');
	}
	return true;
}

/* `*.` at its start stands for one name or more before the rest. */
static bool
is_of(const struct place *place, const char *allowed)
{
	bool is_below = !strncmp(allowed, "*.", 2);
	struct place rest;
	size_t before;

	place_read(&rest, allowed + (is_below ? 1 : 0));	/* with its dot */
	if (place->port != rest.port || place->size < rest.size)
		return false;
	before = place->size - rest.size;
	return (is_below ? before > 0 : before == 0)
	    && !strncasecmp(place->name + before, rest.name, rest.size);
}

static bool
is_allowed(const struct place *place, const char *hosts)
{
	while (*hosts) {
		size_t size = strcspn(hosts, ",");

		if (is_of(place, hosts))
			return true;
		hosts += size + (hosts[size] == ',');
	}
	return false;
}

const char *
source_defect(const char *uri, const char *hosts)
{
	const char *at = uri + SCHEME_SIZE;
	struct place place;
	size_t size = place_read(&place, at);

	if (memchr(at, '@', strcspn(at, "/?#")))
		return "has a user in it, and there is no place for one";
	if (size == 0 || !strchr("/?#", at[size]))
		return "has no host that can be read";
	for (const char *c = at + size; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return "has a character that must be written as %XX";
	if (strchr(at, '#'))
		return "has a fragment (#), which no server is asked for";
	if (strlen(uri) > SOURCE_URI_MAX)
		return "is longer than 2048 bytes";
	if (!is_allowed(&place, hosts))
		return "is of a host that is not allowed here (BATCHLINE_SOURCE_HOSTS)";
	return NULL;
}
