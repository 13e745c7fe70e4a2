// SPDX-License-Identifier: Apache-2.0
// The form for a new batch: what it takes, what it refuses before anything is sent, what becomes of it.
import { execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, finished, isList, names, pictures, submitAndFinish, test } from './line.mjs';

const chosen = (n) => pictures(n).map(({ name, bytes }) =>
	({ name, mimeType: 'image/jpeg', buffer: bytes }));

// The real list of a customer without any batch: what a new installation answers.
const asIfNew = (page, customer) => page.route(isList, (route) => {
	const url = new URL(route.request().url());
	url.searchParams.set('customer_prefix', customer);
	return route.continue({ url: url.href });
});

test('an empty page teaches the first submission', async ({ page, customer }) => {
	await asIfNew(page, customer);
	await page.goto('/');
	await expect(page.getByRole('heading', { name: 'Submit the first batch' })).toBeVisible();
	await expect(page.getByText('batchline submit PICTURES/ --pipeline 2 --watch')).toBeVisible();
	await expect(page.locator('#curl'))
		.toContainText(`curl ${new URL(page.url()).origin}/api/jobs/batch`);
	await expect(page.getByLabel('Pipeline').locator('option'))
		.toContainText(['1 – web', '2 – 3-view render']);
	await expect(page.locator('#list')).toBeHidden();
	await expect(page.getByRole('button', { name: 'New batch' })).toBeHidden();
});

test('the lines that the empty page teaches are right', async ({ page, customer }, info) => {
	await asIfNew(page, customer);
	await page.goto('/');
	const curl = await page.locator('#curl').textContent();
	for (const name of ['PL_DXB_lobby.jpg', 'PL_DXB_pool.jpg'])
		writeFileSync(info.outputPath(name), pictures(1)[0].bytes);
	const said = execSync(`${curl} --silent`, { cwd: info.outputPath('.'), encoding: 'utf8' });
	const answer = JSON.parse(said);
	expect(answer.job_count).toBe(2);
	expect(answer.base_directory_name).toMatch(/^PL_DXB_/);
	await finished(answer);
});

test('the first batch is submitted from the empty page and followed',
async ({ page, customer }) => {
	await asIfNew(page, customer);
	await page.goto('/');
	await page.getByLabel('Choose pictures').setInputFiles(chosen(2));
	await expect(page.getByText(/^2 files, \d+ kB$/)).toBeVisible();
	await page.getByLabel('Pipeline').selectOption('2');
	await page.getByRole('textbox', { name: 'Description' }).fill('From the page');
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(names(page)).toHaveText([new RegExp(`^${customer}_`)]);
	await expect(page.getByRole('heading', { name: 'Submit the first batch' })).toBeHidden();
	const row = page.locator('tbody.batch');
	await expect(row).toContainText('From the page');
	await expect(row.locator('.toggle')).toHaveAttribute('aria-expanded', 'true');
	await expect(row.locator('.c-status')).toHaveText('Completed', { timeout: 30_000 });
	await expect(row.locator('.job')).toHaveCount(2);
	await expect(row.locator('.facts')).toContainText('2 – 3-view render');
});

test('pictures dropped on the page are taken', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(1);
	const bytes = pictures(1)[0].bytes.toString('base64');
	const transfer = await page.evaluateHandle((base64) => {
		const data = new DataTransfer();
		const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
		data.items.add(new File([raw], 'dropped.jpg', { type: 'image/jpeg' }));
		return data;
	}, bytes);
	await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
	await expect(page.getByRole('heading', { name: 'New batch' })).toBeVisible();
	await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
	await expect(page.locator('#chosen')).toHaveText(/^1 file, /);
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('.job .file').first()).toHaveText('dropped.jpg');
});

test('the customer and the name that a batch will have are shown before it is sent',
async ({ page, customer }) => {
	await openForm(page, customer, {});
	const named = page.locator('#named');
	const field = page.getByRole('textbox', { name: 'Customer' });
	const choose = (name) => page.getByLabel('Choose pictures')
		.setInputFiles([{ name, mimeType: 'image/jpeg', buffer: pictures(1)[0].bytes }]);
	await field.fill('');
	await choose(`${customer}_lobby.jpg`);
	await expect(field).toHaveValue(customer);
	await expect(named).toContainText(new RegExp(`called ${customer}_\\d{4}-\\d\\d-\\d\\d_batch-N`));
	await choose('lobby.jpg');
	await expect(field).toHaveValue('');
	await expect(named).toContainText('called UNSORTED_');
	await field.fill('NW_AUH');
	await choose(`${customer}_lobby.jpg`);
	await expect(field).toHaveValue('NW_AUH');
	await expect(named).toContainText('called NW_AUH_');
	await field.fill(customer);
	const said = (await named.textContent()).match(/called (\S+)_batch-N/)[1];
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(names(page).first()).toHaveText(`${said}_batch-2`);
});

test('a submission that is refused is said beside the form',
async ({ page, customer, expected }) => {
	expected.push(/4\d\d/);
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await expect(page.getByLabel('Choose pictures')).toBeFocused();
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#submit-problems')).toHaveText('Choose at least one picture.');
	await page.getByLabel('Choose pictures').setInputFiles(chosen(1));
	await expect(page.locator('#submit-problems')).toBeHidden();
	await page.getByRole('textbox', { name: 'Customer' }).fill('not a prefix');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#submit-problems')).toContainText('customer_prefix');
	await expect(page.getByText(/^1 file, /)).toBeVisible();
	await page.getByRole('button', { name: 'Close' }).click();
	await expect(page.getByRole('button', { name: 'New batch' })).toBeFocused();
});

test('a form that is sent again is the same submission, and a changed one another',
async ({ page, customer, expected }) => {
	expected.push(/ERR_FAILED/);
	const keys = [];
	page.on('request', (request) => request.method() === 'POST'
		&& request.url().endsWith('/batch') && keys.push(request.headers()['idempotency-key']));
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByLabel('Choose pictures').setInputFiles(chosen(1));
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
	await page.route('**/api/jobs/batch', (route) => route.abort());
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#held')).toContainText('does not answer');
	await expect.poll(() => keys.length).toBeGreaterThan(1);
	await page.getByRole('button', { name: 'Stop' }).click();
	await expect(page.locator('#submit-problems')).toHaveText(/^Stopped/);
	await expect(page.getByRole('button', { name: 'Submit batch' })).toBeFocused();
	const before = keys.length;
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect.poll(() => keys.length).toBeGreaterThan(before);
	await page.getByRole('button', { name: 'Stop' }).click();
	expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
	expect(new Set(keys).size).toBe(1);
	await page.unroute('**/api/jobs/batch');
	await page.getByRole('textbox', { name: 'Description' }).fill('another');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	expect(keys.at(-1)).not.toBe(keys[0]);
});

// The form, open, of a customer whose gateway says these limits.
async function openForm(page, customer, limits) {
	await submitAndFinish(customer, pictures(1));
	await page.route('**/api/session', async (route) => {
		const response = await route.fetch();
		const json = await response.json();
		await route.fulfill({ response, json: { ...json, limits: { ...json.limits, ...limits } } });
	});
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
}

test('what is too large, too many, empty or no picture is said before it is sent, with the limit',
async ({ page, customer }) => {
	const sent = [];
	page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
	await openForm(page, customer, { files: 2, file_bytes: 50_000, form_bytes: 120_000 });
	const file = (name, size, mimeType = 'image/jpeg') => ({ name, mimeType, buffer: Buffer.alloc(size, 1) });
	const problems = page.locator('#submit-problems li');
	const cases = [
		[[file('large.jpg', 60_000)], 'large.jpg has 60 kB; a picture may have 50 kB.'],
		[[file('a.jpg', 9), file('b.jpg', 9), file('c.jpg', 9)], 'These are 3 files; a batch may have 2.'],
		[[file('empty.jpg', 0)], 'empty.jpg is empty.'],
		[[file('notes.txt', 9, 'text/plain')], 'notes.txt is no JPEG, PNG, WebP, TIFF, GIF or AVIF.'],
	];
	for (const [files, words] of cases) {
		await page.getByLabel('Choose pictures').setInputFiles(files);
		await expect(problems).toHaveText([words]);
		await page.getByRole('button', { name: 'Submit batch' }).click();
		await expect(problems).toHaveText([words]);
	}
	expect(sent).toEqual([]);
	await page.getByLabel('Choose pictures').setInputFiles([file('small.jpg', 9)]);
	await expect(page.locator('#submit-problems')).toBeHidden();
});

test('a batch without a name yet is said to be submitted', async ({ page, customer }) => {
	await openForm(page, customer, {});
	await page.route('**/api/jobs/batch', (route) =>
		route.continue({ headers: { ...route.request().headers(), prefer: 'respond-async' } }));
	await page.getByLabel('Choose pictures').setInputFiles(chosen(2));
	const answered = page.waitForResponse('**/api/jobs/batch');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	expect((await answered).status()).toBe(202);
	await expect(names(page).first()).toHaveText(new RegExp(`^${customer}_`));
	await expect(page.locator('body')).not.toContainText('null');
	await expect(page.locator('.job')).toHaveCount(2);
});

test('who leaves while pictures are sent is asked first', async ({ page, customer, expected }) => {
	expected.push(/ERR_/);
	await openForm(page, customer, {});
	let letGo;
	const held = new Promise((resolve) => { letGo = resolve; });
	await page.route('**/api/jobs/batch', async (route) => {
		await held;
		await route.continue();
	});
	await page.getByLabel('Choose pictures').setInputFiles(chosen(1));
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#send')).toBeDisabled();
	const asked = page.waitForEvent('dialog');
	const leaving = page.goto('about:blank').catch(() => {});
	const dialog = await asked;
	expect(dialog.type()).toBe('beforeunload');
	await dialog.dismiss();
	letGo();
	await leaving;
	await expect(names(page).first()).toHaveText(new RegExp(`^${customer}_`));
	await expect(page.locator('#submit')).toBeHidden();
	await page.goto('about:blank');		// and nobody asks any more
});

test('a batch has the priority and the tolerated failures that the form says',
async ({ page, customer }) => {
	await openForm(page, customer, {});
	await page.getByLabel('Choose pictures').setInputFiles(chosen(1));
	await page.getByText('More settings').click();
	await page.getByLabel('Priority').fill('10');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#submit-problems')).toContainText('Priority: ');
	await page.getByLabel('Priority').fill('8');
	await page.getByLabel('Failures tolerated').fill('0');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	const facts = page.locator('tbody.batch').first().locator('.facts');
	await expect(facts).toContainText('Priority8');
	await expect(facts).toContainText('Failures tolerated0');
});
