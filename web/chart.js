// SPDX-License-Identifier: Apache-2.0
// chart.js: what ended in each of the last 24 hours, as bars, and as a table for who does not see them.
import { byId, put, show } from './dom.js';
import { atHour, number, plural } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDE, HIGH, GAP] = [480, 72, 3];

function rect(className, x, y, height) {
	const node = document.createElementNS(SVG, 'rect');
	const size = { class: className, x, y, width: WIDE / 24 - GAP, height };
	for (const [name, value] of Object.entries(size))
		node.setAttribute(name, value);
	return node;
}

const sentence = ({ hour, jobs_completed, jobs_failed, batches }) =>
	`${atHour(hour)}: ${plural(jobs_completed, 'picture')} done, ${number(jobs_failed)} failed, `
	+ `${plural(batches, 'batch', 'batches')} finished`;

function bar(hour, i, most) {
	const group = document.createElementNS(SVG, 'g');
	const title = document.createElementNS(SVG, 'title');
	const scale = (n) => (n ? Math.max(2, (n / most) * HIGH) : 0);
	const [good, bad] = [scale(hour.jobs_completed), scale(hour.jobs_failed)];
	const x = (i * WIDE) / 24;
	title.textContent = sentence(hour);
	group.append(title, rect('place', x, 0, HIGH), rect('good', x, HIGH - good, good),
		rect('bad', x, HIGH - good - bad, bad));
	return group;
}

function row(hour) {
	const line = document.createElement('tr');
	const head = document.createElement('th');
	head.scope = 'row';
	put(head, atHour(hour.hour));
	line.append(head, ...[hour.jobs_completed, hour.jobs_failed, hour.batches].map((n) => {
		const cell = document.createElement('td');
		put(cell, number(n));
		return cell;
	}));
	return line;
}

let drawn = '';

export function drawChart({ throughput }) {
	const key = JSON.stringify(throughput);
	if (key === drawn)
		return;
	drawn = key;
	const sum = (name) => throughput.reduce((all, hour) => all + hour[name], 0);
	const most = Math.max(1, ...throughput.map((hour) => hour.jobs_completed + hour.jobs_failed));
	byId('bars').replaceChildren(...throughput.map((hour, i) => bar(hour, i, most)));
	byId('hours').tBodies[0].replaceChildren(...throughput.map(row));
	put(byId('chart-most'), `${number(most)} an hour`);
	put(byId('chart-from'), atHour(throughput[0].hour));
	put(byId('chart-sum'), `${plural(sum('jobs_completed'), 'picture')} done, `
		+ `${number(sum('jobs_failed'))} failed`);
	show(byId('chart'), sum('jobs_completed') + sum('jobs_failed'));
}
