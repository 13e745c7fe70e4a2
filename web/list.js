// SPDX-License-Identifier: Apache-2.0
// list.js: the list as it was answered last, drawn in place, and what stands around it.
import { byId, keyed, put, show } from './dom.js';
import { isFinal } from './facts.js';
import { batchRow } from './rows.js';
import { tell } from './say.js';
import { may } from './session.js';
import { countFilters } from './view.js';
import { BATCH_STATES, number, plural, stateOf } from './words.js';

// Nobody is to press what has just moved under the pointer: while somebody is at the list, no row comes
// or goes by itself.
export const isAtList = () => byId('batches').matches(':hover, :focus-within');

// page: see app.js. asks: what a row can ask for; teach(alone): the form is the page, or not. Returns what
// draws it.
export function listOf(page, { asks, teach, drawFilters }) {
	function announceEnds(batches) {
		for (const batch of batches) {
			const before = page.rows.get(batch.id)?.batch();
			if (before && !isFinal(before) && isFinal(batch))
				tell(`${batch.base_directory_name}: ${stateOf(BATCH_STATES, batch.status).word}`);
		}
	}

	function drawPages() {
		const pages = Math.max(1, Math.ceil(page.list.total / page.list.limit));
		put(byId('page'), `Page ${number(page.view.page)} of ${number(pages)}`);
		byId('previous').disabled = page.view.page <= 1;
		byId('next').disabled = page.view.page >= pages;
		byId('size').value = page.view.size;
		show(byId('pages'), page.list.total > 10 || pages > 1);
	}

	function drawFound(shown) {
		const first = page.list.offset + 1;
		const range = `${number(first)} to ${number(first + shown - 1)} of `;
		const all = plural(page.list.total, 'batch', 'batches');
		const held = (page.list.held ?? []).filter((batch) => !page.deleted.has(batch.id)).length;
		put(byId('found'), page.list.total > shown && shown ? range + all : all);
		put(byId('newer'), `${plural(held, 'new batch', 'new batches')}: show`);
		show(byId('newer'), held);
		show(byId('bulk-open'), page.list.total > 1);
	}

	function draw() {
		const batches = page.list.data.filter((batch) => !page.deleted.has(batch.id));
		const nothing = !page.list.total && !countFilters(page.view);
		const empty = nothing && may('submit');
		announceEnds(batches);
		keyed(byId('batches'), page.rows, batches, (batch) => batch.id, (batch) => batchRow(batch, asks));
		for (const [id, row] of page.rows)
			row.unfold(page.view.open.includes(id));
		drawFound(batches.length);
		put(byId('none'), nothing ? 'There is no batch yet.' : 'No batch matches these filters.');
		show(byId('none'), !batches.length);
		show(byId('batches'), batches.length);
		show(byId('list'), !empty);
		show(byId('loading'), false);
		teach(empty);
		drawPages();
		drawFilters(page.stats);
		const open = batches.filter((batch) => !isFinal(batch)).length;
		document.title = open ? `(${open}) Batchline` : 'Batchline';
	}
	return draw;
}
