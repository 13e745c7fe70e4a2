// SPDX-License-Identifier: Apache-2.0
// merge.js: what was asked for meets what was told. Of two states of a batch the one with the higher
// revision counts, whichever way it came.

const newer = (a, b) => (b && b.revision > a.revision ? b : a);
const byIds = (batches) => new Map(batches.map((batch) => [batch.id, batch]));

// Puts what was told (a Map of id -> batch) into the list. True: that is not all, since a batch came
// that the list does not have, or one changed its place in it.
export function putTold(list, told, view, isGone) {
	const places = new Map(list.data.map((batch, i) => [batch.id, i]));
	const moves = (was, now) => was.status !== now.status
		&& (view.sort === 'status' || (view.status.length && !view.status.includes(now.status)));
	let isMore = false;
	for (const now of told.values()) {
		const place = places.get(now.id);
		const was = list.data[place];
		if (was)
			list.data[place] = newer(was, now);
		isMore ||= was ? moves(was, now) : !isGone(now.id);
	}
	return isMore;
}

// The answer, but for what is known better.
export function withNewer(answer, list) {
	const known = byIds(list?.data ?? []);
	return { ...answer, data: answer.data.map((batch) => newer(batch, known.get(batch.id))) };
}

// The answer's batches in the places that they have now; those that have none yet are held.
export function withPlaces(answer, list) {
	const now = byIds(answer.data);
	const shown = byIds(list.data);
	return {
		...answer,
		data: list.data.map((batch) => newer(now.get(batch.id) ?? batch, batch)),
		held: answer.data.filter((batch) => !shown.has(batch.id)),
		isOld: [...now.keys()].join() !== [...shown.keys()].join(),
	};
}
