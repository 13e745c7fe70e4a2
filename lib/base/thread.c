/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c: a thread takes the mask of who starts it. */
#include "base/thread.h"
#include <signal.h>

bool
thread_start(pthread_t *ret, void *(*run)(void *state), void *state)
{
	sigset_t all, was;
	bool well;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &was);
	well = !pthread_create(ret, NULL, run, state);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return well;
}
