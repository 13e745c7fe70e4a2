// SPDX-License-Identifier: Apache-2.0
// The pictures of the form on their way: one by one, over a lost connection, none of them twice.
import AxeBuilder from '@axe-core/playwright';
import { expect, names, pictures, readBatch, submitAndFinish, test } from './line.mjs';

// No two have the same bytes, and nobody sent them before.
const chosen = (customer, n) => pictures(n).map(({ name, bytes }, i) => ({ name, mimeType: 'image/jpeg',
	buffer: Buffer.concat([bytes, Buffer.from(`${customer} ${i}`)]) }));
const BLOBS = '**/api/blobs';
const submitButton = (page) => page.getByRole('button', { name: 'Submit batch' });
const rows = (page) => page.locator('#sending li');

async function fill(page, customer, files) {
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByLabel('Choose pictures').setInputFiles(files);
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
}

// The bodies that the gateway was given, as they were asked for.
function watch(page) {
	const sent = [];
	page.on('request', (request) => request.url().endsWith('/api/blobs') && sent.push(request));
	return sent;
}

test('each picture shows how far it is, and all of them how many are sent',
async ({ page, customer }) => {
	await fill(page, customer, chosen(customer, 6));
	let letGo;
	const held = new Promise((resolve) => { letGo = resolve; });
	let n = 0;
	await page.route(BLOBS, async (route) => {
		if (++n > 2)
			await held;
		await route.continue();
	});
	await submitButton(page).click();
	await expect(page.getByRole('button', { name: 'Stop' })).toBeFocused();
	await expect(page.locator('#sending')).toContainText('2 of 6 pictures sent');
	await expect(rows(page)).toHaveCount(5);		// three are under way
	await expect(page.getByRole('progressbar', { name: 'lobby-1.jpg' })).toHaveJSProperty('value', 1);
	await expect(page.getByRole('textbox', { name: 'Customer' })).toBeDisabled();
	await expect(page.locator('#news')).toContainText('2 of 6 pictures sent');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/sending.png` });
	letGo();
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	await expect(page.locator('.job .file')).toHaveText(
		Array.from({ length: 6 }, (_, i) => `lobby-${i + 1}.jpg`));
	await expect(page.locator('#submit')).toBeHidden();
});

test('a lost connection is waited for, and what was sent is not sent again',
async ({ page, customer, expected }) => {
	expected.push(/ERR_FAILED/);
	await fill(page, customer, chosen(customer, 5));
	const sent = watch(page);
	let n = 0;
	let isLost = true;
	await page.route(BLOBS, (route) => (++n > 2 && isLost ? route.abort() : route.continue()));
	await submitButton(page).click();
	await expect(page.locator('#held')).toHaveText(/does not answer.* It goes on by itself/);
	await expect(page.locator('#sending')).toContainText('2 of 5 pictures sent');
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/sending-held.png` });
	isLost = false;
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	const answers = await Promise.all(sent.map((request) => request.response()));
	expect(answers.filter((answer) => answer?.status() === 201)).toHaveLength(5);
});

test('a picture that is refused keeps its reason, and the others are sent; it is tried again or left out',
async ({ page, customer, expected }) => {
	expected.push(/413/);
	await fill(page, customer, chosen(customer, 4));
	const isRefused = (request) => ['3', '1'].some((i) =>
		request.postDataBuffer().subarray(-11).toString().endsWith(`${customer} ${i}`.slice(-11)));
	await page.route(BLOBS, (route) => (isRefused(route.request())
		? route.fulfill({ status: 413, contentType: 'application/problem+json',
			body: JSON.stringify({ title: 'Too large', detail: 'A picture may have 5 bytes' }) })
		: route.continue()));
	const submitted = [];
	page.on('request', (request) => request.url().endsWith('/batch') && submitted.push(request));
	await submitButton(page).click();
	await expect(page.locator('#submit-problems'))
		.toHaveText('2 pictures could not be sent, so nothing was submitted.');
	await expect(rows(page)).toHaveCount(2);
	await expect(rows(page).first()).toContainText('Too large. A picture may have 5 bytes.');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/sending-refused.png` });
	await page.getByRole('button', { name: 'Leave out: lobby-2.jpg' }).click();
	await expect(rows(page)).toHaveCount(1);
	await expect(page.locator('#chosen')).toHaveText(/^3 files/);
	expect(submitted).toEqual([]);
	await page.unroute(BLOBS);
	const sent = watch(page);
	await page.getByRole('button', { name: 'Try again: lobby-4.jpg' }).click();
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	await expect(page.locator('.job .file')).toHaveText(['lobby-1.jpg', 'lobby-3.jpg', 'lobby-4.jpg']);
	expect(sent).toHaveLength(1);
});

test('the same picture is sent once, whatever it is called and however often', async ({ page, customer }) => {
	const [one] = chosen(customer, 1);
	await fill(page, customer, [one, { ...one, name: 'again.jpg' }]);
	const sent = watch(page);
	await submitButton(page).click();
	await expect(page.locator('.job .file')).toHaveText(['lobby-1.jpg', 'again.jpg']);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByLabel('Choose pictures').setInputFiles([one]);
	await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
	await submitButton(page).click();
	await expect(names(page).first()).toHaveText(/_batch-3$/);
	expect(sent).toHaveLength(1);
});

test('what is stopped goes on where it was; what the store has lost is sent again',
async ({ page, customer, expected }) => {
	expected.push(/400/);
	await fill(page, customer, chosen(customer, 4));
	let n = 0;
	await page.route(BLOBS, (route) => (++n > 2 ? undefined : route.continue()));
	await submitButton(page).click();
	await expect(page.locator('#sending')).toContainText('2 of 4 pictures sent');
	await page.getByRole('button', { name: 'Stop' }).click();
	await expect(page.locator('#submit-problems')).toHaveText(/^Stopped/);
	await expect(page.locator('#sending')).toBeHidden();
	await page.unroute(BLOBS);
	const sent = watch(page);
	await page.route('**/api/jobs/batch', (route) => {	// as after a day
		const body = route.request().postDataJSON();
		body.files[0].source_uri = `blob:sha256/${'0'.repeat(64)}`;
		return route.continue({ postData: JSON.stringify(body) });
	}, { times: 1 });
	await submitButton(page).click();
	await expect(page.locator('#submit-problems')).toContainText('is not in the store');
	expect(sent).toHaveLength(2);
	await submitButton(page).click();
	await expect(names(page).first()).toHaveText(/_batch-2$/);
	expect(sent).toHaveLength(6);
	const id = await page.locator('tbody.batch').first().getAttribute('data-key');
	expect((await (await readBatch(id)).json()).total_files).toBe(4);
});
