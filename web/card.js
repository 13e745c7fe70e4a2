// SPDX-License-Identifier: Apache-2.0
// card.js: one job on the sheet of its batch: its preview, or why there is none, its state, its outputs.
import { outputOf, previewOf } from './api.js';
import { attribute, fromTemplate, part, put, shape, show } from './dom.js';
import { JOB_STATES, bare, duration, stateOf } from './words.js';

const MEND_MS = 5000;		// a preview that did not come is asked for again, then ever more seldom
const TROUBLED = ['failed', 'retry_wait', 'cancelled'];

function putOutputs(node, job) {
	const outputs = job.outputs ?? [];
	const key = outputs.map((o) => o.name).join('/');
	if (node.dataset.shown === key)
		return;
	node.dataset.shown = key;
	node.replaceChildren(...outputs.map((output) => {
		const link = document.createElement('a');
		link.href = outputOf(job.id, output.name);
		link.textContent = bare(output.view ?? output.name);
		link.title = `${bare(output.name)}, ${output.width} × ${output.height}`;
		link.setAttribute('aria-label',
			`${link.textContent} of ${bare(job.file_name)}, ${output.width} by ${output.height}`);
		return link;
	}));
}

function preview(element) {
	const image = element.querySelector('img');
	let attempt = 0;
	let wait = MEND_MS;
	let brokeAt = 0;

	image.addEventListener('error', () => {
		brokeAt = Date.now();
		show(image, false);
		attribute(element, 'data-no-preview', '');
	});
	image.addEventListener('load', () => {
		brokeAt = 0;
		wait = MEND_MS;
	});
	function load(job) {
		brokeAt = 0;
		image.src = previewOf(job.id);
		image.alt = `Preview of ${bare(job.file_name)}`;
		show(image, true);
		attribute(element, 'data-no-preview', null);
	}
	return {
		// Each attempt has its own preview under the same address.
		put(job) {
			const ready = job.has_preview ?? job.status === 'completed';
			if (ready && attempt !== job.attempt) {
				attempt = job.attempt;
				load(job);
			}
			if (!ready)
				show(image, false);
		},
		mend(job) {
			if (!brokeAt || Date.now() - brokeAt < wait)
				return;
			wait *= 2;
			load(job);
		},
	};
}

// again: can(jobs), order(jobs)
export function jobCard(first, again) {
	const element = fromTemplate('t-job');
	const image = preview(element);
	const retry = part(element, 'retry');
	let job = first;

	element.querySelector('.frame').addEventListener('click', (e) =>
		e.target.closest('.why') || part(element, 'file').click());
	retry.addEventListener('click', () => {
		retry.disabled = true;
		again.order([job]);
	});

	function putWhy() {
		const why = TROUBLED.includes(job.status) ? job.error_message || job.error_code || '' : '';
		const node = part(element, 'why');
		put(node, bare(why));
		attribute(node, 'title', why ? `${bare(why)} (${job.error_code})` : null);
		attribute(node, 'tabindex', why ? 0 : null);	// it may be more than there is room for
	}
	function update(now) {
		const state = stateOf(JOB_STATES, now.status);
		job = now;
		attribute(element, 'data-status', job.status);
		attribute(element, 'aria-posinset', job.position + 1);
		attribute(part(element, 'file'), 'href', `#job/${job.id}`);
		attribute(part(element, 'file'), 'title', bare(job.file_name));
		put(part(element, 'file'), bare(job.file_name));
		put(part(element, 'word'), state.word);
		shape(element.querySelector('.status'), state.shape);
		put(part(element, 'took'), [
			job.attempt > 1 ? `attempt ${job.attempt}` : '',
			job.status === 'completed' && job.duration_ms !== null ? duration(job.duration_ms) : '',
		].filter(Boolean).join(', '));
		putWhy();
		show(retry, again.can([job]));
		attribute(retry, 'aria-label', `Retry ${bare(job.file_name)}`);
		retry.disabled = false;
		image.put(job);
		putOutputs(part(element, 'outputs'), job);
	}
	return { element, update, mend: () => image.mend(job) };
}
