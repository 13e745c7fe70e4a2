// SPDX-License-Identifier: Apache-2.0
// live.js: the gateway's events, for as long as somebody looks. The line is read by fetch, since an
// EventSource tells a refusal from a cut as little as it notices that nothing comes any more. When it
// ends it is asked for again from the place that was heard last, so that nothing is missed.
import { followBatches } from './api.js';

const SILENT_MS = 40_000;	// a sign of life comes every 15 s
const AGAIN_MS = [0, 1000, 2000, 5000, 10_000, 30_000];

// Takes the text of a stream piece by piece, and hands out {event, id, data}, each once it is whole.
export function eventReader(hear) {
	let rest = '';
	return (piece) => {
		const blocks = (rest + piece).split('\n\n');
		rest = blocks.pop();
		for (const block of blocks) {
			const said = {};
			for (const line of block.split('\n')) {
				const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
				if (name)
					said[name] = value;
			}
			hear(said);
		}
	};
}

// says: open(isResumed), batch(row), deleted(id), reset(), lost(error)
export function liveLine(says) {
	let query = null;	// null: nobody wants to hear
	let last = '';		// the place that was heard
	let tries = 0;
	let timer = 0;
	let mine = null;

	function hear({ event, id, data }) {
		last = id ?? last;
		if (event === 'batch')
			says.batch(JSON.parse(data));
		else if (event === 'deleted')
			says.deleted(JSON.parse(data).id);
		else if (event === 'reset')
			says.reset();
	}
	async function listen(me) {
		const reader = (await followBatches(query, last, me.signal)).pipeThrough(new TextDecoderStream())
			.getReader();
		const take = eventReader((said) => me === mine && hear(said));
		let silence = 0;
		says.open(Boolean(last));
		tries = 0;
		try {
			for (;;) {
				clearTimeout(silence);
				silence = setTimeout(() => me.abort(), SILENT_MS);
				const { done, value } = await reader.read();
				if (done)
					return;
				take(value);
			}
		} finally {
			clearTimeout(silence);
		}
	}
	// The gateway ends each line after some minutes: only one that does not come back is lost.
	async function open() {
		const me = mine = new AbortController();
		let error = null;
		clearTimeout(timer);
		try {
			await listen(me);
		} catch (e) {
			error = e;
		}
		if (me !== mine)
			return;
		if (tries > 0 || error?.status)
			says.lost(error);
		timer = setTimeout(open, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
	}
	function stop() {
		clearTimeout(timer);
		mine?.abort();
		mine = null;
		query = null;
	}
	return {
		stop,
		// The same filters again: the line stays, or is tried at once.
		follow(wanted) {
			if (mine && !tries && query === wanted)
				return;
			stop();
			query = wanted;
			tries = 0;
			open();
		},
	};
}
