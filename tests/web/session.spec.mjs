// SPDX-License-Identifier: Apache-2.0
// Where the gateway has API keys: signing in and out, what a key may not do is not there, and a session
// that ends while the page is open. Keys are put in and taken out as an administrator does.
import AxeBuilder from '@axe-core/playwright';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect, pictures, rowOf, submitAndFinish, test } from './line.mjs';

const GATEWAY = process.env.BATCHLINE_URL;
const server = new URL(process.env.DATABASE_URL);
server.username = 'postgres';

const sql = (text) => execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', server.href, '-c', text],
	{ encoding: 'utf8' }).trim();
const untilGateway = (status) => expect.poll(async () =>
	(await fetch(`${GATEWAY}/api/batches`)).status).toBe(status);

function addKey(name, ...scopes) {
	const key = `bl_${randomBytes(32).toString('hex')}`;
	sql(`insert into batchline_base.api_keys (name, key_prefix, key_sha256, scopes)
		values ('${name}', 'bl_', sha256('${key}'), '{${scopes}}')`);
	return key;
}

const keys = {};
let batch;

test.beforeAll(async () => {
	batch = await submitAndFinish('W_SESSION', pictures(2));
	keys.all = addKey('web-all', 'read', 'submit', 'operate');
	keys.reader = addKey('web-reader', 'read');
	keys.revoked = addKey('web-revoked', 'read');
	keys.expired = addKey('web-expired', 'read');
	sql(`update batchline_base.api_keys set revoked_at = now() where name = 'web-revoked';
		update batchline_base.api_keys set expires_at = now() where name = 'web-expired'`);
	await untilGateway(401);
});
test.afterAll(async () => {
	sql('delete from batchline_base.api_keys');
	await untilGateway(200);
});
test.beforeEach(({ expected }) => { expected.push(/401/); });

const field = (page) => page.getByLabel('API key');
const form = (page) => page.getByRole('region', { name: 'Sign in' });

async function enter(page, key) {
	await field(page).fill(key);
	await page.getByRole('button', { name: 'Sign in' }).click();
}
async function openAs(page, key, address = '/?customer=W_SESSION') {
	await page.goto(address);
	await enter(page, key);
	await expect(rowOf(page, batch)).toBeVisible();
}
const look = (page, name) => process.env.LOOK
	&& page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true });

test('nothing but the form is there before somebody signs in', async ({ page }) => {
	await page.goto('/');
	await expect(field(page)).toBeFocused();
	await expect(field(page)).toHaveAttribute('autocomplete', 'current-password');
	await expect(page.getByRole('button')).toHaveCount(1);
	await expect(page.locator('#alert')).toBeHidden();
});

for (const [which, words] of Object.entries({
	wrong: 'This API key is not known.', revoked: 'it was revoked', expired: 'its time is over',
}))
	test(`a key that is ${which} is refused, and it is said why`, async ({ page }) => {
		await page.goto('/');
		await enter(page, keys[which] ?? 'bl_wrong');
		await expect(form(page).getByRole('alert')).toContainText(words);
		await expect(field(page)).toBeFocused();
	});

test('with a right key the list comes, with pictures and ZIP, and it stays after a reload',
async ({ page }) => {
	await openAs(page, keys.all, `/?customer=W_SESSION&open=${batch.id}`);
	await expect(page.locator('#me')).toContainText('web-all');
	await expect(rowOf(page, batch).locator('.job img').first()).toBeVisible();
	const downloads = page.waitForEvent('download');
	await rowOf(page, batch).getByRole('link', { name: /^Download/ }).click();
	expect(await (await downloads).failure()).toBeNull();
	await page.reload();
	await expect(rowOf(page, batch)).toBeVisible();
	expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('who signs out sees the form again, and nothing of the list is left', async ({ page }) => {
	await openAs(page, keys.all);
	await page.getByRole('button', { name: 'Sign out' }).click();
	await expect(field(page)).toBeVisible();
	await expect(page.locator('tbody.batch')).toHaveCount(0);
	await page.reload();
	await expect(field(page)).toBeVisible();
});

test('a key that may all deletes and submits', async ({ page }) => {
	await openAs(page, keys.all);
	await expect(rowOf(page, batch).getByRole('button', { name: /^Delete/ })).toBeVisible();
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.locator('#files').setInputFiles(pictures(1).map(({ name, bytes }) =>
		({ name: `W_SESSION2_${name}`, mimeType: 'image/jpeg', buffer: bytes })));
	await page.getByRole('button', { name: 'Submit batch' }).click();
	await expect(page.getByRole('status').filter({ hasText: 'was submitted' })).toBeAttached();
});

test('a key that may only read has no form and nothing to order', async ({ page }) => {
	await openAs(page, keys.reader, `/?customer=W_SESSION&open=${batch.id}`);
	await expect(rowOf(page, batch).getByRole('link', { name: /^Download/ })).toBeVisible();
	for (const name of ['New batch', /^Delete /, /^Cancel: /, /^Retry /])
		await expect(page.getByRole('button', { name })).toHaveCount(0);
	for (const order of await page.locator('[data-part="turn"]').all())
		await expect(order).toBeHidden();
	await look(page, 'reader');
});

test('a session that ends brings the form back, says why, and the page goes on where it was',
async ({ page }) => {
	await openAs(page, keys.all, `/?customer=W_SESSION&open=${batch.id}`);
	await page.getByRole('button', { name: 'New batch' }).click();
	await page.getByRole('textbox', { name: 'Description' }).fill('half written');
	sql("update batchline_base.sessions set used_at = now() - interval '13 hours'");
	await expect(form(page)).toContainText('it was not used for long', { timeout: 15_000 });
	await expect(rowOf(page, batch)).toBeHidden();
	await look(page, 'ended');
	await enter(page, keys.all);
	await expect(rowOf(page, batch).locator('.detail')).toBeVisible();
	await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('half written');
	await expect(form(page)).toBeHidden();
});

test('one that ends while something is ordered says so, too', async ({ page }) => {
	await openAs(page, keys.all);
	sql('delete from batchline_base.sessions');
	await rowOf(page, batch).locator('.toggle').click();
	await expect(form(page)).toContainText('This session is not known. Sign in to go on.');
});

for (const [name, viewport] of Object.entries({
	light: { width: 1280, height: 800 }, phone: { width: 375, height: 720 },
}))
	test.describe(() => {
		test.use({ viewport });

		test(`the form and the list have no accessibility violations, ${name}`, async ({ page }) => {
			const violations = async () => (await new AxeBuilder({ page }).analyze()).violations
				.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(' | ')}`);
			await page.goto('/?customer=W_SESSION');
			await expect(field(page)).toBeVisible();
			expect(await violations()).toEqual([]);
			await look(page, `sign-in-${name}`);
			await enter(page, 'bl_wrong');
			await expect(form(page).getByRole('alert')).toBeVisible();
			expect(await violations()).toEqual([]);
			await look(page, `refused-${name}`);
			await enter(page, keys.all);
			await expect(rowOf(page, batch)).toBeVisible();
			expect(await violations()).toEqual([]);
			await look(page, `signed-in-${name}`);
			expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
				.toBeLessThanOrEqual(0);
		});
	});
