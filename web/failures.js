// SPDX-License-Identifier: Apache-2.0
// failures.js: why jobs of an unfolded batch failed, in groups ("12 jobs: cannot decode"), each with a
// way to all of its jobs. Paths and numbers differ from job to job and make no group of their own.
import { readJobs } from './api.js';
import { attribute, fromTemplate, part, put, show } from './dom.js';
import { bare, number, plural } from './words.js';

const MOST = 1000;	// as many as one answer holds
const REST_MS = 3000;

const kindOf = ({ error_code, error_message }) =>
	`${error_code} ${(error_message ?? '').replace(/\/\S+/g, '/').replace(/\d+/g, '0')}`;

const signOf = (batch) => `${batch.run_no} ${batch.jobs_failed}`;

export function groupsOf(jobs) {
	const groups = new Map();
	for (const job of jobs) {
		const kind = kindOf(job);
		const group = groups.get(kind) ?? { name: kind, jobs: [] };
		groups.set(kind, group);
		group.jobs.push(job);
	}
	return [...groups.values()].sort((a, b) => b.jobs.length - a.jobs.length);
}

function retryButton(jobs, again) {
	const button = fromTemplate('t-again');
	put(button, jobs.length === 1 ? 'Retry it' : 'Retry these');
	attribute(button, 'aria-label', `Retry ${plural(jobs.length, 'job')}`);
	button.addEventListener('click', () => again.order(jobs));
	return button;
}

function item({ jobs }, press, again) {
	const element = document.createElement('li');
	const button = document.createElement('button');
	const text = document.createElement('span');
	const [{ error_code, error_message }] = jobs;
	button.type = 'button';
	button.className = 'chip';
	button.textContent = plural(jobs.length, 'job');
	attribute(button, 'aria-label', `Show ${plural(jobs.length, 'job')}: ${bare(error_message ?? error_code)}`);
	button.addEventListener('click', press);
	text.textContent = `${bare(error_message ?? '')} (${error_code})`;
	element.append(button, text, retryButton(jobs, again));
	return element;
}

// choose(group): its jobs are wanted, {name, jobs}
export function failureGroups(detail, choose, again) {
	const room = part(detail, 'failures');
	let batch = null;
	let asked = '';		// which failures stand here
	let shown = '';
	let isReading = false;

	function draw(jobs) {
		const groups = groupsOf(jobs);
		const key = groups.map(({ name, jobs: its }) => `${its.length} ${name}`).join('\n');
		const beyond = batch.jobs_failed - jobs.length;
		if (key !== shown)
			room.querySelector('ul').replaceChildren(
				...groups.map((group) => item(group, () => choose(group), again)));
		shown = key;
		put(part(room, 'beyond'), beyond > 0 ? `and ${number(beyond)} more` : '');
		show(room, jobs.length);
		offer();
	}
	function offer() {
		for (const button of room.querySelectorAll('[data-needs]'))
			show(button, again.can([]));
	}
	async function read() {
		isReading = true;
		asked = signOf(batch);
		try {
			draw((await readJobs(batch.id, { status: 'failed', limit: MOST, cursor: 0 })).data);
		} catch {
			asked = '';	// the jobs say what is wrong; this comes with the next look
		}
		setTimeout(() => {
			isReading = false;
			follow(batch);
		}, REST_MS);
	}
	function follow(now) {
		batch = now;
		offer();
		if (!batch.jobs_failed)
			show(room, false);
		else if (!isReading && asked !== signOf(batch))
			read();
	}
	return { follow };
}
