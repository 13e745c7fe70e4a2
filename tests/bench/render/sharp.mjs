// SPDX-License-Identifier: Apache-2.0
// sharp.mjs WHAT OUT FILE...: sharp as a service uses it: one process, as many pictures at once as
// there are processors. WHAT: tuned (mozjpeg off, no cache, a thread a picture), or web (2,048 px
// with its mild sharpening, quality 85).
import os from "node:os";
import sharp from "sharp";

const [what, out, ...files] = process.argv.slice(2);
const views = {
  tuned: (image) => image.resize(720).jpeg({ quality: 80 }),
  web: (image) => image.resize(2048, 2048, { fit: "inside" }).sharpen().jpeg({ quality: 85 }),
};
sharp.cache(false);
sharp.concurrency(1);
let next = 0;
await Promise.all(os.cpus().map(async () => {
  for (let n; (n = next++) < files.length;)
    await views[what](sharp(files[n]).rotate()).toFile(`${out}/${n}.jpg`);
}));
