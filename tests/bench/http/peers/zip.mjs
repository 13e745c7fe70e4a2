// SPDX-License-Identifier: Apache-2.0
// zip.mjs PORT: GET /zip?set=large|small: the files of FOLDER/<set> as a ZIP, stored, made by archiver while it is
// sent, as its documentation shows it with Express. A cluster of two processes.
import cluster from "node:cluster";
import { readdirSync } from "node:fs";
import os from "node:os";
import { ZipArchive } from "archiver";
import express from "express";

if (cluster.isPrimary) {
	for (let i = 0; i < os.cpus().length; i++)
		cluster.fork();
} else {
	const app = express();
	app.disable("x-powered-by");
	app.get("/zip", (request, response) => {
		const folder = `${process.env.FOLDER}/${request.query.set}`;
		const archive = new ZipArchive({ store: true });
		archive.on("error", (error) => response.destroy(error));
		response.attachment("batch.zip");
		archive.pipe(response);
		for (const name of readdirSync(folder))
			archive.file(`${folder}/${name}`, { name });
		archive.finalize();
	});
	app.listen(Number(process.argv[2]), "127.0.0.1");
}
