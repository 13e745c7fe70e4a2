// SPDX-License-Identifier: Apache-2.0
// sending.js: what the form shows while pictures are sent: how many of all, each of them from its turn on,
// the newest first, and what is waited for.
import { attribute, byId, fromTemplate, part, put, show } from './dom.js';
import { tell } from './say.js';
import { bare, bytes, number, plural } from './words.js';

const ROWS_MOST = 100;
const TOLD_TIMES = 4;	// of all, to those who listen

// acts: again(item), leaveOut(item), of one that failed
export function sendingList(acts) {
	const box = byId('sending');
	const list = part(box, 'rows');
	const rows = new Map();		// item -> its row
	const changed = new Set();
	let items = [];
	let toldShare = 0;

	function make(item) {
		const row = fromTemplate('t-sent');
		put(part(row, 'file'), bare(item.file.name));
		part(row, 'again').addEventListener('click', () => acts.again(item));
		part(row, 'leave-out').addEventListener('click', () => acts.leaveOut(item));
		for (const name of ['again', 'leave-out'])
			attribute(part(row, name), 'aria-label', `${part(row, name).textContent}: ${bare(item.file.name)}`);
		attribute(part(row, 'share'), 'aria-label', bare(item.file.name));
		rows.set(item, row);
		list.prepend(row);
		for (const [old, its] of rows)
			if (rows.size > ROWS_MOST && old.state === 'stored')
				drop(old, its);
		return row;
	}
	function drop(item, row) {
		row.remove();
		rows.delete(item);
	}
	function drawRow(item) {
		const row = rows.get(item) ?? make(item);
		attribute(row, 'data-state', item.state);
		part(row, 'share').value = item.sent / item.file.size;
		put(part(row, 'word'), { stored: 'sent', failed: 'not sent' }[item.state]
			?? `${bytes(item.sent)} of ${bytes(item.file.size)}`);
		put(part(row, 'why'), item.error && item.state === 'failed' ? bare(item.error.message) : '');
	}
	function draw() {
		const count = (state) => items.filter((item) => item.state === state).length;
		const sent = items.reduce((sum, item) => sum + item.sent, 0);
		const failed = count('failed');
		const said = `${number(count('stored'))} of ${plural(items.length, 'picture')} sent`
			+ (failed ? `, ${number(failed)} not` : '');
		changed.forEach(drawRow);
		changed.clear();
		part(box, 'all').value = sent / items.reduce((sum, item) => sum + item.file.size, 0);
		put(part(box, 'count'), said);
		const share = Math.floor(TOLD_TIMES * count('stored') / items.length);
		if (share > toldShare && share < TOLD_TIMES)
			tell(said);
		toldShare = share;
	}

	return {
		start(all) {
			items = all;
			toldShare = TOLD_TIMES;
			box.classList.add('under-way');
			show(box, true);
			draw();
		},
		told(item) {
			if (!changed.size)
				requestAnimationFrame(draw);
			changed.add(item);
		},
		held(error) {
			put(byId('held'), error ? `${error.message} It goes on by itself; what is sent stays sent.` : '');
		},
		// What is left to do stays, what is well goes.
		end() {
			draw();
			this.held(null);
			box.classList.remove('under-way');
			for (const [item, row] of rows)
				if (item.state !== 'failed')
					drop(item, row);
			show(box, rows.size);
		},
		leftOut(item) {
			drop(item, rows.get(item));
			show(box, rows.size);
		},
		clear() {
			rows.forEach((row, item) => drop(item, row));
			show(box, false);
		},
	};
}
