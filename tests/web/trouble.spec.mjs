// SPDX-License-Identifier: Apache-2.0
// What the page says when the gateway refuses, is unwell, or is gone; and that it recovers.
import { expect, isList, names, pictures, rowOf, submitAndFinish, test } from './line.mjs';

const alertOf = (page) => page.locator('#alert');

test('what the gateway refuses is said in its own words, and filters can be cleared',
async ({ page, customer, expected }) => {
	expected.push(/400/);
	await page.goto(`/?customer=${customer}&from=someday`);
	await expect(alertOf(page)).toContainText('The list could not be loaded.');
	await expect(alertOf(page)).toContainText('date_from');
	await page.getByRole('button', { name: 'Clear filters' }).click();
	await expect(alertOf(page)).toBeHidden();
});

test('a list that fails is said in words, what stood there stays, and a retry brings it back',
async ({ page, customer, expected }) => {
	expected.push(/503/);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await expect(rowOf(page, batch)).toBeVisible();
	await page.route(isList, (route) => route.fulfill({
		status: 503, contentType: 'application/problem+json',
		body: JSON.stringify({ title: 'Unwell', detail: 'The database does not answer', status: 503 }),
	}));
	await page.getByRole('columnheader', { name: 'Files' }).getByRole('button').click();
	await expect(alertOf(page)).toContainText(
		'The list could not be loaded. Unwell. The database does not answer.');
	await expect(page.locator('#pulse')).toHaveText('Not loaded');
	await expect(rowOf(page, batch)).toBeVisible();
	await page.unroute(isList);
	await alertOf(page).getByRole('button', { name: 'Try again' }).click();
	await expect(alertOf(page)).toBeHidden();
	await expect(page.locator('#pulse')).toHaveText('Up to date');
});

test('a gateway that is gone is noticed, and its return too, by itself',
async ({ page, customer, expected }) => {
	expected.push(/ERR_FAILED/);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.route(isList, (route) => route.abort());
	await page.goto(`/?customer=${customer}`);
	await expect(alertOf(page)).toContainText('The gateway does not answer.');
	await expect(page.locator('#pulse')).toHaveText('No connection');
	await page.unroute(isList);
	await expect(rowOf(page, batch)).toBeVisible({ timeout: 15_000 });
	await expect(alertOf(page)).toBeHidden();
});

test('jobs that cannot be read are said in the row and can be tried again',
async ({ page, customer, expected }) => {
	expected.push(/500/);
	const batch = await submitAndFinish(customer, pictures(2));
	await page.route(`**/api/batches/${batch.id}`, (route) =>
		route.fulfill({ status: 500, body: 'oh' }));
	await page.goto(`/?customer=${customer}`);
	await rowOf(page, batch).locator('.toggle').click();
	const trouble = rowOf(page, batch).getByRole('alert');
	await expect(trouble).toContainText('The jobs could not be read. The gateway answered 500.');
	await page.unroute(`**/api/batches/${batch.id}`);
	await trouble.getByRole('button', { name: 'Try again' }).click();
	await expect(trouble).toBeHidden();
	await expect(rowOf(page, batch).locator('.job')).toHaveCount(2);
});

test('a preview that cannot be loaded leaves a sign in its place',
async ({ page, customer, expected }) => {
	expected.push(/404/);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.route('**/preview', (route) => route.fulfill({ status: 404 }));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.job .hint')).toBeVisible();
	await expect(rowOf(page, batch).locator('.job img')).toBeHidden();
});

test('names and descriptions are text, never markup', async ({ page, customer }) => {
	const evil = '<img src=x onerror=alert(1)><b>bold</b>';
	const batch = await submitAndFinish(customer, pictures(1), { description: evil });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.description')).toHaveText(evil);
	await expect(names(page)).toHaveCount(1);
});
