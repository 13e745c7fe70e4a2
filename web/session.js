// SPDX-License-Identifier: Apache-2.0
// session.js: who looks at the page, and what he may. Where the gateway has API keys somebody signs in
// with one; when that ends the form comes back over what stood there, and says why. What is not
// allowed is not shown (data-needs in the page, body[data-may] in the style). Without keys all may all.
import { onSignedOut, readSession, signIn, signOut } from './api.js';
import { byId, part, put, show } from './dom.js';

let me = null;
let isOut = false;
let before = null;		// what had the focus when the form came

// entered() is told when somebody is known, at first and after each sign-in; left() when nobody is;
// failed(error) when signing out did not work.
export function session(entered, left, failed) {
	const form = byId('sign-in');
	const field = byId('key');

	function know(who) {
		const another = me && me.name !== who.name;
		me = who;
		if (another)
			location.reload();	// nothing of what the other one saw stays
		isOut = false;
		document.body.dataset.may = me.scopes.join(' ');
		document.body.classList.remove('signed-out');
		show(form, false);
		show(byId('me'), me.is_session);
		put(part(byId('me'), 'name'), me.name);
		before?.focus();
		before = null;
		entered();
	}
	function ask(why) {
		if (isOut)
			return;
		isOut = true;
		before = me && document.activeElement !== document.body ? document.activeElement : null;
		put(byId('sign-in-why'), me ? `${why} Sign in to go on.` : 'With an API key of this gateway.');
		say('');
		document.body.classList.add('signed-out');
		document.title = 'Sign in – Batchline';
		show(byId('loading'), false);
		show(byId('me'), false);
		show(form, true);
		field.focus();
		left();
	}
	function say(problem) {
		put(byId('sign-in-problem'), problem);
		show(byId('sign-in-problem'), problem);
		field.toggleAttribute('aria-invalid', Boolean(problem));
	}
	async function start() {
		try {
			know(await readSession());
		} catch (error) {
			if (error.status !== 401)
				entered();	// the list says what is wrong
		}
	}

	onSignedOut(ask);
	byId('sign-in-form').addEventListener('submit', async (e) => {
		e.preventDefault();
		byId('enter').disabled = true;
		try {
			const who = await signIn(field.value.trim());
			field.value = '';
			know(who);
		} catch (error) {
			say(error.message);
			field.select();
		} finally {
			byId('enter').disabled = false;
		}
	});
	part(byId('me'), 'leave').addEventListener('click', () =>
		signOut().then(() => location.reload(), failed));
	return { start, isOut: () => isOut };
}

// What the gateway says of itself: the zone of its days, and what a submission may have.
export const timeZone = () => me?.time_zone ?? 'UTC';
export const limits = () => me?.limits ?? {};
export const may = (scope) => !me || me.scopes.includes(scope);
