// SPDX-License-Identifier: Apache-2.0
// keys.js: the list by keyboard, and the sheet that tells how; with it how the page looks. A key is one
// only where nobody is typing, and all of them can be turned off.
import { byId, part } from './dom.js';
import { tell } from './say.js';
import { undo } from './undo.js';

const kept = {
	read(name) {
		try {
			return localStorage.getItem(name);
		} catch {
			return null;	// a browser that keeps nothing
		}
	},
	write(name, value) {
		try {
			localStorage.setItem(name, value);
		} catch {
			// then it holds until the page is left
		}
	},
};

const bodies = () => [...byId('batches').tBodies];
const current = () => document.activeElement.closest('tbody.batch');

function step(by) {
	const all = bodies();
	const at = all.indexOf(current());
	const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
	next?.querySelector('.toggle').focus();
	next?.querySelector('.row').scrollIntoView({ block: 'nearest' });
}

function press(name, words) {
	const button = current() && part(current().querySelector('.row'), name);
	if (!current())
		tell('Go to a batch first, with j or k');
	else if (button.disabled || button.ariaDisabled === 'true')
		tell(words);
	else if (button.checkVisibility())
		button.click();
}

const KEYS = {
	'/': () => byId('q').focus(),
	'?': () => byId('help').showModal(),
	j: () => step(1),
	k: () => step(-1),
	d: () => press('download', 'There is nothing to download'),
	r: () => press('retry', 'There is nothing to try again'),
	u: undo,
};

const isTyping = (node) => node.matches('input:not([type="checkbox"], [type="radio"]), select, textarea');

function dress(theme) {
	document.documentElement.dataset.theme = theme;
	kept.write('theme', theme);
}

// isOut(): nobody is signed in, and there is no list.
export function keyboard(isOut) {
	const sheet = byId('help');
	const switched = part(sheet, 'keys');

	switched.checked = kept.read('keys') !== 'off';
	switched.addEventListener('change', () => kept.write('keys', switched.checked ? 'on' : 'off'));
	for (const choice of sheet.querySelectorAll('[name="theme"]')) {
		choice.checked = choice.value === (document.documentElement.dataset.theme ?? '');
		choice.addEventListener('change', () => dress(choice.value));
	}
	byId('help-open').addEventListener('click', KEYS['?']);
	document.addEventListener('keydown', (e) => {
		const act = KEYS[e.key];
		if (!act || !switched.checked || isOut() || e.ctrlKey || e.metaKey || e.altKey || e.isComposing
			|| isTyping(e.target) || document.querySelector('dialog[open]'))
			return;
		e.preventDefault();
		act();
	});
	byId('q').addEventListener('keydown', (e) => {
		if (e.key === 'Escape')
			byId('q').blur();
	});
}
