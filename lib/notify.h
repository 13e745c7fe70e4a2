/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h: what a service manager hears of a program, as systemd's sd_notify(3) defines it; where nobody
 * set NOTIFY_SOCKET, nothing is said. Of one process, by one thread at a time.
 */
#ifndef NOTIFY_H
#define NOTIFY_H
#include <stdbool.h>

/* Takes NOTIFY_SOCKET out of the environment, so that no child speaks for us. Before any thread. */
void notify_open(void);

/* The loop turns: READY=1 the first time, then WATCHDOG=1; with it STATUS= what it is like, the first line
 * of words, or NULL. At most once a second, but for the first. A service that waits for its world is ready in
 * this sense: it works as soon as that is back. */
void notify_beat(bool ready, const char *words);

/* STOPPING=1: it ends in order, and what follows may take its time. May be called in a signal's handler. */
void notify_stopping(void);
#endif
