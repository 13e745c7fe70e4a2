// SPDX-License-Identifier: Apache-2.0
// history.js: what happened to an unfolded batch, when, and by whom; read when somebody wants to see it.
import { readHistory } from './api.js';
import { part, put, putTime, show } from './dom.js';
import { bare, plural } from './words.js';

const WORDS = {
	submitted: 'Submitted', processing: 'First job started', paused: 'Paused', resumed: 'Resumed',
	cancelling: 'Being cancelled', retried: 'Started again', completed: 'Completed', partial: 'Partial',
	failed: 'Failed', cancelled: 'Cancelled', archived: 'ZIP built',
};

function sayingOf(entry) {
	if (entry.kind === 'order')
		return `Order: ${entry.what.replaceAll('_', ' ')}, ${entry.outcome}`;
	if (entry.kind === 'delivery')
		return `Delivery to ${entry.target} (${entry.service}): ${entry.what}`;
	return WORDS[entry.what] ?? entry.what;
}

function detailsOf(entry) {
	const counts = [[entry.jobs_completed, 'done'], [entry.jobs_failed, 'failed'],
		[entry.jobs_cancelled, 'cancelled']].filter(([n]) => n).map(([n, word]) => `${n} ${word}`);
	return [
		entry.who && `by ${bare(entry.who)}`, entry.source && `from ${entry.source}`,
		entry.run_no > 1 && `run ${entry.run_no}`, ...counts,
		entry.error_message && bare(entry.error_message),
	].filter(Boolean).join(', ');
}

function itemOf(entry) {
	const item = document.createElement('li');
	const time = document.createElement('time');
	const what = document.createElement('span');
	const more = document.createElement('span');
	putTime(time, entry.at);
	put(what, sayingOf(entry));
	put(more, detailsOf(entry));
	more.className = 'muted';
	item.append(time, what, more);
	return item;
}

export function historyOf(detail) {
	const room = part(detail, 'history');
	const trouble = room.querySelector('.problem');
	let batch = null;
	let revision = -1;
	let isReading = false;

	async function read() {
		isReading = true;
		const now = batch.revision;
		try {
			const { data, next_cursor: more } = await readHistory(batch.id);
			room.querySelector('ol').replaceChildren(...data.map(itemOf));
			put(part(room, 'more'), more ? `The first ${plural(data.length, 'entry', 'entries')}.` : '');
			revision = now;
			show(trouble, false);
		} catch (error) {
			put(trouble, `The history could not be read. ${error.message}`);
			show(trouble, true);
		}
		isReading = false;
	}
	function follow(now) {
		batch = now;
		if (room.open && !isReading && batch.revision > revision)
			read();
	}
	room.addEventListener('toggle', () => batch && follow(batch));
	return { follow };
}
