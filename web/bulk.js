// SPDX-License-Identifier: Apache-2.0
// bulk.js: one order for all batches that the filter shows. What would happen to how many is said
// before, and asked; what failed is said after, and can be tried again without the others.
import { downloadOf, listBatches } from './api.js';
import { confirmThen } from './confirm.js';
import { attribute, byId, part, put, show } from './dom.js';
import { hasZip, isFinal, openOf } from './facts.js';
import { pool } from './pool.js';
import { bytes, number, plural } from './words.js';

const MOST = 2000;	// batches
const PAGE = 500;
const AT_ONCE = 4;
const NAMED = 4;

const missingOf = (batch) => batch.jobs_failed + batch.jobs_cancelled;
const sum = (batches, count) => batches.reduce((all, batch) => all + count(batch), 0);
const pictures = (batches, count) => plural(sum(batches, count), 'picture');

function download(batch) {
	const link = document.createElement('a');
	link.href = downloadOf(batch.id);
	link.download = '';
	link.click();
	return new Promise((resolve) => { setTimeout(resolve, 300); });	// a browser drops what comes at once
}

// order: takes(batch), amount(batches), act(batch, acts), the words
const ORDERS = [
	{ name: 'download', word: 'Download', needs: 'read', act: download,
		takes: (b) => isFinal(b) && b.jobs_completed && hasZip(b),
		amount: (batches) => `${plural(batches.length, 'ZIP')}, ${bytes(sum(batches, (b) => b.archive.size))}` },
	{ name: 'retry', word: 'Retry', takes: (b) => isFinal(b) && missingOf(b),
		amount: (batches) => `${pictures(batches, missingOf)} that failed or were cancelled` },
	{ name: 'pause', word: 'Pause', takes: (b) => !isFinal(b) && b.control === 'run',
		amount: (batches) => `${pictures(batches, openOf)} wait` },
	{ name: 'resume', word: 'Resume', takes: (b) => !isFinal(b) && b.control === 'pause',
		amount: (batches) => `${pictures(batches, openOf)} go on` },
	{ name: 'cancel', word: 'Cancel', takes: (b) => !isFinal(b),
		amount: (batches) => `${pictures(batches, openOf)} are not rendered` },
	{ name: 'delete', word: 'Delete', takes: () => true,
		amount: (batches) => `${pictures(batches, (b) => b.total_files)} `
			+ 'and all that was rendered of them go for good, with no way back' },
];

async function readAll(query) {
	const found = [];
	let total = 0;
	const wanted = new URLSearchParams(query);
	wanted.delete('offset');
	wanted.set('limit', PAGE);
	do {
		const answer = await listBatches(wanted);
		found.push(...answer.data);
		total = answer.total;
		wanted.set('cursor', answer.next_cursor ?? '');
	} while (wanted.get('cursor') && found.length < MOST);
	return { found, total };
}

// Some at a time. What is done leaves the list, so that another try has the others alone.
export async function forAll(batches, act, left = () => {}) {
	let trouble = null;
	await pool(AT_ONCE, batches, async (batch) => {
		try {
			await act(batch);
			batches.splice(batches.indexOf(batch), 1);
			left();
		} catch (error) {
			trouble = error;
		}
	});
	if (trouble)
		throw new Error(`${plural(batches.length, 'batch', 'batches')} left. ${trouble.message}`);
}

function namesOf(batches) {
	const names = batches.slice(0, NAMED).map((batch) => batch.base_directory_name).join(', ');
	const beyond = batches.length - NAMED;
	return beyond > 0 ? `${names} and ${number(beyond)} more` : names;
}

// acts: name -> act(batch); query() is the list's; done(verb, batches) hears what was done.
export function bulk(query, acts, done) {
	const dialog = byId('bulk');
	const list = part(dialog, 'orders');
	const problem = part(dialog, 'problem');

	async function carryOut(order, batches) {
		const n = plural(batches.length, 'batch', 'batches');
		const all = [...batches];
		dialog.close();
		const isDone = await confirmThen({
			title: `${order.word} ${n}?`, yes: `${order.word} ${n}`, no: 'Leave them',
			text: `${namesOf(batches)}: ${order.amount(batches)}.`,
			act: () => forAll(batches, order.act ?? acts[order.name],
				() => put(part(byId('confirm'), 'yes'), `${number(batches.length)} left`)),
		});
		const left = new Set(batches);
		done(order.name, all.filter((batch) => !left.has(batch)), isDone);
	}
	function item(order, found) {
		const batches = found.filter(order.takes);
		const line = document.createElement('li');
		const button = document.createElement('button');
		const amount = document.createElement('span');
		button.type = 'button';
		button.disabled = !batches.length;
		attribute(line, 'data-needs', order.needs ? null : 'operate');
		attribute(button, 'class', order.name === 'delete' ? 'danger' : null);
		put(button, `${order.word} ${number(batches.length)}`);
		put(amount, batches.length ? order.amount(batches) : 'none of them can be');
		button.addEventListener('click', () => carryOut(order, batches));
		line.append(button, amount);
		return line;
	}
	async function open() {
		list.replaceChildren();
		show(problem, false);
		put(part(dialog, 'title'), 'Counting what is shown …');
		dialog.showModal();
		try {
			const { found, total } = await readAll(query());
			const beyond = total > found.length ? `the first ${number(found.length)} of ` : '';
			put(part(dialog, 'title'), `For ${beyond}${plural(total, 'batch', 'batches')} that the filter shows`);
			list.replaceChildren(...ORDERS.map((order) => item(order, found)));
		} catch (error) {
			put(problem, error.message);
			show(problem, true);
		}
	}
	byId('bulk-open').addEventListener('click', open);
}
