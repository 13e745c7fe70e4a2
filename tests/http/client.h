/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: the other side of a loopback connection, in plain bytes, so that a test can say what no
 * HTTP library would. */
#ifndef CLIENT_H
#define CLIENT_H
#include <stddef.h>

int client_open(int port);
void client_say(int fd, const char *bytes, size_t size);
void client_say_text(int fd, const char *text);
/* One answer, its headers and as much body as Content-Length says (head: none). It lives as long as
 * the test. Ends the test when none comes. */
char *client_hear(int fd, int head);
/* All of it on a connection of its own. */
char *client_ask(int port, const char *request);

int answer_status(const char *answer);
/* The value of a header up to its line's end, in a buffer of the function's own; NULL: none. */
const char *answer_header(const char *answer, const char *name);
const char *answer_body(const char *answer);
#endif
