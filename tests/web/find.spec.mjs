// SPDX-License-Identifier: Apache-2.0
// Finding a batch: filters, order, search, pages, and the address that remembers all of them.
import { expect, names, noPicture, pictures, rowOf, submitAndFinish, test } from './line.mjs';

// One batch completed, one partial, one failed; 1, 3 and 2 files.
async function threeBatches(customer) {
	const make = (files, description) => submitAndFinish(customer, files, { description });
	const completed = await make(pictures(1), 'alpha staircase');
	const partial = await make([...pictures(2), noPicture()], 'beta terrace');
	const failed = await make([noPicture('a.jpg'), noPicture('b.jpg')], 'gamma terrace');
	const statuses = [completed, partial, failed].map((batch) => batch.status);
	expect(statuses).toEqual(['completed', 'partial', 'failed']);
	return { completed, partial, failed };
}
const named = (...batches) => batches.map((batch) => batch.base_directory_name);
const chip = (page, group, word) =>
	page.getByRole('group', { name: group, exact: true })
		.getByRole('button', { name: new RegExp(`^${word}`) });

test('status buttons show one status, or several', async ({ page, customer }) => {
	const { completed, partial, failed } = await threeBatches(customer);
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveText(named(failed, partial, completed));
	for (const [word, batch] of [['Completed', completed], ['Partial', partial], ['Failed', failed]]) {
		await chip(page, 'Status', word).click();
		await expect(chip(page, 'Status', word)).toHaveAttribute('aria-pressed', 'true');
		await expect(names(page)).toHaveText(named(batch));
		await chip(page, 'Status', word).click();
		await expect(names(page)).toHaveCount(3);
	}
	await chip(page, 'Status', 'Failed').click();
	await chip(page, 'Status', 'Partial').click();
	await expect(names(page)).toHaveText(named(failed, partial));
	await expect(page).toHaveURL(/status=failed&status=partial/);
	await chip(page, 'Status', 'All').click();
	await expect(names(page)).toHaveCount(3);
});

test('status buttons for which nothing is there say so and can be cleared',
async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	for (const word of ['Queued', 'Processing', 'Paused', 'Cancelled']) {
		await chip(page, 'Status', word).click();
		await expect(page.getByText('No batch matches these filters.')).toBeVisible();
		await expect(names(page)).toHaveCount(0);
		await chip(page, 'Status', word).click();
		await expect(names(page)).toHaveCount(1);
	}
	await chip(page, 'Status', 'Paused').click();
	await page.getByRole('button', { name: 'Clear filters' }).click();
	await expect(page.getByText('No batch matches these filters.')).toBeHidden();
	expect(new URL(page.url()).search).toBe('');
});

test('a customer is chosen by button or from the list of all', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await submitAndFinish(`${customer}_B`, pictures(1));
	await page.goto('/');
	await expect(chip(page, 'Customer', 'All customers')).toHaveAttribute('aria-pressed', 'true');
	const offered = page.getByRole('group', { name: 'Customer', exact: true });
	const button = offered.locator(`button[data-customer="${customer}"]`);
	const option = offered.locator(`option[value="${customer}"]`);
	await expect(button.or(option).first()).toBeAttached();
	if (await offered.locator('select').count())
		await offered.locator('select').selectOption(customer);
	else
		await button.click();
	await expect(button).toHaveAttribute('aria-pressed', 'true');
	await expect(names(page)).toHaveText(named(batch));
	await expect(page).toHaveURL(new RegExp(`customer=${customer}`));
	await chip(page, 'Customer', 'All customers').click();
	await expect(page).not.toHaveURL(/customer/);
});

test('days are chosen by button', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	for (const word of ['7 days', '30 days', 'Any day']) {
		await chip(page, 'Date', word).click();
		await expect(chip(page, 'Date', word)).toHaveAttribute('aria-pressed', 'true');
		await expect(names(page)).toHaveText(named(batch));
	}
	await chip(page, 'Date', 'Today').click();
	await expect(page).toHaveURL(new RegExp(`from=${batch.batch_date}&to=${batch.batch_date}`));
	await expect(names(page)).toHaveText(named(batch));
	await chip(page, 'Date', 'Yesterday').click();
	await expect(names(page)).toHaveCount(0);
});

test('days are chosen by range', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByLabel('from').fill('2001-02-03');
	await expect(page).toHaveURL(/from=2001-02-03/);
	await expect(names(page)).toHaveText(named(batch));
	await page.getByLabel('to', { exact: true }).fill('2001-02-04');
	await expect(names(page)).toHaveCount(0);
	await page.getByLabel('to', { exact: true }).fill(batch.batch_date);
	await expect(names(page)).toHaveText(named(batch));
});

test('the heads of the columns sort by date, files, status and name, both ways',
async ({ page, customer }) => {
	const { completed, partial, failed } = await threeBatches(customer);
	await page.goto(`/?customer=${customer}`);
	const orders = {	// as first clicked
		Files: [partial, failed, completed],
		Status: [completed, failed, partial],
		Batch: [completed, partial, failed],
		Date: [failed, partial, completed],
	};
	for (const [word, order] of Object.entries(orders)) {
		const head = page.getByRole('columnheader', { name: word });
		await head.getByRole('button').click();
		await expect(names(page)).toHaveText(named(...order));
		const ways = ['descending', 'ascending'];
		if (['Status', 'Batch'].includes(word))
			ways.reverse();
		await expect(head).toHaveAttribute('aria-sort', ways[0]);
		await head.getByRole('button').click();
		await expect(names(page)).toHaveText(named(...order.reverse()));
		await expect(head).toHaveAttribute('aria-sort', ways[1]);
	}
	await expect(page.locator('th[aria-sort]')).toHaveCount(1);
});

test('search finds by name, by description and by file name', async ({ page, customer }) => {
	const { completed, partial, failed } = await threeBatches(customer);
	await page.goto(`/?customer=${customer}`);
	const search = page.getByRole('searchbox');
	for (const [text, ...found] of [
		['terrace', failed, partial],
		[completed.base_directory_name, completed],
		['broken.jpg', partial],
	]) {
		await search.fill(text);
		await expect(names(page)).toHaveText(named(...found));
		expect(new URL(page.url()).searchParams.get('q')).toBe(text);
	}
	await search.fill('nothing is called so');
	await expect(page.getByText('No batch matches these filters.')).toBeVisible();
	await search.fill('');
	await expect(names(page)).toHaveCount(3);
});

test('search waits until the typing pauses', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1), { description: 'staircase' });
	const asked = [];
	page.on('request', (request) => asked.push(new URL(request.url()).searchParams.get('q')));
	await page.clock.install();
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(1);
	await page.clock.pauseAt(Date.now() + 60_000);	// a slow machine types slowly
	await page.getByRole('searchbox').pressSequentially('stairs');
	await page.clock.runFor(1000);
	await expect.poll(() => asked.includes('stairs')).toBe(true);
	expect(asked.filter(Boolean)).toEqual(['stairs']);
});

test('pages go forth and back, by button and by history', async ({ page, customer }) => {
	for (let i = 0; i < 12; i++)
		await submitAndFinish(customer, [noPicture()]);
	await page.goto(`/?customer=${customer}&size=10`);
	await expect(names(page)).toHaveCount(10);
	await expect(page.getByText('1 to 10 of 12 batches')).toBeVisible();
	await expect(page.getByText('Page 1 of 2')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Previous' })).toBeDisabled();
	const firstPage = await names(page).allTextContents();
	await page.getByRole('button', { name: 'Next' }).click();
	await expect(names(page)).toHaveCount(2);
	await expect(page.getByText('11 to 12 of 12 batches')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled();
	for (const name of await names(page).allTextContents())
		expect(firstPage).not.toContain(name);
	await page.reload();
	await expect(names(page)).toHaveCount(2);
	await page.getByRole('button', { name: 'Previous' }).click();
	await expect(names(page)).toHaveText(firstPage);
	await page.goBack();
	await expect(names(page)).toHaveCount(2);
	await page.getByLabel('per page').selectOption('25');
	await expect(names(page)).toHaveCount(12);
	await page.goto(`/?customer=${customer}&size=10&page=7`);	// beyond the end: the last one
	await expect(page.getByText('Page 2 of 2')).toBeVisible();
	await expect(names(page)).toHaveCount(2);
});

test('reload and back keep filters, order and what is unfolded', async ({ page, customer }) => {
	const { partial, failed } = await threeBatches(customer);
	await page.goto(`/?customer=${customer}`);
	await chip(page, 'Status', 'Partial').click();
	await rowOf(page, partial).locator('.toggle').click();
	await expect(rowOf(page, partial).locator('.job')).toHaveCount(3);
	await page.reload();
	await expect(names(page)).toHaveText(named(partial));
	await expect(rowOf(page, partial).locator('.toggle')).toHaveAttribute('aria-expanded', 'true');
	await expect(rowOf(page, partial).locator('.job')).toHaveCount(3);
	await chip(page, 'Status', 'Failed').click();
	await expect(names(page)).toHaveText(named(failed, partial));
	await page.goBack();
	await expect(names(page)).toHaveText(named(partial));
	await expect(chip(page, 'Status', 'Failed')).toHaveAttribute('aria-pressed', 'false');
	await page.goBack();
	await expect(names(page)).toHaveCount(3);
	await page.goForward();
	await expect(names(page)).toHaveText(named(partial));
});
