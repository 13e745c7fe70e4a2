// SPDX-License-Identifier: Apache-2.0
// confirm.js: the one question before something is lost. A failure is shown in the dialog, which
// stays open so that it can be tried again.
import { byId, part, put, show } from './dom.js';

// Resolves to true once act() has succeeded, to false when the person changed their mind.
export function confirmThen({ title, text, yes, act, no = 'Keep it' }) {
	const dialog = byId('confirm');
	const button = part(dialog, 'yes');
	const problem = part(dialog, 'problem');
	put(byId('confirm-title'), title);
	put(part(dialog, 'text'), text);
	put(button, yes);
	put(part(dialog, 'no'), no);
	show(problem, false);
	button.disabled = false;
	return new Promise((resolve) => {
		let done = false;
		button.onclick = async () => {
			button.disabled = true;
			try {
				await act();
				done = true;
				dialog.close();
			} catch (error) {
				put(problem, error.message);
				put(button, 'Try again');
				show(problem, true);
			}
			button.disabled = false;
		};
		dialog.onclose = () => resolve(done);
		dialog.showModal();
	});
}
