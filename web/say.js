// SPDX-License-Identifier: Apache-2.0
// say.js: what the page says beside the list: what went wrong, in a box that covers nothing that was
// there; news, to those who do not see them; and whether it is up to date.
import { byId, part, put, show } from './dom.js';
import { bare } from './words.js';

const NEWS_MS = 5000;

export function complain(what, error, again) {
	if (error.status === 401)
		return;		// said where one signs in
	const box = byId('alert');
	put(part(box, 'what'), bare(what));
	const fields = (error.fields ?? []).filter((f) => !error.message.includes(f.detail))
		.map((f) => `${f.field}: ${f.detail}.`);
	put(part(box, 'why'), bare([error.message, ...fields].join(' ')));
	part(box, 'again').onclick = () => {
		show(box, false);
		again();
	};
	box.dataset.about = what;
	show(box, true);
}

export const calm = (what) => byId('alert').dataset.about === what && show(byId('alert'), false);
// One after the other: what is told next does not take away what was not read out yet.
export function tell(news) {
	const line = document.createElement('span');
	line.textContent = `${news}. `;
	byId('news').append(line);
	setTimeout(() => line.remove(), NEWS_MS);
}

export function pulse(state, words, more) {
	byId('pulse').dataset.state = state;
	byId('pulse').title = more;
	put(byId('pulse'), words);
}

part(byId('alert'), 'close').addEventListener('click', () => show(byId('alert'), false));
