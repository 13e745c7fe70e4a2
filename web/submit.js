// SPDX-License-Identifier: Apache-2.0
// submit.js: the form that makes a batch of chosen or dropped pictures. They are put into the store one by
// one, then the form names them; what the gateway refuses is said beside it. As long as nothing in the
// form changes it has one key, so that sending it again, when the answer got lost, is one batch.
import { listPipelines, serverNow, submitBatch } from './api.js';
import { byId, put, show } from './dom.js';
import { takeDrops } from './drop.js';
import { sendingList } from './sending.js';
import { limits, may, timeZone } from './session.js';
import { forgetStored, hex, persist, storeAll } from './store.js';
import { bare, bytes, dayAgo, number, plural } from './words.js';

const KINDS = /^image\/(jpeg|png|webp|tiff|gif|avif)$/;
const NUMBERS = ['priority', 'failures_tolerated'];
const SAID_MOST = 5;	// of what is wrong
const LEADS = /^[A-Z][A-Z0-9]{0,15}(_[A-Z][A-Z0-9]{0,15})?(?=_)/;	// with a customer, as PL_DXB_lobby.jpg

const customerOf = (files, folder) =>
	(LEADS.exec(files[0]?.name ?? '') ?? LEADS.exec(`${folder}_`))?.[0] ?? '';

// Asks before the page is left.
const stay = (e) => e.preventDefault();

// Unlike crypto.randomUUID it is there without TLS, too.
const newKey = () => hex(crypto.getRandomValues(new Uint8Array(16)));

// done(answer) hears of each accepted batch. Returns what the page needs: opening, closing, the
// names of pipelines.
export function submitForm(done) {
	const section = byId('submit');
	const opener = byId('new-batch');
	const form = byId('submit-form');
	const problems = byId('submit-problems');
	const names = new Map();
	const commands = new Set();	// pipelines that run a program
	const list = sendingList({ again: (item) => send([item]), leaveOut });
	let items = [];		// see storeAll()
	let stopper = null;	// of what is being sent
	let key = newKey();
	let isAlone = false;	// the form is the page
	let derived = '';	// the customer that the files are of

	// What is derived stands in the field, so that what is shown is what is sent; what somebody wrote stays.
	function choose(files, folder = '') {
		const field = form.elements.customer_prefix;
		if (field.value === derived) {
			derived = customerOf(files, folder);
			field.value = derived;
		}
		items = files.map((file) => ({ file, state: 'waits', sent: 0 }));
		list.clear();
		changed(files);
	}
	function changed(files) {
		key = newKey();
		sayName();
		const size = files.reduce((sum, file) => sum + file.size, 0);
		put(byId('chosen'),
			files.length ? `${plural(files.length, 'file')}, ${bytes(size)}` : 'Nothing chosen yet');
		say(wrongWith(files));
	}
	function sayName() {
		const customer = form.elements.customer_prefix.value.trim() || 'UNSORTED';
		put(byId('named'), items.length
			? `It will be called ${customer}_${dayAgo(0, serverNow(), timeZone())}_batch-N, with the next free number.` : '');
	}
	// What the gateway would refuse is refused before anything is sent.
	function wrongWith(files) {
		const { files: most, file_bytes: each } = limits();
		const wrong = files.filter((file) => file.size > each)
			.map((file) => `${bare(file.name)} has ${bytes(file.size)}; a picture may have ${bytes(each)}.`);
		if (!commands.has(Number(byId('pipeline').value)))	// a program takes what it takes
			wrong.push(...files.filter((file) => file.type && !KINDS.test(file.type))
				.map((file) => `${bare(file.name)} is no JPEG, PNG, WebP, TIFF, GIF or AVIF.`));
		wrong.push(...NUMBERS.map((name) => form.elements[name]).filter((field) => !field.validity.valid)
			.map((field) => `${field.labels[0].firstChild.data.trim()}: ${field.validationMessage}`));
		wrong.push(...files.filter((file) => !file.size).map((file) => `${bare(file.name)} is empty.`));
		if (files.length > most)
			wrong.push(`These are ${number(files.length)} files; a batch may have ${number(most)}.`);
		return wrong.length > SAID_MOST
			? [...wrong.slice(0, SAID_MOST), `and ${number(wrong.length - SAID_MOST)} more.`] : wrong;
	}
	function say(lines) {
		problems.firstElementChild.replaceChildren(...lines.map((line) => {
			const item = document.createElement('li');
			item.textContent = line;
			return item;
		}));
		show(problems, lines.length);
	}
	async function readPipelines() {
		const select = byId('pipeline');
		const kept = select.value;
		const pipelines = await listPipelines();
		for (const { id, name, definition } of pipelines) {
			names.set(id, name);
			if (definition.command)
				commands.add(id);
		}
		const enabled = pipelines.filter((pipeline) => pipeline.enabled !== false);
		const newest = new Map(enabled.map(({ id, name }) => [name, id]));	// they come by id
		select.replaceChildren(...enabled.filter(({ id, name }) => newest.get(name) === id)
			.map(({ id, name }) => new Option(`${id} – ${name}`, id)));
		if (kept)
			select.value = kept;
	}
	function open(shown) {
		show(section, shown);
		opener.setAttribute('aria-expanded', shown);
		if (shown)
			readPipelines().catch((error) => say([`The pipelines could not be read. ${error.message}`]));
	}
	function leaveOut(item) {
		items.splice(items.indexOf(item), 1);
		list.leftOut(item);
		changed(items.map(({ file }) => file));
		byId('send').focus();
	}
	function setSending(controller) {
		stopper = controller;
		byId('send').disabled = Boolean(stopper);
		byId('submit-fields').disabled = Boolean(stopper);
		show(byId('stop'), stopper);
		show(byId('submit-close'), !stopper && !isAlone);
		(stopper ? addEventListener : removeEventListener)('beforeunload', stay);
		(stopper ? byId('stop') : byId('send')).focus();
	}
	function wanted() {
		const body = { files: items.map(({ file, uri }) => ({ file_name: file.name, source_uri: uri })) };
		for (const name of ['batch_description', 'customer_prefix'])
			if (form.elements[name].value.trim())
				body[name] = form.elements[name].value.trim();
		for (const name of NUMBERS)
			if (form.elements[name].value)
				body[name] = Number(form.elements[name].value);
		return { ...body, pipeline_id: Number(byId('pipeline').value) };
	}
	// null while some are not stored.
	async function submit(some, how) {
		await storeAll(some, how);
		const missing = items.filter((item) => item.state !== 'stored').length;
		if (!missing)
			return persist(() => submitBatch(wanted(), key, how.signal), how);
		say([`${plural(missing, 'picture')} could not be sent, so nothing was submitted.`]);
		return null;
	}
	async function send(some) {
		setSending(new AbortController());
		const { signal } = stopper;
		say([]);
		list.start(items);
		const answer = await submit(some, { signal, told: list.told, held: list.held })
			.catch((error) => sayWhy(error, signal));
		stopper.abort();	// one that failed for all ends the others
		list.end();
		setSending(null);
		if (!answer)
			return;
		form.reset();
		derived = '';
		choose([]);
		done(answer);
	}
	function sayWhy(error, signal) {
		if (signal.aborted) {
			say(['Stopped. What is sent stays sent; Submit batch goes on with the rest.']);
			return;
		}
		const fields = error.fields ?? [];
		if (fields.some((f) => f.field.endsWith('source_uri'))) {	// the store keeps a day what nobody names
			forgetStored();
			items.forEach((item) => { item.state = 'waits'; });
		}
		say([error.message, ...fields.map((f) => bare(`${f.field}: ${f.detail}`)).slice(0, SAID_MOST)]);
	}

	opener.addEventListener('click', () => {
		open(section.hidden);
		if (!section.hidden)
			byId('files').focus();
	});
	byId('submit-close').addEventListener('click', () => {
		open(false);
		opener.focus();
	});
	byId('files').addEventListener('change', () => choose([...byId('files').files]));
	form.addEventListener('input', () => {
		key = newKey();
		sayName();
	});
	form.addEventListener('submit', (e) => {
		e.preventDefault();
		const wrong = items.length ? wrongWith(items.map(({ file }) => file)) : ['Choose at least one picture.'];
		say(wrong);
		if (!wrong.length && !stopper)
			send(items);
	});
	byId('stop').addEventListener('click', () => stopper?.abort());
	takeDrops({ isTaken: () => may('submit') && !stopper, over: () => section.hidden && open(true), taken: choose });
	put(byId('curl'), [
		`curl ${location.origin}/api/jobs/batch \\`,
		'  -F pipeline_id=2 \\',
		'  -F files=@PL_DXB_lobby.jpg \\',
		'  -F files=@PL_DXB_pool.jpg',
	].join('\n'));

	return {
		open,
		// On an installation without any batch the form is the page, and cannot be closed.
		teach(alone) {
			put(byId('submit-title'), alone ? 'Submit the first batch' : 'New batch');
			show(byId('submit-lead'), alone);
			isAlone = alone;
			show(byId('submit-close'), !alone && !stopper);
			show(opener, !alone);
			if (alone && section.hidden)
				open(true);
		},
		readPipelines,
		pipelineName: (id) => (names.has(id) ? `${id} – ${names.get(id)}` : String(id)),
	};
}
