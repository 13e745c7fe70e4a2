// SPDX-License-Identifier: Apache-2.0
// totals.js: the counts of the whole line on top of the page. They move with the rows: whatever changes
// brings them about, but so that many changes are one request.
import { readStats } from './api.js';
import { byId, put, show } from './dom.js';
import { BATCH_STATES, bytes, number } from './words.js';

const REST_MS = 1500;	// between two requests

export function drawTotals({ batches, jobs, total_size }) {
	const open = Object.keys(BATCH_STATES).filter((status) => !BATCH_STATES[status].final);
	const totals = {
		batches: number(batches.total ?? 0),
		open: number(open.reduce((sum, status) => sum + (batches[status] ?? 0), 0)),
		done: number(jobs.completed ?? 0),
		failed: number(jobs.failed ?? 0),
		size: bytes(total_size),
	};
	for (const [name, text] of Object.entries(totals))
		put(byId('totals').querySelector(`[data-total="${name}"]`), text);
	show(byId('totals'), batches.total);
}

// What is asked while one request is under way, or soon after it, is one request more.
export function totalsAsker(take, failed) {
	let isAsked = false;
	let isBusy = false;
	return async function ask() {
		isAsked = true;
		if (isBusy)
			return;
		isBusy = true;
		isAsked = false;
		try {
			take(await readStats());
		} catch (error) {
			failed(error);
		}
		setTimeout(() => {
			isBusy = false;
			if (isAsked)
				ask();
		}, REST_MS);
	};
}
