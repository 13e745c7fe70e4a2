// SPDX-License-Identifier: Apache-2.0
// listen.mjs PORT: Server-Sent Events by Node's http alone: GET is a stream, the body of a POST an event to all.
// A client that does not read has its events wait in its socket's own buffer, up to 1 MiB; then it is ended.
import http from "node:http";

const streams = new Set();

http.createServer((request, response) => {
	if (request.method === "GET") {
		response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
		response.flushHeaders();
		request.socket.setNoDelay(true);
		streams.add(response);
		response.on("close", () => streams.delete(response));
		return;
	}
	let body = "";
	request.on("data", (piece) => { body += piece; });
	request.on("end", () => {
		const event = `event: batch\ndata: ${body}\n\n`;
		for (const stream of streams) {
			stream.write(event);
			if (stream.writableLength > 1 << 20)
				stream.destroy();
		}
		response.writeHead(204).end();
	});
}).listen(Number(process.argv[2]), "127.0.0.1", 4096);
