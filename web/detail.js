// SPDX-License-Identifier: Apache-2.0
// detail.js: what a row shows under its line once it is unfolded: what of the batch has no room there, where
// it went, what happened to it, and its jobs.
import { sheetOf } from './api.js';
import { deliveryList } from './deliveries.js';
import { attribute, fromTemplate, part, put, show } from './dom.js';
import { hasZip, isFinal } from './facts.js';
import { historyOf } from './history.js';
import { jobList } from './jobs.js';
import { archiveSize, bare, bareLines, bytes } from './words.js';

const SHORT = 40;	// letters
const PRIORITY_MOST = 9;	// which is served first

function factsOf(batch, pipelineName) {
	const { archive } = batch;
	return [
		['Customer', batch.customer_prefix],
		['Day', batch.batch_date],
		['Pipeline', pipelineName(batch.pipeline_id)],
		['Submitted by', bare(batch.submitted_by)],
		['Priority', batch.priority],
		['Failures tolerated', batch.failures_tolerated ?? 'any number'],
		['Run', batch.run_no],
		['Received', bytes(batch.total_size)],
		['ZIP', archive ? archiveSize(archive) : 'none'],
		['Batch id', batch.id],
	];
}

// In the line there is room for its beginning.
function putFull(node, description) {
	put(node, bareLines(description));
	show(node, description.length > SHORT || description.includes('\n'));
}

function putFacts(list, batch, pipelineName) {
	const facts = factsOf(batch, pipelineName);
	while (list.children.length < facts.length) {
		const pair = document.createElement('div');
		pair.append(document.createElement('dt'), document.createElement('dd'));
		list.append(pair);
	}
	facts.forEach(([name, value], i) => {
		put(list.children[i].firstChild, name);
		put(list.children[i].lastChild, value ?? '');
	});
}

function priorityChoice(select, choose) {
	for (let n = PRIORITY_MOST; n >= 0; n--)
		select.append(new Option(n));
	select.addEventListener('change', () => choose(Number(select.value)));
}

// Not under the hands of who is choosing.
function putPriority(select, batch) {
	select.disabled = isFinal(batch);
	if (document.activeElement !== select)
		select.value = batch.priority;
}

// asks: turn(batch, verb, more), retryJobs(batch, ids), pipelineName(id), tell(words)
export function batchDetail(first, elementId, asks) {
	const { id } = first;
	const element = fromTemplate('t-detail');
	const jobs = jobList(element, asks.retryJobs);
	const deliveries = deliveryList(element, asks.tell);
	const history = historyOf(element);

	element.id = elementId;
	part(element, 'own').href = `#batch/${id}`;
	attribute(part(element, 'sheet'), 'href', sheetOf(id));
	show(part(element, 'copy'), navigator.clipboard);	// not there without TLS
	part(element, 'copy').addEventListener('click', async () => {
		await navigator.clipboard.writeText(`${location.origin}${location.pathname}#batch/${id}`);
		asks.tell('The link was copied');
		put(part(element, 'copy'), 'Copied');
	});
	priorityChoice(part(element, 'priority'), (n) => asks.turn(first, 'priority', n));

	return {
		element,
		fill(batch) {
			const why = [batch.error_message, batch.error_code && `(${batch.error_code})`].filter(Boolean);
			put(part(element, 'error'), bare(why.join(' ')));
			show(part(element, 'error'), why.length);
			putFull(part(element, 'full'), batch.render_description ?? '');
			putFacts(part(element, 'facts'), batch, asks.pipelineName);
			putPriority(part(element, 'priority'), batch);
			show(part(element, 'sheet'), hasZip(batch));
			jobs.follow(batch);
			deliveries.follow(batch);
			history.follow(batch);
		},
		tend(batch) {
			deliveries.follow(batch);
			jobs.mend();
		},
	};
}
