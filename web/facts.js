// SPDX-License-Identifier: Apache-2.0
// facts.js: what follows from a batch as it was answered.
import { BATCH_STATES, stateOf } from './words.js';

export const isFinal = (batch) => Boolean(stateOf(BATCH_STATES, batch.status).final);
export const hasZip = (batch) => Boolean(batch.archive) && batch.archive.run_no === batch.run_no;

// Nothing more is to be expected: it is final, and its ZIP stands if there is anything to put in.
export const isSettled = (batch) => isFinal(batch) && (hasZip(batch) || !batch.jobs_completed);

export const openOf = (batch) =>
	batch.total_files - batch.jobs_completed - batch.jobs_failed - batch.jobs_cancelled;
