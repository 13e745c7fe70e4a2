// SPDX-License-Identifier: Apache-2.0
// list.mjs express|fastify|text PORT: GET /api/batches?limit=&offset=&status= over the gateway's own statements,
// each prepared once, from a pool of as many connections as the gateway has. A cluster of two processes, as
// Node's documentation advises for two processors. text: Postgres makes the JSON, and it is passed on.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import os from "node:os";
import pg from "pg";

const [kind, port] = process.argv.slice(2);
const statement = (path) => readFileSync(path, "utf8");
const count = { name: "count", text: statement(process.env.COUNT_SQL) };
const list = { name: "list", text: statement(process.env.LIST_SQL) };
const text = { name: "text", text: `select json_build_object('data', coalesce(json_agg(r), '[]'), 'total', (
	select c.* from (${count.text}) c))::text as body from (${list.text}) r` };

if (cluster.isPrimary) {
	for (let i = 0; i < os.cpus().length; i++)
		cluster.fork();
} else {
	const pool = new pg.Pool({ connectionString: process.env.DATABASE, max: 4 });
	const filters = (query) => [null, query.status ? [query.status] : null, query.customer_prefix ?? null, null,
		null, null, null];
	const page = (query) => [Number(query.limit ?? 50) + 1, Number(query.offset ?? 0), null, null];

	async function answer(query) {
		const [total, rows] = await Promise.all([pool.query({ ...count, values: filters(query).slice(0, 5) }),
			pool.query({ ...list, values: [...filters(query), ...page(query)] })]);
		return { data: rows.rows.slice(0, Number(query.limit ?? 50)), total: Number(total.rows[0].sum ??
			Object.values(total.rows[0])[0]), limit: 50, offset: Number(query.offset ?? 0) };
	}
	async function passed(query) {
		const { rows } = await pool.query({ ...text, values: [...filters(query), ...page(query)] });
		return rows[0].body;
	}
	if (kind === "express") {
		const { default: express } = await import("express");
		const app = express();
		app.disable("x-powered-by");
		app.get("/api/batches", async (request, response) => response.json(await answer(request.query)));
		app.listen(Number(port), "127.0.0.1");
	} else {
		const { default: fastify } = await import("fastify");
		const app = fastify();
		app.get("/api/batches", async (request, reply) => {
			reply.header("content-type", "application/json");
			return kind === "text" ? passed(request.query) : answer(request.query);
		});
		await app.listen({ port: Number(port), host: "127.0.0.1" });
	}
}
