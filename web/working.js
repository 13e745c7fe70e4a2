// SPDX-License-Identifier: Apache-2.0
// working.js: what renderers have in work just now: which pictures, of which batch, since when. How many is
// known from the counts; which, is asked for while somebody has it unfolded.
import { readWorking } from './api.js';
import { attribute, byId, fromTemplate, keyed, part, put, putTime, show } from './dom.js';
import { bare, number, plural } from './words.js';

const REST_MS = 1000;

function item() {
	const element = fromTemplate('t-working');
	const link = part(element, 'batch');
	return {
		element,
		update(job) {
			put(part(element, 'file'), bare(job.file_name));
			attribute(part(element, 'file'), 'href', `#job/${job.id}`);
			put(link, job.base_directory_name);
			attribute(link, 'href', `#batch/${job.batch_id}`);
			put(part(element, 'attempt'), job.attempt > 1 ? `attempt ${number(job.attempt)}` : '');
			putTime(part(element, 'since'), job.started_at);
			put(part(element, 'who'), job.worker ? `by ${bare(job.worker)}` : '');
		},
	};
}

// Of those shown: each renderer, with how many it has.
function crewOf(jobs) {
	const has = new Map();
	for (const { worker } of jobs)
		if (worker)
			has.set(worker, (has.get(worker) ?? 0) + 1);
	return [...has].sort().map(([worker, n]) => `${bare(worker)} has ${number(n)}`).join(', ');
}

export function workingPanel() {
	const room = byId('working');
	const list = room.querySelector('ul');
	const items = new Map();
	let isReading = false;
	let isAsked = false;

	function draw({ data, total }) {
		const beyond = total - data.length;
		keyed(list, items, data, (job) => `${job.id} ${job.attempt}`, item);
		put(part(room, 'crew'), crewOf(data));
		put(part(room, 'more'), !total ? 'Nothing is in work.' : beyond > 0 ? `and ${number(beyond)} more` : '');
		say(total);
	}
	const say = (n) => put(byId('working-sum'), n ? plural(n, 'picture') : 'nothing');

	// What is asked while one request is under way, or soon after it, is one request more.
	async function read() {
		isAsked = true;
		if (!room.open || isReading)
			return;
		isReading = true;
		isAsked = false;
		try {
			draw(await readWorking());
			show(room.querySelector('.problem'), false);
		} catch (error) {
			put(room.querySelector('.problem'), `What is in work could not be read. ${error.message}`);
			show(room.querySelector('.problem'), true);
		}
		setTimeout(() => {
			isReading = false;
			if (isAsked)
				read();
		}, REST_MS);
	}
	room.addEventListener('toggle', read);

	return {
		follow({ jobs }) {
			say(jobs.processing);
			read();
		},
		tend: () => room.open && read(),
	};
}
