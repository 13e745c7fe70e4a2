// SPDX-License-Identifier: Apache-2.0
// What a person can do to a batch: delete, cancel, retry; and submit a new one.
import { execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
	expect, finished, isList, names, noPicture, pictures, readBatch, rowOf, submit,
	submitAndFinish, test,
} from './line.mjs';

const button = (page, batch, verb) =>
	rowOf(page, batch).getByRole('button', { name: new RegExp(`^${verb}`) });

test('delete asks first, and keeps the batch when told so', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Delete').click();
	const dialog = page.getByRole('dialog', { name: `Delete ${batch.base_directory_name}?` });
	await expect(dialog).toBeVisible();
	await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeFocused();
	await dialog.getByRole('button', { name: 'Keep it' }).click();
	await expect(dialog).toBeHidden();
	await expect(button(page, batch, 'Delete')).toBeFocused();
	await button(page, batch, 'Delete').click();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	expect((await readBatch(batch.id)).status).toBe(200);
});

test('delete takes the batch away and leaves the focus beside it', async ({ page, customer }) => {
	const older = await submitAndFinish(customer, pictures(1));
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Delete').click();
	await page.getByRole('button', { name: 'Delete batch' }).click();
	await expect(rowOf(page, batch)).toHaveCount(0);
	await expect(page.getByRole('dialog')).toBeHidden();
	await expect(rowOf(page, older).locator('.toggle')).toBeFocused();
	await expect.poll(async () => (await readBatch(batch.id)).status).toBe(404);
	await page.reload();
	await expect(names(page)).toHaveText([older.base_directory_name]);
});

test('a delete that fails is said in the dialog and can be tried again',
async ({ page, customer, expected }) => {
	expected.push(/503/);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.route('**/api/batches/*', (route) => route.fulfill({
		status: 503, contentType: 'application/problem+json',
		body: JSON.stringify({ title: 'The line is busy', detail: 'Kafka does not answer', status: 503 }),
	}));
	await button(page, batch, 'Delete').click();
	const dialog = page.getByRole('dialog');
	await dialog.getByRole('button', { name: 'Delete batch' }).click();
	await expect(dialog.getByRole('alert')).toHaveText('The line is busy. Kafka does not answer.');
	await page.unroute('**/api/batches/*');
	await dialog.getByRole('button', { name: 'Try again' }).click();
	await expect(dialog).toBeHidden();
	await expect(rowOf(page, batch)).toHaveCount(0);
});

test('an unfinished batch can be cancelled', async ({ page, customer }) => {
	const batch = await submit(customer, pictures(60), { pipeline: 2 });
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Cancel').click();
	const dialog = page.getByRole('dialog', { name: `Cancel ${batch.base_directory_name}?` });
	await expect(dialog.getByRole('button', { name: 'Go on rendering' })).toBeFocused();
	const retry = button(page, batch, 'Retry');
	await expect(retry).toHaveCount(0);
	await dialog.getByRole('button', { name: 'Cancel batch' }).click();
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Cancelled', { timeout: 30_000 });
	const after = await finished(batch);
	expect(after.jobs_cancelled).toBeGreaterThan(0);
	await expect(rowOf(page, batch).locator('.numbers'))
		.toContainText(`${after.jobs_cancelled} cancelled`);
	await expect(retry).toBeVisible();
	const places = await rowOf(page, batch).locator('.c-do .small').evaluateAll((buttons) =>
		buttons.map((b) => b.getBoundingClientRect().x));
	expect(new Set(places).size).toBe(4);	// none takes the place of another
});

test('an unfinished batch can be paused and goes on', async ({ page, customer }) => {
	const batch = await submit(customer, pictures(60), { pipeline: 2 });
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Pause').click();
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Paused', { timeout: 30_000 });
	await button(page, batch, 'Resume').click();
	await expect(rowOf(page, batch).locator('.c-status')).toHaveText('Processing', { timeout: 30_000 });
	await fetch(`${process.env.BATCHLINE_URL}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});

test('to delete what another tab deleted is no error', async ({ page, customer, expected }) => {
	expected.push(/404/);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.route('**/api/events?*', (route) => route.abort());	// it does not hear of it
	expected.push(/ERR_FAILED/);
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Delete').click();
	await fetch(`${process.env.BATCHLINE_URL}/api/batches/${batch.id}`, { method: 'DELETE' });
	await page.getByRole('button', { name: 'Delete batch' }).click();
	await expect(page.getByRole('dialog')).toBeHidden();
	await expect(rowOf(page, batch)).toHaveCount(0);
});

test('what failed can be tried again', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('.facts')).toContainText('Run1');
	await button(page, batch, 'Retry').click();
	await expect(row.locator('.facts')).toContainText('Run2');
	await expect(row.locator('.c-status')).toHaveText('Partial', { timeout: 30_000 });
	await expect(row.locator('.job').filter({ hasText: 'broken.jpg' })).toContainText('attempt 2');
});

test('a command that fails is said with the batch it was meant for',
async ({ page, customer, expected }) => {
	expected.push(/503/);
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	await page.goto(`/?customer=${customer}`);
	await page.route('**/retry', (route) => route.fulfill({ status: 503, body: 'no' }));
	await button(page, batch, 'Retry').click();
	const alert = page.getByRole('alert').filter({ hasText: 'was not started again' });
	await expect(alert).toContainText(batch.base_directory_name);
	await expect(alert).toContainText('was not started again. The gateway answered 503.');
	await alert.getByRole('button', { name: 'Dismiss' }).click();
	await expect(alert).toBeHidden();
});

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
		&& keys.push(request.headers()['idempotency-key']));
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByLabel('Choose pictures').setInputFiles(chosen(1));
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
	await page.route('**/api/jobs/batch', (route) => route.abort());
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.locator('#submit-problems')).toContainText('does not answer');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect.poll(() => keys.length).toBe(2);
	await expect(page.locator('#send')).toBeEnabled();
	await page.unroute('**/api/jobs/batch');
	await page.getByRole('textbox', { name: 'Description' }).fill('another');
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect.poll(() => keys.length).toBe(3);
	expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
	expect(keys[1]).toBe(keys[0]);
	expect(keys[2]).not.toBe(keys[0]);
});
