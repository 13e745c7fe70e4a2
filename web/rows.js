// SPDX-License-Identifier: Apache-2.0
// rows.js: one batch of the list: its line, and under it, once unfolded, its jobs. A row lives as
// long as its batch is shown and is updated in place.
import { downloadOf, sheetOf } from './api.js';
import { deliveryList } from './deliveries.js';
import { attribute, feel, fromTemplate, part, put, putTime, shape, show } from './dom.js';
import { etaOf } from './eta.js';
import { historyOf } from './history.js';
import { jobList } from './jobs.js';
import { BATCH_STATES, bare, bareLines, between, bytes, duration, number, plural, stateOf } from './words.js';

export const isFinal = (batch) => Boolean(stateOf(BATCH_STATES, batch.status).final);
export const hasZip = (batch) => Boolean(batch.archive) && batch.archive.run_no === batch.run_no;

// Nothing more is to be expected: it is final, and its ZIP stands if there is anything to put in.
export const isSettled = (batch) => isFinal(batch) && (hasZip(batch) || !batch.jobs_completed);

function whyNoDownload(batch) {
	if (!isFinal(batch))
		return 'Ready when the batch is finished';
	if (!batch.jobs_completed)
		return 'No picture was rendered';
	return hasZip(batch) ? '' : 'The ZIP is being built';
}

export const openOf = (batch) =>
	batch.total_files - batch.jobs_completed - batch.jobs_failed - batch.jobs_cancelled;

const SHORT = 40;	// letters

const sizeOf = (archive) =>
	`${bytes(archive.size)}, ${plural(archive.entries, 'entry', 'entries')}`;

function putDownload(link, batch) {
	const reason = whyNoDownload(batch);
	attribute(link, 'href', reason ? null : downloadOf(batch.id));
	attribute(link, 'role', reason ? 'link' : null);
	attribute(link, 'aria-disabled', reason ? 'true' : null);
	attribute(link, 'tabindex', reason ? '0' : null);
	attribute(link, 'data-reason', reason || null);
	attribute(link, 'title', reason ? null : `ZIP, ${sizeOf(batch.archive)}`);
	attribute(link, 'aria-label',
		`Download ${batch.base_directory_name}: ${reason || `ZIP, ${sizeOf(batch.archive)}`}`);
}

// An open batch can be paused, resumed and cancelled, a finished one with pictures missing tried again.
// Each has a place of its own, so that none comes under the pointer of who meant another.
function putTurns(line, batch) {
	const isOpen = !isFinal(batch);
	const isPaused = batch.control === 'pause';
	const missing = batch.jobs_failed + batch.jobs_cancelled > 0;
	const turns = {
		hold: [isPaused ? 'Resume' : 'Pause', isOpen],
		cancel: ['Cancel', isOpen],
		retry: ['Retry what is missing', !isOpen && missing],
	};
	for (const [name, [words, isPossible]] of Object.entries(turns)) {
		const button = part(line, name);
		attribute(button, 'aria-label', `${words}: ${batch.base_directory_name}`);
		attribute(button, 'title', words);
		button.disabled = !isPossible;
	}
	attribute(part(line, 'hold'), 'data-verb', isPaused ? 'resume' : 'pause');
	shape(part(line, 'hold'), isPaused ? 'resume' : 'pause');
}

function numbersOf(batch) {
	const words = [`${number(batch.jobs_completed)} of ${number(batch.total_files)}`];
	if (batch.jobs_failed)
		words.push(`${number(batch.jobs_failed)} failed`);
	if (batch.jobs_cancelled)
		words.push(`${number(batch.jobs_cancelled)} cancelled`);
	if (batch.jobs_retry_wait)
		words.push(`${number(batch.jobs_retry_wait)} to retry`);
	return words.join(', ');
}

function putProgress(root, batch) {
	const bar = root.querySelector('.bar');
	const share = (n) => (batch.total_files ? (100 * n) / batch.total_files : 0).toFixed(2);
	const pieces = {
		'--done': batch.jobs_completed, '--bad-share': batch.jobs_failed,
		'--off': batch.jobs_cancelled, '--busy-share': batch.jobs_processing,
	};
	for (const [name, n] of Object.entries(pieces))
		if (bar.style.getPropertyValue(name) !== `${share(n)}%`)
			bar.style.setProperty(name, `${share(n)}%`);
	const refused = ['Not accepted', batch.error_message && bare(batch.error_message)].filter(Boolean).join(': ');
	const numbers = batch.total_files ? numbersOf(batch) : refused;
	attribute(bar, 'aria-valuemax', Math.max(batch.total_files, 1));
	attribute(bar, 'aria-valuenow', batch.jobs_completed + batch.jobs_failed + batch.jobs_cancelled);
	attribute(bar, 'aria-valuetext', numbers);
	attribute(bar, 'aria-label', `Progress of ${batch.base_directory_name}`);
	put(part(root, 'numbers'), numbers);
}

function putTimes(root, batch) {
	putTime(part(root, 'created'), batch.created_at);
	show(part(root, 'ended').parentElement, batch.completed_at);
	if (!batch.completed_at)
		return;
	const took = Math.max(new Date(batch.completed_at) - new Date(batch.created_at), 0);
	put(part(root, 'ended-word'), `done in ${duration(took)}, `);
	putTime(part(root, 'ended'), batch.completed_at);
}

function factsOf(batch, pipelineName) {
	const { archive } = batch;
	return [
		['Customer', batch.customer_prefix],
		['Day', batch.batch_date],
		['Pipeline', pipelineName(batch.pipeline_id)],
		['Submitted by', bare(batch.submitted_by)],
		['Priority', batch.priority],
		['Failures tolerated', batch.failures_tolerated ?? 'any number'],
		['Run', batch.run_no],
		['Received', bytes(batch.total_size)],
		['ZIP', archive ? sizeOf(archive) : 'none'],
		['Batch id', batch.id],
	];
}

// In the line there is room for its beginning.
function putFull(node, description) {
	put(node, bareLines(description));
	show(node, description.length > SHORT || description.includes('\n'));
}

function putFacts(list, batch, pipelineName) {
	const facts = factsOf(batch, pipelineName);
	while (list.children.length < facts.length) {
		const pair = document.createElement('div');
		pair.append(document.createElement('dt'), document.createElement('dd'));
		list.append(pair);
	}
	facts.forEach(([name, value], i) => {
		put(list.children[i].firstChild, name);
		put(list.children[i].lastChild, value ?? '');
	});
}

// asks: toggle(batch), turn(batch, verb), retryJobs(batch, ids), cancel(batch), remove(batch), pipelineName(id), tell(words)
export function batchRow(first, asks) {
	const element = fromTemplate('t-batch');
	const line = element.querySelector('.row');
	const toggle = element.querySelector('.toggle');
	const detail = element.querySelector('.detail');
	const jobs = jobList(detail, asks.retryJobs);
	const deliveries = deliveryList(detail, asks.tell);
	const history = historyOf(detail);
	const eta = etaOf();
	let batch = first;
	let drawn = null;
	let open = false;

	detail.id = `detail-${first.id}`;
	attribute(toggle, 'aria-controls', detail.id);
	line.addEventListener('click', (e) => {
		const other = e.target.closest('a, button, [data-reason]');
		if ((!other || other === toggle) && getSelection().isCollapsed)
			asks.toggle(batch);
	});
	part(detail, 'own').href = `#batch/${first.id}`;
	show(part(detail, 'copy'), navigator.clipboard);	// not there without TLS
	part(detail, 'copy').addEventListener('click', async () => {
		await navigator.clipboard.writeText(`${location.origin}${location.pathname}#batch/${batch.id}`);
		asks.tell('The link was copied');
		put(part(detail, 'copy'), 'Copied');
	});
	part(line, 'hold').addEventListener('click', (e) =>
		asks.turn(batch, e.currentTarget.dataset.verb));
	part(line, 'cancel').addEventListener('click', () => asks.cancel(batch));
	part(line, 'retry').addEventListener('click', () => asks.turn(batch, 'retry'));
	part(line, 'delete').addEventListener('click', () => asks.remove(batch));

	function update(now) {
		const state = stateOf(BATCH_STATES, now.status);
		if (now === drawn && !open)
			return;
		drawn = now;
		if (now.status !== batch.status)
			feel(line);
		batch = now;
		put(part(line, 'name'), batch.base_directory_name);
		put(part(line, 'description'), bare(batch.render_description ?? ''));
		attribute(element, 'data-status', batch.status);
		put(part(line, 'word'), state.word);
		shape(line.querySelector('.status'), state.shape);
		putProgress(line, batch);
		put(part(line, 'files'), number(batch.total_files));
		put(line.querySelector('.unit'), batch.total_files === 1 ? ' file' : ' files');
		put(part(line, 'size'), batch.total_size ? bytes(batch.total_size) : '');
		putTimes(line, batch);
		putEta();
		putDownload(part(line, 'download'), batch);
		attribute(part(element, 'sheet'), 'href', sheetOf(batch.id));
		show(part(element, 'sheet'), hasZip(batch));
		putTurns(line, batch);
		attribute(part(line, 'delete'), 'aria-label', `Delete ${batch.base_directory_name}`);
		attribute(part(line, 'delete'), 'title', 'Delete');
		if (open)
			fill();
	}
	function fill() {
		const why = [batch.error_message, batch.error_code && `(${batch.error_code})`].filter(Boolean);
		put(part(detail, 'error'), bare(why.join(' ')));
		show(part(detail, 'error'), why.length);
		putFull(part(detail, 'full'), batch.render_description ?? '');
		putFacts(part(detail, 'facts'), batch, asks.pipelineName);
		jobs.follow(batch);
		deliveries.follow(batch);
		history.follow(batch);
	}
	// Of what works, and only while it does.
	function putEta() {
		const done = batch.total_files - openOf(batch);
		eta.sample(Date.now(), done);
		const range = batch.status === 'processing' && batch.control === 'run'
			? eta.say(Date.now(), openOf(batch)) : null;
		put(part(line, 'eta'), range ? between(range.from, range.to) : '');
		show(part(line, 'eta'), range);
		attribute(part(line, 'eta'), 'title', range ? 'By the pace that was seen here' : null);
	}
	function unfold(opened) {
		if (open === opened)
			return;
		open = opened;
		attribute(toggle, 'aria-expanded', open);
		show(detail, open);
		if (open)
			fill();
	}
	// What changes without its batch.
	function tend() {
		putEta();
		if (!open)
			return;
		deliveries.follow(batch);
		jobs.mend();
	}
	return { element, update, unfold, tend, focus: () => toggle.focus(), batch: () => batch };
}
