// SPDX-License-Identifier: Apache-2.0
// jobs.js: the jobs of one unfolded batch as a contact sheet. It has its whole length from the start,
// in pages of forty places; a page is read from the gateway when it comes near, and again when the
// batch has moved and the page is in sight. What was read stays, for the browser's own search and for
// screen readers; what is out of sight costs no drawing (content-visibility). The counts are the batch's
// own, and a filter is asked of the gateway: three failures among ten thousand jobs are found at once.
import { readJobs } from './api.js';
import { jobCard } from './card.js';
import { attribute, keyed, part, put, show } from './dom.js';
import { failureGroups } from './failures.js';
import { BATCH_STATES, JOB_STATES, number } from './words.js';

const PAGE = 40;
const FILLED_MOST = 100;	// pages; those that are far go empty again
const REST_MS = 1000;		// between two readings of the same page
const ROW_PX = 204;
const MISSING = ['failed', 'cancelled'];
const ALL = { name: 'all', word: 'All', status: '', count: (batch) => batch.total_files };
const FILTERS = [ALL, ...Object.entries(JOB_STATES).map(([status, { word }]) =>
	({ name: status, word, status, count: (batch) => batch[`jobs_${status}`] }))];

function newPage(index) {
	const element = document.createElement('ul');
	element.className = 'jobs';
	element.setAttribute('role', 'list');
	element.setAttribute('aria-busy', 'true');
	return {
		element, index, cards: new Map(), jobs: null, revision: -1, readAt: 0, next: null, isNear: false,
	};
}

// detail: the unfolded part of a row. follow(batch) keeps it at the batch's revision.
// retry(batch, ids) is asked for jobs alone.
export function jobList(detail, retry) {
	const sheet = part(detail, 'jobs');
	const trouble = part(detail, 'trouble');
	const chips = part(detail, 'job-filter');
	const again = {
		can: (jobs) => BATCH_STATES[batch.status]?.final && jobs.every((job) => MISSING.includes(job.status)),
		order: (jobs) => retry(batch, jobs.map((job) => job.id)),
	};
	const failures = failureGroups(detail, (group) => choose(group), again);
	const watcher = new IntersectionObserver((seen) => {
		for (const { target, isIntersecting } of seen)
			for (const page of pages.filter(({ element }) => element === target))
				page.isNear = isIntersecting;
		work();
	}, { rootMargin: '100% 0px' });
	let batch = null;
	let filter = ALL;
	let pages = [];
	let isReading = false;
	let timer = 0;
	let laid = -1;		// the total that the pages are named for
	let columns = 5;	// until they have been measured
	let rowPx = ROW_PX;

	// ---- places

	const total = () => filter.jobs?.length ?? filter.count(batch);
	const placesOf = (page) => Math.min(PAGE, total() - page.index * PAGE);

	// Looked up once, before anything is written: each look after a write would lay out the page anew.
	function measure() {
		const first = pages.find((p) => p.jobs?.length && p.element.offsetHeight);
		if (!first)
			return;
		columns = getComputedStyle(first.element).gridTemplateColumns.split(' ').length;
		rowPx = first.element.offsetHeight / Math.ceil(first.jobs.length / columns);
	}
	function reserve(page) {
		const size = `${Math.round(Math.ceil(placesOf(page) / columns) * rowPx)}px`;
		if (page.element.style.minBlockSize !== size)
			page.element.style.minBlockSize = size;
	}
	function lay() {
		const n = Math.ceil(total() / PAGE);
		while (pages.length > n) {
			const page = pages.pop();
			watcher.unobserve(page.element);
			page.element.remove();
		}
		while (pages.length < n) {
			const page = newPage(pages.length);
			pages.push(page);
			reserve(page);
			sheet.append(page.element);
			watcher.observe(page.element);
		}
		if (laid !== total())
			for (const page of pages) {
				const first = page.index * PAGE + 1;
				attribute(page.element, 'aria-label', `Jobs ${number(first)} to `
					+ `${number(first + placesOf(page) - 1)} of ${number(total())}`);
			}
		laid = total();
	}
	function clear() {
		for (const page of pages) {
			watcher.unobserve(page.element);
			page.element.remove();
		}
		pages = [];
		laid = -1;
	}
	function empty(page) {
		attribute(page.element, 'aria-busy', 'true');
		page.element.style.minBlockSize = `${page.element.offsetHeight}px`;
		page.element.replaceChildren();
		page.cards.clear();
		page.jobs = null;
		page.revision = -1;
	}
	function spare() {
		const far = pages.filter((page) => page.jobs && !page.isNear
			&& !page.element.contains(document.activeElement));
		for (const page of far.slice(0, Math.max(0, far.length - FILLED_MOST)))
			empty(page);
	}

	// ---- reading

	// Of all jobs a page is a range of positions; of some it begins where the one before ended.
	function cursorOf(page) {
		if (filter === ALL || page.index === 0)
			return page.index * PAGE;
		return pages[page.index - 1].next;
	}
	const isOld = (page) => page.revision < batch.revision && !filter.jobs;

	function due() {
		let page = pages.find((p) => p.isNear && !p.jobs)
			?? pages.find((p) => p.isNear && isOld(p) && Date.now() - p.readAt >= REST_MS);
		while (page && !filter.jobs && cursorOf(page) === null && page.index > 0)
			page = pages[page.index - 1];
		return page;
	}
	async function fill(page) {
		const mine = filter;
		const revision = batch.revision;
		const from = page.index * PAGE;
		const answer = filter.jobs ? { data: filter.jobs.slice(from, from + PAGE), next_cursor: null }
			: await readJobs(batch.id, { status: filter.status, limit: PAGE, cursor: cursorOf(page) });
		page.readAt = Date.now();
		if (mine !== filter || pages[page.index] !== page)
			return;
		page.jobs = answer.data;
		page.revision = revision;
		page.next = answer.next_cursor;
		keyed(page.element, page.cards, page.jobs, (job) => job.id, (job) => jobCard(job, again));
		for (const { element } of page.cards.values())
			attribute(element, 'aria-setsize', batch.total_files);
		page.element.style.minBlockSize = '';
		attribute(page.element, 'aria-busy', null);
	}
	function tidy() {
		spare();
		measure();
		for (const page of pages)
			if (!page.jobs && !page.isNear)
				reserve(page);
		lay();
	}
	async function work() {
		if (isReading || !batch)
			return;
		isReading = true;
		clearTimeout(timer);
		try {
			let isFilled = false;
			for (let page = due(); page; page = due(), isFilled = true)
				await fill(page);
			show(trouble, false);
			if (isFilled)
				tidy();
			if (pages.some((page) => page.isNear && isOld(page)))
				timer = setTimeout(work, REST_MS);
		} catch (error) {
			put(trouble.firstElementChild, `The jobs could not be read. ${error.message}`);
			show(trouble, true);
		} finally {
			isReading = false;
		}
	}

	// ---- filters

	function choose(wanted) {
		filter = wanted;
		clear();
		draw();
		work();
	}
	function draw() {
		for (const chip of chips.children) {
			const its = FILTERS.find((f) => f.name === chip.dataset.filter);
			attribute(chip, 'aria-pressed', its === filter);
			put(chip, `${its.word} ${number(its.count(batch))}`);
			show(chip, its.count(batch) || its === filter);
		}
		show(chips, batch.total_files > 1);
		lay();
	}

	chips.append(...FILTERS.map((its) => {
		const chip = document.createElement('button');
		chip.type = 'button';
		chip.className = 'chip';
		chip.dataset.filter = its.name;
		chip.addEventListener('click', () => choose(its));
		return chip;
	}));
	show(chips, false);
	trouble.querySelector('button').addEventListener('click', work);

	return {
		follow(now) {
			batch = now;
			draw();
			work();
			failures.follow(batch);
		},
		mend() {
			for (const page of pages)
				if (page.isNear)
					for (const card of page.cards.values())
						card.mend();
		},
	};
}
