// SPDX-License-Identifier: ISC
//
// Writes a WARC file by warcio: node write.mjs PACKAGES FILE URL [TIME BODYFILE]…
// Each body is a response, or a revisit where it is that of the first one.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { load } from "./files.mjs";

const [packages, file, url, ...rest] = process.argv.slice(2);
const { WARCRecord, WARCSerializer } = await load(packages, "warcio");
const httpHeaders = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
const pieces = [];
let first = null;

async function add(record) {
	pieces.push(await WARCSerializer.serialize(record, { gzip: true }));
	return record;
}

async function* bytes(content) {
	yield new Uint8Array(content);
}

await add(await WARCRecord.createWARCInfo({ filename: "x.warc.gz", warcVersion: "WARC/1.1" }, { software: "warcio" }));
for (let i = 0; i + 1 < rest.length; i += 2) {
	const body = gzipSync(readFileSync(rest[i + 1]));
	const digest = createHash("sha256").update(body).digest("hex");
	const again = first !== null && first.digest === digest;
	const record = await WARCRecord.create({ url, date: rest[i], type: again ? "revisit" : "response", warcVersion: "WARC/1.1", httpHeaders,
		warcHeaders: { "WARC-Payload-Digest": `sha256:${digest}` },
		...(again && { refersToUrl: url, refersToDate: first.date }) }, again ? undefined : bytes(body));
	await add(record);
	first ??= { digest, date: rest[i] };
}
writeFileSync(file, Buffer.concat(pieces));
