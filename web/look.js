// SPDX-License-Identifier: Apache-2.0
// look.js: the list is asked for, by the clock where there are no events, soon while a shown batch is
// unfinished, seldom otherwise; and what is told is put into it: in a row that is shown, at once;
// anything else by asking again.
import { listBatches } from './api.js';
import { byId, put, show } from './dom.js';
import { isSettled } from './facts.js';
import { isAtList } from './list.js';
import { liveLine } from './live.js';
import { putTold, withNewer, withPlaces } from './merge.js';
import { calm, complain, pulse, tell } from './say.js';
import { addressOf, countFilters, eventsOf, queryOf } from './view.js';
import { atClock, plural } from './words.js';

const SOON_MS = 2000;		// something shown is unfinished
const SELDOM_MS = 10_000;	// a new batch may have come from elsewhere
const AGAIN_MS = 5000;		// after a failure that may pass
const HURRY_MS = 15_000;	// what a person asked for may take a moment to be seen
const REST_MS = 1000;		// between two looks that events bring about
const DRAWN_MOST = 40;		// rows a picture
const LOST = 'The list could not be loaded.';

// Counting everything is worth a request only when something has changed.
const signOf = (answer) => [answer.total, ...answer.data.map((b) => `${b.id}${b.status}`)].join();
const pageOf = (answer) => [answer?.offset, answer?.limit].join();

// page: see app.js. isOut(): nobody is signed in; draw(), drawFilters(stats), readTotals(); alone: hear(batch)
// and gone(id), of what is shown alone.
export function looker(page, { isOut, draw, drawFilters, readTotals, alone }) {
	let looking = null;		// the AbortController of the request under way
	let lookedAt = 0;
	let goodAt = 0;			// until then nothing was missed
	let timer = 0;			// by the clock
	let later = 0;			// because of what was told
	let isMissed = false;		// more was told while the request was under way
	let hurry = 0;			// until then: soon
	let isLive = false;
	const told = new Map();		// batch id -> its newest state, not drawn yet
	const line = liveLine({ open: opened, batch: hear, deleted: gone, reset: lookLater, lost: unheard });

	function letIn() {
		if (page.list?.isOld && !isAtList())
			look(true);
	}

	function nextLook() {
		const isWaiting = !page.list.total && !countFilters(page.view);
		const isBusy = isWaiting || Date.now() < hurry || page.list.data.some((batch) => !isSettled(batch));
		const wait = isBusy ? SOON_MS : SELDOM_MS;
		goodAt = Date.now();
		if (isLive)
			pulse('live', isWaiting ? 'Waiting for the first batch' : 'Live', 'Changes are seen at once');
		else
			pulse('calm', `Not live: asks every ${wait / 1000} s`, 'The gateway tells no changes just now');
		clearTimeout(timer);
		if (!document.hidden && !isLive)
			timer = setTimeout(look, wait);
		if (isMissed)
			lookLater();
		isMissed = false;
	}

	// What the gateway refused it would refuse again; all else may pass.
	function lost(error) {
		if (isOut())
			return;
		complain(LOST, error, () => look(true));
		show(byId('loading'), false);
		show(byId('list'), page.list || countFilters(page.view));
		drawFilters(page.stats);
		const isRefused = error.status >= 400 && error.status < 500;
		pulse('lost', goodAt && !isRefused ? `Behind since ${atClock(goodAt)}`
			: error.status ? 'Not loaded' : 'No connection', isRefused ? '' : 'It is tried again by itself');
		if (!document.hidden && !isRefused)
			timer = setTimeout(look, AGAIN_MS);
	}

	// asked: by the person, so that the answer is also told and a page beyond the end is left.
	async function look(asked = false) {
		clearTimeout(timer);
		clearTimeout(later);
		looking?.abort();
		if (isOut())
			return;
		lookedAt = Date.now();
		const mine = looking = new AbortController();
		const before = page.list && signOf(page.list);
		try {
			const answer = await listBatches(queryOf(page.view), mine.signal);
			if (mine !== looking)
				return;
			looking = null;
			if (!answer.data.length && answer.total && page.view.page > 1) {
				page.view = { ...page.view, page: Math.ceil(answer.total / answer.limit) };
				history.replaceState(null, '', addressOf(page.view));
				look(asked);
				return;
			}
			const stays = asked !== true && pageOf(answer) === pageOf(page.list) && isAtList();
			page.list = (stays ? withPlaces : withNewer)(answer, page.list);
			calm(LOST);
			draw();
			if (asked === true)
				tell(`${plural(page.list.total, 'batch', 'batches')}, ${byId('page').textContent}`);
			if (before !== signOf(page.list))
				readTotals();
			nextLook();
		} catch (error) {
			if (mine !== looking)
				return;
			looking = null;
			lost(error);
		}
	}

	function lookSoon() {
		hurry = Date.now() + HURRY_MS;
		look();
	}

	// ---- hearing

	function lookLater() {
		clearTimeout(later);
		later = setTimeout(() => {
			isMissed = Boolean(looking);
			if (!isMissed)
				look();
		}, Math.max(0, lookedAt + REST_MS - Date.now()));
	}

	function opened(isResumed) {
		isLive = true;
		if (!isResumed || byId('pulse').dataset.state === 'lost')
			lookLater();	// what happened between the list and now
		if (page.list && !looking)
			nextLook();
	}

	function unheard() {
		isLive = false;
		look();
	}

	// What was told since the last picture is drawn with the next; of two hundred changes, some with each.
	function hear(batch) {
		goodAt = Date.now();
		alone.hear(batch);
		if (!told.size)
			requestAnimationFrame(drawTold);
		told.set(batch.id, batch);
	}

	function drawTold() {
		const some = new Map([...told].slice(0, DRAWN_MOST));
		if (page.list && putTold(page.list, some, page.view, (id) => page.deleted.has(id)))
			lookLater();
		for (const id of some.keys())
			told.delete(id);
		if (told.size)
			requestAnimationFrame(drawTold);
		if (!page.list)
			return;
		draw();
		readTotals();
	}

	function gone(id) {
		page.deleted.add(id);
		alone.gone(id);
		if (page.rows.has(id))
			draw();
		lookLater();
		readTotals();
	}

	// ---- coming and going

	const follow = () => line.follow(eventsOf(page.view));

	function rest() {
		clearTimeout(timer);
		clearTimeout(later);
		looking?.abort();
		looking = null;
		line.stop();
		isLive = false;
	}
	return { look, lookSoon, letIn, follow, rest };
}
