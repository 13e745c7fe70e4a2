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
	await expect(page.locator('#pulse')).toHaveText(/^Behind since \d\d:\d\d:\d\d$/);
	await expect(rowOf(page, batch)).toBeVisible();
	await page.unroute(isList);
	await alertOf(page).getByRole('button', { name: 'Try again' }).click();
	await expect(alertOf(page)).toBeHidden();
	await expect(page.locator('#pulse')).toHaveText('Live');
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
	await page.route(`**/api/batches/${batch.id}/jobs?*`, (route) =>
		route.fulfill({ status: 500, body: 'oh' }));
	await page.goto(`/?customer=${customer}`);
	await rowOf(page, batch).locator('.toggle').click();
	const trouble = rowOf(page, batch).getByRole('alert');
	await expect(trouble).toContainText('The jobs could not be read. The gateway answered 500.');
	await page.unroute(`**/api/batches/${batch.id}/jobs?*`);
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

test('previews that were lost with the connection come back by themselves',
async ({ page, customer, expected }) => {
	expected.push(/ERR_FAILED/);
	const batch = await submitAndFinish(customer, pictures(2));
	await page.route('**/preview', (route) => route.abort());
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('[data-no-preview]')).toHaveCount(2);
	await page.unroute('**/preview');
	await expect(rowOf(page, batch).locator('[data-no-preview]')).toHaveCount(0, { timeout: 20_000 });
	await expect(rowOf(page, batch).locator('.job img').first()).toBeVisible();
});

test('what turns the direction of text is shown and not obeyed', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [{ ...pictures(1)[0], name: 'gpj.\u202eexe.jpg' }],
		{ description: 'a\u202eb\u2066c' });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.job .file')).toHaveText('gpj.[U+202E]exe.jpg');
	await expect(rowOf(page, batch).locator('.description')).toHaveText('a[U+202E]b[U+2066]c');
});

test('a long description can be read in full', async ({ page, customer }) => {
	const description = `${'A long description. '.repeat(40)}\nIts second line.`;
	const batch = await submitAndFinish(customer, pictures(1), { description });
	await page.goto(`/?customer=${customer}`);
	await rowOf(page, batch).locator('.toggle').click();
	const full = rowOf(page, batch).locator('.full');
	await expect(full).toBeVisible();
	expect(await full.evaluate((node) => node.innerText)).toContain('\nIts second line.');
	expect(await full.evaluate((node) => node.scrollWidth <= node.clientWidth)).toBe(true);
});

test('a browser whose clock is a day off says right times and days', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.clock.install({ time: Date.now() + 26 * 3600 * 1000 });
	await page.goto(`/?customer=${customer}`);
	await expect(rowOf(page, batch).locator('time[data-part="created"]'))
		.toHaveText(/just now|\d+ s ago/);
	await page.getByRole('button', { name: 'Today' }).click();
	await expect(page).toHaveURL(new RegExp(`from=${batch.batch_date}&to=${batch.batch_date}`));
});

test('the days are those of the line, and it is said which those are',
async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	const told = async (zone) => {
		await page.route('**/api/session', async (route) => {
			const response = await route.fetch();
			await route.fulfill({ response, json: { ...await response.json(), time_zone: zone } });
		});
		await page.goto(`/?customer=${customer}`);
		await expect(page.locator('#zone')).toHaveText(`days in ${zone}`);
		await page.getByRole('button', { name: 'Today' }).click();
		const day = new URL(page.url()).searchParams.get('from');
		await page.unroute('**/api/session');
		return day;
	};
	await page.goto(`/?customer=${customer}`);
	await expect(page.locator('#zone')).toHaveText('days in UTC');
	const day = (timeZone) => new Date().toLocaleDateString('sv-SE', { timeZone });
	for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago'])	// never the same day
		expect(await told(zone)).toBe(day(zone));
});

test('a search too short to find anything is not asked, and it is said why',
async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByRole('searchbox').fill('ab');
	await expect(page.getByText('Three letters or digits in a row find something.')).toBeVisible();
	await expect(rowOf(page, batch)).toBeVisible();
	await page.getByRole('searchbox').fill('lobby');
	await expect(page.locator('#too-short')).toBeHidden();
});

test('names and descriptions are text, never markup', async ({ page, customer }) => {
	const evil = '<img src=x onerror=alert(1)><b>bold</b>';
	const batch = await submitAndFinish(customer, pictures(1), { description: evil });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.description')).toHaveText(evil);
	await expect(names(page)).toHaveCount(1);
});
