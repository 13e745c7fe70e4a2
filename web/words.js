// SPDX-License-Identifier: Apache-2.0
// words.js: how states, numbers, sizes and times are said.

// state -> its word, and the shape that stands before it (a symbol of index.html)
export const BATCH_STATES = {
	queued: { word: 'Queued', shape: 'queued' },
	processing: { word: 'Processing', shape: 'processing' },
	paused: { word: 'Paused', shape: 'paused' },
	completed: { word: 'Completed', shape: 'completed', final: true },
	partial: { word: 'Partial', shape: 'partial', final: true },
	failed: { word: 'Failed', shape: 'failed', final: true },
	cancelled: { word: 'Cancelled', shape: 'cancelled', final: true },
};
export const JOB_STATES = {
	queued: { word: 'Queued', shape: 'queued' },
	dispatched: { word: 'Sent out', shape: 'queued' },
	processing: { word: 'Processing', shape: 'processing' },
	retry_wait: { word: 'Will retry', shape: 'retry' },
	completed: { word: 'Completed', shape: 'completed', final: true },
	failed: { word: 'Failed', shape: 'failed', final: true },
	cancelled: { word: 'Cancelled', shape: 'cancelled', final: true },
};
export const DELIVERY_PHASES = {
	intent: { word: 'Waits', shape: 'queued' },
	called: { word: 'Under way', shape: 'processing' },
	done: { word: 'Delivered', shape: 'completed', final: true },
	failed: { word: 'Not delivered', shape: 'failed', final: true },
	passed: { word: 'Passed over', shape: 'cancelled', final: true },
};
export const stateOf = (states, name) => states[name] ?? { word: name, shape: 'queued' };

// A character that is not seen, or turns the direction of what follows, is said by its number: nothing in
// a name is obeyed. Joiners stay, scripts and emoji need them.
const UNSEEN = new RegExp('[\\p{Cc}\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e'
	+ '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]', 'gu');
export const bare = (text) => text.replace(UNSEEN, (c) =>
	`[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
export const bareLines = (text) => text.split(/\r?\n/).map(bare).join('\n');

const grouped = new Intl.NumberFormat('en');
export const number = (n) => grouped.format(n);
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
	const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
	let i = 0;
	for (; n >= 999.5 && i < units.length - 1; i++)
		n /= 1000;
	return `${i && n < 9.95 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

export const archiveSize = ({ size, entries }) => `${bytes(size)}, ${plural(entries, 'entry', 'entries')}`;

export function duration(ms) {
	const s = Math.round(ms / 1000);
	if (ms < 950)
		return `${Math.round(ms)} ms`;
	if (ms < 9950)
		return `${(ms / 1000).toFixed(1)} s`;
	if (s < 60)
		return `${s} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

const exactly = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
export const exact = (iso) => `${exactly.format(new Date(iso))} (${iso})`;

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
export const atClock = (ms) => clock.format(ms);
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
export const atHour = (iso) => hours.format(new Date(iso));

// A range in words no finer than it is.
export function between(from, to) {
	const unit = to < 90_000 ? { ms: 1000, word: 's', step: 5 } : to < 5_400_000
		? { ms: 60_000, word: 'min', step: 1 } : { ms: 3_600_000, word: 'h', step: 1 };
	const low = Math.max(Math.floor(from / unit.ms / unit.step), 0) * unit.step;
	const high = Math.max(Math.ceil(to / unit.ms / unit.step) * unit.step, low + unit.step);
	return low ? `${low} to ${high} ${unit.word} left` : `less than ${high} ${unit.word} left`;
}

export function relative(iso, now = Date.now()) {
	const s = Math.round((now - new Date(iso)) / 1000);
	if (s < 5)
		return 'just now';
	if (s < 60)
		return `${s} s ago`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ago`;
	if (s < 86_400)
		return `${Math.floor(s / 3600)} h ago`;
	if (s < 14 * 86_400)
		return `${plural(Math.floor(s / 86_400), 'day')} ago`;
	return day.format(new Date(iso));
}

// The day of a batch is that of the line's time zone, wherever somebody looks from.
export function dayAgo(days, now, timeZone) {
	const today = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(now);
	return new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
}
