// SPDX-License-Identifier: Apache-2.0
// api.js: the gateway's HTTP interface; the only module that knows its addresses. Whatever goes
// wrong is an ApiError, whose message is a sentence for a person.

export class ApiError extends Error {
	constructor(message, status = 0, fields = []) {
		super(message);
		this.status = status;		// 0: no answer came
		this.fields = fields;		// [{field, detail}], what of the request was wrong
	}
}

const PATIENCE_MS = 20_000;
const CLOCK_MS = 5000;		// what a clock may be wrong without being corrected
const SESSION = 'api/session';
const SILENT = 'The gateway does not answer. Is it running?';

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

// Problem documents (RFC 9457) speak for themselves; anything else gets words by its number.
function problem(status, type, text) {
	let said = {};
	if (type?.includes('json')) {
		try {
			said = JSON.parse(text);
		} catch {
			// cut short on its way: the number must do
		}
	}
	const about = status === 401 ? [said.detail] : [said.title, said.detail];
	const words = about.filter(Boolean).map(sentence).join(' ');
	return new ApiError(words || `The gateway answered ${status}.`, status, said.errors ?? []);
}

let signedOut = () => {};
export const onSignedOut = (hear) => { signedOut = hear; };	// hear(why)

// Differs from ours where a browser's clock is wrong.
let ahead = 0;
export const serverNow = () => Date.now() + ahead;

function noteClock(answer) {
	const differs = new Date(answer.headers.get('date')) - Date.now();
	if (answer.headers.has('date'))
		ahead = Math.abs(differs) > CLOCK_MS ? differs : 0;
}

// wanted: { method, headers, body } of fetch; read(answer): what is waited for
async function reach(method, path, signal, wanted, read) {
	const isSignIn = path === SESSION && method === 'POST';
	const either = new AbortController();
	let isLate = false;
	const patience = setTimeout(() => {
		isLate = true;
		either.abort();
	}, PATIENCE_MS);
	signal?.addEventListener('abort', () => either.abort(), { once: true });
	if (signal?.aborted)
		either.abort();
	try {
		const answer = await fetch(path, { method, signal: either.signal, ...wanted });
		noteClock(answer);
		if (!answer.ok)
			throw problem(answer.status, answer.headers.get('content-type'), await answer.text());
		return await read(answer);
	} catch (error) {
		if (error.status === 401 && !isSignIn)
			signedOut(error.message);
		if (error instanceof ApiError || signal?.aborted)
			throw error;
		if (error instanceof SyntaxError)
			throw new ApiError('The gateway answered with something that is not JSON.');
		throw new ApiError(isLate ? 'The gateway took too long to answer.' : SILENT);
	} finally {
		clearTimeout(patience);
	}
}

const call = (method, path, signal, wanted) => reach(method, path, signal, wanted,
	async (answer) => {
		const text = await answer.text();
		return text ? JSON.parse(text) : null;
	});

// The stream of what happens, after the event whose id is last.
export const followBatches = (query, last, signal) => reach('GET', `api/events?${query}`, signal,
	{ cache: 'no-store', headers: last ? { 'Last-Event-ID': last } : {} }, (answer) => answer.body);

export const readSession = () => call('GET', SESSION);
export const signOut = () => call('DELETE', SESSION);
export const signIn = (key) => call('POST', SESSION, undefined,
	{ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key }) });

const batch = (id) => `api/batches/${encodeURIComponent(id)}`;
const delivery = (id) => `api/deliveries/${encodeURIComponent(id)}`;
const job = (id) => `api/jobs/${encodeURIComponent(id)}`;

export const listBatches = (query, signal) => call('GET', `api/batches?${query}`, signal);
export const readBatch = (id) => call('GET', batch(id));
export const readJobs = (id, { status, limit, cursor }) =>
	call('GET', `${batch(id)}/jobs?${new URLSearchParams({ status, limit, cursor })}`);
export const readJob = (id) => call('GET', job(id));
export const readHistory = (id) => call('GET', `${batch(id)}/history?limit=500`);
export const readDeliveries = (id) => call('GET', `${batch(id)}/deliveries`);
export const replayDelivery = (id) => call('POST', `${delivery(id)}/replay`);
export const skipDelivery = (id) => call('POST', `${delivery(id)}/skip`);
export const readWorking = () => call('GET', 'api/working');
export const readHours = () => call('GET', 'api/batches/hours');
export const readStats = () => call('GET', 'api/batches/stats');
export const deleteBatch = (id) => call('DELETE', batch(id));
export const cancelBatch = (id) => call('POST', `${batch(id)}/cancel`);
export const pauseBatch = (id) => call('POST', `${batch(id)}/pause`);
export const resumeBatch = (id) => call('POST', `${batch(id)}/resume`);
export const prioritiseBatch = (id, priority) => call('POST', `${batch(id)}/priority`, undefined,
	{ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ priority }) });
export const retryBatch = (id, jobs) => call('POST', `${batch(id)}/retry`, undefined, jobs
	&& { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ job_ids: jobs }) });

export async function listPipelines() {
	const answer = await call('GET', 'api/pipelines');
	return Array.isArray(answer) ? answer : answer.data;
}

export const downloadOf = (id) => `${batch(id)}/download`;
export const sheetOf = (id) => `${batch(id)}/sheet`;
export const previewOf = (id) => `${job(id)}/preview`;
export const inputOf = (id) => `${job(id)}/input`;
export const outputOf = (id, name) => `${job(id)}/outputs/${encodeURIComponent(name)}`;

// An XMLHttpRequest, because fetch cannot tell how much has been sent. progress(bytes)
function send(path, body, headers, signal, progress) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open('POST', path);
		for (const [name, value] of Object.entries(headers))
			request.setRequestHeader(name, value);
		if (progress)
			request.upload.onprogress = (e) => progress(Math.min(e.loaded, body.size));
		request.onerror = () => reject(new ApiError(SILENT));
		request.onabort = () => reject(signal.reason);
		request.onload = () => {
			const { status, responseText } = request;
			if (status < 200 || status > 299) {
				const error = problem(status, request.getResponseHeader('content-type'), responseText);
				error.waitMs = 1000 * request.getResponseHeader('retry-after');
				if (status === 401)
					signedOut(error.message);
				return reject(error);
			}
			try {
				resolve(JSON.parse(responseText));
			} catch {
				reject(new ApiError('The gateway answered with something that is not JSON.', status));
			}
		};
		signal.addEventListener('abort', () => request.abort());
		request.send(body);
	});
}

export const storeBlob = (file, signal, progress) => send('api/blobs', file,
	{ 'Content-Type': 'application/octet-stream' }, signal, progress);
export const submitBatch = (batch, key, signal) => send('api/jobs/batch', JSON.stringify(batch),
	{ 'Content-Type': 'application/json', 'Idempotency-Key': key }, signal);
