// SPDX-License-Identifier: Apache-2.0
// undo.js: what was done can be taken back for a while, where that is possible: by the button of a notice
// that covers nothing one works with, or by the key u. Nobody is hurried who is at it.
import { byId, part, put, show } from './dom.js';
import { complain, tell } from './say.js';

const OFFERED_MS = 10_000;

const box = byId('undo');
const button = part(box, 'undo');
let timer = 0;
let back = null;	// what had the focus before

function close() {
	clearTimeout(timer);
	if (box.contains(document.activeElement))
		(back?.isConnected ? back : byId('batches')).focus();
	show(box, false);
}

function wait() {
	clearTimeout(timer);
	timer = setTimeout(() => (box.matches(':hover, :focus-within') ? wait() : close()), OFFERED_MS);
}

// words say what was done; act() takes it back.
export function offerUndo(words, act) {
	put(part(box, 'what'), words);
	button.disabled = false;
	button.onclick = async () => {
		button.disabled = true;
		close();
		try {
			await act();
			tell(`${words}: taken back`);
		} catch (error) {
			complain(`${words}, and it was not taken back.`, error, button.onclick);
		}
	};
	show(box, true);
	tell(`${words}. The key u takes it back`);
	wait();
}

export function undo() {
	if (box.hidden)
		tell('There is nothing to take back');
	else
		button.click();
}

box.addEventListener('focusin', (e) => { back = box.contains(e.relatedTarget) ? back : e.relatedTarget; });
part(box, 'close').addEventListener('click', close);
