// SPDX-License-Identifier: Apache-2.0
// line.mjs: what the specs share. Batches are made by submitting real pictures to the gateway, each
// test under a customer of its own, so that tests see only what is theirs. Every page is watched:
// an error in its console or a script that throws fails the test, unless it said it expects one.
import { test as base, expect } from '@playwright/test';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export { expect };
const GATEWAY = process.env.BATCHLINE_URL;
const photoDir = fileURLToPath(new URL('../../docker/demo/photos/', import.meta.url));
const photos = readdirSync(photoDir).filter((name) => name.endsWith('.jpg')).sort()
	.map((name) => readFileSync(photoDir + name));
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const FINAL = ['completed', 'partial', 'failed', 'cancelled'];

// n photographs; the names say where they stand in the batch.
export const pictures = (n) =>
	Array.from({ length: n }, (_, i) =>
		({ name: `lobby-${i + 1}.jpg`, bytes: photos[i % photos.length] }));
export const noPicture = (name = 'broken.jpg') =>
	({ name, bytes: Buffer.from('this is no picture') });

export async function submit(customer, files, { pipeline = 1, description } = {}) {
	const form = new FormData();
	form.append('pipeline_id', String(pipeline));
	form.append('customer_prefix', customer);
	if (description)
		form.append('batch_description', description);
	for (const { name, bytes } of files)
		form.append('files', new Blob([bytes], { type: 'image/jpeg' }), name);
	const answer = await fetch(`${GATEWAY}/api/jobs/batch`, { method: 'POST', body: form });
	expect(answer.status, await answer.clone().text()).toBe(201);
	return answer.json();
}

export const readBatch = (id) => fetch(`${GATEWAY}/api/batches/${id}`);

// Finished, with its ZIP when there is something to put into it.
export async function finished({ batch_id: id }) {
	let batch;
	await expect.poll(async () => {
		batch = await (await readBatch(id)).json();
		return FINAL.includes(batch.status) && (batch.archive || !batch.jobs_completed);
	}, { timeout: 60_000, message: `batch ${id} finishes` }).toBeTruthy();
	return batch;
}
export const submitAndFinish = async (...what) => finished(await submit(...what));

export const rowOf = (page, batch) =>
	page.locator('tbody.batch').filter({ hasText: batch.base_directory_name });
export const names = (page) => page.locator('tbody.batch [data-part="name"]');
export const isList = (url) => url.pathname === '/api/batches';

export const test = base.extend({
	customer: async ({}, use) => {
		const letters = Array.from({ length: 9 }, () => LETTERS[Math.floor(Math.random() * 24)]);
		await use(`W_${letters.join('')}`);
	},
	expected: async ({}, use) => use([]),	// patterns of errors that the test brings about
	page: async ({ page, expected }, use) => {
		const errors = [];
		page.on('console', (m) => m.type() === 'error' && errors.push(`${m.text()} ${m.location().url}`));
		page.on('pageerror', (error) => errors.push(String(error)));
		await use(page);
		expect(errors.filter((e) => !expected.some((pattern) => pattern.test(e)))).toEqual([]);
	},
});
