// SPDX-License-Identifier: Apache-2.0
// app.js: the page. One loop: the view says what to ask for, the answer is drawn in place, and the
// time of the next look follows from what was drawn: soon while a shown batch is unfinished,
// seldom otherwise, never while nobody looks at the page.
import * as api from './api.js';
import { confirmThen } from './confirm.js';
import { byId, keyed, part, put, refreshTimes, show } from './dom.js';
import { filterBar } from './filters.js';
import { batchRow, isFinal, isSettled } from './rows.js';
import { may, session } from './session.js';
import { submitForm } from './submit.js';
import { addressOf, countFilters, queryOf, readView, withoutFilters } from './view.js';
import { BATCH_STATES, bytes, number, plural, stateOf } from './words.js';

const SOON_MS = 1500;		// something shown is unfinished
const SELDOM_MS = 10_000;	// a new batch may have come from elsewhere
const AGAIN_MS = 5000;		// after a failure that may pass
const HURRY_MS = 15_000;	// what a person asked for may take a moment to be seen

let view = readView(location.search);
let list = null;		// the last answer
let stats = null;
let looking = null;		// the AbortController of the request under way
let timer = 0;
let hurry = 0;			// until then: soon
const rows = new Map();		// batch id -> row
const deleted = new Set();	// asked for, and perhaps not yet gone

const form = submitForm(submitted);
const who = session(enter, () => {
	clearTimeout(timer);
	looking?.abort();
}, (error) => complain('You were not signed out.', error, () => {}));
const drawFilters = filterBar(() => view,
	(change, typed) => go({ ...view, page: 1, ...change }, typed));

// ---- what is said

function complain(what, error, again) {
	if (error.status === 401)
		return;		// said where one signs in
	const box = byId('alert');
	put(part(box, 'what'), what);
	const fields = (error.fields ?? []).map((f) => `${f.field}: ${f.detail}.`);
	put(part(box, 'why'), [error.message, ...fields].join(' '));
	part(box, 'again').onclick = () => {
		show(box, false);
		again();
	};
	box.dataset.about = what;
	show(box, true);
}

const calm = (what) => byId('alert').dataset.about === what && show(byId('alert'), false);
const tell = (news) => put(byId('news'), news);

// ---- the view and its address

function go(next, typed = false) {
	const same = typed && view.q !== '' && next.q !== '';
	view = next;
	history[same ? 'replaceState' : 'pushState'](null, '', addressOf(view));
	drawFilters(stats);
	look(true);
}

addEventListener('popstate', () => {
	view = readView(location.search);
	byId('q').value = view.q;
	drawFilters(stats);
	look(true);
});

function setOpen(ids) {
	view = { ...view, open: ids };
	history.replaceState(null, '', addressOf(view));
	for (const [id, row] of rows)
		row.unfold(ids.includes(id));
}

// ---- what a row can ask for

const asks = {
	toggle({ id }) {
		const others = view.open.filter((other) => other !== id);
		setOpen(view.open.includes(id) ? others : [...others, id]);
	},
	async turn(batch, verb) {
		const wanted = verb === 'cancel' ? 'cancelled' : 'started again';
		const what = `${batch.base_directory_name} was not ${wanted}.`;
		try {
			await (verb === 'cancel' ? api.cancelBatch : api.retryBatch)(batch.id);
			tell(`${batch.base_directory_name}: ${verb} asked for`);
			calm(what);
			lookSoon();
		} catch (error) {
			complain(what, error, () => asks.turn(batch, verb));
		}
	},
	async remove(batch) {
		const name = batch.base_directory_name;
		const running = isFinal(batch) ? '' : ' What still runs is stopped.';
		const gone = await confirmThen({
			title: `Delete ${name}?`,
			text: `${plural(batch.total_files, 'picture')}, what was rendered of them, `
				+ `and the ZIP go for good.${running}`,
			yes: 'Delete batch',
			act: () => api.deleteBatch(batch.id),
		});
		if (!gone)
			return;
		const ids = [...byId('batches').tBodies].map((body) => body.dataset.key);
		const after = ids[ids.indexOf(batch.id) + 1] ?? ids[ids.indexOf(batch.id) - 1];
		deleted.add(batch.id);
		setOpen(view.open.filter((id) => id !== batch.id));
		tell(`${name} was deleted`);
		draw();
		(rows.get(after) ?? { focus: () => byId('batches').focus() }).focus();
		lookSoon();
	},
	pipelineName: (id) => form.pipelineName(id),
	tell,
};

function submitted(answer) {
	tell(`${answer.base_directory_name} was submitted, ${plural(answer.job_count, 'picture')}`);
	form.open(false);
	lookSoon();
	go({ ...withoutFilters(view), sort: 'created_at', order: 'desc', open: [answer.batch_id] });
}

// ---- drawing

function announceEnds(batches) {
	for (const batch of batches) {
		const before = rows.get(batch.id)?.batch();
		if (before && !isFinal(before) && isFinal(batch))
			tell(`${batch.base_directory_name}: ${stateOf(BATCH_STATES, batch.status).word}`);
	}
}

function drawPages() {
	const pages = Math.max(1, Math.ceil(list.total / list.limit));
	put(byId('page'), `Page ${number(view.page)} of ${number(pages)}`);
	byId('previous').disabled = view.page <= 1;
	byId('next').disabled = view.page >= pages;
	byId('size').value = view.size;
	show(byId('pages'), list.total > 10 || pages > 1);
}

function draw() {
	const batches = list.data.filter((batch) => !deleted.has(batch.id));
	const nothing = !list.total && !countFilters(view);
	const empty = nothing && may('submit');
	announceEnds(batches);
	keyed(byId('batches'), rows, batches, (batch) => batch.id, (batch) => batchRow(batch, asks));
	for (const [id, row] of rows)
		row.unfold(view.open.includes(id));
	const first = list.offset + 1;
	const range = `${number(first)} to ${number(first + batches.length - 1)} of `;
	const all = plural(list.total, 'batch', 'batches');
	put(byId('found'), list.total > batches.length && batches.length ? range + all : all);
	put(byId('none'), nothing ? 'There is no batch yet.' : 'No batch matches these filters.');
	show(byId('none'), !batches.length);
	show(byId('batches'), batches.length);
	show(byId('list'), !empty);
	show(byId('loading'), false);
	form.teach(empty);
	drawPages();
	drawFilters(stats);
	const open = batches.filter((batch) => !isFinal(batch)).length;
	document.title = open ? `(${open}) Batchline` : 'Batchline';
}

function drawTotals() {
	const { batches, jobs, total_size } = stats;
	const totals = {
		batches: number(batches.total ?? 0),
		open: number(Object.keys(BATCH_STATES).filter((status) => !isFinal({ status }))
			.reduce((sum, status) => sum + (batches[status] ?? 0), 0)),
		done: number(jobs.completed ?? 0),
		failed: number(jobs.failed ?? 0),
		size: bytes(total_size),
	};
	for (const [name, text] of Object.entries(totals))
		put(byId('totals').querySelector(`[data-total="${name}"]`), text);
	show(byId('totals'), batches.total);
}

// ---- the loop

// Counting everything is worth a request only when something has changed.
const signOf = (answer) => [answer.total, ...answer.data.map((b) => `${b.id}${b.status}`)].join();

async function readTotals() {
	try {
		stats = await api.readStats();
		drawTotals();
		drawFilters(stats);
		calm('The totals could not be read.');
	} catch (error) {
		complain('The totals could not be read.', error, readTotals);
	}
}

function nextLook() {
	const waiting = !list.total && !countFilters(view);
	const busy = waiting || list.data.some((batch) => !isSettled(batch));
	byId('pulse').dataset.state = busy && !waiting ? 'live' : 'calm';
	put(byId('pulse'), waiting ? 'Waiting for the first batch' : busy ? 'Live' : 'Up to date');
	if (!document.hidden)
		timer = setTimeout(look, busy || Date.now() < hurry ? SOON_MS : SELDOM_MS);
}

// What the gateway refused it would refuse again; all else may pass.
function lost(error) {
	if (who.isOut())
		return;
	complain(LOST, error, () => look(true));
	show(byId('loading'), false);
	show(byId('list'), list || countFilters(view));
	drawFilters(stats);
	byId('pulse').dataset.state = 'lost';
	put(byId('pulse'), error.status ? 'Not loaded' : 'No connection');
	if (!document.hidden && !(error.status >= 400 && error.status < 500))
		timer = setTimeout(look, AGAIN_MS);
}

function enter() {
	form.readPipelines().then(() => list && draw(), () => { /* said when the form is opened */ });
	look();
}

function lookSoon() {
	hurry = Date.now() + HURRY_MS;
	look();
}

const LOST = 'The list could not be loaded.';

// asked: by the person, so that the answer is also told and a page beyond the end is left.
async function look(asked = false) {
	clearTimeout(timer);
	looking?.abort();
	if (who.isOut())
		return;
	const mine = looking = new AbortController();
	const before = list && signOf(list);
	try {
		const answer = await api.listBatches(queryOf(view), mine.signal);
		if (mine !== looking)
			return;
		if (!answer.data.length && answer.total && view.page > 1) {
			view = { ...view, page: Math.ceil(answer.total / answer.limit) };
			history.replaceState(null, '', addressOf(view));
			look(asked);
			return;
		}
		list = answer;
		calm(LOST);
		draw();
		if (asked === true)
			tell(`${plural(list.total, 'batch', 'batches')}, ${byId('page').textContent}`);
		if (before !== signOf(list))
			readTotals();
		nextLook();
	} catch (error) {
		if (mine === looking)
			lost(error);
	}
}

document.addEventListener('visibilitychange', () => {
	clearTimeout(timer);
	if (!document.hidden)
		who.isOut() ? who.start() : look();	// he may have signed in beside us
});
addEventListener('online', () => look());
part(byId('alert'), 'close').addEventListener('click', () => show(byId('alert'), false));
byId('previous').addEventListener('click', () => go({ ...view, page: view.page - 1, open: [] }));
byId('next').addEventListener('click', () => go({ ...view, page: view.page + 1, open: [] }));
byId('size').addEventListener('change', () =>
	go({ ...view, page: 1, size: Number(byId('size').value), open: [] }));
setInterval(refreshTimes, 5000);

who.start();
