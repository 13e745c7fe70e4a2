// SPDX-License-Identifier: Apache-2.0
// setup.mjs: the specs begin once the gateway tells events, a moment after it serves pages: until then
// every page would say, rightly, that it is not live.
export default async function setup() {
	for (;;) {
		const answer = await fetch(`${process.env.BATCHLINE_URL}/api/events`).catch(() => null);
		await answer?.body?.cancel();
		if (answer?.ok)
			return;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
