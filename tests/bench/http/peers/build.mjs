// SPDX-License-Identifier: Apache-2.0
// build.mjs FOLDER OUT: the files of a folder as a ZIP, stored, by archiver into a file, as its documentation shows.
import { createWriteStream, readdirSync } from "node:fs";
import { ZipArchive } from "archiver";

const [folder, path] = process.argv.slice(2);
const archive = new ZipArchive({ store: true });

archive.on("error", (error) => { throw error; });
archive.pipe(createWriteStream(path));
for (const name of readdirSync(folder))
	archive.file(`${folder}/${name}`, { name });
await archive.finalize();
