// SPDX-License-Identifier: Apache-2.0
// filters.js: the controls above the list. They show the view and ask for another one; they hold
// nothing themselves.
import { serverNow } from './api.js';
import { attribute, byId, put, shape, show } from './dom.js';
import { timeZone } from './session.js';
import { countFilters } from './view.js';
import { BATCH_STATES, dayAgo, number } from './words.js';

const CUSTOMERS_AS_BUTTONS = 6;
const TYPING_MS = 250;
const ago = (days) => dayAgo(days, serverNow(), timeZone());
const DAYS = [
	{ word: 'Any day', from: () => '', to: () => '' },
	{ word: 'Today', from: () => ago(0), to: () => ago(0) },
	{ word: 'Yesterday', from: () => ago(1), to: () => ago(1) },
	{ word: '7 days', from: () => ago(6), to: () => ago(0) },
	{ word: '30 days', from: () => ago(29), to: () => ago(0) },
];
const FINDABLE = /[\p{L}\p{N}]{3}/u;	// less would find too much, and is refused

function chip(word, press, symbol) {
	const button = document.createElement('button');
	button.type = 'button';
	button.className = 'chip';
	if (symbol) {
		const svg = byId('t-batch').content.querySelector('.status .icon').cloneNode(true);
		button.append(svg);
		shape(button, symbol);
	}
	const text = document.createElement('span');
	text.textContent = word;
	const count = document.createElement('span');
	count.className = 'count';
	button.append(text, count);
	button.addEventListener('click', press);
	return button;
}

// ask(change, typed): change is merged into the view; typed ones leave one step in the history.
export function filterBar(viewNow, ask) {
	const statuses = new Map();
	const customers = byId('by-customer');
	const others = document.createElement('select');
	let offered = '';

	function press(status) {
		const now = viewNow().status;
		ask({ status: now.includes(status) ? now.filter((s) => s !== status) : [...now, status] });
	}
	function makeStatuses() {
		const all = chip('All', () => ask({ status: [] }));
		statuses.set('', all);
		for (const [name, { word, shape: symbol }] of Object.entries(BATCH_STATES)) {
			statuses.set(name, chip(word, () => press(name), symbol));
			attribute(statuses.get(name), 'data-status', name);
		}
		byId('by-status').append(...statuses.values());
	}
	function makeDays() {
		byId('by-date').prepend(...DAYS.map((days) => {
			const button = chip(days.word, () => ask({ from: days.from(), to: days.to() }));
			button.dataset.day = days.word;
			return button;
		}));
	}
	// The busiest customers as buttons, all others in a list; made again only when they differ.
	function offerCustomers(all, chosen) {
		const listed = all.map((c) => c.customer_prefix);
		if (chosen && !listed.includes(chosen))
			listed.unshift(chosen);
		const near = listed.slice(0, CUSTOMERS_AS_BUTTONS);
		if (chosen && !near.includes(chosen))
			near[near.length - 1] = chosen;
		const key = `${near.join()} ${listed.join()}`;
		if (key === offered)
			return;
		offered = key;
		const had = document.activeElement?.dataset?.customer;
		const buttons = ['', ...near].map((prefix) => {
			const button = chip(prefix || 'All customers', () => ask({ customer: prefix }));
			button.dataset.customer = prefix;
			return button;
		});
		others.replaceChildren(new Option(`All ${number(listed.length)} customers …`, ''),
			...listed.map((prefix) => new Option(prefix, prefix)));
		customers.replaceChildren(...buttons, ...(listed.length > near.length ? [others] : []));
		if (had !== undefined)
			buttons.find((b) => b.dataset.customer === had)?.focus();
	}

	attribute(others, 'aria-label', 'Other customers');
	others.addEventListener('change', () => ask({ customer: others.value }));
	makeStatuses();
	makeDays();
	let typing = 0;
	byId('q').addEventListener('input', () => {
		clearTimeout(typing);
		const q = byId('q').value.trim();
		if (!q || FINDABLE.test(q))
			typing = setTimeout(() => ask({ q }, true), TYPING_MS);
		show(byId('too-short'), q && !FINDABLE.test(q));
	});
	for (const end of ['from', 'to'])
		byId(end).addEventListener('change', () => ask({ [end]: byId(end).value }));
	byId('clear').addEventListener('click', () => {
		byId('q').focus();
		ask({ status: [], customer: '', from: '', to: '', q: '' });
	});
	for (const head of byId('heads').querySelectorAll('[data-sort]'))
		head.addEventListener('click', () => {
			const { sort, first } = head.dataset;
			const now = viewNow();
			const flipped = now.order === 'asc' ? 'desc' : 'asc';
			ask({ sort, order: now.sort === sort ? flipped : first });
		});
	// On a wide screen all filters are in sight, on a phone they are folded away.
	const wide = matchMedia('(min-width: 1020px)');
	const fold = () => { byId('more').open = wide.matches || byId('more').open; };
	wide.addEventListener('change', fold);
	fold();

	return function update(stats) {
		const view = viewNow();
		for (const [name, button] of statuses) {
			attribute(button, 'aria-pressed', name ? view.status.includes(name) : !view.status.length);
			put(button.querySelector('.count'), stats ? number(stats.batches[name || 'total'] ?? 0) : '');
		}
		if (stats)
			offerCustomers(stats.customers, view.customer);
		for (const button of customers.querySelectorAll('button')) {
			const its = stats?.customers.find((c) => c.customer_prefix === button.dataset.customer);
			attribute(button, 'aria-pressed', button.dataset.customer === view.customer);
			put(button.querySelector('.count'), its ? number(its.batches) : '');
		}
		others.value = '';	// the chosen one stands among the buttons
		for (const button of byId('by-date').querySelectorAll('button')) {
			const days = DAYS.find((d) => d.word === button.dataset.day);
			attribute(button, 'aria-pressed', view.from === days.from() && view.to === days.to());
		}
		for (const end of ['from', 'to'])
			if (document.activeElement !== byId(end))
				byId(end).value = view[end];
		if (document.activeElement !== byId('q'))
			byId('q').value = view.q;
		put(byId('zone'), `days in ${timeZone()}`);
		const filters = countFilters(view);
		show(byId('clear'), filters);
		put(byId('filter-count'), filters ? ` (${filters})` : '');
		for (const head of byId('heads').querySelectorAll('[data-sort]')) {
			const chosen = head.dataset.sort === view.sort;
			attribute(head.closest('th'), 'aria-sort', chosen ? `${view.order}ending` : null);
		}
	};
}
