// SPDX-License-Identifier: Apache-2.0
// The web ring: Debian's Chromium against the gateway that BATCHLINE_URL names (tests/run sets it).
import { defineConfig } from '@playwright/test';
import { mkdirSync } from 'node:fs';

const asRoot = process.getuid() === 0;	// Chromium's own sandbox needs an ordinary user
const results = process.env.WEB_RESULTS ?? 'test-results';
mkdirSync(results, { recursive: true });

export default defineConfig({
	testDir: '.',
	globalSetup: './setup.mjs',
	timeout: 120_000,		// a wait of a minute can wait, on a busy machine too
	expect: { timeout: 15_000 },
	globalTimeout: 60 * 60_000,
	testMatch: '*.spec.mjs',
	outputDir: results,
	reporter: [['list']],
	forbidOnly: true,
	retries: 0,
	workers: 1,			// the specs share one stack
	use: {
		baseURL: process.env.BATCHLINE_URL,
		trace: 'retain-on-failure',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: [
				'--disable-gpu',
				'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
				...(asRoot ? ['--no-sandbox'] : []),
			],
		},
	},
});
