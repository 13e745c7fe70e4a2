// SPDX-License-Identifier: Apache-2.0
// submit.mjs json|multer|fastify PORT: POST /api/jobs, a picture as base64 within JSON (Express) or as
// multipart/form-data (Express with multer, Fastify with its own plugin). The picture is on disk (fsync) below
// FOLDER and a record of it acknowledged by all replicas before the answer, as with the gateway. A cluster of two
// processes, as Node's documentation advises for two processors.
import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import os from "node:os";
import { pipeline } from "node:stream/promises";
import { CompressionTypes, Kafka, logLevel } from "kafkajs";

const [kind, port] = process.argv.slice(2);
const folder = process.env.FOLDER;

if (cluster.isPrimary) {
	for (let i = 0; i < os.cpus().length; i++)
		cluster.fork();
} else {
	const kafka = new Kafka({ brokers: [process.env.BROKER], logLevel: logLevel.NOTHING });
	const producer = kafka.producer();
	await producer.connect();

	async function sync(path) {
		const file = await open(path, "r+");
		await file.sync();
		await file.close();
	}
	async function submitted(path, fields) {
		const batch_id = randomUUID();
		await producer.send({ topic: process.env.TOPIC, acks: -1, compression: CompressionTypes.None,
			messages: [{ key: batch_id, value: JSON.stringify({ batch_id, path, ...fields }) }] });
		return { batch_id };
	}
	if (kind === "fastify") {
		const { default: fastify } = await import("fastify");
		const { default: multipart } = await import("@fastify/multipart");
		const app = fastify();
		await app.register(multipart, { limits: { fileSize: 1 << 28 } });
		app.post("/api/jobs", async (request, reply) => {
			const fields = {};
			let path;
			for await (const part of request.parts()) {
				if (part.type === "file") {
					path = `${folder}/${randomUUID()}`;
					await pipeline(part.file, createWriteStream(path));
					await sync(path);
				} else {
					fields[part.fieldname] = part.value;
				}
			}
			reply.code(201);
			return submitted(path, fields);
		});
		await app.listen({ port: Number(port), host: "127.0.0.1" });
	} else {
		const { default: express } = await import("express");
		const app = express();
		app.disable("x-powered-by");
		if (kind === "json") {
			app.post("/api/jobs", express.json({ limit: "64mb" }), async (request, response) => {
				const { file_data, ...fields } = request.body;
				const path = `${folder}/${randomUUID()}`;
				const file = await open(path, "w");
				await file.writeFile(Buffer.from(file_data, "base64"));
				await file.sync();
				await file.close();
				response.status(201).json(await submitted(path, fields));
			});
		} else {
			const { default: multer } = await import("multer");
			app.post("/api/jobs", multer({ dest: folder }).single("files"), async (request, response) => {
				await sync(request.file.path);
				response.status(201).json(await submitted(request.file.path, request.body));
			});
		}
		app.listen(Number(port), "127.0.0.1");
	}
}
