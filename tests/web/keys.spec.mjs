// SPDX-License-Identifier: Apache-2.0
// The list by single keys, the sheet that tells them, and colours by choice.
import AxeBuilder from '@axe-core/playwright';
import { expect, names, noPicture, pictures, rowOf, submitAndFinish, test } from './line.mjs';

const toggle = (page, batch) => rowOf(page, batch).locator('.toggle');

async function openTwo(page, customer) {
	const good = await submitAndFinish(customer, pictures(1));
	const bad = await submitAndFinish(customer, [noPicture()]);
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(2);
	return { good, bad };
}

test('j and k walk the batches, Enter unfolds, d downloads, r tries again', async ({ page, customer }) => {
	const { good, bad } = await openTwo(page, customer);
	const press = (key) => page.keyboard.press(key);
	await press('j');
	await expect(toggle(page, bad)).toBeFocused();
	await press('j');
	await expect(toggle(page, good)).toBeFocused();
	await press('j');			// the last one stays
	await expect(toggle(page, good)).toBeFocused();
	await press('Enter');
	await expect(rowOf(page, good).locator('.job')).toHaveCount(1);
	const download = page.waitForEvent('download');
	await press('d');
	expect((await download).suggestedFilename()).toBe(`${good.base_directory_name}.zip`);
	await press('r');
	await expect(page.locator('#news')).toContainText('There is nothing to try again');
	await press('k');
	await expect(toggle(page, bad)).toBeFocused();
	const retried = page.waitForRequest(/\/retry$/);
	await press('r');
	expect((await retried).url()).toContain(bad.id);
});

test('where somebody types a key is a letter, and / goes there', async ({ page, customer }) => {
	await openTwo(page, customer);
	await page.keyboard.press('/');
	await expect(page.getByRole('searchbox')).toBeFocused();
	await page.keyboard.type('jk?/dr');
	await expect(page.getByRole('searchbox')).toHaveValue('jk?/dr');
	await expect(page.getByRole('dialog')).toBeHidden();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('searchbox')).not.toBeFocused();
});

test('the sheet tells the keys, and can turn them off for good', async ({ page, customer }) => {
	const { bad } = await openTwo(page, customer);
	const sheet = page.getByRole('dialog', { name: 'Keys and looks' });
	await page.keyboard.press('?');
	await expect(sheet).toBeVisible();
	for (const words of ['search', 'next and previous batch', 'download its ZIP', 'retry what is missing'])
		await expect(sheet).toContainText(words);
	await page.keyboard.press('j');
	await expect(toggle(page, bad)).not.toBeFocused();
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/keys.png` });
	await sheet.getByLabel('Keys are on').uncheck();
	await page.keyboard.press('Escape');
	await page.reload();
	await expect(names(page)).toHaveCount(2);
	await page.keyboard.press('j');
	await expect(toggle(page, bad)).not.toBeFocused();
	await page.getByRole('button', { name: 'Keys and looks' }).click();
	await expect(sheet.getByLabel('Keys are on')).not.toBeChecked();
});

test('colours are the system\'s until somebody chooses, and stay chosen', async ({ page, customer }) => {
	await openTwo(page, customer);
	const isDark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor
		.match(/\d+/g).slice(0, 3).every((part) => part < 60));
	await page.emulateMedia({ colorScheme: 'dark' });
	expect(await isDark()).toBe(true);
	await page.getByRole('button', { name: 'Keys and looks' }).click();
	await page.getByLabel('light', { exact: true }).check();
	expect(await isDark()).toBe(false);
	await page.reload();
	await expect(names(page)).toHaveCount(2);
	expect(await isDark()).toBe(false);
	await page.getByRole('button', { name: 'Keys and looks' }).click();
	await page.getByLabel('as the system has them').check();
	expect(await isDark()).toBe(true);
});
