// SPDX-License-Identifier: Apache-2.0
// The jobs of a batch that has ten thousand of them, most of which the page has not read.
import AxeBuilder from '@axe-core/playwright';
import {
	expect, finished, noPicture, pictures, rowOf, submit, submitAndFinish, test,
} from './line.mjs';

const expectAccessible = async (page) => expect((await new AxeBuilder({ page }).analyze()).violations
	.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(' | ')}`)).toEqual([]);
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

// A picture of each look, for people, with LOOK=DIR.
async function look(page) {
	const { width, height } = page.viewportSize();
	for (const [name, { size, ...media }] of Object.entries({
		light: {}, dark: { colorScheme: 'dark' }, phone: { size: { width: 375, height: 812 } },
	})) {
		await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', ...media });
		await page.setViewportSize(size ?? { width, height });
		await expectAccessible(page);
		if (process.env.LOOK)
			await page.screenshot({ path: `${process.env.LOOK}/ten-thousand-${name}.png` });
	}
	await page.emulateMedia({ colorScheme: null, reducedMotion: null });
	await page.setViewportSize({ width, height });
}

test.describe.configure({ timeout: 240_000 });

test('of ten thousand jobs the three that failed are seen at once, and any place can be looked at',
async ({ page, customer }) => {
	const bad = [5000, 5001, 5002];
	const batch = await submitMany(customer, 10_000, (i) => (bad.includes(i) ? 'bad' : 'good'));
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('.c-status')).toHaveText('Partial', { timeout: 200_000 });

	await expect(row.locator('.failures li')).toHaveText(/^3 jobs.*no JPEG.*not_an_image/);
	expect(await row.locator('.bar .bad').evaluate((node) => node.offsetWidth)).toBeGreaterThan(2);
	await look(page);
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
		.toHaveAttribute('aria-label', 'Jobs 9,961 to 10,000 of 10,000');

	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}/retry`, { method: 'POST' });
	await expect(row.locator('.failures li')).toHaveText(/^3 jobs/);
	await expect(row.locator('.job').last()).toBeInViewport();
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});

test('jobs past the first thousand are refreshed while the batch works', async ({ page, customer }) => {
	const batch = await submitMany(customer, 1500, () => 'good');
	await page.goto(`/?customer=${customer}&open=${batch.batch_id}`);
	const row = rowOf(page, batch);
	await expect(row.locator('ul.jobs')).toHaveCount(Math.ceil(1500 / 40));
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

test('a job unfolds to before and after, every view, and its times, by keyboard and by its address',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(3), { pipeline: 2 });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const link = rowOf(page, batch).getByRole('link', { name: 'lobby-2.jpg', exact: true });
	await link.focus();
	await page.keyboard.press('Enter');
	const sheet = page.getByRole('dialog', { name: 'lobby-2.jpg' });
	await expect(sheet).toContainText(`picture 2 of ${batch.base_directory_name}`);
	await expect(sheet.getByRole('button', { name: 'Close' })).toBeFocused();
	await expect(sheet.getByAltText('Input of lobby-2.jpg')).toBeVisible();
	await expect(sheet.getByAltText('hero of lobby-2.jpg')).toBeVisible();
	await expect(sheet.locator('tbody tr')).toHaveText([
		/^hero\S+ × [\d,]+\d+ kBjpegOpen$/, /^square/, /^thumbnail/]);
	await expect(sheet.locator('.facts')).toBeVisible();
	await expect(sheet.locator('.facts')).toHaveText(/Queued.*Started.*Ended.*Rendered in\d+ ms.*Attempt1/s);
	await sheet.getByRole('button', { name: 'thumbnail' }).click();
	await expect(sheet.getByAltText('thumbnail of lobby-2.jpg')).toBeVisible();
	await expectAccessible(page);

	await sheet.getByRole('button', { name: 'Next' }).click();
	await expect(page.getByRole('dialog', { name: 'lobby-3.jpg' })).toBeVisible();
	const address = page.url();
	await page.keyboard.press('Escape');
	await expect(page.locator('#job')).toBeHidden();
	await expect(link).toBeFocused();
	expect(page.url()).not.toContain('#');

	await page.goto('about:blank');
	await page.goto(address);
	await expect(page.getByRole('dialog', { name: 'lobby-3.jpg' })).toContainText('Completed');
	await page.goBack();
});

test('a job that failed says why, can be tried again, and one that is gone is said to be',
async ({ page, customer, expected }) => {
	expected.push(/404/);
	const batch = await submitAndFinish(customer, [noPicture('torn.jpg'), ...pictures(1)]);
	await page.goto(`/#job/${batch.jobs[0].id}`);
	const sheet = page.getByRole('dialog', { name: 'torn.jpg' });
	await expect(sheet).toContainText('What went wrong not_an_image');
	await expect(sheet.getByLabel('Message', { exact: true })).toContainText('no JPEG');
	await expect(sheet.getByText('Attempts that failed')).toBeHidden();	// it is the one that stands there
	await expect(sheet).toContainText('cannot be shown here');
	await expect(sheet).toContainText('Nothing was made of it yet.');
	await expectAccessible(page);
	await sheet.getByRole('button', { name: 'Retry' }).click();
	await expect(sheet).toContainText('Attempt2');
	await expect(sheet).toContainText('Failed');
	await expect(sheet.locator('li')).toHaveText([/^not_an_image .*no JPEG/, /^not_an_image .*no JPEG/]);
	await expectAccessible(page);
	await sheet.getByRole('button', { name: 'Close' }).click();
	await page.evaluate(() => { location.hash = '#job/00000000-0000-0000-0000-000000000000'; });
	await expect(page.locator('#job .problem')).toContainText('There is no job of this id.');
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
