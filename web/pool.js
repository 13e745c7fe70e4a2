// SPDX-License-Identifier: Apache-2.0
// pool.js: many things to do, some at a time.

// act(item) for each; the first that throws ends it once those under way are left alone.
export function pool(n, items, act) {
	const waiting = [...items];
	const work = async () => {
		for (let item = waiting.shift(); item; item = waiting.shift())
			await act(item);
	};
	return Promise.all(Array.from({ length: n }, work));
}
