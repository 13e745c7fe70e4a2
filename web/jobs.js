// SPDX-License-Identifier: Apache-2.0
// jobs.js: the jobs of one unfolded batch as a contact sheet. They are read again when the batch's
// revision has moved, one request at a time; the sheet grows by hand, a screenful or two at once.
import { outputOf, previewOf, readBatch, readJobs } from './api.js';
import { attribute, fromTemplate, keyed, part, put, shape, show } from './dom.js';
import { BATCH_STATES, JOB_STATES, duration, number, stateOf } from './words.js';

const STEP = 60;	// how many more are shown at once
const REST_MS = 4;	// for each job, between two readings of a running batch

function putOutputs(node, job) {
	const outputs = job.outputs ?? [];
	const key = outputs.map((o) => o.name).join('/');
	if (node.dataset.shown === key)
		return;
	node.dataset.shown = key;
	node.replaceChildren(...outputs.map((output) => {
		const link = document.createElement('a');
		link.href = outputOf(job.id, output.name);
		link.textContent = output.view ?? output.name;
		link.title = `${output.name}, ${output.width} × ${output.height}`;
		link.setAttribute('aria-label',
			`${link.textContent} of ${job.file_name}, ${output.width} by ${output.height}`);
		return link;
	}));
}

function jobCard() {
	const element = fromTemplate('t-job');
	const image = element.querySelector('img');
	let attempt = 0;
	image.addEventListener('error', () => {
		show(image, false);
		attribute(element, 'data-no-preview', '');
	});

	// Each attempt has its own preview under the same address.
	function putPreview(job) {
		const ready = job.has_preview ?? job.status === 'completed';
		if (ready && attempt !== job.attempt) {
			attempt = job.attempt;
			image.src = previewOf(job.id);
			image.alt = `Preview of ${job.file_name}`;
			show(image, true);
			attribute(element, 'data-no-preview', null);
		}
		if (!ready)
			show(image, false);
	}
	function update(job) {
		const state = stateOf(JOB_STATES, job.status);
		attribute(element, 'data-status', job.status);
		attribute(part(element, 'file'), 'title', job.file_name);
		put(part(element, 'file'), job.file_name);
		put(part(element, 'word'), state.word);
		shape(element.querySelector('.status'), state.shape);
		put(part(element, 'took'), [
			job.attempt > 1 ? `attempt ${job.attempt}` : '',
			job.status === 'completed' && job.duration_ms !== null ? duration(job.duration_ms) : '',
		].filter(Boolean).join(', '));
		const why = ['failed', 'retry_wait', 'cancelled'].includes(job.status)
			? job.error_message || job.error_code || '' : '';
		put(part(element, 'why'), why);
		attribute(part(element, 'why'), 'title', why ? `${why} (${job.error_code})` : null);
		putPreview(job);
		putOutputs(part(element, 'outputs'), job);
	}
	return { element, update };
}

const FILTERS = [
	{ name: 'all', word: 'All', takes: () => true },
	{ name: 'open', word: 'In work', takes: (j) => !JOB_STATES[j.status]?.final },
	{ name: 'completed', word: 'Completed', takes: (j) => j.status === 'completed' },
	{ name: 'failed', word: 'Failed', takes: (j) => j.status === 'failed' },
	{ name: 'cancelled', word: 'Cancelled', takes: (j) => j.status === 'cancelled' },
];

// detail: the unfolded part of a row. follow(batch) keeps it at the batch's revision.
export function jobList(detail) {
	const sheet = part(detail, 'jobs');
	const more = part(detail, 'more');
	const trouble = part(detail, 'trouble');
	const chips = part(detail, 'job-filter');
	const cards = new Map();
	let wanted = null;	// the batch as the list last said it
	let revision = -1;	// what of it stands here
	let reading = false;
	let readAt = 0;
	let jobs = [];
	let cursor = null;	// where the jobs not read yet begin
	let room = STEP;
	let filter = FILTERS[0];

	function draw() {
		const taken = jobs.filter(filter.takes);
		keyed(sheet, cards, taken.slice(0, room), (job) => job.id, jobCard);
		const beyond = filter === FILTERS[0] ? wanted.total_files - Math.min(room, taken.length)
			: taken.length - room;
		show(more, beyond > 0 && (room < taken.length || cursor));
		put(more, `Show more (${number(Math.max(beyond, 0))} left)`);
		for (const chip of chips.children) {
			const its = FILTERS.find((f) => f.name === chip.dataset.filter);
			const count = jobs.filter(its.takes).length;
			attribute(chip, 'aria-pressed', its === filter);
			put(chip, `${its.word} ${number(count)}`);
			show(chip, count || its === filter);
		}
		show(chips, jobs.length > 1);
	}
	async function read() {
		reading = true;
		try {
			const answer = await readBatch(wanted.id);
			const tail = jobs.length > answer.jobs.length && cursor !== null
				? jobs.slice(answer.jobs.length) : [];
			jobs = answer.jobs.concat(tail);
			if (!tail.length)
				cursor = answer.jobs_next_cursor ?? null;
			revision = Math.max(answer.revision, revision);
			show(trouble, false);
			draw();
		} catch (error) {
			put(trouble.firstElementChild, `The jobs could not be read. ${error.message}`);
			show(trouble, true);
		} finally {
			reading = false;
			readAt = Date.now();
			attribute(sheet, 'aria-busy', null);
		}
	}
	async function grow() {
		room += STEP;
		if (room > jobs.length && cursor) {
			try {
				const answer = await readJobs(wanted.id, cursor);
				jobs = jobs.concat(answer.data ?? answer.jobs ?? []);
				cursor = answer.next_cursor ?? answer.jobs_next_cursor ?? null;
			} catch (error) {
				put(trouble.firstElementChild, `The next jobs could not be read. ${error.message}`);
				show(trouble, true);
			}
		}
		draw();
	}

	chips.append(...FILTERS.map(({ name }) => {
		const chip = document.createElement('button');
		chip.type = 'button';
		chip.className = 'chip';
		chip.dataset.filter = name;
		chip.addEventListener('click', () => {
			filter = FILTERS.find((f) => f.name === name);
			room = STEP;
			draw();
		});
		return chip;
	}));
	show(chips, false);
	more.addEventListener('click', grow);
	trouble.querySelector('button').addEventListener('click', read);

	return {
		follow(batch) {
			const rest = stateOf(BATCH_STATES, batch.status).final ? 0 : REST_MS * jobs.length;
			wanted = batch;
			if (!reading && batch.revision > revision && Date.now() - readAt >= rest)
				read();
		},
	};
}
