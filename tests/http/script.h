/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h: the other side, by script. A server on loopback that answers its connections one after
 * another with the given bytes, whatever they ask, and keeps what they asked.
 */
#ifndef SCRIPT_H
#define SCRIPT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

enum { SCRIPT_MAX = 16 };

struct script;

/* The replies in order, one connection each, sent as they stand: "" closes without a word, NULL
 * reads and says nothing until the script ends. Further connections are closed at once. Fails the
 * test when it cannot. */
struct script *script_start(const char *const *replies, size_t n);
const char *script_url(const struct script *script);	/* http://127.0.0.1:PORT */
/* Waits for nothing: the i-th request as it came, headers and body; NULL: there was none. */
const char *script_asked(struct script *script, size_t i);
size_t script_count(struct script *script);		/* of connections so far */
void script_stop(struct script *script);
#endif
