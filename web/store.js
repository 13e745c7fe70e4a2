// SPDX-License-Identifier: Apache-2.0
// store.js: puts pictures into the gateway's store, some at a time, before a form names them there. What
// is stored is not sent again, neither by another try nor under another name. A lost connection is waited
// for; what is wrong with one picture stays with it, and the others go on.
import { storeBlob } from './api.js';
import { pool } from './pool.js';

const AT_ONCE = 3;
const HASHED_MOST = 64 * 1024 * 1024;	// bytes: a hash needs them all at once
const WAIT_MS = 1000;
const WAIT_MOST_MS = 10_000;

const stored = new Map();	// SHA-256 -> the address in the store, or the promise of it

export const forgetStored = () => stored.clear();
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function unreadable() {
	throw new Error('It cannot be read any more: has it been moved or changed?');
}

// '' where nothing can be told: browsers hash on secure pages alone.
async function hashOf(file) {
	if (!crypto.subtle || file.size > HASHED_MOST)
		return '';
	const bytes = await file.arrayBuffer().catch(unreadable);
	return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

const mayPass = ({ status }) => status === 0 || status === 429 || (status > 501 && status < 505);
const isOfAll = ({ status }) => status === 401 || status === 403;

const rest = (ms, signal) => new Promise((resolve) => {
	const over = new AbortController();
	const end = () => {
		over.abort();
		resolve();
	};
	setTimeout(end, ms);
	addEventListener('online', end, { signal: over.signal });
	signal.addEventListener('abort', end, { signal: over.signal });
});

// Does it until it is done. held(error) hears what is waited for, held(null) that it goes on.
export async function persist(act, { signal, held }) {
	for (let ms = WAIT_MS;; ms = Math.min(2 * ms, WAIT_MOST_MS))
		try {
			const answer = await act();
			held(null);
			return answer;
		} catch (error) {
			if (signal.aborted || !mayPass(error))
				throw error;
			held(error);
			await rest(error.waitMs || ms, signal);
		}
}

// A file that went away looks like a connection that did.
const send = (item, { signal, told, held }) => persist(() => storeBlob(item.file, signal, (sent) => {
	item.sent = sent;
	told(item);
}).catch(async (error) => {
	if (error.status === 0)
		await item.file.slice(0, 1).arrayBuffer().catch(unreadable);
	throw error;
}), { signal, held }).then(({ uri }) => uri);

async function addressOf(item, how) {
	const hash = await hashOf(item.file);
	how.signal.throwIfAborted();
	if (!hash)
		return send(item, how);
	if (!stored.has(hash))
		stored.set(hash, send(item, how));
	return stored.get(hash).catch((error) => {
		stored.delete(hash);
		throw error;
	});
}

async function storeOne(item, how) {
	const move = (change) => how.told(Object.assign(item, change));
	move({ state: 'sending', sent: 0, error: null });
	try {
		move({ uri: await addressOf(item, how), state: 'stored', sent: item.file.size });
	} catch (error) {
		const isWaiting = how.signal.aborted || isOfAll(error);
		move({ state: isWaiting ? 'waits' : 'failed', sent: 0, error });
		if (isWaiting)
			throw error;
	}
}

// items: { file, state, sent, uri, error }, state being waits, sending, stored or failed; told(item) hears
// of each change. Throws what stops all of them; what is wrong with one stands in it.
export const storeAll = (items, how) => pool(AT_ONCE, items.filter((item) => item.state !== 'stored'),
	(item) => {
		how.signal.throwIfAborted();
		return storeOne(item, how);
	});
