// SPDX-License-Identifier: Apache-2.0
// view.js: what of the batches is shown (filters, order, page, opened rows), and its three forms:
// a plain object, the page's own address (so that reload and back work), and the API's query.

const START = {
	status: [], customer: '', from: '', to: '', q: '',
	sort: 'created_at', order: 'desc', page: 1, size: 50, open: [],
};
const SIZES = [10, 25, 50, 100, 200];

const whole = (text, fallback) => (/^[1-9]\d{0,6}$/.test(text ?? '') ? Number(text) : fallback);

export function readView(search) {
	const given = new URLSearchParams(search);
	const size = whole(given.get('size'), START.size);
	return {
		status: given.getAll('status'),
		customer: given.get('customer') ?? START.customer,
		from: given.get('from') ?? START.from,
		to: given.get('to') ?? START.to,
		q: given.get('q') ?? START.q,
		sort: given.get('sort') ?? START.sort,
		order: given.get('order') === 'asc' ? 'asc' : START.order,
		page: whole(given.get('page'), START.page),
		size: SIZES.includes(size) ? size : START.size,
		open: (given.get('open') ?? '').split(',').filter(Boolean),
	};
}

// Only what differs from the start, so that an untouched page keeps a clean address.
export function addressOf(view) {
	const said = new URLSearchParams();
	for (const status of view.status)
		said.append('status', status);
	for (const key of ['customer', 'from', 'to', 'q', 'sort', 'order', 'page', 'size'])
		if (view[key] !== START[key])
			said.set(key, view[key]);
	if (view.open.length)
		said.set('open', view.open.join(','));
	const text = said.toString().replaceAll('%2C', ',');
	return text ? `?${text}` : location.pathname;
}

export function queryOf(view) {
	const query = new URLSearchParams({
		sort_by: view.sort,
		sort_order: view.order.toUpperCase(),
		limit: view.size,
		offset: (view.page - 1) * view.size,
	});
	for (const status of view.status)
		query.append('status', status);
	const optional = {
		customer_prefix: view.customer, date_from: view.from, date_to: view.to, q: view.q,
	};
	for (const [name, value] of Object.entries(optional))
		if (value)
			query.set(name, value);
	return query;
}

// Of what is told: a batch that leaves the states asked for would not be, and there is no word in it.
export function eventsOf({ customer, from, to }) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(
		{ customer_prefix: customer, date_from: from, date_to: to }))
		if (value)
			query.set(name, value);
	return query.toString();
}

export const countFilters = (view) =>
	view.status.length + [view.customer, view.from || view.to, view.q].filter(Boolean).length;

export const withoutFilters = (view) =>
	({ ...view, status: [], customer: '', from: '', to: '', q: '', page: 1 });
