/* SPDX-License-Identifier: Apache-2.0 */
/* give.c: batches that wait for their end, each asked for now and then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "batch/status.h"
#include "bring.h"

enum { ROUND_MS = 500, LEAST_MS = 500, MOST_MS = 5000, LIST_MS = 1000 };

struct waiting { struct state *state; int64_t due_ms; int failures; };

struct give {
	struct folder *folder;
	struct peer peer;
	struct waiting *list;
	size_t n, capacity;
	int64_t listed_ms;
	bool unwell;
};

static void
say(struct give *g, const char *what, const struct err *err)
{
	folder_say(g->folder, HALF_GIVE, what, err);
	g->unwell = true;
}

/* ---- which ---- */

static bool
is_known(const struct give *g, const char *id)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->list[i].state->id, id))
			return true;
	return false;
}

static bool
add(struct give *g, struct state *state)
{
	size_t capacity = g->capacity ? g->capacity * 2 : 64;
	struct waiting *list = g->list;

	if (g->n == g->capacity) {
		list = realloc(list, capacity * sizeof(*list));
		if (!list)
			return false;
		g->list = list;
		g->capacity = capacity;
	}
	list[g->n++] = (struct waiting){ .state = state };
	return true;
}

/* Those that have not moved are still the other thread's. */
static bool
take_over(void *give, const char *id)
{
	struct give *g = give;
	struct state *state = NULL;
	struct err err = {0};

	if (is_known(g, id))
		return true;
	if (!state_read(&state, id, &err)) {
		if (err.verdict != ERR_NONE)
			say(g, id, &err);
		return true;
	}
	if (!state->moved || !add(g, state))
		state_free(state);
	return true;
}

static void
list(struct give *g)
{
	struct err err = {0};

	if (g->listed_ms && clock_monotonic_ms() - g->listed_ms < LIST_MS)
		return;
	g->listed_ms = clock_monotonic_ms();
	if (!states_list(take_over, g, &err))
		say(g, g->folder->root, &err);
}

static void
drop(struct give *g, size_t i)
{
	state_free(g->list[i].state);
	g->list[i] = g->list[--g->n];
}

/* ---- how far ---- */

static bool
keep_name(struct state *s, const struct doc_value *batch, struct err *err)
{
	if (*s->batch_name)
		return true;
	snprintf(s->batch_name, sizeof(s->batch_name), "%s", text_in(batch, "base_directory_name"));
	if (!output_name_is_safe(s->batch_name)) {
		*s->batch_name = '\0';
		return err_code(err, ERR_RETRY, "stranger", "the batch's name is none of a folder");
	}
	return state_write(s, err);
}

/* One whose name we know was there; one that is not projected yet has no name. */
static bool
end_deleted(struct state *s, bool *ended, struct err *err)
{
	char text[2 * NAME_SIZE];

	if (!*s->batch_name)
		return true;
	snprintf(text, sizeof(text), "%s was deleted before it was finished.\n", s->batch_name);
	*ended = (*s->failed || bring_why(s, text, err)) && bring_settle(s, err);
	return *ended;
}

static bool
look(struct give *g, struct waiting *w, bool *ended, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *batch;
	char path[PLACE_SIZE];
	int64_t wait;

	snprintf(path, sizeof(path), "/api/batches/%s", w->state->batch_id);
	w->due_ms = clock_monotonic_ms() + LEAST_MS;
	if (!peer_read(&g->peer, path, &doc, err))
		return !strcmp(err->code, "not-found") && end_deleted(w->state, ended, err);
	batch = doc_root(doc);
	wait = LEAST_MS + int_in(batch, "total_files");
	w->due_ms = clock_monotonic_ms() + (wait < MOST_MS ? wait : MOST_MS);
	if (!keep_name(w->state, batch, err))
		return false;
	if (!status_is_final(text_in(batch, "status")))
		return true;
	*ended = bring(g->folder, &g->peer, w->state, batch, err);
	return *ended;
}

static void
look_at_all(struct give *g)
{
	for (size_t i = g->n; i-- > 0 && !folder_is_ending(g->folder);) {
		struct waiting *w = &g->list[i];
		struct err err = {0};
		bool ended = false;

		if (w->due_ms <= clock_monotonic_ms() && !look(g, w, &ended, &err)) {
			say(g, *w->state->batch_name ? w->state->batch_name : w->state->folder, &err);
			w->due_ms = clock_monotonic_ms() + wait_after(&g->peer, ++w->failures);
		} else if (w->due_ms > clock_monotonic_ms() && w->failures)
			g->unwell = true;
		if (ended) {
			state_remove(w->state);
			drop(g, i);
		}
	}
}

void *
give_run(void *folder)
{
	struct give g = { .folder = folder };
	struct err err = {0};

	if (!peer_open(&g.peer, g.folder->url, g.folder->key, &err)) {
		say(&g, g.folder->root, &err);
		atomic_store(&g.folder->lost, true);
	}
	while (!folder_is_ending(g.folder)) {
		g.unwell = false;
		list(&g);
		look_at_all(&g);
		if (!g.unwell)
			folder_say(g.folder, HALF_GIVE, NULL, NULL);
		clock_sleep_ms(ROUND_MS);
	}
	while (g.n)
		drop(&g, g.n - 1);
	free(g.list);
	peer_close(&g.peer);
	return NULL;
}
