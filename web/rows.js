// SPDX-License-Identifier: Apache-2.0
// rows.js: one batch of the list: its line, and under it, once unfolded, all of it. A row lives as
// long as its batch is shown and is updated in place.
import { downloadOf } from './api.js';
import { batchDetail } from './detail.js';
import { attribute, feel, fromTemplate, part, put, putTime, shape, show } from './dom.js';
import { etaOf } from './eta.js';
import { hasZip, isFinal, openOf } from './facts.js';
import { BATCH_STATES, archiveSize, bare, between, bytes, duration, number, stateOf } from './words.js';

function whyNoDownload(batch) {
	if (!isFinal(batch))
		return 'Ready when the batch is finished';
	if (!batch.jobs_completed)
		return 'No picture was rendered';
	return hasZip(batch) ? '' : 'The ZIP is being built';
}

function putDownload(link, batch) {
	const reason = whyNoDownload(batch);
	attribute(link, 'href', reason ? null : downloadOf(batch.id));
	attribute(link, 'role', reason ? 'link' : null);
	attribute(link, 'aria-disabled', reason ? 'true' : null);
	attribute(link, 'tabindex', reason ? '0' : null);
	attribute(link, 'data-reason', reason || null);
	attribute(link, 'title', reason ? null : `ZIP, ${archiveSize(batch.archive)}`);
	attribute(link, 'aria-label',
		`Download ${batch.base_directory_name}: ${reason || `ZIP, ${archiveSize(batch.archive)}`}`);
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

// asks: toggle(batch), turn(batch, verb, more), retryJobs(batch, ids), cancel(batch), remove(batch), pipelineName(id), tell(words)
export function batchRow(first, asks, detailId = `detail-${first.id}`) {
	const element = fromTemplate('t-batch');
	const line = element.querySelector('.row');
	const toggle = element.querySelector('.toggle');
	const eta = etaOf();
	let batch = first;
	let drawn = null;
	let open = false;
	let detail = null;	// made when it is first unfolded

	attribute(toggle, 'aria-controls', detailId);
	line.addEventListener('click', (e) => {
		const other = e.target.closest('a, button, [data-reason]');
		if ((!other || other === toggle) && getSelection().isCollapsed)
			asks.toggle(batch);
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
		putTurns(line, batch);
		attribute(part(line, 'delete'), 'aria-label', `Delete ${batch.base_directory_name}`);
		attribute(part(line, 'delete'), 'title', 'Delete');
		if (open)
			detail.fill(batch);
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
		if (!detail) {
			detail = batchDetail(batch, detailId, asks);
			element.append(detail.element);
		}
		attribute(toggle, 'aria-expanded', open);
		show(detail.element, open);
		if (open)
			detail.fill(batch);
	}
	// What changes without its batch.
	function tend() {
		putEta();
		if (open)
			detail.tend(batch);
	}
	return { element, update, unfold, tend, focus: () => toggle.focus(), batch: () => batch };
}
