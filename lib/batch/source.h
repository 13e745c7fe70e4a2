/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h: pictures that lie elsewhere, at https:// addresses of hosts that the operator named.
 *
 * Hosts are written "pictures.example,*.cdn.example:8443": a name, or all names below one, with the
 * port unless it is 443. An address is one that no two readers understand in two ways: the host of
 * letters, digits, `.`, `-` and `_` (no user, no escapes, nothing in brackets), then printable ASCII
 * without a fragment.
 */
#ifndef SOURCE_H
#define SOURCE_H
#include <stdbool.h>
#include "base/err.h"

enum { SOURCE_URI_MAX = 2048 };		/* bytes, as the schema has it */

bool source_is_https(const char *uri);

/* "" is none and well; malformed: code "option". */
bool source_hosts_check(const char *hosts, struct err *err);

/* What is wrong with an https:// address, to stand behind its name: "has no place for a user"; NULL:
 * nothing. hosts was checked. */
const char *source_defect(const char *uri, const char *hosts);
#endif
