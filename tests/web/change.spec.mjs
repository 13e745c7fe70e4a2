// SPDX-License-Identifier: Apache-2.0
// What a person can do to a batch: delete, cancel, pause, retry.
import {
	expect, finished, names, noPicture, pictures, readBatch, rowOf, submit, submitAndFinish, test,
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

test('an unfinished batch can be given another priority', async ({ page, customer }) => {
	const batch = await submit(customer, pictures(60), { pipeline: 2 });
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	await button(page, batch, 'Pause').click();
	const row = rowOf(page, batch);
	const priority = row.getByRole('combobox', { name: 'Priority' });
	await expect(priority).toHaveValue('5');
	await priority.selectOption('9');
	await expect(row.locator('.facts')).toContainText('Priority9', { timeout: 30_000 });
	expect((await (await readBatch(batch.batch_id)).json()).priority).toBe(9);
	await fetch(`${process.env.BATCHLINE_URL}/api/batches/${batch.batch_id}/cancel`, { method: 'POST' });
	await expect(priority).toBeDisabled({ timeout: 30_000 });
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
	await button(page, batch, 'Retry what is missing').click();
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

test('a cancel is taken back by a key: what it stopped goes on, what failed before stays failed',
async ({ page, customer }) => {
	const batch = await submit(customer, [noPicture(), ...pictures(60)], { pipeline: 2 });
	const read = async () => (await readBatch(batch.batch_id)).json();
	await expect.poll(async () => (await read()).jobs_failed, { timeout: 30_000 }).toBe(1);
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Cancel').click();
	await page.getByRole('button', { name: 'Cancel batch' }).click();
	const undo = page.getByRole('group', { name: 'What was done last' });
	await expect(undo).toContainText(`${batch.base_directory_name}: cancel asked for`);
	await page.keyboard.press('u');
	await expect(undo).toBeHidden();
	await expect.poll(async () => (await read()).run_no, { timeout: 30_000 }).toBe(2);
	expect(await read()).toMatchObject({ jobs_cancelled: 0, jobs_failed: 1 });
	await fetch(`${process.env.BATCHLINE_URL}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});

test('what cannot be taken back says so: a delete is not offered to be undone', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await button(page, batch, 'Delete').click();
	await expect(page.getByRole('dialog')).toContainText('with no way back');
	await page.getByRole('button', { name: 'Delete batch' }).click();
	await expect(rowOf(page, batch)).toHaveCount(0);
	await expect(page.locator('#undo')).toBeHidden();
	await page.keyboard.press('u');
	await expect(page.locator('#news')).toContainText('There is nothing to take back');
});
