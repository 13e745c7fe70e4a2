/* SPDX-License-Identifier: Apache-2.0 */
/* go.c: from a quiet folder to a batch that moved; what is half way goes on, also after a restart. */
#include "watch.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

bool
is_going(const struct watch *w, const char *name)
{
	for (size_t i = 0; i < w->n_going; i++)
		if (!strcmp(w->going[i].state->folder, name) && take_is_here(w->going[i].state))
			return true;
	return false;
}

static bool
go(struct watch *w, struct state *state)
{
	size_t capacity = w->going_capacity ? w->going_capacity * 2 : 16;
	struct going *list = w->going;

	if (w->n_going == w->going_capacity) {
		list = realloc(list, capacity * sizeof(*list));
		if (!list)
			return false;
		w->going = list;
		w->going_capacity = capacity;
	}
	list[w->n_going++] = (struct going){ .state = state };
	return true;
}

static bool
go_again(void *watch, const char *id)
{
	struct watch *w = watch;
	struct state *state = NULL;
	struct err err = {0};

	if (!state_read(&state, id, &err))
		watch_say(w, id, &err);
	else if (state->moved || !go(w, state))
		state_free(state);
	return true;
}

/* Nothing the folder could do about it: it is tried again. */
static bool
is_refused(const struct err *err, bool submitting)
{
	if (submitting && !strcmp(err->code, "forbidden"))
		return true;		/* its files were taken: it is this customer that is not ours */
	return err->verdict == ERR_REJECT && strcmp(err->code, "stranger") && strcmp(err->code, "gone")
	    && strcmp(err->code, "no-such-address");
}

static bool
refuse(struct watch *w, const char *name, const struct state *state, const struct err *why)
{
	struct err err = {0};

	if (take_refuse(name, state, why, &w->peer.details, &err))
		return true;
	watch_say(w, name, &err);
	return false;
}

static void
end_going(struct watch *w, size_t i)
{
	state_free(w->going[i].state);
	w->going[i] = w->going[--w->n_going];
}

/* True: it is no longer ours. */
static bool
go_further(struct watch *w, struct going *g)
{
	struct err err = {0};

	if (take_further(w->folder, &w->peer, g->state, &err))
		return true;
	if (!*g->state->batch_id && is_refused(&err, true)
	    && refuse(w, g->state->folder, g->state, &err))
		return true;
	watch_say(w, g->state->folder, &err);
	g->due_ms = clock_monotonic_ms() + wait_after(&w->peer, ++g->failures);
	return false;
}

void
watch_go(struct watch *w)
{
	for (size_t i = w->n_going; i-- > 0 && !folder_is_ending(w->folder);)
		if (w->going[i].due_ms <= clock_monotonic_ms() && go_further(w, &w->going[i]))
			end_going(w, i);
		else
			w->unwell |= w->going[i].failures > 0;
}

/* ---- quiet ones ---- */

/* The same files under the same name, which are under way already, are the same batch: they wait for its
 * end, since one state is one folder's. */
static bool
begin(struct watch *w, struct state *state, struct err *err)
{
	if (state_is_there(state->id))
		err_code(err, ERR_RETRY, "under_way", "is under way already");
	else if (take_begin(state, err)) {
		if (go(w, state))
			return true;
		err_set(err, ERR_RETRY, "out of memory");
	}
	state_free(state);
	return false;
}

static void
take(struct watch *w, struct seen *s)
{
	struct state *state = NULL;
	struct err err = {0};

	if (take_folder(w->folder, &w->peer, s->name, &s->look, &s->files, &state, &err)
	    && begin(w, state, &err)) {
		s->here = false;
		return;
	}
	if (!strcmp(err.code, "changed") || !strcmp(err.code, "gone"))
		return;			/* the next look sees it */
	s->due_ms = clock_monotonic_ms() + SCAN_MS;
	if (!strcmp(err.code, "under_way"))
		return;
	if (is_refused(&err, false) && refuse(w, s->name, NULL, &err)) {
		s->here = false;
		return;
	}
	watch_say(w, s->name, &err);
	s->due_ms = clock_monotonic_ms() + wait_after(&w->peer, ++s->failures);
}

int64_t
due_of(const struct watch *w, const struct seen *s)
{
	int64_t quiet = s->quiet_ms + w->folder->settle_ms;

	return quiet > s->due_ms ? quiet : s->due_ms;
}

void
watch_take(struct watch *w)
{
	for (size_t i = w->n; i-- > 0 && !folder_is_ending(w->folder);) {
		struct seen *s = &w->list[i];

		w->unwell |= s->failures > 0;
		if (is_a_batch(&s->look) && due_of(w, s) <= clock_monotonic_ms())
			take(w, s);
		if (!s->here)
			watch_forget(w, i);
	}
}

bool
going_open(struct watch *w, struct err *err)
{
	return states_list(go_again, w, err);
}

void
going_close(struct watch *w)
{
	while (w->n_going)
		end_going(w, w->n_going - 1);
	free(w->going);
}
