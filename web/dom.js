// SPDX-License-Identifier: Apache-2.0
// dom.js: changing the page in place. Nothing is written that already stands there, so that a
// refresh neither flickers nor loses focus, selection or what is unfolded.
import { serverNow } from './api.js';
import { exact, relative } from './words.js';

export const byId = (id) => document.getElementById(id);
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
export const fromTemplate = (id) => byId(id).content.firstElementChild.cloneNode(true);

export function put(node, text) {
	if (node.textContent !== String(text))
		node.textContent = text;
}

// A value of null takes the attribute away.
export function attribute(node, name, value) {
	if (value === null)
		node.removeAttribute(name);
	else if (node.getAttribute(name) !== String(value))
		node.setAttribute(name, value);
}

export const show = (node, shown) => {
	if (node.hidden === Boolean(shown))
		node.hidden = !shown;
};

// A change is felt, not flashed: a tint that goes away slowly, and not even that where somebody wants
// no motion.
const isStill = matchMedia('(prefers-reduced-motion: reduce)');
export const feel = (node) => isStill.matches || node.animate(
	[{ backgroundColor: 'var(--accent-soft)' }, { backgroundColor: 'transparent' }],
	{ duration: 2000, easing: 'ease-out' });

export const shape = (root, name) => attribute(root.querySelector('use'), 'href', `#i-${name}`);

export function putTime(node, iso) {
	if (node.dateTime !== iso) {
		node.dateTime = iso;
		node.title = exact(iso);
	}
	put(node, relative(iso, serverNow()));
}

// Times grow old without anything else happening.
export function refreshTimes() {
	for (const node of document.querySelectorAll('time[datetime]'))
		put(node, relative(node.dateTime, serverNow()));
}

// Makes the children of parent (those in shown, a Map of key -> {element, update}) follow items:
// known keys are updated where they are, new ones made, lost ones removed; only what has changed
// its place is moved.
export function keyed(parent, shown, items, keyOf, make) {
	const focused = document.activeElement;
	const wanted = new Set(items.map(keyOf));
	for (const [key, piece] of shown)
		if (!wanted.has(key)) {
			piece.element.remove();
			shown.delete(key);
		}
	let before = parent.querySelector(':scope > [data-key]');
	for (const item of items) {
		const key = keyOf(item);
		let piece = shown.get(key);
		if (!piece) {
			piece = make(item);
			piece.element.dataset.key = key;
			shown.set(key, piece);
		}
		piece.update(item);
		if (piece.element === before)
			before = before.nextElementSibling;
		else
			parent.insertBefore(piece.element, before);
	}
	if (focused !== document.activeElement && focused.isConnected)
		focused.focus({ preventScroll: true });	// moving an element takes its focus
}
