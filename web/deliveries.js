// SPDX-License-Identifier: Apache-2.0
// deliveries.js: where an unfolded batch went: each target with what became of it. A delivery changes
// without its batch, so they are read again while somebody looks, but not at every look at the list.
import { readDeliveries, replayDelivery, skipDelivery } from './api.js';
import { attribute, fromTemplate, keyed, part, put, putTime, shape, show } from './dom.js';
import { BATCH_STATES, DELIVERY_PHASES, plural, stateOf } from './words.js';

const REST_MS = 4000;

const isOpen = (d) => d.phase === 'intent' || d.phase === 'called';

function phaseOf(d) {
	if (d.attention)
		return { word: 'Needs attention', shape: 'partial' };
	if (d.phase === 'passed' && d.error_code === 'skipped')
		return { word: 'Skipped', shape: 'cancelled' };
	return stateOf(DELIVERY_PHASES, d.phase);
}

function whyOf(d) {
	if (d.attention)
		return `Nothing is sent there until somebody has looked at the target: ${d.attention}`;
	if (d.phase === 'passed' && !d.error_code)
		return 'The batch went on before this was sent.';
	return [d.error_message, d.error_code && `(${d.error_code})`].filter(Boolean).join(' ');
}

// asks: order(delivery, verb)
function card(first, asks) {
	const element = fromTemplate('t-delivery');
	const link = part(element, 'link');
	const verbs = { replay: 'Replay', skip: 'Skip' };
	let delivery = first;

	for (const verb of Object.keys(verbs))
		part(element, verb).addEventListener('click', () => asks.order(delivery, verb));

	function update(now) {
		const state = phaseOf(now);
		const batch = stateOf(BATCH_STATES, now.state).word;
		const focused = document.activeElement;
		delivery = now;
		attribute(element, 'data-status', state.shape);
		put(part(element, 'target'), now.target);
		put(part(element, 'what'), [now.service, batch, now.run_no > 1 ? `run ${now.run_no}` : '']
			.filter(Boolean).join(', '));
		put(part(element, 'word'), state.word);
		shape(element.querySelector('.status'), state.shape);
		putTime(part(element, 'when'), now.settled_at ?? now.created_at);
		put(part(element, 'calls'), plural(now.attempts, 'call'));
		put(part(element, 'why'), whyOf(now));
		show(link, /^https?:\/\//.test(now.link ?? ''));
		attribute(link, 'href', link.hidden ? null : now.link);
		attribute(link, 'aria-label', `Open ${now.target}`);
		for (const [verb, word] of Object.entries(verbs)) {
			const button = part(element, verb);
			attribute(button, 'aria-label', `${word} the delivery to ${now.target}: ${batch}`);
			show(button, !now[`no_${verb}`]);
			if (button === focused && button.hidden)
				element.focus({ preventScroll: true });
		}
	}
	return { element, update };
}

// detail: the unfolded part of a row; tell: says it to who does not see it.
export function deliveryList(detail, tell) {
	const room = part(detail, 'deliveries');
	const list = room.querySelector('ul');
	const trouble = room.querySelector('.problem');
	const cards = new Map();
	let id = null;
	let reading = false;
	let readAt = 0;

	function complain(what, error) {
		put(trouble, `${what} ${error.message}`);
		show(trouble, true);
		show(room, true);
	}
	async function read() {
		reading = true;
		try {
			const { data } = await readDeliveries(id);
			keyed(list, cards, data, (d) => d.id, (d) => card(d, asks));
			put(room.querySelector('h3'), data.some(isOpen) ? 'Deliveries, some still open' : 'Deliveries');
			show(trouble, false);
			show(room, data.length);
		} catch (error) {
			complain('The deliveries could not be read.', error);
		} finally {
			reading = false;
			readAt = Date.now();
		}
	}
	const asks = {
		async order(delivery, verb) {
			try {
				await (verb === 'skip' ? skipDelivery : replayDelivery)(delivery.id);
				tell(`${delivery.target}: ${verb === 'skip' ? 'skipped' : 'sent again'}`);
				await read();
			} catch (error) {
				complain(`${delivery.target}:`, error);
			}
		},
	};

	return {
		follow(batch) {
			id = batch.id;
			if (!reading && Date.now() - readAt >= REST_MS)
				read();
		},
	};
}
