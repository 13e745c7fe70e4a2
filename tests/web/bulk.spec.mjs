// SPDX-License-Identifier: Apache-2.0
// One order for all batches that the filter shows, and for single jobs of one.
import AxeBuilder from '@axe-core/playwright';
import {
	expect, names, noPicture, pictures, readBatch, rowOf, submit, submitAndFinish, test,
} from './line.mjs';

const dialog = (page) => page.getByRole('dialog');

async function openOrders(page, customer, n) {
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(n);
	await page.getByRole('button', { name: 'For all …' }).click();
	await expect(dialog(page)).toContainText(`For ${n} batches that the filter shows`);
}

test('what would happen to how many is said first, and then it happens to all',
async ({ page, customer }) => {
	const good = await submitAndFinish(customer, pictures(2));
	const partial = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	const failed = await submitAndFinish(customer, [noPicture('a.jpg'), noPicture('b.jpg')]);
	await openOrders(page, customer, 3);
	const order = (name) => dialog(page).getByRole('listitem')
		.filter({ has: page.getByRole('button', { name }) });
	await expect(order('Retry 2')).toContainText('3 pictures that failed or were cancelled');
	await expect(order('Download 2')).toContainText('2 ZIPs');
	await expect(order('Cancel 0')).toContainText('none of them can be');
	await expect(order('Cancel 0').getByRole('button')).toBeDisabled();
	await expect(order('Delete 3')).toContainText('6 pictures');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/bulk.png` });

	await order('Retry 2').getByRole('button').click();
	await expect(dialog(page)).toContainText(partial.base_directory_name);
	await expect(dialog(page)).not.toContainText(good.base_directory_name);
	await dialog(page).getByRole('button', { name: 'Leave them' }).click();
	expect((await (await readBatch(failed.id)).json()).run_no).toBe(1);

	await page.getByRole('button', { name: 'For all …' }).click();
	await dialog(page).getByRole('button', { name: 'Retry 2' }).click();
	await dialog(page).getByRole('button', { name: 'Retry 2 batches' }).click();
	await expect(dialog(page)).toBeHidden();
	for (const { id, run } of [{ ...good, run: 1 }, { ...partial, run: 2 }, { ...failed, run: 2 }])
		await expect.poll(async () => (await (await readBatch(id)).json()).run_no).toBe(run);
});

test('all that are shown are deleted, and no other', async ({ page, customer }) => {
	const other = await submitAndFinish(`${customer}_B`, pictures(1));
	await submitAndFinish(customer, pictures(1));
	await submitAndFinish(customer, pictures(1));
	await openOrders(page, customer, 2);
	await dialog(page).getByRole('button', { name: 'Delete 2' }).click();
	await dialog(page).getByRole('button', { name: 'Delete 2 batches' }).click();
	await expect(dialog(page)).toBeHidden();
	await expect(names(page)).toHaveCount(0);
	expect((await readBatch(other.id)).status).toBe(200);
});

test('an order that fails for some is said, and is tried again for those alone',
async ({ page, customer, expected }) => {
	expected.push(/503/);
	const first = await submitAndFinish(customer, [noPicture()]);
	const second = await submitAndFinish(customer, [noPicture()]);
	await openOrders(page, customer, 2);
	await page.route(`**/${second.id}/retry`, (route) => route.fulfill({ status: 503, body: 'no' }));
	await dialog(page).getByRole('button', { name: 'Retry 2' }).click();
	await dialog(page).getByRole('button', { name: 'Retry 2 batches' }).click();
	await expect(dialog(page).getByRole('alert')).toHaveText('1 batch left. The gateway answered 503.');
	await page.unroute(`**/${second.id}/retry`);
	await dialog(page).getByRole('button', { name: 'Try again' }).click();
	await expect(dialog(page)).toBeHidden();
	for (const { id } of [first, second])
		await expect.poll(async () => (await (await readBatch(id)).json()).run_no).toBe(2);
});

test('one job of a batch is tried again, or all of one kind of failure', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [noPicture('a.jpg'), noPicture('b.jpg'), ...pictures(1)]);
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const row = rowOf(page, batch);
	const card = (name) => row.locator('.job').filter({ hasText: name });
	await expect(card('lobby-1.jpg').getByRole('button')).toHaveCount(0);
	await card('a.jpg').getByRole('button', { name: 'Retry a.jpg' }).click();
	await expect(card('a.jpg')).toContainText('attempt 2', { timeout: 20_000 });
	await expect(row.locator('.c-status')).toHaveText('Partial', { timeout: 20_000 });
	await expect(card('b.jpg')).not.toContainText('attempt');
	await row.getByRole('button', { name: 'Retry 2 jobs' }).click();
	await expect(card('a.jpg')).toContainText('attempt 3', { timeout: 20_000 });
	await expect(card('b.jpg')).toContainText('attempt 2', { timeout: 20_000 });
});

test('batches under way are paused and cancelled together', async ({ page, customer }) => {
	const first = await submit(customer, pictures(300), { pipeline: 2 });
	const second = await submit(customer, pictures(300), { pipeline: 2 });
	await openOrders(page, customer, 2);
	await dialog(page).getByRole('button', { name: 'Pause 2' }).click();
	await dialog(page).getByRole('button', { name: 'Pause 2 batches' }).click();
	await expect(page.locator('tbody[data-status="paused"]')).toHaveCount(2, { timeout: 30_000 });
	await page.getByRole('button', { name: 'For all …' }).click();
	await dialog(page).getByRole('button', { name: 'Cancel 2' }).click();
	await dialog(page).getByRole('button', { name: 'Cancel 2 batches' }).click();
	await expect(page.locator('tbody[data-status="cancelled"]')).toHaveCount(2, { timeout: 30_000 });
	await expect(names(page)).toHaveText([second, first].map((batch) => batch.base_directory_name));
});

test('what was paused together is resumed together, by order or by undo', async ({ page, customer }) => {
	const first = await submit(customer, pictures(300), { pipeline: 2 });
	const second = await submit(customer, pictures(300), { pipeline: 2 });
	const controls = async () => Promise.all([first, second].map(async ({ batch_id: id }) =>
		(await (await readBatch(id)).json()).control));
	const order = async (word) => {
		await page.getByRole('button', { name: 'For all …' }).click();
		await dialog(page).getByRole('button', { name: `${word} 2` }).click();
		await dialog(page).getByRole('button', { name: `${word} 2 batches` }).click();
	};
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(2);
	await order('Pause');
	await expect(page.locator('tbody[data-status="paused"]')).toHaveCount(2, { timeout: 30_000 });
	await order('Resume');
	await expect.poll(controls).toEqual(['run', 'run']);
	await expect(page.locator('tbody[data-status="paused"]')).toHaveCount(0);
	await order('Pause');
	const undo = page.getByRole('group', { name: 'What was done last' });
	await expect(undo).toContainText('2 batches: pause asked for');
	await undo.getByRole('button', { name: 'Undo' }).focus();	// nobody is hurried who is at it
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/undo.png` });
	await undo.getByRole('button', { name: 'Undo' }).click();
	await expect(undo).toBeHidden();
	await expect(page.locator('#news')).toContainText('taken back');
	await expect.poll(controls).toEqual(['run', 'run']);
	for (const { batch_id: id } of [first, second])
		await fetch(`${process.env.BATCHLINE_URL}/api/batches/${id}`, { method: 'DELETE' });
});

test('what was cancelled together is taken back together; what could not be is tried again alone',
async ({ page, customer, expected }) => {
	expected.push(/503/);
	const first = await submit(customer, pictures(60), { pipeline: 2 });
	const second = await submit(customer, pictures(60), { pipeline: 2 });
	const runs = () => Promise.all([first, second].map(async ({ batch_id: id }) =>
		(await (await readBatch(id)).json()).run_no));
	await openOrders(page, customer, 2);
	await dialog(page).getByRole('button', { name: 'Cancel 2' }).click();
	await dialog(page).getByRole('button', { name: 'Cancel 2 batches' }).click();
	const undo = page.getByRole('group', { name: 'What was done last' });
	await expect(undo).toContainText('2 batches: cancel asked for');
	await undo.getByRole('button', { name: 'Undo' }).focus();	// nobody is hurried who is at it
	const retries = [];
	page.on('request', (request) => request.url().endsWith('/retry') && retries.push(request.url()));
	const refused = `**/${second.batch_id}/retry`;
	await page.route(refused, (route) => route.fulfill({ status: 503, body: 'no' }));
	await undo.getByRole('button', { name: 'Undo' }).click();
	await expect(page.locator('#alert')).toContainText(
		'2 batches: cancel asked for, and it was not taken back. 1 batch left. The gateway answered 503.');
	expect(await runs()).toEqual([2, 1]);

	await page.unroute(refused);
	retries.length = 0;
	await page.locator('#alert').getByRole('button', { name: 'Try again' }).click();
	await expect.poll(runs).toEqual([2, 2]);
	await expect(page.locator('#news')).toContainText('taken back');
	expect(retries).toHaveLength(1);
	for (const { batch_id: id } of [first, second])
		await fetch(`${process.env.BATCHLINE_URL}/api/batches/${id}`, { method: 'DELETE' });
});

test('the ZIPs of all that are shown are downloaded', async ({ page, customer }) => {
	const batches = [await submitAndFinish(customer, pictures(1)), await submitAndFinish(customer, pictures(2))];
	await submitAndFinish(customer, [noPicture()]);		// has none
	const taken = [];
	page.on('download', (download) => taken.push(download.suggestedFilename()));
	await openOrders(page, customer, 3);
	await dialog(page).getByRole('button', { name: 'Download 2' }).click();
	await dialog(page).getByRole('button', { name: 'Download 2 batches' }).click();
	await expect(dialog(page)).toBeHidden();
	await expect.poll(() => [...taken].sort()).toEqual(
		batches.map((batch) => `${batch.base_directory_name}.zip`).sort());
});
