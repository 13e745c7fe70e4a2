// SPDX-License-Identifier: Apache-2.0
// eta.js: when an open batch will be done, as a range, from what was seen of it here: the pace of the last
// seconds and the pace of all that was watched, a batch that just began or stands still has none. What
// is not known is not said.
const WATCHED_MS = 8000;	// less tells nothing
const DONE_LEAST = 10;
const RECENT_MS = 20_000;
const APART_MOST = 4;		// a wider range tells nothing either

// Of one batch. sample() takes {at, done}, say() gives {from, to} in ms, or null.
export function etaOf() {
	let seen = [];

	function paceSince(at, now) {
		const first = seen.find((s) => s.at >= at) ?? seen.at(-1);
		const last = seen.at(-1);
		return now > first.at ? (last.done - first.done) / (now - first.at) : 0;
	}
	return {
		sample(at, done) {
			if (seen.length && done < seen.at(-1).done)
				seen = [];	// it was started again
			if (seen.at(-1)?.done !== done)
				seen.push({ at, done });
			if (seen.length > 400)
				seen = seen.filter((_, i) => i % 2 === 0);
		},
		say(now, left) {
			const [first] = seen;
			const last = seen.at(-1);
			if (!left || seen.length < 3 || now - first.at < WATCHED_MS || last.done - first.done < DONE_LEAST)
				return null;
			const paces = [paceSince(first.at, now), paceSince(now - RECENT_MS, now)];
			const from = left / Math.max(...paces);
			const to = left / Math.min(...paces);
			return to > from * APART_MOST || !Number.isFinite(to) ? null : { from, to };
		},
	};
}
