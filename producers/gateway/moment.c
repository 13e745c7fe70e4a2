/* SPDX-License-Identifier: Apache-2.0 */
/* moment.c: the questions are numbered. Two groups wait at most: for the one that is under way, and for the next. */
#include "moment.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct moment {
	moment_ask *ask;
	void *state;
	pthread_mutex_t mutex;		/* of what follows */
	uint64_t sent, answered;	/* the latest of each */
	bool well;			/* so was the latest answered */
	char answer[MOMENT_SIZE];	/* .. with this */
	pthread_cond_t turn[2];		/* of who waits for a question of an even, and of an odd number */
};

struct moment *
moment_new(moment_ask *ask, void *state)
{
	struct moment *moment = calloc(1, sizeof(*moment));

	if (!moment)
		return NULL;
	moment->ask = ask;
	moment->state = state;
	pthread_mutex_init(&moment->mutex, NULL);
	for (int i = 0; i < 2; i++)
		pthread_cond_init(&moment->turn[i], NULL);
	return moment;
}

void
moment_free(struct moment *moment)
{
	if (!moment)
		return;
	for (int i = 0; i < 2; i++)
		pthread_cond_destroy(&moment->turn[i]);
	pthread_mutex_destroy(&moment->mutex);
	free(moment);
}

/* The mutex is held, but not while the answer is on its way. */
static void
ask(struct moment *moment)
{
	uint64_t nth = ++moment->sent;
	char answer[MOMENT_SIZE];
	bool well;

	pthread_mutex_unlock(&moment->mutex);
	well = moment->ask(moment->state, answer);
	pthread_mutex_lock(&moment->mutex);
	moment->answered = nth;
	moment->well = well;
	if (well)
		memcpy(moment->answer, answer, sizeof(answer));
	pthread_cond_broadcast(&moment->turn[nth % 2]);		/* who waited for this answer has it */
	pthread_cond_signal(&moment->turn[(nth + 1) % 2]);	/* who came since: one of them asks */
}

bool
moment_read(struct moment *moment, char ret[MOMENT_SIZE])
{
	uint64_t mine;
	bool well;

	pthread_mutex_lock(&moment->mutex);
	mine = moment->sent + 1;
	while (moment->answered < mine && moment->sent > moment->answered)
		pthread_cond_wait(&moment->turn[mine % 2], &moment->mutex);
	if (moment->answered < mine)
		ask(moment);
	well = moment->well;
	if (well)
		memcpy(ret, moment->answer, MOMENT_SIZE);
	pthread_mutex_unlock(&moment->mutex);
	return well;
}
