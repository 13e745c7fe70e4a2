// SPDX-License-Identifier: Apache-2.0
// Watching: what happened to a batch, what ended lately, and when it will be done, where that is known.
import AxeBuilder from '@axe-core/playwright';
import {
	expect, finished, names, noPicture, pictures, rowOf, submit, submitAndFinish, test,
} from './line.mjs';

const GATEWAY = process.env.BATCHLINE_URL;
const expectAccessible = async (page) => expect((await new AxeBuilder({ page }).analyze()).violations
	.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(' | ')}`)).toEqual([]);

test('an unfolded batch has its history, with orders and who gave them', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, [...pictures(1), noPicture()]);
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	const history = rowOf(page, batch).locator('.history');
	await history.getByText('History').click();
	await expect(history).toContainText('Submitted');
	await expect(history).toContainText('ZIP built');
	await expect(history.locator('li').filter({ hasText: /^.*Partial/ })).toContainText('1 done, 1 failed');
	await fetch(`${GATEWAY}/api/batches/${batch.id}/retry`, { method: 'POST' });
	await expect(history).toContainText('Order: retry');
	await expect(history).toContainText('Started again');
	await expect(history).toContainText('by gateway');
	await finished({ batch_id: batch.id });
	await expectAccessible(page);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/history.png`, fullPage: true });
});

test('what waits is seen in the chart, and counted', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	const batch = await submit(customer, pictures(200), { pipeline: 2 });
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}/pause`, { method: 'POST' });
	await page.goto(`/?customer=${customer}`);
	await page.locator('#chart summary').click();
	await expect(page.locator('#chart svg .wait').last()).not.toHaveAttribute('height', '0');
	await expect(page.locator('#hours').getByRole('row').last().getByRole('cell').nth(3)).toHaveText(/^[1-9]\d*$/);
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});

test('a batch has a page of its own, with history and settings, by a link that can be copied',
async ({ page, context, customer, expected }) => {
	expected.push(/404/);
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	const batch = await submitAndFinish(customer, pictures(2), { pipeline: 2 });
	await page.goto(`/?customer=${customer}&open=${batch.id}`);
	await rowOf(page, batch).getByRole('button', { name: 'Copy link' }).click();
	await expect(rowOf(page, batch).getByRole('button', { name: 'Copied' })).toBeVisible();
	const address = await page.evaluate(() => navigator.clipboard.readText());
	expect(address).toBe(`${new URL(page.url()).origin}/#batch/${batch.id}`);
	await rowOf(page, batch).getByRole('link', { name: 'On a page of its own' }).click();
	const one = page.locator('#one');
	await expect(page.locator('#list')).toBeHidden();
	await expect(one.locator('.history')).toContainText('ZIP built');
	await expect(one.locator('.facts')).toContainText('Failures toleratedany number');
	await expect(one.locator('.job')).toHaveCount(2);
	await expectAccessible(page);

	await one.getByRole('link', { name: 'lobby-1.jpg', exact: true }).click();
	await expect(page.getByRole('dialog')).toBeVisible();
	await page.keyboard.press('Escape');
	expect(page.url()).toContain(`#batch/${batch.id}`);
	await page.goto('about:blank');
	await page.goto(address);
	await expect(one.locator('.toggle')).toHaveText(batch.base_directory_name);
	await fetch(`${GATEWAY}/api/batches/${batch.id}`, { method: 'DELETE' });
	await expect(page.locator('#list')).toBeVisible();
	await page.evaluate((id) => { location.hash = `#batch/${id}`; }, batch.id);
	await expect(one.locator('.problem').first()).toContainText('There is no batch of this id.');
	await one.getByRole('link', { name: 'All batches' }).click();
	await expect(page.locator('#list')).toBeVisible();
});

test('what ended lately is a chart to see and a table to read', async ({ page, customer }) => {
	const batch = await submitAndFinish(customer, pictures(2));
	await page.goto(`/?customer=${customer}`);
	const chart = page.locator('#chart');
	await chart.locator('summary').click();
	await expect(chart.locator('svg')).toHaveCount(3);
	await expect(chart.locator('svg g')).toHaveCount(72);
	await expect(chart.locator('svg .half').last()).not.toHaveAttribute('height', '0');
	const { data } = await (await fetch(`${GATEWAY}/api/batches/hours`)).json();
	const { render_ms_median: half, jobs_waiting: waits } = data.at(-1);
	const waiting = expect(chart.locator('svg .wait').last());
	await (waits ? waiting.not : waiting).toHaveAttribute('height', '0');
	await expect(chart.getByRole('row').last()).toContainText(half < 950 ? `${half} ms` : / s/);
	await expect(chart.locator('svg .good').last()).not.toHaveAttribute('height', '0');
	await expect(chart.getByRole('row')).toHaveCount(25);
	const last = chart.getByRole('row').last();
	const told = async () => Number((await last.getByRole('cell').first().textContent()).replaceAll(',', ''));
	const { throughput } = await (await fetch(`${GATEWAY}/api/batches/stats`)).json();
	await expect.poll(told).toBe(throughput.at(-1).jobs_completed);
	await expect(rowOf(page, batch)).toBeVisible();
	await expectAccessible(page);
	if (process.env.LOOK)
		await page.screenshot({ path: `${process.env.LOOK}/chart.png`, fullPage: true });
});

test('who watches sees which pictures are in work, of which batch, since when, and by whom', async ({ page, customer }) => {
	test.setTimeout(120_000);
	const batch = await submit(customer, pictures(300), { pipeline: 2 });
	await page.goto(`/?customer=${customer}`);
	const working = page.locator('#working');
	await expect(working).toContainText(/In work now: \d+ pictures?/);
	await working.locator('summary').click();
	await expect(working.locator('li').first())
		.toHaveText(new RegExp(`^lobby-\\d+\\.jpg ${batch.base_directory_name} +started (just now|\\d+ s ago) by \\S+/\\d+$`));
	await expect(working.locator('[data-part="crew"]')).toHaveText(/^\S+\/\d+ has \d+$/);
	await expectAccessible(page);
	const first = await working.locator('li [data-part="file"]').first().textContent();
	await expect(working.locator('li [data-part="file"]').filter({ hasText: new RegExp(`^${first}$`) })).toHaveCount(0);
	await working.getByRole('link', { name: batch.base_directory_name }).first().click();
	await expect(page.locator('#one .toggle')).toHaveText(batch.base_directory_name);
	await page.getByRole('link', { name: 'All batches' }).click();
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
	await expect(working).toContainText('In work now: nothing');
	await expect(working).toContainText('Nothing is in work.');
});

test('when a batch will be done is a range, and absent where it is not known', async ({ page, customer }) => {
	await submitAndFinish(customer, pictures(1));
	// the page has its modules as one; these two need no other
	await page.route(/\/(eta|words)\.js$/, (route) => route.fulfill({
		path: new URL(`../../web${new URL(route.request().url()).pathname}`, import.meta.url).pathname }));
	await page.goto(`/?customer=${customer}`);
	await expect(names(page)).toHaveCount(1);
	const said = await page.evaluate(async () => {
		const { etaOf } = await import('./eta.js');
		const { between } = await import('./words.js');
		const watch = (doneAt, seconds, left) => {
			const eta = etaOf();
			for (let s = 0; s <= seconds; s++)
				eta.sample(s * 1000, doneAt(s));
			const range = eta.say(seconds * 1000, left);
			return range && between(range.from, range.to);
		};
		return {
			steady: watch((s) => 10 * s, 60, 1200),
			slower: watch((s) => (s < 40 ? 10 * s : 400 + 5 * (s - 40)), 60, 1200),
			young: watch((s) => 10 * s, 5, 1200),
			few: watch((s) => Math.floor(s / 10), 60, 1200),
			stuck: watch((s) => Math.min(10 * s, 300), 600, 1200),
		};
	});
	expect(said).toEqual({
		steady: '2 to 3 min left', slower: '2 to 4 min left', young: null, few: null, stuck: null,
	});
});

test('a batch that works says its range', async ({ page, customer }) => {
	const batch = await submit(customer, pictures(300), { pipeline: 2 });
	await page.goto(`/?customer=${customer}`);
	await expect(rowOf(page, batch).locator('[data-part="eta"]'))
		.toHaveText(/^(less than )?\d+( to \d+)? (s|min) left$/, { timeout: 60_000 });
	await fetch(`${GATEWAY}/api/batches/${batch.batch_id}`, { method: 'DELETE' });
});
