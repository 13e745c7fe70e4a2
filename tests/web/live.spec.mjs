// SPDX-License-Identifier: Apache-2.0
// The page hears what changes: without asking, without jumping, and again after the line was cut.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
	expect, isList, names, noPicture, pictures, rowOf, submit, submitAndFinish, test,
} from './line.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GATEWAY = process.env.BATCHLINE_URL;
const isEvents = (url) => url.pathname === '/api/events';
const pulse = (page) => page.locator('#pulse');
const stack = (...words) => execFileSync('docker/stack', words, { cwd: ROOT, stdio: 'ignore' });
const order = async (method, path) => expect((await fetch(GATEWAY + path, { method })).ok).toBe(true);

// How often the list was asked for.
function listening(page) {
	const asked = { lists: 0, headers: [] };
	page.on('request', async (request) => {
		asked.lists += isList(new URL(request.url()));
		if (isEvents(new URL(request.url())))
			asked.headers.push(await request.allHeaders());
	});
	return asked;
}

// The list once more after the line opened, and then no more.
async function openLive(page, customer, more = '') {
	const asked = listening(page);
	await page.goto(`/?customer=${customer}${more}`);
	await expect(pulse(page)).toHaveText('Live');
	await expect.poll(() => asked.lists).toBe(2);
	return asked;
}
async function hide(page, isHidden) {
	await page.evaluate((hidden) => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
		document.dispatchEvent(new Event('visibilitychange'));
	}, isHidden);
}

test('a change is told, and the list is not asked for again', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	const asked = await openLive(page, customer, `&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Partial');
	await order('POST', `/api/batches/${batch.id}/retry`);
	await expect(rowOf(page, batch).locator('.facts')).toContainText('Run2');
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Partial', { timeout: 30_000 });
	await expect(rowOf(page, batch).locator('.job').filter({ hasText: 'broken.jpg' }))
		.toContainText('attempt 2');
	expect(asked.lists).toBe(2);
});

test('a batch that is deleted elsewhere leaves, and one that is new comes',
async ({ page, customer }) => {
	const old = await submitAndFinish(customer, pictures(1));
	await openLive(page, customer);
	await order('DELETE', `/api/batches/${old.id}`);
	await expect(names(page)).toHaveCount(0);
	const young = await submit(customer, pictures(1));
	await expect(names(page)).toHaveText([young.base_directory_name]);
	await expect(rowOf(page, young).locator('.c-status')).toHaveText('Completed', { timeout: 30_000 });
});

test('a batch leaves the list when it leaves the states that are asked for',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	await openLive(page, customer, '&status=partial');
	await order('DELETE', `/api/batches/${batch.id}`);
	const other = await submitAndFinish(customer, [noPicture(), ...pictures(1)]);
	await expect(names(page)).toHaveText([other.base_directory_name]);
	await submitAndFinish(customer, pictures(1));
	await expect(names(page)).toHaveText([other.base_directory_name]);
});

test('the totals move with the rows', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	await openLive(page, customer);
	const total = async (name) => Number((await page.locator(`[data-total="${name}"]`).textContent())
		.replaceAll(',', ''));
	await expect(page.locator('#totals')).toBeVisible();
	const [batches, done, failed] = [await total('batches'), await total('done'), await total('failed')];
	const batch = await submit(customer, [...pictures(3), noPicture()]);
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Partial', { timeout: 30_000 });
	await expect.poll(() => total('done')).toBe(done + 3);
	await expect.poll(() => total('failed')).toBe(failed + 1);
	expect(await total('batches')).toBe(batches + 1);
	await expect(page.getByRole('group', { name: 'Customer', exact: true })
		.locator(`[data-customer="${customer}"] .count`)).toHaveText('2');
});

test('many changes are few looks, and the page stays usable meanwhile',
async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	const asked = await openLive(page, customer, '&size=200');
	const coming = Array.from({ length: 60 }, () => submit(customer, [noPicture()]));
	const search = page.getByRole('searchbox');
	await search.pressSequentially('lobby');
	await expect(search).toHaveValue('lobby');
	await search.fill('');
	await Promise.all(coming);
	await expect(names(page)).toHaveCount(61, { timeout: 30_000 });
	await expect(page.locator('tbody[data-status="failed"]')).toHaveCount(60, { timeout: 30_000 });
	expect(asked.lists).toBeLessThan(40);	// of hundreds of changes
});

test('who is at the list is not disturbed: new batches wait until he is done',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await openLive(page, customer);
	const row = rowOf(page, batch);
	await row.getByRole('button', { name: /^Delete/ }).hover();
	const before = await row.boundingBox();
	const young = await submitAndFinish(customer, pictures(1));
	await expect(page.getByRole('button', { name: '1 new batch: show' })).toBeVisible();
	expect(await row.boundingBox()).toEqual(before);
	await page.getByRole('searchbox').hover();
	await expect(names(page)).toHaveText([young.base_directory_name, batch.base_directory_name]);
	await expect(page.locator('#newer')).toBeHidden();
});

test('a row that no longer belongs there stays under the pointer, and goes with it',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	const { jobs, ...other } = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	const data = JSON.stringify({ ...other, status: 'processing', revision: other.revision + 1 });
	let tell;
	const told = new Promise((resolve) => { tell = resolve; });
	expect(jobs).toHaveLength(2);
	await page.route(isEvents, async (route) => {
		await told;
		await route.fulfill(
			{ contentType: 'text/event-stream', body: `event: batch\nid: 1-0\ndata: ${data}\n\n` });
	});
	await page.goto(`/?customer=${customer}&status=partial`);
	await rowOf(page, other).getByRole('button', { name: /^Delete/ }).hover();
	await page.route(isList, async (route) => {
		const response = await route.fetch();
		const json = await response.json();
		json.data = json.data.filter(({ id }) => id !== other.id);
		await route.fulfill({ response, json });
	});
	const asked = page.waitForResponse((response) => isList(new URL(response.url())));
	tell();
	await expect(rowOf(page, other).locator('.c-status')).toHaveText('Processing');
	await (await asked).finished();
	await expect(names(page)).toHaveCount(2);
	await page.getByRole('searchbox').hover();
	await expect(names(page)).toHaveText([batch.base_directory_name]);
});

for (const reducedMotion of ['no-preference', 'reduce'])
	test.describe(() => {
		test.use({ contextOptions: { reducedMotion } });

		test(`a change is felt and fades, ${reducedMotion}`, async ({ page, customer }) => {
			const batch = await submitAndFinish(customer, pictures(1));
			const { jobs, ...row } = batch;
			const data = JSON.stringify({ ...row, status: 'processing', revision: row.revision + 1 });
			expect(jobs).toHaveLength(1);
			await page.route(isEvents, (route) => route.fulfill(
				{ contentType: 'text/event-stream', body: `event: batch\nid: 1-0\ndata: ${data}\n\n` }));
			await page.addInitScript(() => {
				const animate = Element.prototype.animate;
				window.felt = 0;
				Element.prototype.animate = function (...what) {
					window.felt++;
					return animate.apply(this, what);
				};
			});
			await page.goto(`/?customer=${customer}`);
			await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Processing');
			expect(await page.evaluate(() => window.felt)).toBe(reducedMotion === 'reduce' ? 0 : 1);
		});
	});

test('while nobody looks nothing is asked, and on return what was missed is told',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [noPicture()]);
	const asked = await openLive(page, customer);
	await hide(page, true);
	await order('POST', `/api/batches/${batch.id}/retry`);
	await expect.poll(async () =>
		(await (await fetch(`${GATEWAY}/api/batches/${batch.id}`)).json()).run_no).toBe(2);
	expect(asked.lists).toBe(2);
	await hide(page, false);
	await rowOf(page, batch).locator('.toggle').click();
	await expect(rowOf(page, batch).locator('.facts')).toContainText('Run2');
	expect(asked.headers.at(-1)['last-event-id']).toMatch(/^\d+-/);
	expect(asked.headers[0]['last-event-id']).toBeUndefined();
});

test('when more was missed than can be told the list is asked for', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.route(isEvents, (route) => route.fulfill({
		contentType: 'text/event-stream', body: 'event: reset\nid: 1-0\ndata: {}\n\n' }), { times: 1 });
	const asked = listening(page);
	await page.goto(`/?customer=${customer}`);
	await expect(rowOf(page, batch)).toBeVisible();
	await expect.poll(() => asked.lists).toBeGreaterThan(1);
	await expect(pulse(page)).toHaveText('Live');
});

test('without events the page asks by itself, and says so', async ({ page, customer, expected }) => {
	expected.push(/503/);
	await submitAndFinish(customer, pictures(1));
	await page.route(isEvents, (route) => route.fulfill({ status: 503 }));
	await page.goto(`/?customer=${customer}`);
	await expect(pulse(page)).toHaveText('Not live: asks every 10 s');
	const batch = await submit(customer, pictures(1));
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Completed', { timeout: 30_000 });
	await page.unroute(isEvents);
	await expect(pulse(page)).toHaveText('Live', { timeout: 40_000 });
});

test('a gateway that goes away is said, since when, and all is right again when it is back',
async ({ page, customer, expected }) => {
	expected.push(/ERR_/, /503/);	// 503: while it does not read the topic yet
	const batch = await submitAndFinish(customer, pictures(1));
	await openLive(page, customer);
	stack('stop', 'gateway');
	try {
		await expect(pulse(page)).toHaveText(/^Behind since \d\d:\d\d:\d\d$/);
		await expect(page.locator('#alert')).toContainText('The gateway does not answer.');
		await expect(rowOf(page, batch)).toBeVisible();
	} finally {
		stack('start', 'gateway');
	}
	await expect(pulse(page)).toHaveText('Live', { timeout: 40_000 });
	await expect(page.locator('#alert')).toBeHidden();
	await order('DELETE', `/api/batches/${batch.id}`);
	await expect(names(page)).toHaveCount(0);
});
