// SPDX-License-Identifier: Apache-2.0
// submit.js: the form that makes a batch of chosen or dropped pictures. Files are gathered first,
// sent as one multipart request; what the gateway refuses is said beside the form. As long as nothing
// in it changes it has one key, so that sending it again, when the answer got lost, is one batch.
import { listPipelines, serverNow, submitBatch } from './api.js';
import { byId, put, show } from './dom.js';
import { limits, may, timeZone } from './session.js';
import { bare, bytes, dayAgo, number, plural } from './words.js';

const KINDS = /^image\/(jpeg|png|webp|tiff|gif|avif)$/;
const SAID_MOST = 5;	// of what is wrong
const LEADS = /^[A-Z][A-Z0-9]{0,15}(_[A-Z][A-Z0-9]{0,15})?(?=_)/;	// with a customer, as PL_DXB_lobby.jpg

const customerOf = (files, folder) =>
	(LEADS.exec(files[0]?.name ?? '') ?? LEADS.exec(`${folder}_`))?.[0] ?? '';

// What was dropped, folders walked to their leaves.
async function filesOf(entry) {
	if (entry.isFile)
		return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
	const reader = entry.createReader();
	const found = [];
	for (;;) {	// a reader hands out a hundred at a time
		const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
		if (!some.length)
			break;
		found.push(...some);
	}
	found.sort((a, b) => (a.name < b.name ? -1 : 1));
	return (await Promise.all(found.map(filesOf))).flat();
}

const isFiles = (transfer) => transfer.types.includes('Files');	// and not a piece of text
const isPicture = (file) => !file.name.startsWith('.') && !/^(text|audio|video)\//.test(file.type);

function dropped(transfer) {
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
	const folder = entries.find((entry) => entry.isDirectory)?.name ?? '';
	return entries.length
		? Promise.all(entries.map(filesOf)).then((lists) => [lists.flat().filter(isPicture), folder])
		: Promise.resolve([[...transfer.files], '']);
}

// Asks before the page is left.
const stay = (e) => e.preventDefault();

// Unlike crypto.randomUUID it is there without TLS, too.
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))]
	.map((byte) => byte.toString(16).padStart(2, '0')).join('');

// done(answer) hears of each accepted batch. Returns what the page needs: opening, closing, the
// names of pipelines.
export function submitForm(done) {
	const section = byId('submit');
	const opener = byId('new-batch');
	const form = byId('submit-form');
	const problems = byId('submit-problems');
	const names = new Map();
	const commands = new Set();	// pipelines that run a program
	let chosen = [];
	let key = newKey();
	let derived = '';	// the customer that the files are of

	// What is derived stands in the field, so that what is shown is what is sent; what somebody wrote stays.
	function choose(files, folder = '') {
		const field = form.elements.customer_prefix;
		if (field.value === derived) {
			derived = customerOf(files, folder);
			field.value = derived;
		}
		chosen = files;
		key = newKey();
		sayName();
		const size = files.reduce((sum, file) => sum + file.size, 0);
		put(byId('chosen'),
			files.length ? `${plural(files.length, 'file')}, ${bytes(size)}` : 'Nothing chosen yet');
		say(wrongWith(files));
	}
	function sayName() {
		const customer = form.elements.customer_prefix.value.trim() || 'UNSORTED';
		put(byId('named'), chosen.length
			? `It will be called ${customer}_${dayAgo(0, serverNow(), timeZone())}_batch-N, with the next free number.` : '');
	}
	// What the gateway would refuse is refused before anything is sent.
	function wrongWith(files) {
		const { files: most, file_bytes: each, form_bytes: all } = limits();
		const size = files.reduce((sum, file) => sum + file.size, 0);
		const wrong = files.filter((file) => file.size > each)
			.map((file) => `${bare(file.name)} has ${bytes(file.size)}; a picture may have ${bytes(each)}.`);
		if (!commands.has(Number(byId('pipeline').value)))	// a program takes what it takes
			wrong.push(...files.filter((file) => file.type && !KINDS.test(file.type))
				.map((file) => `${bare(file.name)} is no JPEG, PNG, WebP, TIFF, GIF or AVIF.`));
		wrong.push(...files.filter((file) => !file.size).map((file) => `${bare(file.name)} is empty.`));
		if (files.length > most)
			wrong.push(`These are ${number(files.length)} files; a batch may have ${number(most)}.`);
		if (size > all)
			wrong.push(`Together they have ${bytes(size)}; a batch may have ${bytes(all)}.`);
		return wrong.length > SAID_MOST
			? [...wrong.slice(0, SAID_MOST), `and ${number(wrong.length - SAID_MOST)} more.`] : wrong;
	}
	function say(lines) {
		problems.replaceChildren(...lines.map((line) => {
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
	async function send() {
		const body = new FormData();
		for (const name of ['pipeline_id', 'batch_description', 'customer_prefix'])
			if (form.elements[name].value.trim())
				body.append(name, form.elements[name].value.trim());
		for (const file of chosen)
			body.append('files', file, file.name);
		byId('send').disabled = true;
		addEventListener('beforeunload', stay);
		byId('sending').value = 0;
		show(byId('sending'), true);
		try {
			const answer = await submitBatch(body, key, (share) => { byId('sending').value = share; });
			form.reset();
			derived = '';
			choose([]);
			done(answer);
		} catch (error) {
			say([error.message, ...error.fields.map((f) => bare(`${f.field}: ${f.detail}`))]);
		} finally {
			byId('send').disabled = false;
			removeEventListener('beforeunload', stay);
			show(byId('sending'), false);
		}
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
		const wrong = chosen.length ? wrongWith(chosen) : ['Choose at least one picture.'];
		say(wrong);
		if (!wrong.length)
			send();
	});
	for (const kind of ['dragenter', 'dragover'])
		document.addEventListener(kind, (e) => {
			if (!isFiles(e.dataTransfer) || !may('submit'))
				return;
			e.preventDefault();
			byId('drop').classList.add('over');
			if (section.hidden)
				open(true);
		});
	for (const kind of ['dragleave', 'drop'])
		document.addEventListener(kind, (e) => {
			if (kind === 'drop' || !e.relatedTarget)
				byId('drop').classList.remove('over');
		});
	document.addEventListener('drop', async (e) => {
		if (!isFiles(e.dataTransfer) || !may('submit'))
			return;
		e.preventDefault();
		choose(...await dropped(e.dataTransfer));
	});
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
			show(byId('submit-close'), !alone);
			show(opener, !alone);
			if (alone && section.hidden)
				open(true);
		},
		readPipelines,
		pipelineName: (id) => (names.has(id) ? `${id} – ${names.get(id)}` : String(id)),
	};
}
