#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// run.mjs: the dashboard's first paint in Chromium with nothing cached, of the gateway at BATCHLINE_URL; of
// others too, in turn (ABBA), where their addresses are given as arguments. For docs/benchmarks/page.md.
//
// ROUNDS [15]   loads of each, each in a profile of its own, which has nothing yet
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';

const { chromium } = createRequire(new URL('../../web/', import.meta.url))('@playwright/test');
const ROUNDS = Number(process.env.ROUNDS ?? 15);
const gateways = [process.env.BATCHLINE_URL, ...process.argv.slice(2)];
const asRoot = process.getuid() === 0;	// Chromium's own sandbox needs an ordinary user

// In the page: what it took, by the browser's own clock.
function taken() {
	const [page] = performance.getEntriesByType('navigation');
	const files = [page, ...performance.getEntriesByType('resource')]
		.filter(({ name }) => !new URL(name).pathname.startsWith('/api/'));
	return {
		'first paint, ms': performance.getEntriesByName('first-contentful-paint')[0].startTime,
		'rows, ms': performance.getEntriesByName('rows')[0].startTime,
		'files': files.length,
		'kB sent': files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1000,
	};
}

async function load(browser, url) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	const page = await context.newPage();
	await page.addInitScript(() => new MutationObserver((_, watcher) => {
		if (!document.querySelector('tbody.batch, #submit:not([hidden])'))
			return;
		watcher.disconnect();
		requestAnimationFrame(() => setTimeout(() => performance.mark('rows')));
	}).observe(document, { childList: true, subtree: true }));
	await page.goto(url);
	await page.waitForFunction(() => performance.getEntriesByName('rows').length
		&& performance.getEntriesByName('first-contentful-paint').length);
	const seen = await page.evaluate(taken);
	await context.close();
	return seen;
}

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
function say(numbers) {
	const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map(Math.round);
	return `${Math.round(median(numbers))}${least < most ? ` (${least} to ${most})` : ''}`;
}

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--disable-gpu', ...(asRoot ? ['--no-sandbox'] : [])],
});
const seen = gateways.map(() => []);
const all = gateways.map((url, i) => ({ url, i }));
for (const { url } of all)
	await load(browser, url);	// the browser's own beginning
for (let round = 0; round < ROUNDS; round++)
	for (const { url, i } of round % 2 ? all.toReversed() : all)
		seen[i].push(await load(browser, url));
await browser.close();

const columns = Object.keys(seen[0][0]);
console.log(`${ROUNDS} loads each, load average ${loadavg()[0].toFixed(1)}\n`);
console.log(`| gateway | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}`);
for (const { url, i } of all)
	console.log(`| ${url} | ${columns.map((name) => say(seen[i].map((one) => one[name]))).join(' | ')} |`);
