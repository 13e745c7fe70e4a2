/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h: threads of our own. Signals are the main thread's: one that is started here has none. */
#ifndef THREAD_H
#define THREAD_H
#include <pthread.h>
#include <stdbool.h>

/* False: the system has none left. */
bool thread_start(pthread_t *ret, void *(*run)(void *state), void *state);
#endif
