// SPDX-License-Identifier: Apache-2.0
// batch.js: one batch by its address (#batch/ID), alone on the page and unfolded. It hears what the list hears,
// and is asked for by the clock while it is not settled, since the list's filters may hide it.
import { listBatches, readBatch } from './api.js';
import { byId, put, show } from './dom.js';
import { isSettled } from './facts.js';
import { batchRow } from './rows.js';

const HASH = /^#batch\/([0-9a-f-]{36})$/;

export function batchPage(asks) {
	const room = byId('one');
	const table = room.querySelector('table');
	const trouble = room.querySelector('.problem');
	let id = null;		// null: the list is shown
	let row = null;
	let batch = null;
	let isOpen = true;

	function draw(now) {
		if (batch && now.revision < batch.revision)
			return;
		batch = now;
		if (!row) {
			row = batchRow(now, { ...asks, toggle }, 'one-detail');	// its row in the list has its own
			row.unfold(true);
			row.element.querySelector('.history').open = true;
			show(row.element.querySelector('[data-part="own"]'), false);
			table.append(row.element);
		}
		row.update(now);
		document.title = `${now.base_directory_name} – Batchline`;
	}
	function toggle() {
		isOpen = !isOpen;
		row.unfold(isOpen);
	}
	async function read() {
		const mine = id;
		try {
			const now = batch
				? (await listBatches(new URLSearchParams({ base_directory_name: batch.base_directory_name }))).data[0]
				: await readBatch(mine);
			if (mine !== id)
				return;
			if (now)
				draw(now);
			show(trouble, !now);
			put(trouble, now ? '' : 'The batch was deleted.');
		} catch (error) {
			if (mine !== id)
				return;
			put(trouble, `The batch could not be read. ${error.message}`);
			show(trouble, true);
		}
	}
	function leave() {
		row?.element.remove();
		[id, row, batch, isOpen] = [null, null, null, true];
		document.body.classList.remove('alone');
		show(room, false);
	}

	return {
		// Shows what the address says. A job over it leaves it as it is.
		follow() {
			const wanted = HASH.exec(location.hash)?.[1] ?? null;
			if (wanted === id || location.hash.startsWith('#job/'))
				return;
			leave();
			id = wanted;
			if (!id)
				return;
			document.body.classList.add('alone');
			show(room, true);
			show(trouble, false);
			room.querySelector('a').focus();
			read();
		},
		// The address again, after that of a job.
		restore: () => id && history.replaceState(null, '', `#batch/${id}`),
		hear: (now) => now.id === id && row && draw(now),
		redraw: () => row?.update(batch),
		gone(of) {
			if (of !== id)
				return;
			history.replaceState(null, '', location.pathname + location.search);
			leave();
		},
		tend() {
			if (!id)
				return;
			row?.tend();
			if (!batch || !isSettled(batch))
				read();
		},
	};
}
