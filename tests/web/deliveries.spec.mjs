// SPDX-License-Identifier: Apache-2.0
// Where an unfolded batch went: at a receiver of the test's own, by a target of the test's own.
import AxeBuilder from '@axe-core/playwright';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { expect, pictures, rowOf, submitAndFinish, test as base } from './line.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function api(method, path, body) {
	const answer = await fetch(`${process.env.BATCHLINE_URL}${path}`, {
		method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
	});
	expect(answer.ok, await answer.clone().text()).toBe(true);
	return answer.status === 204 ? null : answer.json();
}

// A target that only the test's customer goes to; answers: what the next calls get, then 204.
const test = base.extend({
	target: async ({ customer }, use) => {
		const name = `w-${customer.toLowerCase()}`;
		const answers = [];
		const server = createServer((request, response) => {
			request.resume();
			response.writeHead(answers.shift() ?? 204).end();
		});
		writeFileSync(resolve(ROOT, process.env.STACK_DIR ?? '.stack', 'secrets', name), SECRET,
			{ mode: 0o600 });
		await new Promise((done) => server.listen(0, '127.0.0.1', done));
		await api('POST', '/api/targets', { service: 'webhook', name, customers: [customer],
			settings: { url: `http://127.0.0.1:${server.address().port}/`, secret: name } });
		await use({ name, answers, set: (what) => api('PATCH', `/api/targets/${name}`, what) });
		await api('DELETE', `/api/targets/${name}`);
		server.close();
	},
});
const deliveryOf = (page, batch) => rowOf(page, batch).locator('.delivery');

async function expectAccessible(page) {
	const { violations } = await new AxeBuilder({ page }).include('.deliveries').analyze();
	expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
}

test('an unfolded batch says where it went', async ({ page, customer, target }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const delivery = deliveryOf(page, batch);
	await expect(delivery.locator('.status')).toHaveText('Delivered', { timeout: 30_000 });
	await expect(delivery).toContainText(target.name);
	await expect(delivery).toContainText('webhook, Completed');
	await expect(delivery).toContainText('1 call');
	await expect(delivery.getByRole('button', { name: /^Skip/ })).toBeHidden();
	await expectAccessible(page);
});

test('what was refused says why, and is replayed by hand', async ({ page, customer, target }) => {
	target.answers.push(500);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const delivery = deliveryOf(page, batch);
	await expect(delivery.locator('.status')).toHaveText('Waits', { timeout: 30_000 });
	await expect(delivery.locator('.why')).toHaveText(/500.*\(http_500\)/, { timeout: 30_000 });
	await delivery.getByRole('button', { name: /^Replay the delivery to/ }).press('Enter');
	await expect(page.locator('#news')).toContainText(`${target.name}: sent again`);
	await expect(delivery.locator('.status')).toHaveText('Delivered', { timeout: 30_000 });
	await expect(delivery).toContainText('2 calls');
});

test('what waits is skipped by hand, and the focus stays there', async ({ page, customer, target }) => {
	await target.set({ enabled: false });
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const delivery = deliveryOf(page, batch);
	await delivery.getByRole('button', { name: /^Skip/ }).press('Enter', { timeout: 30_000 });
	await expect(delivery.locator('.status')).toHaveText('Skipped');
	await expect(delivery.locator('.why')).toHaveText('by gateway (skipped)');
	await expect(delivery).toBeFocused();
});

test('a target that needs attention says so', async ({ page, customer, target }) => {
	target.answers.push(403);
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const delivery = deliveryOf(page, batch);
	await expect(delivery.locator('.status')).toHaveText('Needs attention', { timeout: 30_000 });
	await expect(delivery.locator('.why')).toContainText('until somebody has looked at the target');
	await expectAccessible(page);
});

test('a batch that goes nowhere has no such place', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(1));
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await expect(rowOf(page, batch).locator('.job')).toHaveCount(1);
	await expect(rowOf(page, batch).locator('.deliveries')).toBeHidden();
});
