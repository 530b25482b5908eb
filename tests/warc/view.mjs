// SPDX-License-Identifier: ISC
//
// Opens a web archive in ReplayWeb.page in headless Chromium, as people do:
//   node view.mjs PACKAGES CHROMIUM ARCHIVE URL TIME PICTURE
// prints the text of the archived page as the viewer shows it, and leaves a picture of the window.
import path from "node:path";
import { load, serve } from "./files.mjs";

const [packages, chromium, archive, url, time, picture] = process.argv.slice(2);
const patience = 40000; // milliseconds

const { default: puppeteer } = await load(packages, "puppeteer-core");
const { server, address } = await serve({
	"/files/": path.dirname(path.resolve(archive)),
	"/": path.join(packages, "node_modules", "replaywebpage"),
});
const browser = await puppeteer.launch({ executablePath: chromium, headless: true,
	args: ["--no-sandbox", "--disable-gpu", "--proxy-server=direct://", "--disable-background-networking"] });
let status = 1;
try {
	const tab = await browser.newPage();
	const view = new URLSearchParams({ view: "pages", url, ts: time });
	const source = encodeURIComponent(`${address}/files/${path.basename(archive)}`);
	await tab.goto(`${address}/index.html?source=${source}#${view}`, { timeout: patience });
	const shows = (frame) => frame.url().includes("/w/") && frame.url().includes("mp_/" + url);
	const frame = await tab.waitForFrame(shows, { timeout: patience });
	await frame.waitForFunction(() => document.readyState === "complete" && document.body?.innerText, { timeout: patience });
	await tab.screenshot({ path: picture });
	process.stdout.write(await frame.evaluate(() => `${document.title}\n${document.body.innerText}\n`));
	status = 0;
} catch (error) {
	process.stdout.write(`${error.message}\n`);
} finally {
	await browser.close();
	server.close();
}
process.exit(status);
