// SPDX-License-Identifier: Apache-2.0
// The jobs of a batch that has ten thousand of them, most of which the page has not read.
import { expect, finished, noPicture, rowOf, submit, submitAndFinish, test } from './line.mjs';

const GATEWAY = process.env.BATCHLINE_URL;

// Many times the same few bytes, put into the store once.
async function submitMany(customer, n, fileOf) {
	const uri = {};
	for (const [name, bytes] of Object.entries({ bad: 'no picture', good: TINY })) {
		const answer = await fetch(`${GATEWAY}/api/blobs`, { method: 'POST', body: bytes });
		uri[name] = (await answer.json()).uri;
	}
	const files = Array.from({ length: n }, (_, i) =>
		({ file_name: `view-${i + 1}.png`, source_uri: uri[fileOf(i)] }));
	const answer = await fetch(`${GATEWAY}/api/jobs/batch`, {
		method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ pipeline_id: 1, customer_prefix: customer, files }),
	});
	expect(answer.status, await answer.clone().text()).toBe(201);
	return answer.json();
}
const TINY = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8'
	+ 'AAAAASUVORK5CYII=', 'base64');

test.describe.configure({ timeout: 240_000 });

test('of ten thousand jobs the three that failed are seen at once, and any place can be looked at',
async ({ page, customer }) => {
	const bad = [5000, 5001, 5002];
	const batch = await submitMany(customer, 10_000, (i) => (bad.includes(i) ? 'bad' : 'good'));
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('.c-status')).toHaveText('Partial', { timeout: 200_000 });

	await expect(row.locator('.failures li')).toHaveText(/^3 jobs.*no JPEG.*not_an_image/);
	await row.getByRole('button', { name: 'Failed 3' }).click();
	await expect(row.locator('.job .file')).toHaveText(['view-5001.png', 'view-5002.png', 'view-5003.png']);

	await row.getByRole('button', { name: 'All 10,000' }).click();
	await expect(row.locator('.job').first()).toContainText('view-1.png');
	expect(await row.locator('.job').count()).toBeLessThan(1000);
	await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
	await expect(row.locator('.job').last()).toContainText('view-10000.png');
	await expect(row.locator('.job').last()).toBeInViewport();
	await expect(row.locator('.job').last()).toHaveAttribute('aria-posinset', '10000');
	await expect(row.locator('ul.jobs').last())
		.toHaveAttribute('aria-label', 'Jobs 9,901 to 10,000 of 10,000');

	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}/retry`, { method: 'POST' });
	await expect(row.locator('.failures li')).toHaveText(/^3 jobs/);
	await expect(row.locator('.job').last()).toBeInViewport();
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});

test('jobs past the first thousand are refreshed while the batch works', async ({ page, customer }) => {
	const batch = await submitMany(customer, 1500, () => 'good');
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('ul.jobs')).toHaveCount(15);
	await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
	await expect(row.locator('.job').last()).toContainText('view-1500.png');
	await expect(row.locator('.job').last()).toContainText('Completed', { timeout: 100_000 });
	await finished(batch);
});

test('failures of several kinds are groups, and each leads to its jobs', async ({ page, customer }) => {
	const empty = { name: 'empty.jpg', bytes: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]) };
	const batch = await submitAndFinish(customer, [noPicture('a.jpg'), empty, noPicture('b.jpg')]);
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('.failures li')).toHaveText([/^2 jobs/, /^1 job[^s]/]);
	await row.getByRole('button', { name: /^Show 2 jobs/ }).click();
	await expect(row.locator('.job .file')).toHaveText(['a.jpg', 'b.jpg']);
	await row.getByRole('button', { name: /^All/ }).click();
	await expect(row.locator('.job')).toHaveCount(3);
});

test('of a command the end of its log is there to read', async ({ page, customer }) => {
	const batch = await submit(customer, [noPicture('torn.txt')], { pipeline: 3 });
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	const why = rowOf(page, batch).locator('.job .why');
	await expect(why).toContainText('ended with exit code', { timeout: 60_000 });
	await expect(why).toContainText('is not a known file format');
	await expect(why).toHaveAttribute('title', /\(command_failed\)$/);
	expect(await why.evaluate((node) => getComputedStyle(node).overflowY)).toBe('auto');
	await why.focus();
	await expect(why).toBeFocused();	// so that it can be scrolled by keyboard
});
