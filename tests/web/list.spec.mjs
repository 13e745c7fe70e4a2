// SPDX-License-Identifier: Apache-2.0
// The rows of the list, what unfolds under them, the download, and how all of it stays up to date.
import { execFileSync } from 'node:child_process';
import {
	expect, isList, noPicture, pictures, readBatch, rowOf, submit, submitAndFinish, test,
} from './line.mjs';

test('a row shows name, description, files, progress, status in words and times',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(3), { description: 'Lobby, second round' });
	await page.goto(`/?customer=${customer}`);
	const row = rowOf(page, batch);
	await expect(row.locator('[data-part="name"]')).toHaveText(batch.base_directory_name);
	await expect(row).toContainText('Lobby, second round');
	await expect(row.locator('.c-status')).toHaveText('Completed');
	await expect(row.locator('.c-files')).toContainText('3');
	await expect(row.locator('.numbers')).toHaveText('3 of 3');
	const bar = row.getByRole('progressbar');
	await expect(bar).toHaveAttribute('aria-valuenow', '3');
	await expect(bar).toHaveAttribute('aria-valuemax', '3');
	const filled = await bar.evaluate((b) => b.querySelector('.done').offsetWidth / b.offsetWidth);
	expect(filled).toBeGreaterThan(0.99);
});

test('a time is relative, and exact on hover', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	const created = rowOf(page, batch).locator('time[data-part="created"]');
	await expect(created).toHaveText(/just now|\d+ (s|min) ago/);
	await expect(created).toHaveAttribute('datetime', batch.created_at);
	await expect(created).toHaveAttribute('title', / \(.*\)$/);
	expect(await created.getAttribute('title')).toContain(batch.created_at);
	await expect(rowOf(page, batch).locator('time[data-part="ended"]'))
		.toHaveAttribute('datetime', batch.completed_at);
});

test('the status has a shape of its own beside its word', async ({ page, customer }) => {
	const good = await submitAndFinish(customer, pictures(1));
	const bad = await submitAndFinish(customer, [noPicture()]);
	await page.goto(`/?customer=${customer}`);
	const shape = (batch) => rowOf(page, batch).locator('.c-status use').getAttribute('href');
	await expect(rowOf(page, bad).locator('.c-status')).toHaveText('Failed');
	expect(await shape(good)).toBe('#i-completed');
	expect(await shape(bad)).toBe('#i-failed');
});

test('a row unfolds to its jobs and folds again', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(3));
	await page.goto(`/?customer=${customer}`);
	const row = rowOf(page, batch);
	const toggle = row.locator('.toggle');
	await expect(toggle).toHaveAttribute('aria-expanded', 'false');
	await toggle.click();
	await expect(toggle).toHaveAttribute('aria-expanded', 'true');
	await expect(row.locator('.job')).toHaveCount(3);
	await expect(row.locator('.job .file')).toHaveText(['lobby-1.jpg', 'lobby-2.jpg', 'lobby-3.jpg']);
	await expect(row.locator('.job .status')).toHaveText(['Completed', 'Completed', 'Completed']);
	await toggle.click();
	await expect(toggle).toHaveAttribute('aria-expanded', 'false');
	await expect(row.locator('.job').first()).toBeHidden();
});

test('the previews of the jobs are loaded', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(4));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const images = rowOf(page, batch).locator('.job img');
	await expect(images).toHaveCount(4);
	for (const image of await images.all()) {
		await image.scrollIntoViewIfNeeded();
		const longSide = () => image.evaluate((i) => Math.max(i.naturalWidth, i.naturalHeight));
		await expect.poll(longSide).toBe(256);
		await expect(image).toHaveAttribute('alt', /Preview of lobby-\d\.jpg/);
	}
});

test('a job links to each of its outputs', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1), { pipeline: 2 });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const links = rowOf(page, batch).locator('.outputs a');
	await expect(links).toHaveText(['hero', 'square', 'thumbnail']);
	const output = await page.request.get(await links.nth(0).evaluate((a) => a.href));
	expect(output.status()).toBe(200);
	expect(output.headers()['content-type']).toBe('image/jpeg');
});

test('a job that failed says why', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture('torn.jpg')]);
	const failed = batch.jobs.find((job) => job.file_name === 'torn.jpg');
	expect(failed.error_message).toBeTruthy();
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('.c-status')).toHaveText('Partial');
	await expect(row.locator('.numbers')).toHaveText('1 of 2, 1 failed');
	const card = row.locator('.job').filter({ hasText: 'torn.jpg' });
	await expect(card.locator('.status')).toHaveText('Failed');
	await expect(card.locator('.why')).toHaveText(failed.error_message);
	await row.getByRole('button', { name: 'Failed 1' }).click();
	await expect(row.locator('.job .file')).toHaveText(['torn.jpg']);
});

test('download gives the ZIP of the batch under its name', async ({ page, customer }, info) => {
	const batch = await submitAndFinish(customer, pictures(2));
	await page.goto(`/?customer=${customer}`);
	const coming = page.waitForEvent('download');
	await rowOf(page, batch).getByRole('link', { name: /^Download/ }).click();
	const download = await coming;
	expect(download.suggestedFilename()).toBe(`${batch.base_directory_name}.zip`);
	const path = info.outputPath('batch.zip');
	await download.saveAs(path);
	expect(execFileSync('unzip', ['-t', path], { encoding: 'utf8' })).toContain('No errors detected');
	const entries = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' }).trim().split('\n');
	expect(entries.filter((name) => name.endsWith('.jpg'))).toHaveLength(2);
});

test('an unfolded batch links to its contact sheet, once there is one', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(2));
	await page.goto(`/?customer=${customer}`);
	await rowOf(page, batch).locator('.toggle').click();
	const link = page.getByRole('link', { name: 'Contact sheet' });
	const answer = await page.request.get(await link.evaluate((a) => a.href));
	expect(answer.headers()['content-type']).toBe('image/jpeg');
	expect((await answer.body()).length).toBeGreaterThan(1000);
});

test('download is off while the batch is unfinished, and says why', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.route(isList, async (route) => {	// the list as it was a moment earlier
		const response = await route.fetch();
		const json = await response.json();
		Object.assign(json.data[0], {
			status: 'processing', archive: null, completed_at: null,
			jobs_completed: 0, jobs_processing: 1,
		});
		await route.fulfill({ response, json });
	});
	await page.goto(`/?customer=${customer}`);
	const link = rowOf(page, batch)
		.getByRole('link', { name: /^Download .*: Ready when the batch is finished$/ });
	await expect(link).toHaveAttribute('aria-disabled', 'true');
	await expect(link).not.toHaveAttribute('href');
	await page.unroute(isList);
	await page.reload();	// nothing happens that would bring another look about
	await expect(rowOf(page, batch).getByRole('link', { name: /^Download/ }))
		.toHaveAttribute('href', /download$/);
});

test('download is off for a batch without any output, and says why', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [noPicture()]);
	await page.goto(`/?customer=${customer}`);
	const link = rowOf(page, batch).getByRole('link', { name: /No picture was rendered$/ });
	await expect(link).toHaveAttribute('aria-disabled', 'true');
});

test('a running batch is followed to its end in place', async ({ page, customer }) => {
	const batch = await submit(customer, pictures(18), { pipeline: 2 });
	await page.goto(`/?customer=${customer}`);
	const row = rowOf(page, batch);
	const toggle = row.locator('.toggle');
	await toggle.focus();
	await page.keyboard.press('Enter');
	await row.evaluate((node) => { node.stayed = true; });
	await expect(row.locator('.c-status')).toHaveText('Completed', { timeout: 60_000 });
	await expect(row.locator('.numbers')).toHaveText('18 of 18');
	await expect(row.locator('.job .status')).toHaveText(Array(18).fill('Completed'));
	await expect(row.getByRole('link', { name: /^Download/ })).toHaveAttribute('href', /download$/);
	expect(await row.evaluate((node) => node.stayed)).toBe(true);
	await expect(toggle).toBeFocused();
	await expect(toggle).toHaveAttribute('aria-expanded', 'true');
	await expect(page.getByRole('status')).toContainText(`${batch.base_directory_name}: Completed`);
});

test('a batch that comes from elsewhere appears by itself', async ({ page, customer }) => {
	const first = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await expect(rowOf(page, first)).toBeVisible();
	const second = await submit(customer, pictures(1));
	await expect(rowOf(page, second)).toBeVisible({ timeout: 30_000 });
	await expect(rowOf(page, second).locator('.c-status'))
		.toHaveText('Completed', { timeout: 30_000 });
	expect((await readBatch(second.batch_id)).status).toBe(200);
});
