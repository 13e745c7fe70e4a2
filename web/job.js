// SPDX-License-Identifier: Apache-2.0
// job.js: one job by its address (#job/ID), in a dialog: what was handed in beside what was made of it, every
// view, when what happened, and what went wrong. It is read again while its batch moves.
import { inputOf, outputOf, readJob, readJobs, retryBatch } from './api.js';
import { attribute, byId, part, put, putTime, shape, show } from './dom.js';
import { tell } from './say.js';
import { JOB_STATES, bare, bareLines, bytes, duration, number, stateOf } from './words.js';

const REST_MS = 1000;		// between two readings
const HASH = /^#job\/([0-9a-f-]{36})$/;

const dialog = byId('job');
const piece = (name) => part(dialog, name);
const sizeOf = ({ width, height }) => `${number(width)} × ${number(height)}`;

// A picture in a place that keeps its size; what cannot be shown says so.
function frame(figure) {
	const image = figure.querySelector('img');
	image.addEventListener('error', () => show(image, false));
	image.addEventListener('load', () => show(image, true));
	return (src, alt, none) => {
		if (image.getAttribute('src') !== src) {
			show(image, false);
			attribute(image, 'src', src);
		}
		image.alt = alt;
		put(figure.querySelector('.hint'), none);
	};
}

function cell(name, ...content) {
	const node = document.createElement(name);
	node.append(...content);
	return node;
}

// closed(): nobody looks at it any more.
export function jobSheet(closed) {
	const before = frame(piece('before'));
	const after = frame(piece('after'));
	let id = null;		// null: closed
	let job = null;
	let chosen = '';	// the view that is shown
	let readAt = 0;
	let timer = 0;

	function viewRow(output) {
		const press = cell('button', bare(output.view));
		const link = cell('a', 'Open');
		const head = cell('th', press);
		press.type = 'button';
		press.className = 'chip';
		attribute(press, 'aria-pressed', output.name === chosen);
		press.addEventListener('click', () => {
			chosen = output.name;
			for (const other of piece('views').querySelectorAll('button'))
				attribute(other, 'aria-pressed', other === press);
			putAfter();
		});
		head.scope = 'row';
		link.href = outputOf(job.id, output.name);
		link.target = '_blank';
		link.rel = 'noopener';
		link.title = bare(output.name);
		link.setAttribute('aria-label', `Open ${bare(output.view)} of ${bare(job.file_name)}`);
		return cell('tr', head, cell('td', sizeOf(output)), cell('td', bytes(output.size)),
			cell('td', output.media_type.replace('image/', '')), cell('td', link));
	}
	function putViews() {
		const key = [job.id, ...job.outputs.map((output) => output.sha256)].join();
		if (piece('views').dataset.shown === key)
			return;
		piece('views').dataset.shown = key;
		chosen = job.outputs.find((output) => output.name === chosen)?.name ?? job.outputs[0]?.name ?? '';
		piece('views').tBodies[0].replaceChildren(...job.outputs.map(viewRow));
		show(piece('views'), job.outputs.length);
	}
	function putAfter() {
		const output = job.outputs.find(({ name }) => name === chosen);
		after(output ? outputOf(job.id, output.name) : null, output ? `${bare(output.view)} of ${bare(job.file_name)}` : '',
			output ? 'It cannot be shown here.' : 'Nothing was made of it yet.');
		put(piece('after-size'), output ? `${bare(output.view)}, ${sizeOf(output)}, ${bytes(output.size)}` : '');
	}
	function putBefore() {
		const isHere = job.source_uri.startsWith('blob:');
		before(isHere ? inputOf(job.id) : null, `Input of ${bare(job.file_name)}`,
			isHere ? 'It is no longer there, or cannot be shown here.' : 'It lies elsewhere.');
		put(piece('before-size'), [job.size === null ? '' : bytes(job.size),
			isHere ? '' : bare(job.source_uri)].filter(Boolean).join(', '));
	}
	function putTimes() {
		for (const [name, iso] of Object.entries({
			queued: job.created_at, started: job.started_at, ended: job.completed_at, 'next-try': job.next_attempt_at })) {
			show(piece(name), iso);
			if (iso)
				putTime(piece(name).querySelector('time'), iso);
		}
		put(piece('took'), job.duration_ms === null ? '' : duration(job.duration_ms));
		show(piece('took').parentElement, job.duration_ms !== null);
		put(piece('attempt'), number(job.attempt));
	}
	// Each attempt that failed; where there is only what stands above already, nothing.
	function attemptRow(attempt) {
		const time = document.createElement('time');
		const message = cell('pre', bareLines(attempt.error_message));
		putTime(time, attempt.failed_at);
		message.tabIndex = 0;
		message.setAttribute('aria-label', `Message of attempt ${attempt.attempt}`);
		const row = cell('li', cell('code', bare(attempt.error_code)), ' ', time, ' ',
			cell('span', bare(attempt.worker ?? '')), message);
		row.value = attempt.attempt;
		return row;
	}
	function putAttempts() {
		const failed = job.failed_attempts;
		const key = [job.id, ...failed.map(({ attempt }) => attempt)].join();
		const isSaid = job.error_code && failed.length === 1;
		show(piece('earlier'), failed.length && !isSaid);
		if (piece('earlier').dataset.shown === key)
			return;
		piece('earlier').dataset.shown = key;
		piece('earlier').querySelector('ol').replaceChildren(...failed.map(attemptRow));
	}
	function draw() {
		const state = stateOf(JOB_STATES, job.status);
		put(piece('file'), bare(job.file_name));
		put(piece('batch'), job.base_directory_name);
		attribute(piece('batch'), 'href', `#batch/${job.batch_id}`);
		put(piece('place'), `picture ${number(job.position + 1)}`);
		attribute(dialog, 'data-status', job.status);
		put(piece('word'), state.word);
		shape(dialog.querySelector('.status'), state.shape);
		putBefore();
		putViews();
		putAfter();
		putTimes();
		put(piece('code'), job.error_code ?? '');
		put(piece('message'), bareLines(job.error_message ?? ''));
		show(piece('wrong'), job.error_code);
		putAttempts();
		show(piece('retry'), ['failed', 'cancelled'].includes(job.status));
		piece('previous').disabled = job.position === 0;
		show(piece('body'), true);
	}
	function say(trouble) {
		put(piece('trouble'), trouble);
		show(piece('trouble'), true);
	}
	async function read() {
		const mine = id;
		readAt = Date.now();
		clearTimeout(timer);
		try {
			const now = await readJob(mine);
			if (mine !== id)
				return;
			job = now;
			piece('next').disabled = false;
			draw();
			show(piece('trouble'), false);
		} catch (error) {
			if (mine !== id)
				return;
			say(`The job could not be read. ${error.message}`);
		}
	}
	async function step(by) {
		const { data } = await readJobs(job.batch_id, { status: '', limit: 1, cursor: job.position + by })
			.catch(() => ({ data: [] }));
		if (data.length)
			location.replace(`#job/${data[0].id}`);
		else
			piece('next').disabled = true;
	}

	piece('previous').addEventListener('click', () => step(-1));
	piece('next').addEventListener('click', () => step(1));
	piece('retry').addEventListener('click', async () => {
		piece('retry').disabled = true;
		try {
			await retryBatch(job.batch_id, [job.id]);
			tell(`${bare(job.file_name)}: retry asked for`);
			await read();
		} catch (error) {
			say(`It was not started again. ${error.message}`);
		}
		piece('retry').disabled = false;
	});
	dialog.addEventListener('close', () => {
		if (id)
			history.replaceState(null, '', location.pathname + location.search);
		id = null;
		job = null;
		closed();
	});
	dialog.addEventListener('click', (e) => e.target === dialog && dialog.close());

	return {
		// Opens what the address says, or closes.
		follow() {
			const wanted = HASH.exec(location.hash)?.[1] ?? null;
			if (wanted === id)
				return;
			id = wanted;
			if (!wanted)
				return dialog.close();
			show(piece('body'), false);
			show(piece('trouble'), false);
			if (!dialog.open)
				dialog.showModal();
			read();
		},
		// Its batch has moved, or some time has passed.
		hear(batch) {
			if (!job || (batch && batch.id !== job.batch_id))
				return;
			clearTimeout(timer);
			timer = setTimeout(() => id && read(), Math.max(0, readAt + REST_MS - Date.now()));
		},
		tend() {
			if (job && !JOB_STATES[job.status]?.final)
				read();
		},
	};
}
