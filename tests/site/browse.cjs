// SPDX-License-Identifier: ISC
//
// Opens pages in headless Chromium as people do: narrow and wide, light and dark.
//   node browse.cjs CHROMIUM PICTURES BASE PAGE…
// Prints one line for each thing that is wrong: a request that leaves BASE, a script that ran, an error on
// the console, a page wider than its window, and whatever axe-core finds. PICTURES ("-": none) gets screenshots.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [chromium, pictures, base, ...names] = process.argv.slice(2);
const widths = [360, 1280];
const schemes = ["light", "dark"];
let wrong = 0;

function complain(page, words) {
	wrong++;
	console.log(`${page}: ${words}`);
}

function listen(tab, name) {
	// What the policy refuses is announced and never sent; what is answered was sent.
	tab.on("response", (response) => {
		const url = response.url();
		if (!url.startsWith(base) && !url.startsWith("data:") && url !== "about:srcdoc")
			complain(name(), `asked for ${url}`);
		else if (response.status() >= 400) complain(name(), `${url}: ${response.status()}`);
	});
	tab.on("dialog", (dialog) => {
		complain(name(), `a script ran: ${dialog.message()}`);
		dialog.dismiss();
	});
	// What the policy refuses in a hostile copy is reported here, and is as it should be.
	tab.on("console", (message) => {
		if (message.type() === "error" && !/Content.Security.Policy|sandboxed|^Blocked script/.test(message.text()))
			complain(name(), `console: ${message.text()}`);
	});
	tab.on("popup", () => complain(name(), "opened a window"));
}

// axe needs a script of its own in the page, which the policy rightly refuses: this way goes round it.
async function judge(tab, name, scheme) {
	const client = await tab.createCDPSession();
	const { frameTree } = await client.send("Page.getFrameTree");
	const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
	const run = (expression) =>
		client.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
	await run(axe + ";0");
	const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
	const { result, exceptionDetails } = await run(
		`axe.run(document, {iframes: false, runOnly: ${JSON.stringify(tags)}}).then(r => JSON.stringify(r.violations.map(v =>
			v.id + ": " + v.help + " " + v.nodes.slice(0, 2).map(n => n.html.slice(0, 160)).join(" | "))))`);
	if (exceptionDetails) return complain(name, `axe-core failed: ${exceptionDetails.exception.description}`);
	for (const violation of JSON.parse(result.value)) complain(name, `axe-core, ${scheme}: ${violation}`);
	await client.detach();
}

// Clicks all over each copy of a foreign page, as somebody would who takes it for the page itself.
async function poke(tab, name) {
	for (const frame of await tab.$$("iframe")) {
		await frame.scrollIntoView();
		const box = await frame.boundingBox();
		for (let x = 10; x < box.width; x += box.width / 6)
			for (let y = 10; y < box.height; y += 24) await tab.mouse.click(box.x + x, box.y + y);
	}
	if (tab.url() !== base + name) complain(name, `a click led to ${tab.url()}`);
	for (const frame of tab.frames().slice(1))
		if (frame.url() !== "about:srcdoc" && !frame.url().startsWith("chrome-error:")) complain(name, `a click led a frame to ${frame.url()}`);
}

// In the page: names that are broken though a line has room for them, and rows that go on beyond their box.
function cut() {
	const broken = [...document.querySelectorAll(".pages > li > a:first-child")].filter((a) => {
		const text = document.createRange();
		text.selectNode(a.firstChild);
		return text.getClientRects().length > 1 && a.textContent.length < 20;
	});
	const wide = [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth);
	return [...broken.map((a) => `the name ${a.textContent} is broken`), ...wide.map((box) => `${box.scrollWidth - box.clientWidth} pixels of a table are cut`)];
}

async function look(tab, name, width, scheme) {
	await tab.setViewport({ width, height: 900 });
	await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
	await tab.goto(base + name, { waitUntil: "load" });
	if (tab.url() !== base + name) complain(name, `led away to ${tab.url()}`);
	const measured = await tab.evaluate(() => [document.documentElement.scrollWidth, document.scripts.length]);
	if (measured[0] > width) complain(name, `is ${measured[0]} pixels wide in a window of ${width}`);
	if (measured[1] > 0) complain(name, "holds a script");
	for (const words of await tab.evaluate(cut)) complain(name, `${width} pixels wide: ${words}`);
	await judge(tab, name, `${scheme} ${width}`);
	if (pictures !== "-")
		await tab.screenshot({ path: path.join(pictures, `${name.replace(/[^a-zA-Z0-9]+/g, "_")}-${width}-${scheme}.png`), fullPage: true });
	if (width === widths[0] && scheme === schemes[0]) await poke(tab, name);
}

async function browse() {
	const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--no-proxy-server"] });
	const tab = await browser.newPage();
	let current = "";
	listen(tab, () => current);
	for (current of names)
		for (const width of widths) for (const scheme of schemes) await look(tab, current, width, scheme);
	await browser.close();
	process.exit(wrong > 0 ? 1 : 0);
}

module.exports = { judge };
if (require.main === module) browse();
