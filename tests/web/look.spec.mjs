// SPDX-License-Identifier: Apache-2.0
// How the page looks and reads: accessibility, dark, phone, keyboard alone, and the policy under
// which its scripts live. LOOK=DIR keeps a picture of each state for people to look at.
import AxeBuilder from '@axe-core/playwright';
import {
	expect, isList, names, noPicture, pictures, rowOf, submitAndFinish, test,
} from './line.mjs';

// All of the page, what is out of sight too.
async function picture(page, name) {
	if (!process.env.LOOK)
		return;
	const draw = (value) => page.locator('.batch, .jobs').evaluateAll((nodes, its) =>
		nodes.forEach((node) => { node.style.contentVisibility = its; }), value);
	await draw('visible');
	await page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true });
	await draw('');
}

async function expectAccessible(page) {
	const { violations } = await new AxeBuilder({ page })
		.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
	const said = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.target).join(' | ')}`;
	expect(violations.map(said)).toEqual([]);
}
const expectNoSidewaysScroll = async (page) =>
	expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
		.toBeLessThanOrEqual(0);

// A list of several states, one row unfolded.
async function openList(page, customer) {
	await submitAndFinish(customer, [noPicture()], { description: 'Nothing of it is a picture' });
	await submitAndFinish(customer, pictures(1));
	const files = [...pictures(3), noPicture('a-file-name-that-is-longer-than-its-place.jpg')];
	const description = 'A description that is a good deal longer than the place it has in a row';
	const batch = await submitAndFinish(customer, files, { pipeline: 2, description });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.job')).toHaveCount(4);
	await expect(rowOf(page, batch).locator('.job img').first()).toBeVisible();
	return batch;
}
async function openEmpty(page, customer) {
	await page.route(isList, (route) =>
		route.continue({ url: `${route.request().url()}&customer_prefix=${customer}` }));
	await page.goto('/');
	await expect(page.getByRole('heading', { name: 'Submit the first batch' })).toBeVisible();
	await expect(page.getByLabel('Pipeline').locator('option').first()).toBeAttached();
}

async function openPanels(page, customer) {
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await page.getByText('In work now:').click();
	await page.getByText('Last 24 hours:').click();
	await expect(page.locator('#chart svg').first()).toBeVisible();
}
// The sheet of keys, then nothing that answers: looked at, and found to move nothing.
async function expectStates(page, context, name) {
	await page.keyboard.press('?');
	await expect(page.getByRole('dialog')).toBeVisible();
	await expectAccessible(page);
	await picture(page, `help-${name}`);
	await page.keyboard.press('Escape');
	const top = await page.locator('main').evaluate((node) => node.offsetTop);
	await context.setOffline(true);
	await expect(page.locator('#pulse')).toHaveText(/^Behind since/);
	await expect(page.locator('#alert')).toBeVisible();
	await expectAccessible(page);
	await picture(page, `offline-${name}`);
	expect(await page.locator('main').evaluate((node) => node.offsetTop)).toBe(top);
}

for (const colorScheme of ['light', 'dark']) {
	test.describe(() => {
		test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

		test(`the list has no accessibility violations, ${colorScheme}`, async ({ page, customer }) => {
			await openList(page, customer);
			await expectAccessible(page);
			await picture(page, `list-${colorScheme}`);
		});

		test(`the question before a delete has none either, ${colorScheme}`,
		async ({ page, customer }) => {
			const batch = await openList(page, customer);
			await rowOf(page, batch).getByRole('button', { name: /^Delete/ }).click();
			await expect(page.getByRole('dialog')).toBeVisible();
			await expectAccessible(page);
			await picture(page, `delete-${colorScheme}`);
		});

		test(`nor have the panels, the sheet of keys, and the page without a connection, ${colorScheme}`,
		async ({ page, context, customer, expected }) => {
			expected.push(/ERR_INTERNET_DISCONNECTED/);
			await openPanels(page, customer);
			await expectAccessible(page);
			await picture(page, `panels-${colorScheme}`);
			await expectStates(page, context, colorScheme);
		});

		test(`nor has the empty page, ${colorScheme}`, async ({ page, customer }) => {
			await openEmpty(page, customer);
			await expectAccessible(page);
			await picture(page, `empty-${colorScheme}`);
		});

		test(`nor has the page in trouble, ${colorScheme}`, async ({ page, customer, expected }) => {
			expected.push(/400/);
			await page.goto(`/?customer=${customer}&from=someday`);
			await expect(page.locator('#alert')).toBeVisible();
			await expectAccessible(page);
			await picture(page, `trouble-${colorScheme}`);
		});
	});
}

test('dark is dark and light is light', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	const brightness = () => page.evaluate(() => {
		const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
		return (r + g + b) / 3;
	});
	await page.emulateMedia({ colorScheme: 'light' });
	expect(await brightness()).toBeGreaterThan(230);
	await page.emulateMedia({ colorScheme: 'dark' });
	expect(await brightness()).toBeLessThan(40);
});

test.describe(() => {
	test.use({
		viewport: { width: 375, height: 812 }, hasTouch: true,
		contextOptions: { reducedMotion: 'reduce' },
	});

	test('on a phone the list fits, filters fold away, and all is within reach',
	async ({ page, customer }) => {
		const batch = await openList(page, customer);
		await expectNoSidewaysScroll(page);
		await expect(page.getByRole('group', { name: 'Status' })).toBeHidden();
		await page.getByText('Filters (1)').tap();
		await expect(page.getByRole('group', { name: 'Status' })).toBeVisible();
		await expectNoSidewaysScroll(page);
		await picture(page, 'phone-list');
		await page.getByRole('group', { name: 'Status' }).getByRole('button', { name: /^Partial/ }).tap();
		await expect(names(page)).toHaveText([batch.base_directory_name]);
		await rowOf(page, batch).getByRole('button', { name: /^Delete/ }).tap();
		await expect(page.getByRole('dialog')).toBeVisible();
		await expectNoSidewaysScroll(page);
		await expectAccessible(page);
	});

	test('on a phone the panels, the sheet of keys and the page without a connection fit',
	async ({ page, context, customer, expected }) => {
		expected.push(/ERR_INTERNET_DISCONNECTED/);
		await openPanels(page, customer);
		await expectNoSidewaysScroll(page);
		await expectAccessible(page);
		await picture(page, 'panels-phone');
		await expectStates(page, context, 'phone');
		await expectNoSidewaysScroll(page);
	});

	test('on a phone the empty page fits', async ({ page, customer }) => {
		await openEmpty(page, customer);
		await expectNoSidewaysScroll(page);
		await expectAccessible(page);
		await picture(page, 'phone-empty');
	});
});

test('no width between phone and wide screen scrolls sideways', async ({ page, customer }) => {
	await openList(page, customer);
	for (const width of [320, 414, 600, 768, 900, 1024, 1160, 1280, 1920]) {
		await page.setViewportSize({ width, height: 800 });
		await expectNoSidewaysScroll(page);
	}
});

test('everything can be done by keyboard alone', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(2), { description: 'by hand' });
	await page.goto('/');
	const press = async (key, times = 1) => {
		for (let i = 0; i < times; i++)
			await page.keyboard.press(key);
	};
	const tabTo = async (target) => {	// forward until it has the focus, and the focus can be seen
		for (let i = 0; i < 80 && !(await target.evaluate((n) => n === document.activeElement)); i++)
			await press('Tab');
		await expect(target).toBeFocused();
		const seen = await page.evaluate(() => {
			const node = document.activeElement.closest('.drop') ?? document.activeElement;
			return getComputedStyle(node).outlineStyle;
		});
		expect(seen).not.toBe('none');
	};
	await press('Tab');
	await expect(page.getByRole('link', { name: 'Skip to the batches' })).toBeFocused();
	await tabTo(page.getByRole('searchbox'));
	await page.keyboard.type(batch.base_directory_name);
	await expect(names(page)).toHaveText([batch.base_directory_name]);
	const row = rowOf(page, batch);
	await tabTo(row.locator('.toggle'));
	await press('Enter');
	await expect(row.locator('.job')).toHaveCount(2);
	await press('Space');
	await expect(row.locator('.job').first()).toBeHidden();
	await tabTo(row.getByRole('link', { name: /^Download/ }));
	const coming = page.waitForEvent('download');
	await press('Enter');
	expect((await coming).suggestedFilename()).toBe(`${batch.base_directory_name}.zip`);
	await tabTo(row.getByRole('button', { name: /^Delete/ }));
	await press('Enter');
	await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
	await press('Tab');
	await press('Enter');
	await expect(row).toHaveCount(0);
});

test('the skip link leads to the batches', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(1);
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await expect(page.locator('#batches')).toBeFocused();
	await page.keyboard.press('Tab');
	await expect(page.locator('#heads button').first()).toBeFocused();
	await expect(rowOf(page, batch)).toBeVisible();
});

test('the whole page is less than 60 KB on its way, in a page, a style and two scripts',
async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	const sizes = new Map();
	page.on('requestfinished', async (request) => {
		const { pathname } = new URL(request.url());
		if (!pathname.startsWith('/api/'))
			sizes.set(pathname.slice(1), (await request.sizes()).responseBodySize);
	});
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(1);
	await expect.poll(() => [...sizes.keys()].filter((name) => name !== 'favicon.svg').sort())
		.toEqual(['', 'app.js', 'style.css', 'theme.js']);
	expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
});

test('the page lives under a policy that allows nothing but its own files',
async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	const foreign = [];
	page.on('request', (request) => {
		if (new URL(request.url()).origin !== new URL(process.env.BATCHLINE_URL).origin)
			foreign.push(request.url());
	});
	const answer = await page.goto(`/?customer=${customer}`);
	const policy = answer.headers()['content-security-policy'];
	expect(policy).toContain("default-src 'self'");
	expect(policy).not.toContain('unsafe');
	expect(answer.headers()['x-content-type-options']).toBe('nosniff');
	await expect(names(page)).toHaveCount(1);
	expect(foreign).toEqual([]);
});
