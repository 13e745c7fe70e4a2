// SPDX-License-Identifier: Apache-2.0
// app.js: the page. The view says what to ask for, the answer is drawn in place, and from then on the
// gateway's events tell what changes. Nothing of it happens while nobody looks at the page.
import { actions, each, takeBack } from './acts.js';
import { batchPage } from './batch.js';
import { bulk, forAll } from './bulk.js';
import { drawChart, tendChart } from './chart.js';
import { byId, refreshTimes } from './dom.js';
import { filterBar } from './filters.js';
import { jobSheet } from './job.js';
import { keyboard } from './keys.js';
import { listOf } from './list.js';
import { looker } from './look.js';
import { calm, complain, tell } from './say.js';
import { session } from './session.js';
import { submitForm } from './submit.js';
import { drawTotals, totalsAsker } from './totals.js';
import { offerUndo } from './undo.js';
import { addressOf, queryOf, readView, withoutFilters } from './view.js';
import { plural } from './words.js';
import { workingPanel } from './working.js';

const TEND_MS = 5000;
const NO_TOTALS = 'The totals could not be read.';

// What is shown, and known.
const page = {
	view: readView(location.search),
	list: null,		// the last answer; held: batches that wait until nobody is at the list; isOld:
				// rows wait to come, to go or to move
	stats: null,
	rows: new Map(),	// batch id -> row
	deleted: new Set(),	// asked for or told, and perhaps still listed
};

const form = submitForm(submitted);
const who = session(enter, () => its.rest(), (error) => complain('You were not signed out.', error, () => {}));
const working = workingPanel();
const drawFilters = filterBar(() => page.view,
	(change, typed) => go({ ...page.view, page: 1, ...change }, typed));

// ---- the view and its address

function go(next, typed = false) {
	const same = typed && page.view.q !== '' && next.q !== '';
	page.view = next;
	history[same ? 'replaceState' : 'pushState'](null, '', addressOf(page.view));
	turned();
}

function turned() {
	drawFilters(page.stats);
	its.follow();
	its.look(true);
}

addEventListener('popstate', () => {
	if (!who.isOut())
		showAddressed();
	if (addressOf(readView(location.search)) === addressOf(page.view))
		return;
	page.view = readView(location.search);
	byId('q').value = page.view.q;
	turned();
});

function setOpen(ids) {
	page.view = { ...page.view, open: ids };
	history.replaceState(null, '', addressOf(page.view));
	for (const [id, row] of page.rows)
		row.unfold(ids.includes(id));
}

// ---- what a row can ask for, and what came of it

const asks = {
	...actions({ removed, lookSoon: () => its.lookSoon() }),
	toggle({ id }) {
		const others = page.view.open.filter((other) => other !== id);
		setOpen(page.view.open.includes(id) ? others : [...others, id]);
	},
	pipelineName: (id) => form.pipelineName(id),
	tell,
};
const one = batchPage(asks);
const sheet = jobSheet(() => {
	one.restore();
	its.letIn();
});

function showAddressed() {
	one.follow();
	sheet.follow();
}

function removed(batch) {
	const ids = [...byId('batches').tBodies].map((body) => body.dataset.key);
	const after = ids[ids.indexOf(batch.id) + 1] ?? ids[ids.indexOf(batch.id) - 1];
	page.deleted.add(batch.id);
	one.gone(batch.id);
	setOpen(page.view.open.filter((id) => id !== batch.id));
	draw();
	(page.rows.get(after) ?? { focus: () => byId('batches').focus() }).focus();
}

function submitted(answer) {
	const name = answer.base_directory_name ?? 'A batch that has no name yet';	// a 202
	tell(`${name} was submitted, ${plural(answer.job_count ?? answer.job_ids.length, 'picture')}`);
	form.open(false);
	its.lookSoon();
	go({ ...withoutFilters(page.view), sort: 'created_at', order: 'desc', open: [answer.batch_id] });
}

const draw = listOf(page, { asks, teach: form.teach, drawFilters });

const readTotals = totalsAsker((now) => {
	page.stats = now;
	drawTotals(page.stats);
	drawChart(page.stats);
	working.follow(page.stats);
	drawFilters(page.stats);
	calm(NO_TOTALS);
}, (error) => complain(NO_TOTALS, error, () => readTotals()));

const its = looker(page, {
	isOut: who.isOut, draw, drawFilters, readTotals,
	alone: {
		hear(batch) {
			sheet.hear(batch);
			one.hear(batch);
		},
		gone: (id) => one.gone(id),
	},
});

// ---- coming and going

function enter() {
	form.readPipelines().then(() => {
		one.redraw();
		if (page.list)
			draw();
	}, () => { /* said when the form is opened */ });
	its.follow();
	showAddressed();
	its.look();
}

document.addEventListener('visibilitychange', () => {
	if (document.hidden)
		its.rest();
	else if (who.isOut())
		who.start();	// he may have signed in beside us
	else
		enter();
});
addEventListener('offline', () => {
	its.rest();
	its.look();
});
addEventListener('online', () => !who.isOut() && enter());
byId('batches').addEventListener('pointerleave', its.letIn);
byId('batches').addEventListener('focusout', () => setTimeout(its.letIn));
byId('newer').addEventListener('click', () => its.look(true));
byId('previous').addEventListener('click', () => go({ ...page.view, page: page.view.page - 1, open: [] }));
byId('next').addEventListener('click', () => go({ ...page.view, page: page.view.page + 1, open: [] }));
byId('size').addEventListener('change', () =>
	go({ ...page.view, page: 1, size: Number(byId('size').value), open: [] }));
setInterval(() => {
	refreshTimes();
	if (byId('pulse').dataset.state === 'lost')
		return;
	working.tend();
	tendChart();
	sheet.tend();
	one.tend();
	for (const row of page.rows.values())
		row.tend();
}, TEND_MS);

bulk(() => queryOf(page.view), each, (verb, batches) => {
	if (verb === 'delete')
		for (const batch of batches)
			page.deleted.add(batch.id);
	const words = `${plural(batches.length, 'batch', 'batches')}: ${verb} asked for`;
	if (takeBack[verb] && batches.length)
		offerUndo(words, () => forAll(batches, takeBack[verb]).finally(its.lookSoon));
	else
		tell(words);
	draw();
	its.lookSoon();
});
keyboard(() => who.isOut());
who.start();
