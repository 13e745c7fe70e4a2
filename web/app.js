// SPDX-License-Identifier: Apache-2.0
// app.js: the page. The view says what to ask for, the answer is drawn in place, and from then on the
// gateway's events tell what changes: in a row that is shown, at once; anything else by asking again.
// Where there are no events the list is asked for by the clock: soon while a shown batch is unfinished,
// seldom otherwise. Nothing of it happens while nobody looks at the page.
import { actions, each, takeBack } from './acts.js';
import { listBatches } from './api.js';
import { batchPage } from './batch.js';
import { AT_ONCE, bulk } from './bulk.js';
import { drawChart, tendChart } from './chart.js';
import { byId, keyed, put, refreshTimes, show } from './dom.js';
import { filterBar } from './filters.js';
import { jobSheet } from './job.js';
import { keyboard } from './keys.js';
import { liveLine } from './live.js';
import { putTold, withNewer, withPlaces } from './merge.js';
import { pool } from './pool.js';
import { batchRow, isFinal, isSettled } from './rows.js';
import { calm, complain, pulse, tell } from './say.js';
import { may, session } from './session.js';
import { submitForm } from './submit.js';
import { drawTotals, totalsAsker } from './totals.js';
import { offerUndo } from './undo.js';
import { addressOf, countFilters, eventsOf, queryOf, readView, withoutFilters } from './view.js';
import { BATCH_STATES, atClock, number, plural, stateOf } from './words.js';
import { workingPanel } from './working.js';

const SOON_MS = 2000;		// something shown is unfinished
const SELDOM_MS = 10_000;	// a new batch may have come from elsewhere
const AGAIN_MS = 5000;		// after a failure that may pass
const HURRY_MS = 15_000;	// what a person asked for may take a moment to be seen
const REST_MS = 1000;		// between two looks that events bring about
const TEND_MS = 5000;
const LOST = 'The list could not be loaded.';
const NO_TOTALS = 'The totals could not be read.';

let view = readView(location.search);
let list = null;		// the last answer; held: batches that wait until nobody is at the list; isOld:
				// rows wait to come, to go or to move
let stats = null;
let looking = null;		// the AbortController of the request under way
let lookedAt = 0;
let goodAt = 0;			// until then nothing was missed
let timer = 0;			// by the clock
let later = 0;			// because of what was told
let isMissed = false;		// more was told while the request was under way
let hurry = 0;			// until then: soon
let isLive = false;
const told = new Map();		// batch id -> its newest state, not drawn yet
const rows = new Map();		// batch id -> row
const deleted = new Set();	// asked for or told, and perhaps still listed

const form = submitForm(submitted);
const line = liveLine({ open: opened, batch: hear, deleted: gone, reset: lookLater, lost: unheard });
const who = session(enter, rest, (error) => complain('You were not signed out.', error, () => {}));
const working = workingPanel();
const drawFilters = filterBar(() => view,
	(change, typed) => go({ ...view, page: 1, ...change }, typed));

// ---- the view and its address

function go(next, typed = false) {
	const same = typed && view.q !== '' && next.q !== '';
	view = next;
	history[same ? 'replaceState' : 'pushState'](null, '', addressOf(view));
	turned();
}

function turned() {
	drawFilters(stats);
	line.follow(eventsOf(view));
	look(true);
}

addEventListener('popstate', () => {
	if (!who.isOut())
		showAddressed();
	if (addressOf(readView(location.search)) === addressOf(view))
		return;
	view = readView(location.search);
	byId('q').value = view.q;
	turned();
});

function setOpen(ids) {
	view = { ...view, open: ids };
	history.replaceState(null, '', addressOf(view));
	for (const [id, row] of rows)
		row.unfold(ids.includes(id));
}

// ---- what a row can ask for, and what came of it

const asks = {
	...actions({ removed, lookSoon }),
	toggle({ id }) {
		const others = view.open.filter((other) => other !== id);
		setOpen(view.open.includes(id) ? others : [...others, id]);
	},
	pipelineName: (id) => form.pipelineName(id),
	tell,
};
const one = batchPage(asks);
const sheet = jobSheet(() => {
	one.restore();
	letIn();
});

function showAddressed() {
	one.follow();
	sheet.follow();
}

function removed(batch) {
	const ids = [...byId('batches').tBodies].map((body) => body.dataset.key);
	const after = ids[ids.indexOf(batch.id) + 1] ?? ids[ids.indexOf(batch.id) - 1];
	deleted.add(batch.id);
	one.gone(batch.id);
	setOpen(view.open.filter((id) => id !== batch.id));
	draw();
	(rows.get(after) ?? { focus: () => byId('batches').focus() }).focus();
}

function submitted(answer) {
	const name = answer.base_directory_name ?? 'A batch that has no name yet';	// a 202
	tell(`${name} was submitted, ${plural(answer.job_count ?? answer.job_ids.length, 'picture')}`);
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

function drawFound(shown) {
	const first = list.offset + 1;
	const range = `${number(first)} to ${number(first + shown - 1)} of `;
	const all = plural(list.total, 'batch', 'batches');
	const held = (list.held ?? []).filter((batch) => !deleted.has(batch.id)).length;
	put(byId('found'), list.total > shown && shown ? range + all : all);
	put(byId('newer'), `${plural(held, 'new batch', 'new batches')}: show`);
	show(byId('newer'), held);
	show(byId('bulk-open'), list.total > 1);
}

function draw() {
	const batches = list.data.filter((batch) => !deleted.has(batch.id));
	const nothing = !list.total && !countFilters(view);
	const empty = nothing && may('submit');
	announceEnds(batches);
	keyed(byId('batches'), rows, batches, (batch) => batch.id, (batch) => batchRow(batch, asks));
	for (const [id, row] of rows)
		row.unfold(view.open.includes(id));
	drawFound(batches.length);
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

const readTotals = totalsAsker((now) => {
	stats = now;
	drawTotals(stats);
	drawChart(stats);
	working.follow(stats);
	drawFilters(stats);
	calm(NO_TOTALS);
}, (error) => complain(NO_TOTALS, error, () => readTotals()));

// ---- asking

// Nobody is to press what has just moved under the pointer: while somebody is at the list, no row comes
// or goes by itself.
const isAtList = () => byId('batches').matches(':hover, :focus-within');

function letIn() {
	if (list?.isOld && !isAtList())
		look(true);
}

// Counting everything is worth a request only when something has changed.
const signOf = (answer) => [answer.total, ...answer.data.map((b) => `${b.id}${b.status}`)].join();
const pageOf = (answer) => [answer?.offset, answer?.limit].join();

function nextLook() {
	const isWaiting = !list.total && !countFilters(view);
	const isBusy = isWaiting || Date.now() < hurry || list.data.some((batch) => !isSettled(batch));
	const wait = isBusy ? SOON_MS : SELDOM_MS;
	goodAt = Date.now();
	if (isLive)
		pulse('live', isWaiting ? 'Waiting for the first batch' : 'Live', 'Changes are seen at once');
	else
		pulse('calm', `Not live: asks every ${wait / 1000} s`, 'The gateway tells no changes just now');
	clearTimeout(timer);
	if (!document.hidden && !isLive)
		timer = setTimeout(look, wait);
	if (isMissed)
		lookLater();
	isMissed = false;
}

// What the gateway refused it would refuse again; all else may pass.
function lost(error) {
	if (who.isOut())
		return;
	complain(LOST, error, () => look(true));
	show(byId('loading'), false);
	show(byId('list'), list || countFilters(view));
	drawFilters(stats);
	const isRefused = error.status >= 400 && error.status < 500;
	pulse('lost', goodAt && !isRefused ? `Behind since ${atClock(goodAt)}`
		: error.status ? 'Not loaded' : 'No connection', isRefused ? '' : 'It is tried again by itself');
	if (!document.hidden && !isRefused)
		timer = setTimeout(look, AGAIN_MS);
}

// asked: by the person, so that the answer is also told and a page beyond the end is left.
async function look(asked = false) {
	clearTimeout(timer);
	clearTimeout(later);
	looking?.abort();
	if (who.isOut())
		return;
	lookedAt = Date.now();
	const mine = looking = new AbortController();
	const before = list && signOf(list);
	try {
		const answer = await listBatches(queryOf(view), mine.signal);
		if (mine !== looking)
			return;
		looking = null;
		if (!answer.data.length && answer.total && view.page > 1) {
			view = { ...view, page: Math.ceil(answer.total / answer.limit) };
			history.replaceState(null, '', addressOf(view));
			look(asked);
			return;
		}
		const stays = asked !== true && pageOf(answer) === pageOf(list) && isAtList();
		list = (stays ? withPlaces : withNewer)(answer, list);
		calm(LOST);
		draw();
		if (asked === true)
			tell(`${plural(list.total, 'batch', 'batches')}, ${byId('page').textContent}`);
		if (before !== signOf(list))
			readTotals();
		nextLook();
	} catch (error) {
		if (mine !== looking)
			return;
		looking = null;
		lost(error);
	}
}

function lookSoon() {
	hurry = Date.now() + HURRY_MS;
	look();
}

// ---- hearing

function lookLater() {
	clearTimeout(later);
	later = setTimeout(() => {
		isMissed = Boolean(looking);
		if (!isMissed)
			look();
	}, Math.max(0, lookedAt + REST_MS - Date.now()));
}

function opened(isResumed) {
	isLive = true;
	if (!isResumed || byId('pulse').dataset.state === 'lost')
		lookLater();	// what happened between the list and now
	if (list && !looking)
		nextLook();
}

function unheard() {
	isLive = false;
	look();
}

// All that was told since the last picture is drawn at once, be it two hundred changes.
function hear(batch) {
	goodAt = Date.now();
	sheet.hear(batch);
	one.hear(batch);
	if (!told.size)
		requestAnimationFrame(drawTold);
	told.set(batch.id, batch);
}

function drawTold() {
	if (list && putTold(list, told, view, (id) => deleted.has(id)))
		lookLater();
	told.clear();
	if (!list)
		return;
	draw();
	readTotals();
}

function gone(id) {
	deleted.add(id);
	one.gone(id);
	if (rows.has(id))
		draw();
	lookLater();
	readTotals();
}

// ---- coming and going

function enter() {
	form.readPipelines().then(() => {
		one.redraw();
		if (list)
			draw();
	}, () => { /* said when the form is opened */ });
	line.follow(eventsOf(view));
	showAddressed();
	look();
}

function rest() {
	clearTimeout(timer);
	clearTimeout(later);
	looking?.abort();
	looking = null;
	line.stop();
	isLive = false;
}

document.addEventListener('visibilitychange', () => {
	if (document.hidden)
		rest();
	else if (who.isOut())
		who.start();	// he may have signed in beside us
	else
		enter();
});
addEventListener('offline', () => {
	rest();
	look();
});
addEventListener('online', () => !who.isOut() && enter());
byId('batches').addEventListener('pointerleave', letIn);
byId('batches').addEventListener('focusout', () => setTimeout(letIn));
byId('newer').addEventListener('click', () => look(true));
byId('previous').addEventListener('click', () => go({ ...view, page: view.page - 1, open: [] }));
byId('next').addEventListener('click', () => go({ ...view, page: view.page + 1, open: [] }));
byId('size').addEventListener('change', () =>
	go({ ...view, page: 1, size: Number(byId('size').value), open: [] }));
setInterval(() => {
	refreshTimes();
	if (byId('pulse').dataset.state === 'lost')
		return;
	working.tend();
	tendChart();
	sheet.tend();
	one.tend();
	for (const row of rows.values())
		row.tend();
}, TEND_MS);

bulk(() => queryOf(view), each, (verb, batches) => {
	if (verb === 'delete')
		for (const batch of batches)
			deleted.add(batch.id);
	const words = `${plural(batches.length, 'batch', 'batches')}: ${verb} asked for`;
	if (takeBack[verb] && batches.length)
		offerUndo(words, () => pool(AT_ONCE, batches, takeBack[verb]).then(lookSoon));
	else
		tell(words);
	draw();
	lookSoon();
});
keyboard(() => who.isOut());
who.start();
