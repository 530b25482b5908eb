// SPDX-License-Identifier: ISC
//
// Replays a web archive by wabac, the engine of ReplayWeb.page, without a browser:
//   node replay.mjs PACKAGES ARCHIVE INDEX
// asks for every line of the index (CDXJ) at its address and time, and prints what is not answered with
// status 200 and a body of the digest that the index says; then how many were. wabac itself checks none.
import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { load, serve } from "./files.mjs";

const [packages, archive, index] = process.argv.slice(2);
const scope = "http://viewer.test/";

// What a service worker finds around it.
await load(packages, "fake-indexeddb/auto");
globalThis.self = globalThis;
globalThis.crypto ??= webcrypto; // Node 18 has it under this name only
Object.assign(globalThis, {
	registration: { scope },
	location: new URL(scope),
	addEventListener() {},
	skipWaiting() {},
	clients: { claim() {}, matchAll: async () => [] },
	caches: { open: async () => ({ match: async () => undefined, put: async () => {} }), delete: async () => true },
});
console.log = console.warn = () => {};
const say = (line) => process.stdout.write(line + "\n");

const { server, address } = await serve({ "/": path.dirname(path.resolve(archive)) });
const { SWReplay } = await load(packages, "@webrecorder/wabac/swlib");
const replay = new SWReplay();
await replay.collections._init_db;
const url = `${address}/${path.basename(archive)}`;
await replay.collections.addCollection({ name: "c", file: { sourceUrl: url, loadUrl: url } }, () => {});

async function ask(target) {
	for (let hops = 0; hops < 3; hops++) {
		const request = new Request(target);
		Object.defineProperty(request, "destination", { value: "document" });
		const response = await replay.handleFetch({ request, waitUntil() {} });
		if (response.status !== 302) return response;
		target = new URL(response.headers.get("location"), target).href;
	}
	throw new Error("redirected for ever");
}

let good = 0;
for (const line of readFileSync(index, "utf8").trim().split("\n")) {
	const [, time] = line.split(" ", 2);
	const entry = JSON.parse(line.slice(line.indexOf("{")));
	const response = await ask(`${scope}w/c/${time}id_/${entry.url}`);
	const body = Buffer.from(await response.arrayBuffer());
	const digest = "sha256:" + createHash("sha256").update(body).digest("hex");
	if (response.status === 200 && digest === entry.digest) good++;
	else say(`${time} ${entry.url}: status ${response.status}, ${body.length} bytes, ${digest === entry.digest ? "as" : "not as"} it was`);
}
say(`${good} replayed`);
server.close();
process.exit(0);
