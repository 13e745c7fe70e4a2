// SPDX-License-Identifier: Apache-2.0
// chart.js: each of the last 24 hours: what ended, what waited, how long rendering took; as bars, and as a
// table for who does not see them. What ended is known from the counts; the rest is asked for once unfolded.
import { readHours } from './api.js';
import { byId, part, put, show } from './dom.js';
import { atHour, duration, number, plural } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDE, HIGH, GAP] = [480, 72, 3];
const REST_MS = 10_000;		// between two readings
const NONE = { jobs_waiting: 0, render_ms_median: null, render_ms_p90: null };

const took = (ms) => (ms === null ? 'not measured' : duration(ms));

// What each plot shows of an hour: pieces of a bar from below, and in words.
const PLOTS = {
	ended: {
		pieces: (hour) => [['good', hour.jobs_completed], ['bad', hour.jobs_failed]],
		words: (hour) => `${plural(hour.jobs_completed, 'picture')} done, ${number(hour.jobs_failed)} failed, `
			+ `${plural(hour.batches, 'batch', 'batches')} finished`,
		most: (n) => `${number(n)} an hour`,
	},
	waiting: {
		pieces: (hour) => [['wait', hour.jobs_waiting]],
		words: (hour) => `${plural(hour.jobs_waiting, 'picture')} waiting at its end`,
		most: (n) => number(n),
	},
	pace: {
		pieces: ({ render_ms_median: half, render_ms_p90: most }) => [['half', half ?? 0], ['p90', (most ?? 0) - (half ?? 0)]],
		words: (hour) => `half within ${took(hour.render_ms_median)}, nine of ten within ${took(hour.render_ms_p90)}`,
		most: (ms) => duration(ms),
	},
};
const heightOf = (plot, hour) => plot.pieces(hour).reduce((sum, [, n]) => sum + n, 0);

function rect(className, x, y, height) {
	const node = document.createElementNS(SVG, 'rect');
	const size = { class: className, x, y, width: WIDE / 24 - GAP, height };
	for (const [name, value] of Object.entries(size))
		node.setAttribute(name, value);
	return node;
}

function bar(plot, hour, i, most) {
	const group = document.createElementNS(SVG, 'g');
	const title = document.createElementNS(SVG, 'title');
	const x = (i * WIDE) / 24;
	let y = HIGH;
	title.textContent = `${atHour(hour.hour)}: ${plot.words(hour)}`;
	group.append(title, rect('place', x, 0, HIGH));
	for (const [name, n] of plot.pieces(hour)) {
		const height = n ? Math.max(2, (n / most) * HIGH) : 0;
		y -= height;
		group.append(rect(name, x, y, height));
	}
	return group;
}

function row(hour) {
	const line = document.createElement('tr');
	const head = document.createElement('th');
	head.scope = 'row';
	put(head, atHour(hour.hour));
	line.append(head, ...[number(hour.jobs_completed), number(hour.jobs_failed), number(hour.batches),
		number(hour.jobs_waiting), took(hour.render_ms_median), took(hour.render_ms_p90)].map((words) => {
		const cell = document.createElement('td');
		put(cell, words);
		return cell;
	}));
	return line;
}

let counts = [];		// of the hours, as they were told last
let asked = [];
let askedAt = 0;
let drawn = '';

function draw() {
	const known = new Map(asked.map((hour) => [hour.hour, hour]));
	const hours = counts.map((hour) => ({ ...NONE, ...known.get(hour.hour), ...hour }));
	const key = JSON.stringify(hours);
	if (key === drawn)
		return;
	drawn = key;
	for (const [name, plot] of Object.entries(PLOTS)) {
		const figure = part(byId('chart'), name);
		const most = Math.max(1, ...hours.map((hour) => heightOf(plot, hour)));
		figure.querySelector('svg').replaceChildren(...hours.map((hour, i) => bar(plot, hour, i, most)));
		put(part(figure, 'most'), `at most ${plot.most(Math.max(0, ...hours.map((hour) => heightOf(plot, hour))))}`);
		put(part(figure, 'from'), atHour(hours[0].hour));
	}
	byId('hours').tBodies[0].replaceChildren(...hours.map(row));
}

async function ask() {
	if (!byId('chart').open || Date.now() - askedAt < REST_MS)
		return;
	askedAt = Date.now();
	try {
		asked = (await readHours()).data;
		show(part(byId('chart'), 'trouble'), false);
	} catch (error) {
		put(part(byId('chart'), 'trouble'), `The hours could not be read. ${error.message}`);
		show(part(byId('chart'), 'trouble'), true);
	}
	draw();
}

export const tendChart = ask;

export function drawChart({ throughput }) {
	const sum = (name) => throughput.reduce((all, hour) => all + hour[name], 0);
	counts = throughput;
	draw();
	ask();
	put(byId('chart-sum'), `${plural(sum('jobs_completed'), 'picture')} done, `
		+ `${number(sum('jobs_failed'))} failed`);
	show(byId('chart'), sum('jobs_completed') + sum('jobs_failed'));
}

byId('chart').addEventListener('toggle', ask);
