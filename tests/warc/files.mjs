// SPDX-License-Identifier: ISC
//
// Serves folders on loopback, with ranges, as a viewer of web archives wants it; finds packages that were
// installed elsewhere.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };

// The module out of node_modules of that folder.
export async function load(folder, name) {
	return import(pathToFileURL(createRequire(path.join(folder, "x.js")).resolve(name)));
}

// A range of a file, as [first, last]; null: the whole.
function range(header, size) {
	const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
	if (!match || size === 0) return null;
	if (match[1] === "") return [Math.max(0, size - Number(match[2])), size - 1];
	return [Number(match[1]), match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1)];
}

function answer(mounts, request, response) {
	const name = decodeURIComponent(new URL(request.url, "http://x").pathname);
	const mount = Object.keys(mounts).find((prefix) => name.startsWith(prefix));
	const file = mount && path.join(mounts[mount], path.normalize("/" + name.slice(mount.length)));
	let size;
	try {
		size = statSync(file).isFile() ? statSync(file).size : undefined;
	} catch {
		size = undefined;
	}
	if (size === undefined) {
		response.writeHead(404).end();
		return;
	}
	const part = range(request.headers.range, size);
	const [first, last] = part ?? [0, size - 1];
	const headers = { "Accept-Ranges": "bytes", "Content-Length": last - first + 1, "Access-Control-Allow-Origin": "*",
		"Content-Type": types[path.extname(file)] ?? "application/octet-stream" };
	if (part) headers["Content-Range"] = `bytes ${first}-${last}/${size}`;
	response.writeHead(part ? 206 : 200, headers);
	if (request.method === "HEAD" || size === 0) response.end();
	else createReadStream(file, { start: first, end: last }).pipe(response);
}

// mounts: {"/prefix/": folder}, the longest prefixes first. Gives the server's address.
export async function serve(mounts) {
	const server = createServer((request, response) => answer(mounts, request, response));
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return { server, address: `http://127.0.0.1:${server.address().port}` };
}
