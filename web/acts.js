// SPDX-License-Identifier: Apache-2.0
// acts.js: what a person can do to a batch. What loses something asks first; what is done already by
// somebody else is done.
import {
	cancelBatch, deleteBatch, pauseBatch, prioritiseBatch, readBatch, readJobs, resumeBatch, retryBatch,
} from './api.js';
import { confirmThen } from './confirm.js';
import { isFinal, openOf } from './facts.js';
import { calm, complain, tell } from './say.js';
import { offerUndo } from './undo.js';
import { plural } from './words.js';

const TURNS = {
	pause: { act: pauseBatch, done: 'paused' },
	resume: { act: resumeBatch, done: 'resumed' },
	priority: { act: prioritiseBatch, done: 'given that priority' },
	retry: { act: retryBatch, done: 'started again' },
};

const ENDS_MOST = 60;	// looks
const PAGE = 500;	// jobs

const unlessGone = (error) => {
	if (error.status !== 404)
		throw error;
};
const unlessFinished = (error) => {
	if (error.status !== 409)
		throw error;
};

// A batch is cancelled once what runs has ended; only then it can be started again.
async function endOf(id) {
	for (let tries = 0; tries < ENDS_MOST; tries++) {
		const batch = await readBatch(id);
		if (isFinal(batch))
			return batch;
		await new Promise((resolve) => { setTimeout(resolve, 1000); });
	}
	throw new Error('What still runs has not ended. It can be started again then.');
}

async function cancelledOf(id) {
	const found = [];
	let cursor = 0;
	do {
		const answer = await readJobs(id, { status: 'cancelled', limit: PAGE, cursor });
		found.push(...answer.data.map((job) => job.id));
		cursor = answer.next_cursor;
	} while (cursor !== null);
	return found;
}

// What failed before stays as it was.
async function startCancelled({ id }) {
	const { jobs_cancelled: cancelled, jobs_failed: failed } = await endOf(id);
	if (cancelled)
		await retryBatch(id, failed ? await cancelledOf(id) : undefined);
}

// The way back, of what has one.
export const takeBack = {
	cancel: startCancelled,
	pause: ({ id }) => resumeBatch(id).catch(unlessFinished),
};

// page: removed(batch), lookSoon()
export function actions(page) {
	// more: the jobs of a retry, or what the priority is to be
	async function turn(batch, verb, more) {
		const { act, done } = TURNS[verb];
		const what = `${batch.base_directory_name} was not ${done}.`;
		try {
			await act(batch.id, more);
			tell(`${batch.base_directory_name}: ${verb} asked for`);
			calm(what);
			page.lookSoon();
		} catch (error) {
			complain(what, error, () => turn(batch, verb, more));
		}
	}
	async function cancel(batch) {
		const name = batch.base_directory_name;
		const isDone = await confirmThen({
			title: `Cancel ${name}?`,
			text: `${plural(openOf(batch), 'picture')} of ${batch.total_files} will not be rendered. `
				+ 'What is done stays, and what is missing can be tried again.',
			no: 'Go on rendering',
			yes: 'Cancel batch',
			act: () => cancelBatch(batch.id).catch(unlessFinished),
		});
		if (!isDone)
			return;
		offerUndo(`${name}: cancel asked for`, () => takeBack.cancel(batch).then(page.lookSoon));
		page.lookSoon();
	}
	async function remove(batch) {
		const name = batch.base_directory_name;
		const running = isFinal(batch) ? '' : ' What still runs is stopped.';
		const isGone = await confirmThen({
			title: `Delete ${name}?`,
			text: `${plural(batch.total_files, 'picture')}, what was rendered of them, `
				+ `and the ZIP go for good, with no way back.${running}`,
			yes: 'Delete batch',
			act: () => deleteBatch(batch.id).catch(unlessGone),
		});
		if (!isGone)
			return;
		page.removed(batch);
		tell(`${name} was deleted`);
		page.lookSoon();
	}
	return { turn, cancel, remove, retryJobs: (batch, jobs) => turn(batch, 'retry', jobs) };
}

// The same for many, of which none asks by itself.
export const each = {
	pause: (batch) => pauseBatch(batch.id).catch(unlessFinished),
	resume: (batch) => resumeBatch(batch.id).catch(unlessFinished),
	retry: (batch) => retryBatch(batch.id),
	cancel: (batch) => cancelBatch(batch.id).catch(unlessFinished),
	delete: (batch) => deleteBatch(batch.id).catch(unlessGone),
};
